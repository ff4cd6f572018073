"""Search by what people type, completions, what filters can be asked, and places alike."""

import pytest
from django.test import Client

from restaurants.models import Restaurant
from tests.restaurants.v4.calls import LIST, ids, problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("soho", [7]),
        ("SOHO grill", [7]),
        ("grill soho", [7]),
        ("sohho", [7]),
        ("asien", [7]),
        ("bakry", [31]),
        ("café", [12]),
        ("elysée", [12]),
        ("elyse", [12]),
        ("surfsid cafe", [12]),
        ("surfside", [12, 31]),
        ("kosher miami", [12]),
        ("orb", [7]),
        ("פלאפל", [30]),
        ("פָּלָאפֶל", [30]),
        ("פלפאל", [30]),
        ("falafel gabai", [30]),
        ("felafel", [30]),
        ("falafel", [30]),
        ("סוהו גריל", []),  # one consonant says too little
        ("גריל", [7]),
        ("וייצמן", [30]),
        ("weizman", [30]),
        ("soho surfside", []),
        ("xyzzy", []),
        ("!!!", []),
        ("' OR 1=1 --", []),
        ("%", []),
    ],
)
def test_what_is_typed_finds_what_is_meant(client: Client, typed: str, expected: list[int]) -> None:
    response = client.get(f"{LIST}/search", {"q": typed})

    assert sorted(ids(response)) == expected


def test_a_name_comes_before_a_place_and_the_word_itself_before_one_like_it(client: Client) -> None:
    Restaurant.objects.create(pk=50, name="Surfside Sushi", city="Miami", state_of_record="approved")
    Restaurant.objects.create(pk=51, name="Surfsyde Grill", city="Miami", state_of_record="approved")

    assert ids(client.get(f"{LIST}/search?q=surfside")) == [50, 12, 31, 51]


def test_words_are_learned_when_a_place_changes(client: Client) -> None:
    place = Restaurant.objects.get(pk=12)
    place.name = "Chez Bubbe"
    place.save()

    assert ids(client.get(f"{LIST}/search?q=buble")) == [12]
    assert ids(client.get(f"{LIST}/search?q=elysee")) == []


def test_search_takes_the_lists_filters_and_pages(client: Client) -> None:
    first = client.get(f"{LIST}/search?q=surfside&limit=1&include_total=true&facets=listing_type").json()["meta"]

    rest = client.get(f"{LIST}/search?q=surfside&limit=1&cursor={first['next_cursor']}")

    assert (first["total"], first["sort"], len(first["facets"]["listing_type"])) == (2, "relevance", 2)
    assert ids(rest) == [31]
    assert ids(client.get(f"{LIST}/search?q=surfside&kosher_category=meat")) == [31]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("su", [("city", "Surfside", 2)]),
        ("mia", [("agency", "Kosher Miami", 1)]),
        ("kosher m", [("agency", "Kosher Miami", 1)]),
        ("two", [("name", "Two Kitchens Bakery", 1)]),
        ("kitch", [("name", "Two Kitchens Bakery", 1)]),
        ("TEL", [("city", "Tel Aviv-Yafo", 1), ("agency", "Tel Aviv-Yafo Rabbinate", 1)]),
        ("פל", [("name", "פלאפל גבאי", 1)]),
        ("pend", []),
        ("%", []),
    ],
)
def test_what_is_begun_is_completed(client: Client, typed: str, expected: list[tuple[str, str, int]]) -> None:
    data = client.get(f"{LIST}/autocomplete", {"q": typed}).json()["data"]

    assert [(row["kind"], row["text"], row["count"]) for row in data] == expected


@pytest.mark.parametrize("query", ["", "?q=", "?q=a&limit=21", "?q=a&limt=2"])
def test_a_completion_needs_a_beginning(client: Client, query: str) -> None:
    problem(client.get(f"{LIST}/autocomplete{query}"), 400, "invalid_input")


def test_filter_options_are_what_the_list_then_finds(client: Client) -> None:
    options = client.get(f"{LIST}/filter-options").json()["data"]

    for name, counts in options.items():
        for row in counts:
            if row["value"] != "unknown":
                found = client.get(LIST, {name: row["value"], "include_total": "true"}).json()["meta"]["total"]
                assert (name, row["value"], found) == (name, row["value"], row["count"])


def test_places_alike_come_with_the_reasons(client: Client) -> None:
    data = client.get(f"{LIST}/12/similar?fields=id,why,distance_m").json()["data"]

    assert data == [{"id": 31, "distance_m": None, "why": ["same_category", "same_city"]}]


@pytest.mark.parametrize("restaurant_id", ["40", "42", "999", "99999999999999999999"])
def test_nothing_is_like_what_is_not_published(client: Client, restaurant_id: str) -> None:
    problem(client.get(f"{LIST}/{restaurant_id}/similar"), 404, "unknown_restaurant")
