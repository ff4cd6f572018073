"""The guard's loop: a look every second, whatever the last one met, until it is told to end."""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from django.db import InterfaceError, OperationalError, connection
from django.urls import get_resolver

from rollout.guard.evaluator import Evaluator, Tick
from rollout.guard.senses import Senses

logger = logging.getLogger(__name__)

Told = Callable[[Tick], None]


def know_operations() -> None:
    """Import the URLs, by which every switch registers its operation: a guard without them would judge nothing."""
    _ = get_resolver().url_patterns


def watch(
    evaluator: Evaluator, every_s: float, ending: threading.Event, told: Told, senses: Senses | None = None
) -> None:
    """Look every `every_s` seconds until `ending` is set. What a look cannot do, the next one tries anew."""
    know_operations()
    senses = senses or Senses()
    probing, looking, housekeeping = Endured("probe"), Endured("look"), Endured("keep house")
    senses.tell()  # of what waits since the last guard ended
    while not ending.is_set():
        began = monotonic()
        probing.run(senses.probe)
        looking.run(lambda: _look(evaluator, senses, told))
        housekeeping.run(evaluator.keep_house)  # also after a look that failed: what has piled up may be why
        ending.wait(max(every_s - (monotonic() - began), 0))
    Endured("resign").run(evaluator.resign)
    senses.close()


def _look(evaluator: Evaluator, senses: Senses, told: Told) -> None:
    tick = evaluator.tick(probes_down=senses.down, found=senses.found)
    if tick.messages:
        senses.tell()
    told(tick)


class Endured:
    """Something that is tried again and again; said once when it begins to fail, and once when that is over."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._trouble = ""

    def run(self, work: Callable[[], object]) -> None:
        """Try it. Whatever it raises is logged and ends nothing; its transaction is rolled back."""
        try:
            work()
        except (OperationalError, InterfaceError) as error:
            self._note(str(error).strip(), is_known=True)
        except Exception as error:  # noqa: BLE001 the loop survives what nobody anticipated
            self._note(f"{type(error).__name__}: {error}", is_known=False)
        else:
            self._recover()

    def _note(self, trouble: str, *, is_known: bool) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            said = "The guard cannot %s; nothing is changed, and it tries again. %s"
            logger.warning(said, self._what, trouble, exc_info=not is_known)
        connection.close()

    def _recover(self) -> None:
        if self._trouble:
            logger.warning("The guard can %s again.", self._what)
        self._trouble = ""
