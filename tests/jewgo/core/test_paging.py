"""Pages: cursors that only we can make, bound to their query; limits that are lowered and said."""

import base64
import string

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from jewgo.core.paging import MAX_CURSOR_LENGTH, Cursor, InvalidCursor, Page, PageRequest, Window, scope_of

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=40),
)
POSITIONS = st.lists(SCALARS, max_size=4)


@given(POSITIONS, st.text())
def test_a_cursor_returns_the_position_that_it_was_made_of(position: list[object], scope: str) -> None:
    token = Cursor.sign(position, scope)  # type: ignore[arg-type]

    assert Cursor.read(token, scope) == tuple(position)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")


@given(POSITIONS, st.integers(0, 200), st.sampled_from(string.ascii_letters + string.digits + "-_"))
def test_a_cursor_changed_in_one_place_is_invalid(position: list[object], place: int, letter: str) -> None:
    token = Cursor.sign(position, "q")  # type: ignore[arg-type]
    place %= len(token)
    forged = token[:place] + letter + token[place + 1 :]

    if forged != token:
        with pytest.raises(InvalidCursor):
            Cursor.read(forged, "q")


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_whatever_is_sent_as_a_cursor_is_invalid_and_nothing_worse(token: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.read(token, "q")


def test_a_cursor_of_another_query_is_invalid() -> None:
    token = Cursor.sign([7], scope_of({"city": "Miami", "sort": "name"}))

    with pytest.raises(InvalidCursor):
        Cursor.read(token, scope_of({"city": "Boston", "sort": "name"}))


def test_the_scope_ignores_order_cursor_and_limit() -> None:
    one = scope_of({"city": "Miami", "sort": "name", "limit": 5, "cursor": "x", "include_total": True})
    other = scope_of({"sort": "name", "city": "Miami"})

    assert one == other


def test_a_cursor_is_compact() -> None:
    assert len(Cursor.sign([1234], "q")) <= 32


def test_a_cursor_that_is_too_long_is_not_looked_at() -> None:
    with pytest.raises(InvalidCursor):
        Cursor.read("A" * (MAX_CURSOR_LENGTH + 1), "q")


def test_an_invalid_cursor_names_the_parameter_and_says_what_to_do() -> None:
    error = InvalidCursor()

    assert (error.status, error.code) == (400, "invalid_cursor")
    assert [(problem.parameter, problem.code) for problem in error.problems] == [("cursor", "invalid_cursor")]
    assert "next_cursor" in (error.problems[0].hint or "")


def test_a_cursor_outlives_a_change_of_the_secret_key_that_keeps_the_old_one() -> None:
    with override_settings(SECRET_KEY="old" * 20):
        token = Cursor.sign([1], "q")

    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=["old" * 20]):
        assert Cursor.read(token, "q") == (1,)
    with override_settings(SECRET_KEY="new" * 20), pytest.raises(InvalidCursor):
        Cursor.read(token, "q")


def test_a_page_is_cut_before_the_row_too_many_and_points_behind_its_last_item() -> None:
    page = Page.cut(range(4), limit=3, scope="q", position=lambda row: [row])

    assert page.items == (0, 1, 2)
    assert Cursor.read(page.next_cursor or "", "q") == (2,)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_last_page_has_no_next(rows: int) -> None:
    page = Page.cut(range(rows), limit=3, scope="q", position=lambda row: [row], total=rows)

    assert (len(page.items), page.next_cursor, page.total) == (rows, None, rows)


def test_a_limit_above_the_maximum_is_lowered_and_said() -> None:
    asked = PageRequest.of({"limit": 5000, "include_total": True})

    assert asked.limit == 100
    assert asked.meta(Page((1, 2), total=2)) == {
        "limit": 100,
        "count": 2,
        "next_cursor": None,
        "total": 2,
        "limit_lowered_from": 5000,
    }


def test_a_page_asked_for_without_parameters_has_twenty_items_and_no_total() -> None:
    asked = PageRequest.of({})

    assert asked.meta(Page(())) == {"limit": 20, "count": 0, "next_cursor": None}


@pytest.mark.parametrize(("limit", "offset"), [(-1, 0), (1, -1)])
def test_a_window_is_never_negative(limit: int, offset: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        Window(limit, offset)


def test_a_window_knows_where_it_ends() -> None:
    assert Window(10, 5).stop == 15
