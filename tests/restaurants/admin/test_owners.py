"""Owners of places, as staff set them in the admin."""

from typing import Any

import pytest
from django.test import Client

from restaurants.models import Ownership, Restaurant
from restaurants.services.owning import owns
from tests.restaurants.admin.test_places import _fields
from users.models import RoleGrant, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

PLACE = "/admin/restaurants/restaurant/7/change/"
LIST = "/admin/restaurants/ownership/"


@pytest.fixture
def client() -> Client:
    """Return the browser of somebody who keeps the guide, and nothing else."""
    keeper = User.objects.create_user("keeper@example.org", pk=900, is_staff=True)
    RoleGrant.objects.create(user=keeper, role="data_admin")
    client = Client()
    client.force_login(keeper)
    return client


@pytest.fixture
def owner() -> User:
    """Return somebody who may own a place."""
    return User.objects.create_user("Owner@example.org", pk=7)


def save(client: Client, **said: Any) -> str:
    """Send the place's page as a browser would, with what is said of its owners."""
    page = client.get(PLACE).content.decode()
    answer = client.post(PLACE, _fields(page) | said)
    return "" if answer.status_code == 302 else answer.content.decode()


def test_an_owner_is_set_by_address_on_the_places_page(client: Client, owner: User) -> None:
    before = Restaurant.objects.get(pk=7).version

    refused = save(client, **{"ownerships-TOTAL_FORMS": "1", "ownerships-0-address": "OWNER@example.org"})

    assert refused == ""
    assert (owns(7, 7), owns(7, 12), owns(None, 7)) == (True, False, False)
    assert Ownership.objects.get().set_by_id == 900
    assert Restaurant.objects.get(pk=7).version == before + 1


def test_an_owner_is_taken_away_and_the_others_stay_as_they_were_set(client: Client, owner: User) -> None:
    other = User.objects.create_user("other@example.org", pk=8)
    Ownership.objects.create(user=owner, restaurant_id=7)
    second = Ownership.objects.create(user=other, restaurant_id=7)

    refused = save(client, **{"ownerships-0-DELETE": "on"})

    assert refused == ""
    left = Ownership.objects.get()
    assert (left.pk, left.set_by) == (second.pk, None)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"ownerships-0-address": "nobody@example.org"}, "Nobody here has this address."),
        ({"ownerships-0-address": "no address"}, "Enter a valid email address."),
    ],
)
def test_an_address_that_is_nobodys_is_refused(said: dict[str, str], refusal: str, client: Client, owner: User) -> None:
    assert refusal in save(client, **{"ownerships-TOTAL_FORMS": "1"} | said)
    assert not Ownership.objects.exists()


def test_nobody_is_set_twice(client: Client, owner: User) -> None:
    both = {"ownerships-TOTAL_FORMS": "2", "ownerships-0-address": owner.email, "ownerships-1-address": owner.email}

    at_once = save(client, **both)
    Ownership.objects.create(user=owner, restaurant_id=7)
    again = client.post(f"{LIST}add/", {"restaurant": 7, "address": owner.email}).content.decode()

    assert "Each owner once." in at_once
    assert "This person owns the place already." in again
    assert Ownership.objects.count() == 1


def test_the_list_of_owners_sets_and_takes_away_and_changes_nothing(client: Client, owner: User) -> None:
    added = client.post(f"{LIST}add/", {"restaurant": 12, "address": owner.email})
    row = Ownership.objects.get()

    assert (added.status_code, row.user_id, row.restaurant_id, row.set_by_id) == (302, 7, 12, 900)
    assert owner.email in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{row.pk}/change/").status_code == 200
    assert client.post(f"{LIST}{row.pk}/change/", {"restaurant": 7, "address": owner.email}).status_code == 403
    client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    assert not Ownership.objects.exists()
