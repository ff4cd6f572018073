"""The v4 engine: what it costs, what the cache holds, how a change is made."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jewgo.core.errors import PreconditionFailed
from jewgo.core.paging import PageRequest
from restaurants import services
from restaurants.filters import Choice, PlaceFilter, Question
from restaurants.models import Agency, Change, Restaurant
from restaurants.repositories import UnknownRestaurant
from restaurants.rules import InvalidRestaurant
from restaurants.values import Draft, LevelFact, ListCriteria, SearchCriteria
from rollout.testing import at_stage
from tests.restaurants.guide import build_guide

READS: dict[str, tuple[Callable[[], Any], int]] = {
    "list": (lambda: services.list_places(ListCriteria(city="Surfside")), 1),
    "search": (lambda: services.search(SearchCriteria("surfside")), 1),
    "detail": (lambda: services.detail(7), 1),
    "kosher_types": (services.kosher_types, 1),
    "business_types": (services.business_types, 1),
    "statistics": (services.statistics, 1),
    "page": (
        lambda: services.page(
            Question(filter=PlaceFilter(city=Choice(("Surfside",)))), PageRequest(include_total=True)
        ),
        1,
    ),
}
"""Each read with the most queries that it may cost when nothing is cached."""

SOUND = Draft(name="Pita Place", address="1 Ocean Dr", city="Miami", country="US", source="its owner")


def anything(version: int) -> None:
    """Expect no version in particular."""


@pytest.fixture
def guide(db: None) -> None:
    """Store the small guide."""
    build_guide()


@pytest.fixture
def cached_guide(transactional_db: None) -> Iterator[None]:
    """Store the small guide, and let everybody read through an empty cache."""
    build_guide()
    cache.clear()
    with at_stage("api_v4_cache", "complete"):
        yield
    cache.clear()


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("name", READS)
def test_a_read_costs_a_few_queries_and_never_one_a_row(name: str) -> None:
    read, most = READS[name]

    with CaptureQueriesContext(connection) as queries:
        read()

    assert len(queries) == most <= 3


@pytest.mark.usefixtures("cached_guide")
@pytest.mark.parametrize("name", [name for name in READS if name != "page"])
def test_a_cached_read_costs_no_query_and_gives_the_same_value(name: str) -> None:
    read, _ = READS[name]
    with at_stage("api_v4_cache", "disabled"):
        direct = read()
    read()

    with CaptureQueriesContext(connection) as queries:
        hit = read()

    assert hit == direct
    assert len(queries) == 0


@pytest.mark.usefixtures("cached_guide")
@pytest.mark.parametrize("number", [0, -1, 2**63, int("9" * 40)])
def test_a_number_that_no_id_can_be_is_unknown_also_to_the_cache(number: int) -> None:
    with pytest.raises(UnknownRestaurant):
        services.detail(number)


@pytest.mark.usefixtures("cached_guide")
def test_without_the_feature_nothing_is_read_from_the_cache() -> None:
    services.detail(7)

    with at_stage("api_v4_cache", "disabled"), CaptureQueriesContext(connection) as queries:
        services.detail(7)

    assert len(queries) == 1


def change_through_the_service() -> None:
    services.update(7, {"city": "Miami"}, "test", expect=anything)


def change_in_the_admin() -> None:
    restaurant = Restaurant.objects.get(pk=7)
    restaurant.city = "Miami"
    restaurant.save()


def rename_the_agency() -> None:
    agency = Agency.objects.get(name="ORB")
    agency.short_name = "Orthodox"
    agency.save()


def delete_through_the_service() -> None:
    services.delete(12, "test", expect=anything)


@pytest.mark.usefixtures("cached_guide")
@pytest.mark.parametrize(
    "change", [change_through_the_service, change_in_the_admin, rename_the_agency, delete_through_the_service]
)
def test_a_change_by_any_door_is_seen_by_the_next_read(change: Callable[[], None]) -> None:
    before = services.list_places(ListCriteria())

    change()

    with at_stage("api_v4_cache", "disabled"):
        truth = services.list_places(ListCriteria())
    assert services.list_places(ListCriteria()) == truth != before


@pytest.mark.usefixtures("cached_guide")
def test_what_does_not_exist_is_not_cached() -> None:
    with pytest.raises(UnknownRestaurant):
        services.detail(43)

    Restaurant.objects.create(pk=43, name="New", state_of_record="approved")

    assert services.detail(43).name == "New"


@pytest.mark.usefixtures("guide")
class TestChanges:
    def test_a_place_is_created_pending_with_its_history(self) -> None:
        place = services.create(SOUND, "k:1")

        change = Change.objects.get(restaurant=place.id)
        assert (place.state_of_record, place.version, change.actor, change.action) == ("pending", 1, "k:1", "create")

    def test_a_place_needs_name_address_city_and_country(self) -> None:
        with pytest.raises(InvalidRestaurant) as refusal:
            services.create(Draft(name=" "), "k:1")

        assert {problem.pointer for problem in refusal.value.problems} == {"/name", "/address", "/city", "/country"}

    def test_an_agency_is_found_by_any_of_its_names_or_added(self) -> None:
        known = services.create(replace(SOUND, agency="orb"), "k:1")
        added = services.create(replace(SOUND, agency="Vaad of Nowhere"), "k:1")

        assert known.certificates[0].agency.name == "ORB"
        assert added.certificates[0].agency.name == "Vaad of Nowhere"
        assert added.certificates[0].source == "its owner"

    def test_a_level_without_a_source_takes_the_places(self) -> None:
        draft = replace(SOUND, levels=(LevelFact("glatt", "all"), LevelFact("yoshon", "some", source="a list")))

        levels = services.create(draft, "k:1").levels

        assert [(fact.attribute, fact.source) for fact in levels] == [("glatt", "its owner"), ("yoshon", "a list")]

    def test_a_change_that_changes_nothing_leaves_version_and_history(self) -> None:
        before = services.record(7)

        after = services.update(7, {"city": "Aventura"}, "k:1", expect=anything)

        assert after == before
        assert Change.objects.filter(restaurant=7).count() == 1

    def test_levels_are_replaced_whole(self) -> None:
        after = services.update(12, {"levels": (LevelFact("glatt", "none"),)}, "k:1", expect=anything)

        assert [(fact.attribute, fact.level) for fact in after.levels] == [("glatt", "none")]
        assert after.version == 2

    def test_an_expectation_that_is_not_met_changes_nothing(self) -> None:
        def refuse(version: int) -> None:
            raise PreconditionFailed(str(version))

        with pytest.raises(PreconditionFailed, match="1"):
            services.update(7, {"city": "Miami"}, "k:1", expect=refuse)

        assert services.record(7).city == "Aventura"

    @pytest.mark.parametrize("restaurant_id", [0, -1, 42, 999, 2**63])
    def test_what_is_not_there_cannot_be_changed(self, restaurant_id: int) -> None:
        with pytest.raises(UnknownRestaurant):
            services.update(restaurant_id, {"city": "Miami"}, "k:1", expect=anything)
