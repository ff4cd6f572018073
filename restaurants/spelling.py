"""One spelling for everything that people write in many: what is stored for search, and what is searched for."""

import unicodedata
from collections.abc import Iterable
from typing import Final

ALIASES: Final[dict[str, str]] = {
    alias: word
    for word, aliases in {
        "cholov": "chalav cholev halav chalov",
        "yisroel": "yisrael yisroeil",
        "pas": "pat",
        "pareve": "parve parev parava",
        "bishul": "bishol",
        "mehadrin": "mehadrim",
        "yoshon": "yashan",
        "glatt": "glat",
        "hechsher": "hekhsher heksher hechser",
        "kosher": "kasher",
        "mashgiach": "mashgiah",
        "shawarma": "shwarma shawerma shuarma",
        "falafel": "felafel",
        "hummus": "humus houmous hummous chumus",
        "schnitzel": "shnitzel",
        "bagel": "beigel",
    }.items()
    for alias in aliases.split()
}
"""Transliterations of the field's own words and dishes, each brought to the spelling that we store."""

JOINERS: Final = frozenset("'\"`´‘’‚‛“”„‟′″׳״")
"""Quotes, geresh and gershayim stand inside words (Ariel's, אצ"ל): they vanish instead of parting the word."""


def normalise(text: str | None) -> str:
    """Return `text` as search compares it: NFKD, no marks nor niqqud, casefolded, one spelling, single spaces."""
    plain = "".join(map(_plain, unicodedata.normalize("NFKD", text or "").replace("&", " and ")))
    return " ".join(ALIASES.get(word, word) for word in plain.casefold().split())


def _plain(character: str) -> str:
    if character in JOINERS or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return ""
    return character if character.isalnum() else " "


def search_text(parts: Iterable[str | None]) -> str:
    """Return the stored search column of a place from the texts that describe it."""
    return " ".join(filter(None, map(normalise, parts)))
