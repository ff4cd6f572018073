"""Search by what people type: which places hold the words, and how well."""

from restaurants.discovery.fragments import NOTHING, Fragment
from restaurants.spelling import normalise


def holding(q: str) -> Fragment:
    """Return the condition that a place holds every word of `q`, or words like it (a typo)."""
    wanted = normalise(q)
    if not wanted:
        return NOTHING
    words = {f"word_{number}": word for number, word in enumerate(wanted.split())}
    # LIKE needs no escape: a normalised word is letters and digits.
    every_word = " AND ".join(f"r.search_text LIKE '%%' || %({name})s || '%%'" for name in words)
    return Fragment(f"({every_word}) OR %(q)s <%% r.search_text", {**words, "q": wanted})


def relevance(q: str) -> Fragment:
    """Return how much of `q`, 0 to 1, the name holds, or, worth less, the other texts."""
    sql = """round(greatest(word_similarity(%(q)s, r.sort_name),
                            word_similarity(%(q)s, r.search_text) * 0.9)::numeric, 4)"""
    return Fragment(sql, {"q": normalise(q)})
