"""What v3 says of a place's hours at moments that we choose, whichever engine read the place."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from restaurants import legacy, services
from restaurants.api.v3_hours import HoursShape, present_hours
from restaurants.api.v3_shapes import present_place
from restaurants.models import Restaurant
from restaurants.values import Place
from tests.restaurants import contract

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_guide")]

EASTERN = ZoneInfo("America/New_York")
SATURDAY, MONDAY = datetime(2026, 6, 6, 12, tzinfo=EASTERN), datetime(2026, 6, 8, 12, tzinfo=EASTERN)
READERS = {"v3": legacy.hours, "v4": services.detail}
Reader = Callable[[int], Place]


@pytest.fixture(params=sorted(READERS))
def read(request: pytest.FixtureRequest, db: None) -> Reader:
    """Read by one engine, then by the other."""
    return READERS[request.param]


def with_hours(text: str | None, **fields: Any) -> None:
    place = Restaurant.objects.get(pk=7)
    for name, value in {"opening_hours": text, **fields}.items():
        setattr(place, name, value)
    Restaurant.objects.store(place, actor="test", action="update")


def moment_of(place: Place, at: datetime) -> tuple[Any, ...]:
    shown = present_place(place, at)
    return tuple(shown[name] for name in ("status", "is_open", "status_reason", "next_open_time", "current_time_local"))


def test_both_engines_read_the_same_place(db: None) -> None:
    assert legacy.hours(7) == services.detail(7) == legacy.detail(7)


def test_a_place_is_open_in_its_hours(read: Reader) -> None:
    assert moment_of(read(7), MONDAY) == ("open", True, "hours", None, "2026-06-08T12:00:00-04:00")


def test_on_shabbat_it_is_closed_for_that_reason_and_opens_with_its_hours(read: Reader) -> None:
    assert moment_of(read(7), SATURDAY) == (
        *("closed", False, "shabbat", "2026-06-08T12:00:00-04:00"),
        "2026-06-06T12:00:00-04:00",
    )


def test_hours_listed_on_shabbat_count_for_an_exempt_place_only(read: Reader) -> None:
    with_hours("Mo-Su 10:00-22:00")
    kept = moment_of(read(7), SATURDAY)[:4]
    with_hours("Mo-Su 10:00-22:00", is_shabbat_exempt=True)
    exempt = moment_of(read(7), SATURDAY)[:4]

    assert kept == ("closed", False, "shabbat", "2026-06-06T20:50:00-04:00")
    assert exempt == ("open", True, "hours", None)


def test_israel_keeps_one_day_and_jerusalem_lights_early(read: Reader) -> None:
    place = Restaurant.objects.get(pk=30)
    place.opening_hours, place.city = "24/7", "ירושלים"
    Restaurant.objects.store(place, actor="test", action="update")
    jerusalem = ZoneInfo("Asia/Jerusalem")

    second_day_of_sukkos = moment_of(read(30), datetime(2026, 9, 27, 12, tzinfo=jerusalem))
    friday_evening = moment_of(read(30), datetime(2026, 6, 5, 19, 10, tzinfo=jerusalem))

    assert second_day_of_sukkos[:3] == ("open", True, "hours")
    assert friday_evening[:3] == ("closed", False, "shabbat")


def test_what_nobody_knows_stays_unknown(read: Reader) -> None:
    assert moment_of(read(12), SATURDAY) == ("unknown", None, "no_hours", None, None)
    assert moment_of(read(30), MONDAY)[:4] == ("unknown", None, "no_hours", None)
    assert moment_of(read(30), SATURDAY)[:4] == ("closed", False, "shabbat", None)


def test_the_agencys_custom_closes_earlier(read: Reader) -> None:
    with_hours("24/7")
    agency = Restaurant.objects.get(pk=7).certificates.get().agency
    agency.candle_lighting_min = 60
    agency.save()

    assert moment_of(read(7), datetime(2026, 6, 5, 19, 30, tzinfo=EASTERN))[2] == "shabbat"


def test_the_hours_of_a_week_know_shabbat(read: Reader) -> None:
    with_hours("Mo-Th,Su 11:00-15:00,17:00-22:00; Fr 11:00-18:00; Sa 12:00-24:00")

    shown = present_hours(read(7), MONDAY)

    assert list(shown) == list(HoursShape.__annotations__)
    assert shown["message"] == "Open until 3:00 PM"
    assert shown["today_hours"] == {"day": "Monday", "open": "11:00 AM", "close": "10:00 PM", "is_open": True}
    assert [(day["day_abbr"], day["open"], day["close"]) for day in shown["formatted_hours"][3:]] == [
        ("Thu", "11:00 AM", "10:00 PM"),
        ("Fri", "11:00 AM", "6:00 PM"),
        ("Sat", "8:53 PM", "12:00 AM"),
        ("Sun", "11:00 AM", "10:00 PM"),
    ]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("Mo 12:00-22:30", SATURDAY, "Closed for Shabbat, opens Monday 12:00 PM"),
        ("Mo 12:00-22:30", datetime(2026, 6, 8, 9, tzinfo=EASTERN), "Closed, opens 12:00 PM"),
        ("Mo 12:00-22:30", datetime(2026, 6, 8, 23, tzinfo=EASTERN), "Closed, opens 2026-06-15 12:00 PM"),
        ("off", MONDAY, "Closed"),
        ("24/7", datetime(2026, 5, 22, 12, tzinfo=EASTERN), "Closed for Yom Tov, opens Saturday 8:42 PM"),
        (None, MONDAY, "Hours not available"),
    ],
)
def test_the_message_says_it_in_words(read: Reader, text: str | None, at: datetime, message: str) -> None:
    with_hours(text)

    assert present_hours(read(7), at)["message"] == message


def test_what_is_open_for_ever_just_says_so(read: Reader) -> None:
    with_hours("24/7", is_shabbat_exempt=True)

    shown = present_hours(read(7), MONDAY)

    assert shown["message"] == "Open"
    assert shown["today_hours"] == {"day": "Monday", "open": "12:00 AM", "close": "12:00 AM", "is_open": True}


def test_a_closed_day_is_not_an_unknown_one(read: Reader) -> None:
    with_hours("Tu unknown; Mo 10:00-12:00")

    days = {day["day_abbr"]: day["is_open"] for day in present_hours(read(7), SATURDAY)["formatted_hours"]}

    assert (days["Mon"], days["Tue"], days["Wed"], days["Sat"]) == (True, None, False, False)


@pytest.mark.parametrize("engine", sorted(contract.ENGINES))
def test_an_answer_is_of_its_own_moment_whatever_is_cached(client: Client, engine: str, db: None) -> None:
    before = datetime.now(UTC)

    with contract.served_by(engine):
        answers = [client.get("/api/restaurants/7").json()["restaurant"]["current_time_local"] for _ in range(2)]

    assert before <= datetime.fromisoformat(answers[0]) < datetime.fromisoformat(answers[1])
