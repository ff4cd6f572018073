"""One spelling for what people write in many."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restaurants.spelling import normalise, search_text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Chalav Yisrael", "cholov yisroel"),
        ("Pat Yisrael", "PAS YISROEL"),
        ("parve", "Pareve"),
        ("שָׁלוֹם", "שלום"),
        ('אצ"ל', "אצ״ל"),
        ("אצ״ל", "אצל"),
        ("Ariel’s", "ariel's"),
        ("Café Bella", "CAFE BELLA"),
        ("Bagels & Co.", "bagels and co"),
        ("תל־אביב", "תל אביב"),
        ("Star-K", "star k"),
        ("STRASSE", "straße"),
        ("ﬁsh", "fish"),
    ],
)
def test_two_ways_to_write_are_one_when_searched(left: str, right: str) -> None:
    assert normalise(left) == normalise(right) != ""


def test_what_differs_stays_different() -> None:
    assert normalise("Israel") != normalise("Yisroel")
    assert normalise("meat") != normalise("dairy")


def test_absent_texts_leave_no_trace() -> None:
    assert search_text(["Pizza", None, "", "Miami"]) == "pizza miami"


@given(st.text())
def test_normalising_twice_changes_nothing_and_leaves_nothing_invisible(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once
    assert not any(unicodedata.category(character) in {"Mn", "Cc", "Cf"} for character in once)
