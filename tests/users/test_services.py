"""The v4 engine of users."""

import pytest
from pytest_django import DjangoAssertNumQueries

from jewgo.core.paging import InvalidCursor, PageRequest, Window
from tests.users import world
from users.models import User
from users.services import UserService
from users.values import Slice, UserCriteria

pytestmark = pytest.mark.django_db

SERVICE = UserService()


def test_a_window_holds_its_part_and_the_whole_number() -> None:
    world.build()

    listing = SERVICE.page(Slice(UserCriteria(), Window(1, 1)))

    assert [person.id for person in listing.people] == [2]
    assert listing.total == 3


def test_pages_meet_without_gap_or_repetition_while_people_join() -> None:
    world.build()

    first = SERVICE.browse(UserCriteria(), PageRequest(limit=2))
    User.objects.create_user("late@example.com")
    second = SERVICE.browse(UserCriteria(), PageRequest(limit=2, cursor=first.next_cursor))

    assert [person.id for person in (*first.items, *second.items)] == [3, 2, 1]
    assert second.next_cursor is None


def test_a_cursor_belongs_to_its_search() -> None:
    world.build()
    cursor = SERVICE.browse(UserCriteria(), PageRequest(limit=1)).next_cursor

    with pytest.raises(InvalidCursor):
        SERVICE.browse(UserCriteria("dana"), PageRequest(limit=1, cursor=cursor))


@pytest.mark.parametrize(
    ("asked", "queries"), [(PageRequest(), 2), (PageRequest(include_total=True), 3), (PageRequest(limit=100), 2)]
)
def test_a_page_takes_a_constant_number_of_queries(
    asked: PageRequest, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()
    User.objects.bulk_create(User(email=f"{number}@example.com") for number in range(30))

    with django_assert_num_queries(queries):
        SERVICE.browse(UserCriteria(), asked)


def test_the_role_is_the_most_that_a_person_is() -> None:
    world.build()

    listing = SERVICE.page(Slice(UserCriteria(), Window(20)))

    assert [person.role for person in listing.people] == ["user", "staff", "super_admin"]
