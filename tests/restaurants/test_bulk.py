"""Many places at once: planned in a constant number of queries, made whole or not at all."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from restaurants.models import Change, Restaurant
from restaurants.services import bulk
from restaurants.services.bulk import BulkRefused
from restaurants.sheets import Wanted
from tests.restaurants.guide import build_guide

pytestmark = pytest.mark.django_db
NEW = {"name": "Pita Place", "address": "1 Ocean Dr", "city": "Miami", "country": "US", "source": ""}


@pytest.fixture(autouse=True)
def guide() -> None:
    build_guide()


def test_every_change_is_made_with_its_history() -> None:
    wanted = [Wanted(7, {"city": "Miami"}), Wanted(12, {"city": "Surfside"}), Wanted(None, NEW)]

    made = bulk.make(wanted, "u:1", action="bulk edit")

    assert (made.created, made.updated, made.unchanged) == (1, 1, 1)
    change = Change.objects.filter(restaurant=7).order_by("-pk")[0]
    assert (change.action, change.actor, change.fields) == ("bulk edit", "u:1", {"city": ["Aventura", "Miami"]})
    assert Restaurant.objects.get(pk=7).city_key == "miami"
    assert Restaurant.objects.get(pk=12).version == 1
    assert Restaurant.objects.get(name="Pita Place").state_of_record == "pending"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted(999, {"city": "x"}), "There is no restaurant 999"),
        (Wanted(42, {"city": "x"}), "There is no restaurant 42"),
        (Wanted(12, {"city": "x"}, version=9), "version 1, yours is 9"),
        (Wanted(12, {"name": None}), "needs name"),
        (Wanted(12, {"name": "(305) 555-0101"}), "is a telephone number"),
        (Wanted(12, {"kosher_categories": ("treif",)}), "'treif' is no category"),
        (Wanted(12, {"source": ""}), "needs a source"),
        (Wanted(12, {"latitude": 1.0}), "go together"),
        (Wanted(12, {"latitude": 91.0, "longitude": 0.0}), "latitude: between -90 and 90"),
        (Wanted(12, {"latitude": float("nan"), "longitude": 0.0}), "latitude: between"),
        (Wanted(12, {"country": "USA"}), "two capital letters"),
        (Wanted(12, {"price_range": "cheap"}), "dollar signs"),
        (Wanted(12, {"sourced_on": "last week"}), "2025-08"),
        (Wanted(12, {"website": "javascript:alert(1)"}), "website: Enter a valid URL"),
        (Wanted(12, {"city": "x" * 101}), "at most 100 characters"),
        (Wanted(12, {"timezone": "Mars/Olympus"}), "no time zone"),
        (Wanted(None, {"name": "Pita Place"}), "needs address"),
        (Wanted(None, {}), "needs name"),
    ],
)
def test_one_that_cannot_be_keeps_all_from_being_made(wanted: Wanted, words: str) -> None:
    before = Change.objects.count()

    with pytest.raises(BulkRefused) as refusal:
        bulk.make([Wanted(7, {"city": "Miami"}), wanted], "u:1", action="bulk edit")

    assert any(words in fault.detail for fault in refusal.value.faults), refusal.value.faults
    assert Restaurant.objects.get(pk=7).city == "Aventura"
    assert Change.objects.count() == before


def test_what_was_broken_before_is_no_hindrance() -> None:
    made = bulk.make([Wanted(40, {"listing_type": "pizza"})], "u:1", action="bulk edit")

    assert made.updated == 1
    assert Restaurant.objects.get(pk=40).address is None


def test_what_only_the_database_refuses_is_a_refusal_too() -> None:
    with pytest.raises(BulkRefused):
        bulk.make([Wanted(7, {"city": ""})], "u:1", action="bulk edit")

    assert Restaurant.objects.get(pk=7).city == "Aventura"


def test_a_plan_says_what_differs_and_of_a_new_place_what_it_resembles() -> None:
    grill: dict[str, Any] = NEW | {"name": "Soho Asian Bar & Grill", "phone_number": "305 466 1505"}

    changed, new = bulk.plan([Wanted(7, {"city": "Miami", "state": "FL"}), Wanted(None, grill)])

    assert changed.differences == [("city", "Aventura", "Miami")]
    assert new.notes == ("Probably Soho Asian Bar & Grill (7): same phone.",)
    assert new.is_new


def test_a_plan_asks_one_query_however_many_places_there_are() -> None:
    counts = []
    for ids in ([7], [7, 12, 30, 31, 40, 41]):
        with CaptureQueriesContext(connection) as queries:
            bulk.plan([Wanted(pk, {"city": "Miami"}) for pk in ids])
        counts.append(len(queries))

    assert counts == [1, 1]
