"""Sheets: what is written is read back, nothing in them is a formula, every fault has its line."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restaurants.sheets import COLUMNS, EDITABLE, MAX_ROWS, escaped, read, unescaped, write
from restaurants.values import Place
from tests.restaurants.guide import CREATED

UNKNOWN: dict[str, Any] = dict.fromkeys(Place.__dataclass_fields__)
WHOLE = UNKNOWN | {
    "id": 7,
    "name": "Place",
    "version": 3,
    "kosher_categories": ("dairy", "meat"),
    "state_of_record": "approved",
    "source": "",
    "sourced_on": "",
    "certificates": (),
    "created_at": CREATED,
    "updated_at": CREATED,
}

texts = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(str.strip)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_an_escaped_text_is_no_formula_and_is_read_back(text: str) -> None:
    cell = escaped(text)

    assert cell[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert unescaped(cell) == text


@pytest.mark.parametrize("text", ["Ariel's", "'Abba", "x=1", ""])
def test_what_a_person_types_is_taken_as_it_is(text: str) -> None:
    assert unescaped(text) == text


@given(
    said=st.fixed_dictionaries(
        {
            "name": texts.filter(bool),
            "address": texts.map(lambda text: text or None),
            "phone_number": st.sampled_from([None, "+972501234567", "(305) 466-1505", "=cmd|' /C calc'!A0"]),
            "short_description": st.sampled_from([None, 'He said "kosher",\nand left', "שלום"]),
            "latitude": st.none() | st.floats(-90, 90),
            "kosher_categories": st.sampled_from([(), ("dairy",), ("dairy", "meat")]),
            "source": texts,
        }
    )
)
def test_what_is_exported_is_read_back_as_it_was(said: dict[str, Any]) -> None:
    place = Place(**WHOLE | said)

    sheet = read(write([place]))

    assert sheet.faults == []
    [wanted] = sheet.wanted
    assert (wanted.id, wanted.version, wanted.line) == (7, 3, 2)
    assert wanted.changes == {name: getattr(place, name) for name in EDITABLE}


def test_no_cell_of_an_export_is_a_formula_but_coordinates_are_numbers() -> None:
    place = Place(**WHOLE | {"name": "=1+1", "phone_number": "+1 305", "latitude": -33.5, "source": "@list"})

    rows = list(csv.reader(io.StringIO(write([place]).removeprefix("\ufeff"))))

    cells = dict(zip(rows[0], rows[1], strict=True))
    assert [cells[name] for name in ("name", "phone_number", "latitude", "source")] == [
        "'=1+1",
        "'+1 305",
        "-33.5",
        "'@list",
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "sheet is empty"),
        ("name,citty\nA,B", 1, "did you mean 'city'"),
        ("name,name\nA,B", 1, "stands there twice"),
        ("name\nA\nB,C", 3, "has 2 cells"),
        ("id,name\n7,A\n\n7,B", 4, "stands on line 2 already"),
        ("id,name\nseven,A", 2, "id: 'seven' is no number"),
        ("id,name\n-7,A", 2, "is no number"),
        ("name,latitude\nA,north", 2, "latitude: 'north' is no number"),
        ('name\n"A\nB', 2, "is not CSV"),
        ("name\nA\0", None, "no text"),
        ("name\n" + "A\n" * (MAX_ROWS + 1), MAX_ROWS + 2, "may have 1000 rows"),
    ],
)
def test_every_fault_has_its_line(text: str, line: int | None, words: str) -> None:
    faults = read(text).faults

    assert any(fault.line == line and words in fault.detail for fault in faults), faults


def test_a_row_of_several_lines_does_not_shift_the_lines_after_it() -> None:
    [first, second] = read('name,short_description\nA,"one\ntwo\nthree"\nB,x').wanted

    assert (first.line, second.line) == (2, 5)


@given(text=st.text(alphabet=st.sampled_from(list("id,name\n\"'7;=A\r ")), max_size=60))
def test_garbage_never_fails(text: str) -> None:
    sheet = read(text)

    assert sheet.faults or all(set(wanted.changes) <= set(COLUMNS) for wanted in sheet.wanted)
