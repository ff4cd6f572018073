"""The kosher facts of a v3 row: supervision outranks booleans, contradictions become unknown, doubts are flagged."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from restaurants.kosher import Attribute, Category, Level, Statement, boolean_of, is_cholov_stam, read_wording

SUPERVISION: Final[Mapping[str, tuple[Attribute, str]]] = {
    "cholov_yisroel": (Attribute.CHOLOV_YISROEL, ""),
    "pas_yisroel": (Attribute.PAS_YISROEL, ""),
    "yoshon": (Attribute.YOSHON, ""),
    "bishul_yisroel": (Attribute.BISHUL_YISROEL, ""),
    "bishul_yisroel_tuna": (Attribute.BISHUL_YISROEL, "Tuna"),
    "mehadrin": (Attribute.MEHADRIN, ""),
    "glatt": (Attribute.GLATT, ""),
}
"""Which attribute a key of v3's `supervision` speaks about, and about which part of the menu."""


_HEBREW_TYPES: Final = {"בשרי": Category.MEAT, "חלבי": Category.DAIRY}
_CATEGORY_IN_NAME = re.compile(r"\((?:meat|dairy|parve|pareve)\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KosherFacts:
    """What one v3 row says: categories (v3's own first), levels by attribute, and the doubts found on the way."""

    categories: tuple[Category, ...] = ()
    levels: Mapping[Attribute, Statement] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


def read_facts(row: Mapping[str, Any]) -> KosherFacts:
    """Return the kosher facts of a v3 row."""
    supervision = row.get("supervision") or {}
    categories = read_categories(row.get("kosher_category"), supervision, row.get("establishment_type"))
    stated, flags = read_supervision(supervision)
    claimed, doubts = read_booleans(row, categories, stated)
    flags += doubts + category_doubts(str(row.get("name") or ""), categories, row.get("establishment_type"))
    return KosherFacts(tuple(categories), claimed | stated, tuple(flags))


def read_categories(kosher_category: Any, supervision: Mapping[str, Any], kinds: Any) -> list[Category]:
    """Return every category that the row states, v3's own first; certifiers list several in the establishment type."""
    listed = supervision.get("categories")
    words = [kosher_category, *(listed if isinstance(listed, list) else str(kinds or "").split(","))]
    known = {category.value: category for category in Category} | {"parve": Category.PAREVE}
    found = [known.get(word.strip().casefold()) for word in words if isinstance(word, str)]
    return list(dict.fromkeys(category for category in found if category))


def read_supervision(supervision: Mapping[str, Any]) -> tuple[dict[Attribute, Statement], list[str]]:
    """Return the levels that v3's `supervision` states, and a flag for each wording that is not understood."""
    levels: dict[Attribute, Statement] = {}
    flags = []
    for key, (attribute, part) in SUPERVISION.items():
        statement = read_wording(supervision.get(key))
        if statement is not None:
            levels[attribute] = _about(part, statement)
        elif supervision.get(key) not in (None, ""):
            flags.append(f"{key}_not_understood")
    return levels, flags


def _about(part: str, statement: Statement) -> Statement:
    """Narrow a statement to one part of the menu: all of the tuna is some of the food."""
    if not part:
        return statement
    level = Level.SOME if statement.level == Level.ALL else statement.level
    return Statement(level, f"{part}: {statement.scope}" if statement.scope else part)


def read_booleans(
    row: Mapping[str, Any], categories: Iterable[Category], stated: Mapping[Attribute, Statement]
) -> tuple[dict[Attribute, Statement], list[str]]:
    """Return the levels that v3's three booleans claim where nothing outranks them, and the contradictions found."""
    cholov, pas, stam = (_boolean(row.get(key)) for key in ("is_cholov_yisroel", "is_pas_yisroel", "cholov_stam"))
    levels: dict[Attribute, Statement] = {}
    flags = _against("is_cholov_yisroel", cholov, stated.get(Attribute.CHOLOV_YISROEL))
    flags += _against("is_pas_yisroel", pas, stated.get(Attribute.PAS_YISROEL))
    flags += _stam_doubts(set(categories), stated.get(Attribute.CHOLOV_YISROEL), cholov, stam)
    if (cholov is not None or stam) and "cholov_booleans_contradict" not in flags:
        levels[Attribute.CHOLOV_YISROEL] = Statement(Level.ALL if cholov else Level.NONE)
    if pas is not None:
        levels[Attribute.PAS_YISROEL] = Statement(Level.ALL if pas else Level.NONE)
    return levels, flags


def _against(key: str, claimed: bool | None, stated: Statement | None) -> list[str]:
    agrees = claimed is None or stated is None or boolean_of(stated.level) is claimed
    return [] if agrees else [f"{key}_contradicts_supervision"]


def _stam_doubts(
    categories: set[Category], stated: Statement | None, cholov: bool | None, stam: bool | None
) -> list[str]:
    """Return the flag for a `cholov_stam` that cannot be true beside what else is said."""
    if stam is None:
        return []
    if stated is not None:
        derived = is_cholov_stam(categories, stated.level)
        return [] if derived in (None, stam) else ["cholov_stam_contradicts_supervision"]
    is_dairy = Category.DAIRY in categories
    impossible = (cholov is True or not is_dairy) if stam else (is_dairy and cholov is False)
    return ["cholov_booleans_contradict"] if impossible else []


def category_doubts(name: str, categories: Iterable[Category], kinds: Any) -> list[str]:
    """Return the flags for a type or a name that speaks of another category; staff settle them, nothing is derived."""
    known = set(categories)
    implied = {category for word, category in _HEBREW_TYPES.items() if word in str(kinds or "")}
    flags = ["category_contradicts_type"] if known and implied - known else []
    return flags + (["category_only_in_name"] if not known and _CATEGORY_IN_NAME.search(name) else [])


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
