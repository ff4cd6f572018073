"""Editing fields of many places: chosen, looked at, made whole or not at all."""

import re
from typing import Any

import pytest
from django.test import Client

from restaurants.models import Change, Restaurant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
LIST = "/admin/restaurants/restaurant/"
BOTH = {"action": "edit", "_selected_action": [7, 12]}


def page(client: Client, **sent: Any) -> str:
    """Send a step of the edit, and return the page that follows."""
    response = client.post(LIST, BOTH | sent, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def token(text: str) -> str:
    """Return what the preview wants back."""
    found = re.search(r'name="token" value="([^"]+)"', text)
    assert found, text
    return found[1]


def test_a_field_is_chosen_looked_at_and_set(client: Client, keeper: Any) -> None:
    asked = page(client)
    shown = page(client, preview="yes", set_state="on", state="NY", city="ignored")
    before = Restaurant.objects.get(pk=7).state

    done = page(client, token=token(shown))

    assert 'name="set_state"' in asked
    assert "<strong>state</strong>: FL" in shown
    assert (before, Restaurant.objects.get(pk=7).state, Restaurant.objects.get(pk=12).state) == ("FL", "NY", "NY")
    assert "2 changed, 0 were so already." in done
    change = Change.objects.filter(restaurant=7).latest("pk")
    assert (change.action, change.actor, change.fields) == ("bulk edit", f"u:{keeper.pk}", {"state": ["FL", "NY"]})


def test_categories_are_set_and_a_field_made_unknown(client: Client) -> None:
    shown = page(client, preview="yes", set_kosher_categories="on", kosher_categories=["fish"], set_price_range="on")

    page(client, token=token(shown))

    place = Restaurant.objects.get(pk=7)
    assert (place.kosher_categories, place.price_range) == (["fish"], None)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Tick a field that shall be set."),
        ({"set_country": "on", "country": "USA"}, "at most 2 characters"),
        ({"set_country": "on", "country": "us"}, "two capital letters"),
        ({"set_source": "on"}, "A kosher category needs a source."),
        ({"set_city": "on"}, "A restaurant needs city."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_offered(client: Client, sent: dict[str, str], words: str) -> None:
    shown = page(client, preview="yes", **sent)

    assert words in shown
    assert 'name="token"' not in shown


def test_what_somebody_changed_since_the_preview_keeps_all_from_being_made(client: Client) -> None:
    shown = page(client, preview="yes", set_state="on", state="NY")
    theirs = Restaurant.objects.get(pk=12)
    theirs.city = "Miami"
    Restaurant.objects.store(theirs, actor="u:2", action="update")

    refused = page(client, token=token(shown))

    assert "Nothing was changed." in refused
    assert "Somebody changed it meanwhile" in refused
    assert Restaurant.objects.get(pk=7).state == "FL"


def test_a_token_that_is_not_ours_changes_nothing(client: Client) -> None:
    assert "too old" in page(client, token="x")
