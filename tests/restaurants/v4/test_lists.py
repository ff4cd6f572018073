"""The v4 lists: what they refuse and why, distances, facets, extras, what they cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from restaurants.discovery.extras import EXTRAS
from restaurants.discovery.facets import FACETS
from restaurants.geometry import Point
from restaurants.models import Rating, Restaurant
from reviews.models import Review
from tests.restaurants.v4.calls import LIST, ids, problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

AVENTURA = "lat=25.9533&lng=-80.1448"


@pytest.mark.parametrize(
    ("query", "parameter", "code", "says"),
    [
        ("lat=91&lng=100", "lat", "out_of_range", "degrees north"),
        ("lat=0&lng=180.5", "lng", "out_of_range", "degrees east"),
        ("lat=-100&lng=25", "lat", "out_of_range", "did you mean 25,-100?"),
        ("near=-100,25", "near", "out_of_range", "did you mean 25,-100?"),
        ("lat=25", "lng", "required", "Give lng"),
        ("lng=25", "lat", "required", "Give lat"),
        ("near=25", "near", "invalid", "near=lat,lng"),
        ("near=nan,1", "near", "invalid", "near=lat,lng"),
        ("near=1,2&lat=1&lng=2", "near", "contradictory", "or lat and lng"),
        ("bbox=-81,26,-80,25", "bbox", "inverted", "west,south,east,north"),
        ("bbox=-81,25,-80", "bbox", "invalid", "west,south,east,north"),
        ("bbox=25,-81,26,-191", "bbox", "out_of_range", "west,south,east,north"),
        (f"{AVENTURA}&radius_m=0", "radius_m", "out_of_range", "nearest anywhere"),
        (f"{AVENTURA}&radius_m=-1", "radius_m", "out_of_range", "nearest anywhere"),
        (f"{AVENTURA}&radius_m=1000000000000", "radius_m", "out_of_range", "nearest anywhere"),
        ("radius_m=500", "radius_m", "point_required", "lat and lng"),
        ("sort=distance", "sort", "point_required", "lat and lng"),
        ("sort=relevance", "sort", "text_required", "Give q"),
        ("city=Miami,!miami", "city", "contradictory", "leave one out"),
        ("kosher_category=meat&kosher_category=!meat", "kosher_category", "contradictory", "leave one out"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_cure(
    client: Client, query: str, parameter: str, code: str, says: str
) -> None:
    body = problem(client.get(f"{LIST}?{query}"), 400, "invalid_input")

    [found] = body["errors"]
    assert (found["parameter"], found["code"]) == (parameter, code)
    assert says in found["hint"]


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("glatt=al", "glatt", "unknown_value"),
        ("yoshon=!yes", "yoshon", "unknown_value"),
        ("price_range=%24%24%24%24%24", "price_range", "unknown_value"),
        ("facets=citys", "facets", "unknown_value"),
        ("include=ratings", "include", "unknown_value"),
        ("certified_on=yesterday", "certified_on", "invalid"),
        ("certified_on=2025-02-30", "certified_on", "invalid"),
        ("min_rating=6", "min_rating", "max_value"),
        ("has_hours=maybe", "has_hours", "invalid"),
        ("q=" + "x" * 10_000, "q", "max_length"),
        ("ids=" + ",".join(map(str, range(1, 2001))), "ids", "max_length"),
        ("ids=0", "ids", "min_value"),
        ("ids=99999999999999999999", "ids", "out_of_range"),
        ("city=" + ",".join(map(str, range(51))), "city", "max_length"),
    ],
)
def test_what_no_filter_takes_is_refused_by_name(client: Client, query: str, parameter: str, code: str) -> None:
    body = problem(client.get(f"{LIST}?{query}"), 400, "invalid_input")

    assert {(found["parameter"], found["code"]) for found in body["errors"]} == {(parameter, code)}


@pytest.mark.parametrize("path", [f"{LIST}/nearby", f"{LIST}/search"])
def test_a_way_in_needs_what_it_starts_from(client: Client, path: str) -> None:
    body = problem(client.get(path), 400, "invalid_input")

    [found] = body["errors"]
    assert (found["code"], found["parameter"]) == ("required", {"nearby": "near", "search": "q"}[path.split("/")[-1]])


def test_the_nearest_come_first_with_their_distance(client: Client) -> None:
    response = client.get(f"{LIST}/nearby?near=25.9533,-80.1448")

    distances = [place["distance_m"] for place in response.json()["data"]]
    assert ids(response) == [7, 30]
    assert distances[0] == 0
    assert distances[1] == pytest.approx(Point(25.9533, -80.1448).distance_m(Point(32.0869, 34.7897)), abs=0.1)


def test_a_place_of_unknown_whereabouts_has_no_distance(client: Client) -> None:
    data = client.get(f"{LIST}?{AVENTURA}&sort=name").json()["data"]

    assert {place["id"]: place["distance_m"] is None for place in data} == {12: True, 7: False, 31: True, 30: False}


def test_a_box_may_cross_the_180th_meridian(client: Client) -> None:
    for pk, longitude in ((7, 179.5), (30, -179.5)):
        Restaurant.objects.filter(pk=pk).update(latitude=-17.0, longitude=longitude)

    assert sorted(ids(client.get(f"{LIST}?bbox=179,-18,-179,-16"))) == [7, 30]
    assert ids(client.get(f"{LIST}?bbox=-179,-18,179,-16")) == []
    assert ids(client.get(f"{LIST}/nearby?near=-17,-179.9&radius_m=65000")) == [30, 7]


def test_pages_stay_whole_when_everything_ties(client: Client) -> None:
    Restaurant.objects.update(latitude=1.0, longitude=1.0)
    for sort in ("distance", "-rating"):
        first = client.get(f"{LIST}?near=1,1&sort={sort}&limit=2")

        rest = client.get(f"{LIST}?near=1,1&sort={sort}&limit=2&cursor={first.json()['meta']['next_cursor']}")

        assert ids(first) + ids(rest) == [7, 12, 30, 31]


def test_facets_count_the_whole_result_beside_any_page(client: Client) -> None:
    facets = client.get(f"{LIST}?limit=1&facets=city,kosher_category,agency,pas_yisroel").json()["meta"]["facets"]

    assert facets["city"][0] == {"value": "Surfside", "count": 2}
    assert {row["value"]: row["count"] for row in facets["kosher_category"]} == {"dairy": 2, "meat": 2, "unknown": 1}
    assert {row["value"] for row in facets["agency"]} == {"ORB", "Kosher Miami", "Tel Aviv-Yafo Rabbinate"}
    assert {row["value"]: row["count"] for row in facets["pas_yisroel"]} == {
        "all": 1,
        "some": 1,
        "none": 1,
        "unknown": 1,
    }


def review(pk: int, rating: int, state: str = "approved") -> Review:
    return Review.objects.create(restaurant_id=pk, rating=rating, state=state, content="x" * 50)


def rating_of(client: Client, pk: int) -> dict[str, Any]:
    [place] = client.get(f"{LIST}?ids={pk}&include=rating").json()["data"]
    return dict(place["rating"])


def test_ratings_follow_the_published_reviews_through_every_door(client: Client) -> None:
    good, bad = review(7, 5), review(7, 1)
    review(7, 1, state="pending")
    both = rating_of(client, 7)

    Review.objects.filter(pk=bad.pk).update(state="rejected")
    Review.objects.filter(pk=good.pk).update(rating=4)
    one = rating_of(client, 7)
    good.delete()

    assert both == {"count": 2, "average": 3.0, "bayesian": 3.0}
    assert one == {"count": 1, "average": 4.0, "bayesian": 3.1667}
    assert rating_of(client, 7) == {"count": 0, "average": None, "bayesian": 3.0}


def test_who_is_well_spoken_of_by_many_comes_before_who_is_by_one(client: Client) -> None:
    review(12, 5)
    Rating.objects.create(restaurant_id=30, count=100, total=480, stars=[0, 0, 0, 20, 80])
    review(31, 1)

    assert ids(client.get(f"{LIST}?sort=-rating")) == [30, 12, 7, 31]
    assert ids(client.get(f"{LIST}?min_rating=4.9")) == [12]
    assert ids(client.get(f"{LIST}?has_reviews=false")) == [7]


def test_what_is_included_is_shown_beside_what_always_is(client: Client) -> None:
    [place] = client.get(f"{LIST}?ids=7&include={','.join(EXTRAS)}&fields=id,quality_flags,shabbat_hours").json()[
        "data"
    ]

    assert place == {
        "id": 7,
        "quality_flags": [],
        "shabbat_hours": {"opens_after_shabbat_min": None, "closes_before_shabbat_min": None},
    }


@pytest.mark.parametrize("limit", [1, 100])
def test_a_page_costs_one_query_whatever_it_holds(client: Client, limit: int) -> None:
    everything = f"q=surfside&{AVENTURA}&include={','.join(EXTRAS)}&facets={','.join(FACETS)}&include_total=true"
    client.get(f"{LIST}?{everything}")

    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"{LIST}?{everything}&limit={limit}")

    assert response.status_code == 200
    assert len(queries) <= 2


@pytest.mark.usefixtures("guide")
class TestHours:
    def test_open_at_needs_an_offset(self, client: Client) -> None:
        body = problem(client.get(f"{LIST}?open_at=2026-12-04T21:30:00"), 400, "invalid_input")

        assert (body["errors"][0]["parameter"], body["errors"][0]["code"]) == ("open_at", "naive")

    def test_open_at_reaches_three_weeks(self, client: Client) -> None:
        far = (timezone.now() + timedelta(days=40)).isoformat().replace("+", "%2B")

        body = problem(client.get(f"{LIST}?open_at={far}"), 400, "beyond_horizon")

        assert body["errors"][0]["parameter"] == "open_at"

    @pytest.mark.parametrize("asked", ["open_now=true", "open_before_shabbat=true"])
    def test_a_place_whose_hours_are_not_known_is_not_open(self, client: Client, asked: str) -> None:
        without = set(ids(client.get(f"{LIST}?has_hours=false&limit=100")))

        assert not without & set(ids(client.get(f"{LIST}?{asked}&limit=100")))
