"""How reviews change their state."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from reviews.models import Review
from tests.reviews import world

pytestmark = pytest.mark.django_db

LATER = world.CHANGED_AT + timedelta(days=1)


def test_moving_changes_state_version_and_time_of_those_not_yet_there(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    world.build()

    with django_assert_num_queries(1):
        moved = Review.objects.move([101, 104, 105], to="approved", now=LATER)

    changed = Review.objects.filter(updated_at=LATER, version=2, state="approved")
    assert moved == 2
    assert sorted(changed.values_list("pk", flat=True)) == [104, 105]
