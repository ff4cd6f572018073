"""A v3 row as a record: sentinels become unknown, damage is mended where certain, the rest refused or flagged."""

from typing import Any

import pytest

from restaurants.hours.validation import is_zone
from restaurants.intake import cleaning, zones
from restaurants.intake.records import Rejected
from restaurants.intake.translation import Translation, translate
from tests.restaurants.v3_rows import v3_row as _row


def _translated(**said: Any) -> dict[str, Any]:
    result = translate(_row(**said))
    assert isinstance(result, Translation)
    return dict(result.record.fields)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("address", "Address not provided"),
        ("phone_number", "000-000-0000"),
        ("zip_code", "00000"),
        ("city", " N/A "),
        ("listing_type", "unknown"),
        ("website", "none"),
        ("website", "not a url"),
        ("address", '5 type_text address color_link_inherit">, London, United Kingdom'),
        ("city", "Meat, Take Out"),
        ("price_range", "cheap"),
        ("country", "Atlantis"),
        ("timezone", "Mars/Olympus"),
        ("hours_raw", None),
    ],
)
def test_a_sentinel_or_a_scrap_becomes_unknown(key: str, value: Any) -> None:
    assert _translated(**{key: value, "state": "TX", "hours_of_operation": "Hours not available"})[key] is None


def test_a_zip_code_that_repeats_the_house_number_is_unknown_and_flagged() -> None:
    fields = _translated(address="19010 NE 29th Ave", zip_code="19010")

    assert fields["zip_code"] is None
    assert fields["quality_flags"] == ["zip_code_is_house_number"]


@pytest.mark.parametrize(
    ("name", "mended", "flag"),
    [
        ("Eve`s Garden Caf&eacute;", "Eve`s Garden Café", None),
        ("Bagels &#038; Co.", "Bagels & Co.", None),
        ("Leah'S Bread", "Leah's Bread", "name_case_mended"),
        ("moNSTER yoGURT", "Monster Yogurt", "name_case_mended"),
        ("KosherstandZ", "KosherstandZ", "name_case_doubtful"),
        ("pizza ella", "pizza ella", "name_case_doubtful"),
        ("BonBomb Chocolatier", "BonBomb Chocolatier", None),
        ("BREADS & CO", "BREADS & CO", None),
        ("RITA’S of Deerfield", "RITA’S of Deerfield", None),
        ("מפגש  הפלאפל\u200f", "מפגש הפלאפל", None),
    ],
)
def test_a_damaged_name_is_mended_where_that_is_certain(name: str, mended: str, flag: str | None) -> None:
    fields = _translated(name=name)

    assert fields["name"] == mended
    assert fields["quality_flags"] == ([flag] if flag else [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "(305) 555-1234"}, "is a phone number"),
        ({"name": "Tel: 03-5551234"}, "is a phone number"),
        ({"name": "Name not provided"}, "the name is missing"),
        ({"name": None}, "the name is missing"),
        ({"id": "7"}, "is not a positive integer"),
        ({"id": True}, "is not a positive integer"),
        ({"id": 0}, "is not a positive integer"),
    ],
)
def test_a_row_that_cannot_be_a_place_is_rejected_with_a_reason(row: dict[str, Any], reason: str) -> None:
    result = translate(_row() | row)

    assert isinstance(result, Rejected)
    assert reason in result.reason


@pytest.mark.parametrize(
    ("where", "zone"),
    [
        ({"latitude": 26.33, "longitude": -80.13}, "America/New_York"),
        ({"latitude": 32.05, "longitude": 34.79, "country": "IL"}, "Asia/Jerusalem"),
        ({"country": "IL", "state": None}, "Asia/Jerusalem"),
        ({"state": "NY"}, "America/New_York"),
        ({"state": "FL"}, None),
        ({"country": "CA", "state": "ON"}, None),
        ({"timezone": "America/Chicago"}, "America/Chicago"),
        ({"hours_json": {"hours": {"mon": {"is_open": False}}, "timezone": "America/Denver"}}, "America/Denver"),
    ],
)
def test_a_zone_is_known_only_where_there_is_one(where: dict[str, Any], zone: str | None) -> None:
    assert _translated(**where)["timezone"] == zone


def test_every_zone_of_the_tables_exists() -> None:
    assert all(map(is_zone, [*zones.COUNTRIES.values(), *(zone for _, zone in zones.STATES)]))


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(None, 1.0), (91.0, 1.0), (0.0, 0.0), ("x", 1.0), (float("nan"), 1.0), (1.0, 181)]
)
def test_coordinates_that_cannot_be_are_unknown_and_flagged(latitude: Any, longitude: Any) -> None:
    fields = _translated(latitude=latitude, longitude=longitude)

    assert (fields["latitude"], fields["longitude"]) == (None, None)
    assert fields["quality_flags"] == ["coordinates_damaged"]


@pytest.mark.parametrize(
    ("status", "state", "flags"),
    [("active", "approved", []), ("inactive", "suspended", []), (None, "pending", ["status_not_understood"])],
)
def test_only_an_active_row_is_approved(status: str | None, state: str, flags: list[str]) -> None:
    fields = _translated(status=status)

    assert (fields["state_of_record"], fields["quality_flags"]) == (state, flags)


@pytest.mark.parametrize(("text", "answer"), [("00000", True), ("000-000-0000", True), ("0", True), ("100", False)])
def test_zeros_stand_for_nothing(text: str, answer: bool) -> None:
    assert cleaning.is_nothing(text) is answer
