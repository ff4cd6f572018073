"""The stored spans: what they say, by which doors they are kept, and that they are the evaluator's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from restaurants.foresight import AHEAD, BEHIND, Kind
from restaurants.models import Agency, Certificate, OpeningSpan, Restaurant
from restaurants.parts import Parts
from restaurants.repositories import Entry

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 3, 16, tzinfo=UTC)
"""A Wednesday noon in New York."""
HERE: dict[str, Any] = {
    "timezone": "America/New_York",
    "latitude": 40.71,
    "longitude": -74.01,
    "country": "US",
    "state_of_record": "approved",
}


def stored(*, certified: bool = True, **fields: Any) -> Restaurant:
    certificates = [Certificate(agency=Agency.objects.get(name="ORB"))] if certified else []
    place = Restaurant(name="Beit Café", **{**HERE, "opening_hours": "Mo-Su 10:00-22:00", **fields})
    return Restaurant.objects.store(place, actor="u:1", action="create", parts=Parts(certificates=certificates))


def spans(place: Restaurant, kind: Kind = Kind.OPEN, at: datetime = NOON) -> list[tuple[str, str]]:
    """Return the spans as computed at `at`, as New York writes them."""
    OpeningSpan.objects.refresh([place.pk], at)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT to_char(lower(during) AT TIME ZONE 'America/New_York', 'MM-DD HH24:MI'),
                      to_char(upper(during) AT TIME ZONE 'America/New_York', 'MM-DD HH24:MI')
               FROM restaurants_openingspan WHERE restaurant_id = %s AND kind = %s ORDER BY during""",
            [place.pk, kind],
        )
        return list(cursor.fetchall())


def test_spans_reach_from_yesterday_three_weeks_ahead_and_end_for_shabbat() -> None:
    place = stored()

    found = spans(place)

    assert found[:5] == [
        ("06-02 12:00", "06-02 22:00"),
        ("06-03 10:00", "06-03 22:00"),
        ("06-04 10:00", "06-04 22:00"),
        ("06-05 10:00", "06-05 20:05"),
        ("06-06 21:15", "06-06 22:00"),
    ]
    assert found[-1][1] == "06-25 12:00"
    place.refresh_from_db()
    assert (place.spans_since, place.spans_until) == (NOON - BEHIND, NOON + AHEAD)


def test_an_exempt_place_and_one_never_certified_do_not_pause() -> None:
    for place in (stored(is_shabbat_exempt=True), stored(certified=False)):
        assert ("06-06 10:00", "06-06 22:00") in spans(place)


def test_what_is_not_known_has_spans_too() -> None:
    place = stored(opening_hours=None)

    assert spans(place) == []
    assert spans(place, Kind.UNKNOWN)[:2] == [("06-02 12:00", "06-05 20:05"), ("06-06 21:15", "06-12 20:09")]


def test_the_week_before_a_shabbat_counts_when_the_place_is_open_in_its_last_three_hours() -> None:
    assert spans(stored(), Kind.EVE_OPEN) == [
        ("06-02 12:00", "06-05 20:05"),
        ("06-05 20:05", "06-12 20:09"),
        ("06-12 20:09", "06-19 20:12"),
    ]
    assert spans(stored(opening_hours="Mo-Fr 10:00-17:06"), Kind.EVE_OPEN) == [("06-02 12:00", "06-05 20:05")]
    assert spans(stored(opening_hours="Mo-Fr 10:00-17:05"), Kind.EVE_OPEN) == []
    assert len(spans(stored(opening_hours=None), Kind.EVE_UNKNOWN)) == 4
    assert spans(stored(), Kind.EVE_UNKNOWN) == [("06-19 20:12", "06-25 12:00")]


def kept(place: Restaurant) -> list[Any]:
    """Return the spans of being open as they are stored, without the first, which begins at the moment of storing."""
    return list(OpeningSpan.objects.filter(restaurant=place, kind=Kind.OPEN).values_list("during", flat=True))[1:-1]


def test_storing_a_place_its_certificates_or_its_agency_computes_its_spans() -> None:
    agency, place = Agency.objects.get(name="ORB"), stored()
    certified = kept(place)

    place.certificates.get().delete()
    uncertified = kept(place)
    Certificate(restaurant=place, agency=agency).save()
    again = kept(place)
    agency.candle_lighting_min = 60
    agency.save()
    earlier = kept(place)
    place.opening_hours = "off"
    Restaurant.objects.store(place, actor="u:1", action="update")

    assert uncertified != certified == again
    gained = [a.upper - b.upper for a, b in zip(again, earlier, strict=True) if a != b]
    assert gained == [timedelta(minutes=42)] * len(gained) != []
    assert kept(place) == []


def test_places_that_are_added_at_once_have_their_spans() -> None:
    entry = Entry(Restaurant(name="New", **HERE, opening_hours="24/7"))

    Restaurant.objects.add_all([entry], actor="test", action="import")

    assert OpeningSpan.objects.filter(restaurant=entry.restaurant, kind=Kind.OPEN).count() == 1


def test_a_bulk_update_of_the_hours_makes_a_place_unknown_until_its_spans_are_computed() -> None:
    place = stored()

    Restaurant.objects.filter(pk=place.pk).update(opening_hours="off")

    place.refresh_from_db()
    assert place.spans_until is None


def test_many_places_take_a_constant_number_of_statements(django_assert_num_queries: Any) -> None:
    ids = [stored().pk for _ in range(4)]

    with django_assert_num_queries(7):  # two of them are the savepoint
        OpeningSpan.objects.refresh(ids, NOON)


def test_nothing_is_nothing() -> None:
    assert OpeningSpan.objects.refresh([], NOON) == 0


def test_the_database_refuses_spans_that_overlap() -> None:
    place = stored(opening_hours="24/7", is_shabbat_exempt=True)
    during = OpeningSpan.objects.get(restaurant=place, kind=Kind.OPEN).during

    with pytest.raises(IntegrityError, match="restaurants_spans_disjoint"):
        OpeningSpan.objects.create(
            restaurant=place, kind=Kind.OPEN, during=(during.lower, during.lower + timedelta(hours=1))
        )
