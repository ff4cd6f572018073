"""A guide of seven places, small enough to know by heart; the golden files speak of it."""

from datetime import UTC, date, datetime
from typing import Any

from restaurants.models import Agency, Certificate, Image, Restaurant, SupervisionLevel
from restaurants.parts import Parts

CREATED = datetime(2025, 8, 1, 12, tzinfo=UTC)
UPDATED = datetime(2025, 8, 12, 9, 30, tzinfo=UTC)
SOURCE = {"source": "a public list", "sourced_on": "2025-08"}


def build_guide() -> None:
    """Store four approved places and one each that is pending, rejected and deleted."""
    _grill()
    _cafe()
    _falafel()
    _bakery()
    _place(40, "Pending Pizza", state_of_record="pending", city="Miami")
    _place(41, "Rejected Ribs", state_of_record="rejected", state_reason="not kosher", city="Miami")
    _place(42, "Deleted Deli", deleted_at=UPDATED, city="Miami", kosher_categories=["meat"], state="NY")
    Restaurant.objects.reset_sequence()


def _grill() -> None:
    _place(
        7,
        "Soho Asian Bar & Grill",
        address="19004 NE 29th Ave",
        city="Aventura",
        state="FL",
        country="US",
        zip_code="33180",
        phone_number="(305) 466-1505",
        website="https://soho.example/",
        listing_type="restaurant",
        kosher_categories=["meat"],
        short_description='Sushi "and" more',
        price_range="$$",
        google_listing_url="https://maps.example/7",
        latitude=25.9533,
        longitude=-80.1448,
        timezone="America/New_York",
        hours_raw="Monday: 12:00 – 10:30\u202fPM",
        hours_raw_json={"periods": [{"open": {"day": 1, "time": "1200"}, "close": {"day": 1, "time": "2230"}}]},
        opening_hours="Mo 12:00-22:30",
        hours_updated_at=datetime(2025, 8, 12, tzinfo=UTC),
        updated_at=UPDATED.replace(microsecond=123456),
        parts=Parts(
            certificates=[Certificate(agency=_agency("ORB"), number="A-7", valid_to=date(2019, 4, 19), **SOURCE)],
            levels=[_level("pas_yisroel", "all"), _level("cholov_yisroel", "not_applicable")],
            images=[
                Image(url="https://img.example/1.jpg", position=0),
                Image(url="https://img.example/2.jpg", position=1, is_primary=True),
                Image(url="https://img.example/3.jpg", position=2),
            ],
        ),
    )


def _cafe() -> None:
    _place(
        12,
        "Café Élysée",
        address="9467 Harding Ave",
        city="Surfside",
        state="FL",
        country="US",
        zip_code="33154",
        phone_number="(305) 866-1111",
        listing_type="cafe",
        kosher_categories=["dairy"],
        parts=Parts(
            certificates=[Certificate(agency=_agency("Kosher Miami"), **SOURCE)],
            levels=[_level("cholov_yisroel", "none"), _level("pas_yisroel", "some", scope="Bread Only")],
        ),
    )


def _falafel() -> None:
    _place(
        30,
        "פלאפל גבאי",
        address="ויצמן 6",
        city="Tel Aviv-Yafo",
        country="IL",
        listing_type="falafel",
        latitude=32.0869,
        longitude=34.7897,
        timezone="Asia/Jerusalem",
        parts=Parts(certificates=[Certificate(agency=_agency("Tel Aviv-Yafo Rabbinate"), **SOURCE)]),
    )


def _bakery() -> None:
    _place(
        31,
        "Two Kitchens Bakery",
        address="10 Main St",
        city="Surfside",
        state="FL",
        country="US",
        zip_code="33154",
        listing_type="bakery",
        kosher_categories=["dairy", "meat"],
        parts=Parts(levels=[_level("cholov_yisroel", "all"), _level("pas_yisroel", "none")]),
    )


def _place(pk: int, name: str, *, parts: Parts | None = None, **columns: Any) -> None:
    stated = {"state_of_record": "approved", "created_at": CREATED, "updated_at": UPDATED, **SOURCE, **columns}
    Restaurant.objects.store(
        Restaurant(pk=pk, name=name, **stated), actor="test", action="create", parts=parts or Parts()
    )


def _level(attribute: str, level: str, *, scope: str = "") -> SupervisionLevel:
    return SupervisionLevel(attribute=attribute, level=level, scope=scope, **SOURCE)


def _agency(name: str) -> Agency:
    Agency.objects.ensure([{"name": name}])
    return Agency.objects.by_key()[name.casefold().replace("-", " ")]
