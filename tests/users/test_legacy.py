"""The v3 engine of users gives the values that the v4 engine gives."""

import pytest
from pytest_django import DjangoAssertNumQueries

from jewgo.core.paging import Window
from tests.users import world
from users import legacy
from users.services import UserService
from users.values import Slice, UserCriteria

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("search", ["", "DANA", "example.com", "כהן", "%", "_", "\\", "'", "ß", "nobody"])
@pytest.mark.parametrize("window", [Window(20), Window(1, 1), Window(0), Window(5, 99), Window(100, 2**40)])
def test_both_engines_give_the_same_window(search: str, window: Window) -> None:
    world.build()
    asked = Slice(UserCriteria(search), window)

    assert legacy.list_users(asked) == UserService().page(asked)


def test_a_list_takes_two_queries_however_long_it_is(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    world.build()

    with django_assert_num_queries(2):
        legacy.list_users(Slice(UserCriteria(), Window(100)))
