"""Whom we know by name: people, and whatever else the apps above say has an identity of its own."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.contrib.auth import get_user_model

Source = Callable[[datetime], Iterable[str]]
"""Returns identities (`k:1`) that could call at this time, each once, in a fixed order."""

_sources: dict[str, Source] = {}


def register(kind: str, source: Source) -> None:
    """Have `source` asked for the identities of one kind; an app calls this in `ready()`, and again is no harm."""
    _sources[kind] = source


def everybody(at: datetime) -> Iterator[str]:
    """Yield every identity that is known by name: active people first, then the registered kinds in their order.

    Devices and networks are not known before they call; of them a share can be told, and no names.
    """
    yield from _people()
    for source in _sources.values():
        yield from source(at)


def _people() -> Iterator[str]:
    users = get_user_model()._default_manager.filter(is_active=True).order_by("pk")
    return (f"u:{key}" for key in users.values_list("pk", flat=True))
