"""What the v4 list can be asked: alternatives and exclusions in every filter, a sort, a position to go on from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

UNKNOWN: Final = "unknown"
Sort = Literal["name", "-name", "newest", "relevance"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of `wanted` (all when empty) and none of `unwanted`."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Sequence[str]) -> "Choice":
        """Read values of which those that start with `!` are unwanted."""
        return cls(
            wanted=tuple(sorted({value for value in values if not value.startswith("!")})),
            unwanted=tuple(sorted({value[1:] for value in values if value.startswith("!")})),
        )


ANY: Final = Choice()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFilter:
    """Which published places: every filter must hold. An exclusion leaves places of unknown value in."""

    kosher_category: Choice = ANY
    agency: Choice = ANY
    city: Choice = ANY
    state: Choice = ANY
    country: Choice = ANY
    q: str = ""
