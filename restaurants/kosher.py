"""Kosher facts: the vocabulary, what a certifier's wording means, and v3's booleans derived. Nothing is guessed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import TextChoices


class Category(TextChoices):
    """What is served; several at once is real (a meat and a dairy kitchen)."""

    MEAT = "meat"
    DAIRY = "dairy"
    PAREVE = "pareve"
    FISH = "fish"


class Attribute(TextChoices):
    """What a supervision level speaks about."""

    CHOLOV_YISROEL = "cholov_yisroel"
    PAS_YISROEL = "pas_yisroel"
    YOSHON = "yoshon"
    BISHUL_YISROEL = "bishul_yisroel"
    MEHADRIN = "mehadrin"
    GLATT = "glatt"


class Level(TextChoices):
    """How far an attribute holds; nothing stored means unknown."""

    ALL = "all"
    SOME = "some"
    AVAILABLE = "available"
    NONE = "none"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Statement:
    """One level in a source's words; `scope` is what it speaks about, empty when about everything."""

    level: Level
    scope: str = ""


_WORDS: Final[Mapping[str, Level]] = {
    "all items": Level.ALL,
    "all": Level.ALL,
    "yes": Level.ALL,
    "some items": Level.SOME,
    "some": Level.SOME,
    "available": Level.AVAILABLE,
    "no": Level.NONE,
    "none": Level.NONE,
    "n/a": Level.NOT_APPLICABLE,
    "not applicable": Level.NOT_APPLICABLE,
}
_AVAILABLE = re.compile(r"available\s*[-–:,]\s*(?P<scope>.+)", re.IGNORECASE)
_EXCEPT = re.compile(
    r"(?:all(?: items)?(?: yoshon| pas yisroel| cholov yisroel)?\s+)?(?P<scope>except .+)", re.IGNORECASE
)
_ARE = re.compile(r"(?P<scope>.+?) (?:is|are) (?:yoshon|pas yisroel|cholov yisroel)", re.IGNORECASE)
_LIMITED = re.compile(
    r"(?P<scope>.+ only|products .+|[^.]*\b(?:breads?|pizza|pitas?|wraps?|rolls?|challah|buns?)\b[^.]*)", re.IGNORECASE
)


def read_wording(wording: Any) -> Statement | None:
    """Return what a certifier's wording says, or None when we do not understand it or it says nothing.

    A limited statement ("Bread Only", "Except Wraps") is `some` with the limit as its scope.
    """
    if isinstance(wording, bool):
        return Statement(Level.ALL if wording else Level.NONE)
    text = " ".join(wording.split()) if isinstance(wording, str) else ""
    if level := _WORDS.get(text.casefold()):
        return Statement(level)
    if found := _AVAILABLE.fullmatch(text):
        return Statement(Level.AVAILABLE, found["scope"])
    for form in (_EXCEPT, _ARE, _LIMITED):
        if found := form.fullmatch(text):
            return Statement(Level.SOME, found["scope"][:1].upper() + found["scope"][1:])
    return None


def boolean_of(level: str | None) -> bool | None:
    """Return v3's boolean for a level: all is true, none is false, anything else is unknown."""
    return {Level.ALL: True, Level.NONE: False}.get(Level(level)) if level else None


def is_cholov_stam(categories: Iterable[str], cholov_yisroel: str | None) -> bool | None:
    """Return v3's `cholov_stam`: dairy, and nothing in it cholov yisroel; None where either is not known."""
    known, has_cholov = set(categories), boolean_of(cholov_yisroel)
    if has_cholov or (known and Category.DAIRY not in known):
        return False
    return None if not known or has_cholov is None else True
