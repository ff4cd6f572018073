"""What the service keeps of a person: a registry that apps fill in `ready()`, so that nothing of it is forgotten."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Export = Callable[[int], Any]
Erase = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Keeper:
    """What one part of the service does for a person, by their id.

    `export` returns what it knows of them, ready for JSON. `erase` runs inside the transaction that erases the person,
    before the person's own row goes; it leaves numbers as they were and nothing that names anybody.
    """

    export: Export
    erase: Erase


_keepers: dict[str, Keeper] = {}


def register(name: str, *, export: Export, erase: Erase) -> None:
    """Let what `name` keeps be exported and erased; each name counts once, the last time it is given."""
    _keepers[name] = Keeper(export, erase)


def keepers() -> Mapping[str, Keeper]:
    """Return everybody who keeps something of people, by name, in alphabetical order."""
    return dict(sorted(_keepers.items()))


def export(user_id: int) -> dict[str, Any]:
    """Return all that is known of a person, by the name of what keeps it."""
    return {name: keeper.export(user_id) for name, keeper in keepers().items()}


def erase(user_id: int) -> None:
    """Erase what names a person everywhere; call it inside a transaction."""
    for keeper in keepers().values():
        keeper.erase(user_id)
