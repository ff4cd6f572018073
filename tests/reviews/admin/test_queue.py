"""The queue in the admin: one review at a time, by keyboard, and each decision leads to the next."""

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from reviews.models import Event, Flag, Review
from tests.reviews import world
from users.models import RoleGrant, User

pytestmark = pytest.mark.django_db

QUEUE = "/admin/reviews/review/queue/"


@pytest.fixture(autouse=True)
def stored() -> None:
    """Have two that wait, one pending and one flagged."""
    world.build()
    Review.objects.filter(pk=102).update(state="flagged")
    Flag.objects.create(review_id=102, user_id=world.READER, reason="other", note="Copied from elsewhere.")


@pytest.fixture
def moderator(client: Client) -> Client:
    """Return the browser of somebody with the role of a moderator, and nothing else."""
    person = User.objects.create_user("keeper@example.com", pk=900, is_staff=True)
    RoleGrant.objects.create(user=person, role="moderator")
    client.force_login(person)
    return client


def page(client: Client) -> str:
    answer = client.get(QUEUE)
    assert answer.status_code == 200
    return answer.content.decode()


def shown(client: Client) -> int | None:
    """Return the review that the page shows."""
    found = re.search(r'name="review" value="(\d+)"', page(client))
    return int(found[1]) if found else None


def send(client: Client, action: str, **said: Any) -> str:
    """Send one of the page's forms with what it holds, and return the page that follows."""
    held = {name: found[1] for name in ("review", "version")
            if (found := re.search(rf'name="{name}" value="(\d+)"', page(client)))}  # fmt: skip
    answer = client.post(QUEUE, held | {"action": action} | said, follow=True)
    assert answer.redirect_chain
    return answer.content.decode()


def test_a_page_shows_all_that_helps_to_decide(moderator: Client) -> None:
    send(moderator, "approve")

    html = page(moderator)

    assert "טעים מאוד" in html
    assert "Copied from elsewhere." in html
    assert "Bagel Boss" in html
    assert "0 pending, 1 flagged" in html
    assert "no other review" in html
    for key in "arsu":
        assert f'accesskey="{key}"' in html
        assert f'data-key="{key}"' in html


def test_pending_ones_come_before_flagged_ones_until_nothing_waits(moderator: Client) -> None:
    seen = [shown(moderator)]
    send(moderator, "approve")
    seen.append(shown(moderator))
    last = send(moderator, "reject", reason="It is not about the place.", notes="")

    assert seen == [104, 102]
    assert "Nothing waits" in last
    assert "Every review has been looked at." in last
    states = dict(Review.objects.filter(pk__in=[102, 104]).values_list("pk", "state"))
    assert states == {104: "approved", 102: "rejected"}
    assert {event.actor for event in Event.objects.all()} == {"u:900"}
    assert Flag.objects.get().state == "upheld"


def test_a_rejection_without_a_reason_is_not_made(moderator: Client) -> None:
    html = send(moderator, "reject", reason=" ")

    assert "Nothing was done. Say why, to reject; the author reads it." in html
    assert shown(moderator) == 104


def test_what_is_skipped_comes_again_when_it_is_asked_for(moderator: Client) -> None:
    send(moderator, "skip")
    second = shown(moderator)
    send(moderator, "skip")
    none = page(moderator)
    send(moderator, "again")

    assert second == 102
    assert "Nothing waits but what you skipped" in none
    assert shown(moderator) == 104


def test_the_last_decisions_are_undone_one_after_the_other(moderator: Client) -> None:
    send(moderator, "approve")
    send(moderator, "reject", reason="Why.")
    first = send(moderator, "undo")
    second = send(moderator, "undo")
    third = send(moderator, "undo")

    assert "Review 102 is flagged again." in first
    assert "Review 104 is pending again." in second
    assert "There is no decision of yours to undo." in third
    assert Flag.objects.get().state == "open"


def test_what_was_changed_while_it_was_read_is_not_decided(moderator: Client) -> None:
    html = send(moderator, "approve", version="7")

    assert "Somebody changed this review while you read it" in html
    assert Review.objects.get(pk=104).state == "pending"


def test_the_page_needs_no_script_and_holds_none_of_its_own(moderator: Client) -> None:
    html = page(moderator)
    own = html[html.index('id="content-main"') :]

    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", own)
    assert '<script src="/static/reviews/queue.js" defer></script>' in html
    assert finders.find("reviews/queue.js")


def test_nobody_but_moderators_works_through_it(client: Client) -> None:
    client.force_login(User.objects.create_user("staff@example.com", pk=901, is_staff=True))

    assert client.get(QUEUE).status_code == 403
    assert client.post(QUEUE, {"action": "approve", "review": "104", "version": "1"}).status_code == 403


def test_a_page_takes_the_same_queries_however_much_waits(
    moderator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Review.objects.bulk_create(Review(restaurant_id=11, rating=5, content="Ten letters") for _ in range(60))

    with django_assert_max_num_queries(12):
        page(moderator)
