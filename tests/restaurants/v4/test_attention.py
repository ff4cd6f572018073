"""What people keep, look at and share: exact, of nobody in particular, and no read waits for it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from restaurants.counting import Tally, tally
from restaurants.models import Attention, Favourite, Ownership, Restaurant
from restaurants.services import favourites
from rollout.testing import at_stage
from tests.restaurants.guide import build_guide
from tests.users.callers import of, person
from tests.users.credentials import signed_in
from users import personal_data
from users.roles import Role

pytestmark = pytest.mark.django_db

TODAY = datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def guide() -> Iterator[None]:
    build_guide()
    with at_stage("api_v4_restaurants", "full"):
        yield


def places() -> list[int]:
    return list(Restaurant.objects.published().order_by("pk").values_list("pk", flat=True))


class TestFavourites:
    """`/api/v4/users/me/favourites`."""

    def test_what_is_kept_is_listed_the_latest_first_by_pages(self, client: Client) -> None:
        headers, numbers = of(Role.USER), places()[:3]
        for number in numbers:
            kept = client.put(f"/api/v4/users/me/favourites/{number}", headers=headers)
            assert kept.status_code == 204

        first = client.get("/api/v4/users/me/favourites?limit=2&include_total=true", headers=headers).json()
        cursor = first["meta"]["next_cursor"]
        second = client.get(f"/api/v4/users/me/favourites?limit=2&cursor={cursor}", headers=headers).json()

        assert [row["id"] for row in first["data"] + second["data"]] == numbers[::-1]
        assert first["meta"]["total"] == 3

    def test_keeping_twice_and_letting_go_twice_change_nothing(self, client: Client) -> None:
        headers, url = of(Role.USER), f"/api/v4/users/me/favourites/{places()[0]}"

        assert [client.put(url, headers=headers).status_code for _ in range(2)] == [204, 204]
        assert Favourite.objects.count() == 1
        assert [client.delete(url, headers=headers).status_code for _ in range(2)] == [204, 204]
        assert client.get("/api/v4/users/me/favourites", headers=headers).json()["data"] == []

    @pytest.mark.parametrize("number", [0, 10**9, 10**30])
    def test_what_nobody_sees_is_not_kept(self, number: int, client: Client) -> None:
        answer = client.put(f"/api/v4/users/me/favourites/{number}", headers=of(Role.USER))

        assert (answer.status_code, Favourite.objects.count()) == (404, 0)

    def test_a_place_that_left_the_guide_comes_back_with_it(self, client: Client) -> None:
        headers, number = of(Role.USER), places()[0]
        client.put(f"/api/v4/users/me/favourites/{number}", headers=headers)

        Restaurant.objects.filter(pk=number).update(state_of_record="suspended")
        gone = client.get("/api/v4/users/me/favourites", headers=headers).json()["data"]
        Restaurant.objects.filter(pk=number).update(state_of_record="approved")

        back = client.get("/api/v4/users/me/favourites", headers=headers).json()["data"]
        assert (gone, [row["id"] for row in back]) == ([], [number])

    def test_nobody_keeps_more_than_a_thousand(self) -> None:
        dana, number = person(), places()[0]
        many = Restaurant.objects.bulk_create(Restaurant(name=f"Place {number}") for number in range(favourites.MOST))
        Favourite.objects.bulk_create(Favourite(user=dana, restaurant=place) for place in many)

        with pytest.raises(favourites.TooManyFavourites):
            favourites.keep(dana.pk, number)

    def test_a_list_takes_as_many_queries_for_many_as_for_one(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        headers = of(Role.USER)
        for number in places():
            client.put(f"/api/v4/users/me/favourites/{number}", headers=headers)

        with django_assert_num_queries(3):
            client.get("/api/v4/users/me/favourites", headers=headers)

    def test_they_are_exported_and_erased_with_their_person(self) -> None:
        dana = person()
        favourites.keep(dana.pk, places()[0])

        told = personal_data.export(dana.pk)["favourites"]
        personal_data.erase(dana.pk)

        assert [row["restaurant_id"] for row in told] == [places()[0]]
        assert not Favourite.objects.exists()


class TestCounts:
    """Views and shares."""

    def test_every_view_of_either_contract_and_every_share_counts(self, client: Client) -> None:
        number = places()[0]
        tally.write()
        Attention.objects.all().delete()

        for path in (f"/api/v4/restaurants/{number}", f"/api/restaurants/{number}", "/api/restaurants/999999"):
            client.get(path)
        client.post(f"/api/v4/restaurants/{number}/share")
        tally.write()

        (row,) = Attention.objects.all()
        assert (row.restaurant_id, row.day, row.views, row.shares) == (number, TODAY, 2, 1)

    def test_noting_asks_the_database_for_nothing_until_it_is_time(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        now = [0.0]
        counts = Tally(every_s=10, clock=lambda: now[0])
        number = places()[0]

        with django_assert_num_queries(0):
            for _ in range(1000):
                counts.note("views", number)
        now[0] = 10.0
        with django_assert_num_queries(1):
            counts.note("views", number)

        assert Attention.objects.get().views == 1001

    def test_a_day_ends_at_midnight_utc_and_a_place_that_went_is_let_go(self) -> None:
        days = iter([date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 2)])
        counts = Tally(today=lambda: next(days))
        for number in (places()[0], 999_999, places()[0], places()[0]):
            counts.note("views", number)

        counts.write()

        assert list(Attention.objects.order_by("day").values_list("day__day", "views")) == [(1, 1), (2, 2)]

    @pytest.mark.django_db(transaction=True)
    def test_what_the_database_did_not_take_is_offered_again(self) -> None:
        counts = Tally()
        number = places()[0]
        counts.note("views", number)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE restaurants_attention RENAME TO elsewhere")
        counts.write()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO restaurants_attention")
        counts.note("views", number)

        counts.write()

        assert Attention.objects.get().views == 2

    @pytest.mark.parametrize(
        ("caller", "status"), [(Role.DATA_ADMIN, 200), (Role.OWNER, 200), (Role.USER, 403), (Role.ANONYMOUS, 401)]
    )
    def test_the_counts_are_for_owners_and_keepers(self, caller: Role, status: int, client: Client) -> None:
        number = places()[0]
        Attention.objects.create(restaurant_id=number, day=TODAY - timedelta(days=1), views=7, shares=2)
        Attention.objects.create(restaurant_id=number, day=TODAY - timedelta(days=30), views=100)
        headers: dict[str, str] = {}
        if caller is not Role.ANONYMOUS:
            user = person(caller)
            headers = signed_in(user)
            if caller is Role.OWNER:
                Ownership.objects.create(user=user, restaurant_id=number)

        answer: Any = client.get(f"/api/v4/restaurants/{number}/attention", headers=headers)

        assert answer.status_code == status
        if status == 200:
            data = answer.json()["data"]
            assert (data["views"], data["shares"], len(data["days"])) == (7, 2, 30)
            assert data["days"][-2] == {"day": str(TODAY - timedelta(days=1)), "views": 7, "shares": 2}
