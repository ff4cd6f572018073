"""Search by what people type: which places hold the words, and how well.

v4's rule is `meant` and `closeness`, over the guide's vocabulary. `holding` and `relevance` are v3's, which both
engines share and which compares whole texts by trigrams.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from restaurants.discovery.fragments import NOTHING, Fragment, every
from restaurants.filters import Spelled
from restaurants.spelling import normalise

WORTH: Final = {"same": 1.0, "begun": 0.9, "like": 0.7}
"""What a word is worth by how sure it is meant."""
ELSEWHERE: Final = 0.8
"""What a word outside the name is worth of one in it."""


def meant(words: Sequence[Spelled]) -> Fragment:
    """Return the condition that a place holds each of the words, in one of its spellings; nothing holds no words."""
    if not words or not all(word.every for word in words):
        return NOTHING
    return every(
        Fragment(f"r.words && %(meant_{place})s::text[]", {f"meant_{place}": list(word.every)})
        for place, word in enumerate(words)
    )


def closeness(words: Sequence[Spelled]) -> Fragment:
    """Return how close a place that holds the words comes to them, 0 to 1: their mean worth."""
    pieces = [_worth(place, word) for place, word in enumerate(words)] or [Fragment("0")]
    parameters = {name: value for piece in pieces for name, value in piece.parameters.items()}
    return Fragment(f"round(({' + '.join(piece.sql for piece in pieces)}) / {len(pieces)}, 4)", parameters)


def _worth(place: int, word: Spelled) -> Fragment:
    cases, parameters = [], {}
    for name, spellings in _ranked(word):
        key = f"{name}_{place}"
        parameters[key] = spellings
        held = f"string_to_array(r.sort_name, ' ') && %({key})s::text[]"
        cases.append((WORTH[name], f"WHEN {held} THEN {WORTH[name]}"))
        cases.append((WORTH[name] * ELSEWHERE, f"WHEN r.words && %({key})s::text[] THEN {WORTH[name] * ELSEWHERE:.2f}"))
    if not cases:
        return Fragment("0")
    best_first = " ".join(case for _, case in sorted(cases, key=lambda case: -case[0]))
    return Fragment(f"(CASE {best_first} ELSE 0 END)", parameters)


def _ranked(word: Spelled) -> Iterator[tuple[str, list[str]]]:
    for name in WORTH:
        if spellings := getattr(word, name):
            yield name, list(spellings)


def holding(q: str) -> Fragment:
    """Return the condition that a place holds every word of `q`, or words like it (a typo); v3's rule."""
    wanted = normalise(q)
    if not wanted:
        return NOTHING
    words = {f"word_{number}": word for number, word in enumerate(wanted.split())}
    # LIKE needs no escape: a normalised word is letters and digits.
    every_word = " AND ".join(f"r.search_text LIKE '%%' || %({name})s || '%%'" for name in words)
    return Fragment(f"({every_word}) OR %(q)s <%% r.search_text", {**words, "q": wanted})


def relevance(q: str) -> Fragment:
    """Return how much of `q`, 0 to 1, the name holds, or, worth less, the other texts; v3's rule."""
    sql = """round(greatest(word_similarity(%(q)s, r.sort_name),
                            word_similarity(%(q)s, r.search_text) * 0.9)::numeric, 4)"""
    return Fragment(sql, {"q": normalise(q)})
