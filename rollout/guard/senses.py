"""What the guard notices beside the rollout, and how it tells: probes every few seconds, and the messenger's bell."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from rollout.alert_kinds import Raised
from rollout.messenger import Messenger
from rollout.outbox import tell_now
from rollout.probes import Prober
from rollout.thresholds import Probed, findings, unstorable

PROBE_EVERY = timedelta(seconds=5)

logger = logging.getLogger(__name__)


class Senses:
    """The prober and the messenger of one guard. Used by its thread, outside of any transaction."""

    def __init__(
        self,
        prober: Prober | None = None,
        messenger: Messenger | None = None,
        clock: Callable[[], datetime] = timezone.now,
    ) -> None:
        self._prober = prober or Prober()
        self._messenger = messenger or Messenger()
        self._clock = clock
        self._probed: Probed | None = None

    def probe(self) -> None:
        """Measure, unless that was done a moment ago; tell of a database that is away at once: it can store nothing."""
        now = self._clock()
        if self._probed is not None and now - self._probed.at < PROBE_EVERY:
            return
        self._probed = self._prober.probe(now)
        outage = unstorable(self._probed, self._prober.thresholds)
        if outage is not None:
            logger.error("%s", outage.message)
            tell_now(outage, now)

    @property
    def down(self) -> tuple[str, ...]:
        """What both engines stand on and does not answer."""
        return self._probed.down if self._probed else ()

    @property
    def found(self) -> tuple[Raised, ...]:
        """What is over its threshold."""
        return findings(self._probed, self._prober.thresholds) if self._probed else ()

    def tell(self) -> None:
        """Have the messenger look into the outbox."""
        self._messenger.ring()

    def close(self) -> None:
        """Let the messenger finish what it has in its hands."""
        self._messenger.stop()
