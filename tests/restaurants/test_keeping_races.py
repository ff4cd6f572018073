"""Keepers who do at the same moment what only one may, on real connections."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from restaurants.models import Agency, Change, Image, Restaurant, Special
from tests.restaurants import contract
from tests.restaurants.guide import build_guide
from tests.restaurants.v4.calls import NEW
from tests.users.credentials import sent_with

pytestmark = pytest.mark.django_db(transaction=True)
PLACES = "/api/v4/restaurants"


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Let `count` threads do their work at the same moment; return what came of each."""
    together, outcomes = threading.Barrier(count), []

    def run(number: int) -> None:
        together.wait()
        try:
            outcomes.append(work(number))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return outcomes


def posted(path: str, body: Callable[[int], Any], count: int) -> list[int]:
    """Return the statuses of requests that were sent at once, each against whatever version there is."""
    headers = sent_with("catalog:write") | {"If-Match": "*"}
    with contract.served_by("v4"):
        return sorted(
            at_once(
                count,
                lambda number: (
                    Client().post(path, body(number), content_type="application/json", headers=headers).status_code
                ),
            )
        )


def test_of_six_specials_three_become_active() -> None:
    build_guide()

    statuses = posted(f"{PLACES}/7/specials", lambda number: {"title": f"Special {number}"}, 6)

    assert statuses == [201, 201, 201, 409, 409, 409]
    assert set(Special.objects.filter(restaurant=7).values_list("slot", flat=True)) == {1, 2, 3}


def test_the_database_itself_lets_no_fourth_special_in() -> None:
    build_guide()

    def insert(number: int) -> bool:
        try:
            Special.objects.create(restaurant_id=7, title=f"Special {number}", slot=number % 3 + 1)
        except IntegrityError:
            return False
        return True

    outcomes = at_once(6, insert)

    assert sorted(outcomes) == [False] * 3 + [True] * 3
    assert Special.objects.filter(restaurant=7, is_active=True).count() == 3


def test_of_four_first_images_one_is_primary() -> None:
    build_guide()

    statuses = posted(
        f"{PLACES}/12/images",
        lambda number: {"url": f"https://img.example/{number}.jpg", "is_primary": True},
        4,
    )

    assert statuses == [201] * 4
    assert Image.objects.filter(restaurant=12, is_primary=True).count() == 1
    assert sorted(Image.objects.filter(restaurant=12).values_list("position", flat=True)) == [0, 1, 2, 3]


def test_of_two_approvals_one_is_made_and_one_is_told_it_is_approved() -> None:
    build_guide()

    statuses = posted(f"{PLACES}/40/approve", lambda _: {}, 2)

    assert statuses == [200, 409]
    assert Change.objects.filter(restaurant=40, action="approve").count() == 1
    assert Restaurant.objects.get(pk=40).version == 2


def test_of_two_who_approve_and_reject_one_succeeds() -> None:
    build_guide()
    headers = sent_with("catalog:write") | {"If-Match": "*"}
    moves = [("approve", {}), ("reject", {"reason": "x"})]

    with contract.served_by("v4"):
        statuses = at_once(
            2,
            lambda number: (
                Client()
                .post(
                    f"{PLACES}/40/{moves[number][0]}",
                    moves[number][1],
                    content_type="application/json",
                    headers=headers,
                )
                .status_code
            ),
        )

    assert sorted(statuses) == [200, 409]
    assert Change.objects.filter(restaurant=40).count() == 2


def test_of_three_who_propose_one_place_one_is_taken() -> None:
    build_guide()

    statuses = posted(PLACES, lambda _: NEW | {"phone_number": "305 555 0142"}, 3)

    assert statuses == [201, 409, 409]


def test_of_three_who_add_one_agency_one_is_taken() -> None:
    build_guide()
    before = Agency.objects.count()

    statuses = posted("/api/v4/agencies", lambda number: {"name": f"N {number}", "aliases": ["Nowhere-K"]}, 3)

    assert statuses == [201, 409, 409]
    assert Agency.objects.count() == before + 1
