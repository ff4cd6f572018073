"""The numbers of reviews are those that counting gives."""

from collections import Counter

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from restaurants.models import Rating
from restaurants.repositories import UnknownRestaurant
from reviews import services
from reviews.models import Review
from reviews.services.counting import Numbers
from reviews.services.moderating import Decision
from rollout.testing import at_stage
from tests.reviews import world
from tests.reviews.recount import differences

pytestmark = pytest.mark.django_db


def test_a_place_is_counted_by_its_approved_reviews() -> None:
    world.build()

    numbers = services.statistics(11)

    assert (numbers.count, numbers.average, numbers.bayesian) == (2, 4.0, 3.2857)
    assert numbers.stars == (0, 0, 1, 0, 1)
    assert services.statistics(12).stars == (1, 0, 0, 0, 0)


def test_all_places_together_are_their_sum() -> None:
    world.build()
    stars = Counter(Review.objects.filter(state="approved").values_list("rating", flat=True))

    assert services.statistics() == Numbers(3, tuple(stars[number] for number in range(1, 6)))


def test_nobody_has_said_anything_yet() -> None:
    world.build()
    Review.objects.all().delete()

    numbers = services.statistics()

    assert (numbers.count, numbers.average, numbers.bayesian, numbers.stars) == (0, None, 3.0, (0, 0, 0, 0, 0))
    assert services.statistics(11).count == 0


@pytest.mark.parametrize("place", [13, 999, 0, 2**63])
def test_a_place_that_is_not_published_has_no_numbers(place: int) -> None:
    world.build()

    with pytest.raises(UnknownRestaurant):
        services.statistics(place)


def test_numbers_take_two_queries_at_most(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    world.build()

    with django_assert_num_queries(2):
        services.statistics(11)
    with django_assert_num_queries(1):
        services.statistics()


def test_half_a_hundredth_is_rounded_as_the_catalogue_rounds_it() -> None:
    eighths = Numbers(8, (0, 0, 0, 3, 5))

    assert eighths.average == 4.63  # 4.625


def test_every_way_of_a_review_leaves_its_places_numbers_exact() -> None:
    world.build()

    for decision in ("reject", "approve", "flag", "requeue", "approve"):
        services.decide(101, Decision(decision, "Because."), world.moderator())
        assert differences() == []
    Review.objects.filter(pk=102).update(rating=1, restaurant_id=12)
    Review.objects.get(pk=103).delete()

    assert differences() == []
    assert list(Rating.objects.order_by("pk").values_list("count", "total")) == [(1, 5), (1, 1)]


@pytest.mark.django_db(transaction=True)
def test_a_decision_shows_in_the_lists_of_places_at_once(client: Client) -> None:
    world.build()
    asked = "/api/v4/restaurants?ids=11&include=rating&fields=id,rating"
    with at_stage("api_v4_cache", "complete"), at_stage("api_v4_restaurants", "complete"):
        before = client.get(asked).json()["data"]
        services.decide(104, Decision("approve"), world.moderator())
        after = client.get(asked).json()["data"]

    assert [place["rating"]["count"] for place in (*before, *after)] == [2, 3]
