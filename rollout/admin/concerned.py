"""Whom a move concerns, as the page that asks shows it: a sentence, and the rest behind a click, with links."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.urls import NoReverseMatch, reverse

from rollout.radius import Radius


@dataclass(frozen=True, slots=True)
class Named:
    """One identity; `url` is the page of the person, empty where the admin has none."""

    identity: str
    url: str

    @classmethod
    def of(cls, identity: str) -> "Named":
        """Return the identity with its page; who may not see people sees no more than the identity there either."""
        kind, _, key = identity.partition(":")
        return cls(identity, _page_of(key) if kind == "u" else "")


@dataclass(frozen=True, slots=True)
class Side:
    """Those who move one way, by name as far as the list goes."""

    engine: str
    count: int
    names: Sequence[Named]

    @property
    def unnamed(self) -> int:
        """How many more there are."""
        return self.count - len(self.names)


@dataclass(frozen=True, slots=True)
class Concerned:
    """The radius of one feature for the page."""

    feature: str
    sentence: str
    details: Sequence[str]
    sides: Sequence[Side]

    @classmethod
    def of(cls, radius: Radius) -> "Concerned":
        """Return it; a way that nobody goes is left out."""
        moved = radius.movers
        sides = [
            Side("v4", moved.into_v4, [*map(Named.of, moved.names_into_v4)]),
            Side("v3", moved.into_v3, [*map(Named.of, moved.names_into_v3)]),
        ]
        return cls(radius.feature, radius.sentence, radius.details, [side for side in sides if side.count])


def _page_of(key: str) -> str:
    person = get_user_model()._meta
    try:
        return reverse(f"admin:{person.app_label}_{person.model_name}_change", args=[key])
    except NoReverseMatch:
        return ""
