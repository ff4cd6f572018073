"""Who changes the engine between two views of the flags, exactly: both decide about everybody who is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from rollout.snapshot import Snapshot

MOST_NAMES = 100
"""How many are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Movers:
    """What becomes of the known identities in one feature; the names are the first `MOST_NAMES` each way."""

    known: int = 0
    on_v4: int = 0
    """How many get v4 afterwards."""
    into_v4: int = 0
    into_v3: int = 0
    names_into_v4: tuple[str, ...] = ()
    names_into_v3: tuple[str, ...] = ()

    @property
    def is_anybody(self) -> bool:
        """Whether anybody moves."""
        return bool(self.into_v4 or self.into_v3)


def movers(feature: str, before: Snapshot, after: Snapshot, identities: Sequence[str]) -> Movers:
    """Return who of `identities` moves; costs two decisions for each, and no I/O."""
    were = [before.decide(feature, one).is_candidate for one in identities]
    are = [after.decide(feature, one).is_candidate for one in identities]
    moves = [(one, now) for one, was, now in zip(identities, were, are, strict=True) if was != now]
    up = [one for one, is_in in moves if is_in]
    down = [one for one, is_in in moves if not is_in]
    return Movers(
        known=len(identities),
        on_v4=sum(are),
        into_v4=len(up),
        into_v3=len(down),
        names_into_v4=tuple(up[:MOST_NAMES]),
        names_into_v3=tuple(down[:MOST_NAMES]),
    )
