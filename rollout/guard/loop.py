"""The guard's loop: a look every second, whatever the last one met, until it is told to end."""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from django.db import InterfaceError, OperationalError, connection
from django.urls import get_resolver

from rollout.guard.evaluator import Evaluator, Tick

logger = logging.getLogger(__name__)

Told = Callable[[Tick], None]


def know_operations() -> None:
    """Import the URLs, by which every switch registers its operation: a guard without them would judge nothing."""
    _ = get_resolver().url_patterns


def watch(evaluator: Evaluator, every_s: float, ending: threading.Event, told: Told) -> None:
    """Look every `every_s` seconds until `ending` is set. What a look cannot do, the next one tries anew."""
    know_operations()
    while not ending.is_set():
        began = monotonic()
        _look(evaluator, told)
        ending.wait(max(every_s - (monotonic() - began), 0))


def _look(evaluator: Evaluator, told: Told) -> None:
    try:
        told(evaluator.tick())
        evaluator.keep_house()
    except (OperationalError, InterfaceError) as error:
        logger.warning("The guard could not look; nothing was changed. %s", str(error).strip())
        connection.close()
    except Exception:  # the loop survives a look that failed; nothing of it was committed
        logger.exception("A look of the guard failed; nothing was changed.")
        connection.close()
