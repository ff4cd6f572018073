"""Pages that are kept: a hit asks the database nothing, and nothing is shown that is over."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from restaurants import services
from restaurants.api.v4.shapes import lasts_s
from restaurants.models import Restaurant
from rollout.testing import at_stage
from tests.restaurants.guide import build_guide
from tests.restaurants.v4.calls import LIST

EASTERN = ZoneInfo("America/New_York")
PAGES = (
    LIST,
    f"{LIST}?limit=1",
    f"{LIST}?limit=100&include_total=true",
    f"{LIST}?facets=agency,city,kosher_category&include=rating,quality_flags,shabbat_hours",
    f"{LIST}?q=grill&fields=id,name",
    f"{LIST}?open_now=true",
    f"{LIST}/nearby?near=25.9533,-80.1448",
    f"{LIST}/search?q=falafel",
)


@pytest.fixture(autouse=True)
def kept(transactional_db: None) -> Iterator[None]:
    """Store the small guide, and keep answers for everybody in an empty cache."""
    build_guide()
    cache.clear()
    with at_stage("api_v4_cache", "complete"):
        yield
    cache.clear()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_costs_at_most_three_queries_and_a_hit_none(client: Client, path: str) -> None:
    with CaptureQueriesContext(connection) as cold:
        first = client.get(path)

    with CaptureQueriesContext(connection) as hit:
        again = client.get(path)

    assert first.status_code == again.status_code == 200
    assert (first.content, first.headers["ETag"]) == (again.content, again.headers["ETag"])
    assert len(cold) <= 3
    assert len(hit) == 0


def test_what_is_kept_is_what_would_be_shown_anew(client: Client) -> None:
    client.get(LIST)
    kept_answer = client.get(LIST)

    with at_stage("api_v4_cache", "disabled"):
        anew = client.get(LIST)

    assert (kept_answer.content, kept_answer.headers["ETag"]) == (anew.content, anew.headers["ETag"])


def test_two_questions_are_never_taken_for_one(client: Client) -> None:
    answers = [
        client.get(f"{LIST}?{query}").content for query in ("", "fields=id", "limit=1", "sort=-name", "city=Miami")
    ]

    assert len(set(answers)) == len(answers)


def test_a_change_is_seen_at_once(client: Client) -> None:
    client.get(LIST)
    place = Restaurant.objects.get(pk=7)
    place.name = "Renamed Grill"

    Restaurant.objects.store(place, actor="test", action="update")

    assert b"Renamed Grill" in client.get(LIST).content


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (datetime(2026, 6, 8, 22, 28, tzinfo=EASTERN), 120),  # it closes at 22:30
        (datetime(2026, 6, 8, 11, 59, 30, tzinfo=EASTERN), 30),  # it opens at noon
        (datetime(2026, 6, 9, 23, 59, tzinfo=UTC), 60),  # a certificate may end with the day
    ],
)
def test_a_page_is_right_until_the_first_of_its_places_changes(at: datetime, seconds: float) -> None:
    assert lasts_s([services.detail(7), services.detail(12)], at) == seconds
