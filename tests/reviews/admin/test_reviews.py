"""The admin's pages for reviews."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from reviews import services
from reviews.models import Event, Flag, Reply, Review
from reviews.services.moderating import Decision
from tests.reviews import world
from users.models import User

pytestmark = pytest.mark.django_db

LIST = "/admin/reviews/review/"


@pytest.fixture
def moderator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com", pk=900))
    return client


@pytest.mark.parametrize(
    ("action", "reason", "state"),
    [("approve", "", "approved"), ("reject", "Not a guest.", "rejected"), ("requeue", "", "pending")],
)
def test_an_action_asks_first_and_then_decides_each(action: str, reason: str, state: str, moderator: Client) -> None:
    world.build()
    Review.objects.filter(pk__in=[101, 102]).update(state="flagged")
    chosen = {"action": action, "_selected_action": [101, 102, 103]}

    asked = moderator.post(LIST, chosen)
    done = moderator.post(LIST, chosen | {"apply": "yes", "reason": reason, "notes": "All at once."}, follow=True)

    assert "Bagel Boss" in asked.content.decode()
    assert f"{action.capitalize()}: 3 reviews" in asked.content.decode()
    assert list(Review.objects.filter(pk__in=[101, 102]).values_list("state", flat=True)) == [state, state]
    if action == "approve":
        assert "Review 103: A review that is approved cannot be moved by approve." in done.content.decode()
    assert Event.objects.filter(notes="All at once.", actor="u:900").count() == (2 if action == "approve" else 3)


def test_a_rejection_of_many_asks_for_its_reason(moderator: Client) -> None:
    world.build()

    answer = moderator.post(LIST, {"action": "reject", "_selected_action": [101], "apply": "yes", "reason": ""})

    assert "This field is required." in answer.content.decode()
    assert Review.objects.get(pk=101).state == "approved"


def test_replies_of_selected_reviews_are_taken_away(moderator: Client) -> None:
    world.build()
    Reply.objects.create(review_id=101, content="Never come back.")

    moderator.post(LIST, {"action": "delete_replies", "_selected_action": [101, 102]})

    assert not Reply.objects.exists()
    assert Event.objects.get().action == "reply_deleted"


def test_a_page_shows_flags_history_and_reply_and_the_notes_are_remembered(moderator: Client) -> None:
    world.build()
    Flag.objects.create(review_id=101, user_id=world.READER, reason="spam", note="Three times the same.")
    Reply.objects.create(review_id=101, content="Thank you, Dana.")
    services.decide(101, Decision("flag", "Is it?"), world.moderator())

    html = moderator.get(f"{LIST}101/change/").content.decode()

    for words in ("Three times the same.", "Thank you, Dana.", "u:5", "approved → flagged Is it?"):
        assert words in html


def test_deletion_leaves_its_line_in_the_history(moderator: Client) -> None:
    world.build()
    Flag.objects.create(review_id=101, user_id=world.READER, reason="spam")

    moderator.post(f"{LIST}101/delete/", {"post": "yes"})
    moderator.post(LIST, {"action": "delete_selected", "_selected_action": [102, 103], "post": "yes"})

    assert sorted(Event.objects.filter(action="delete").values_list("review_id", flat=True)) == [101, 102, 103]
    assert Review.objects.count() == 2


@pytest.mark.parametrize(("query", "found"), [("flagged=yes", 1), ("flagged=no", 4), ("state__exact=pending", 1)])
def test_a_list_is_narrowed(query: str, found: int, moderator: Client) -> None:
    world.build()
    Flag.objects.create(review_id=101, user_id=world.READER, reason="spam")

    assert moderator.get(f"{LIST}?{query}").context["cl"].result_count == found


def test_the_list_leads_to_the_queue(moderator: Client) -> None:
    assert "/admin/reviews/review/queue/" in moderator.get(LIST).content.decode()


@pytest.mark.parametrize("rows", [0, 60])
def test_a_list_takes_the_same_queries_for_many_rows_as_for_few(
    rows: int, moderator: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()
    Review.objects.bulk_create(Review(restaurant_id=11, rating=5, content="Ten letters") for _ in range(rows))

    with django_assert_num_queries(4):  # superuser: no role is asked for
        answer = moderator.get("/admin/reviews/review/")

    assert answer.status_code == 200


def test_the_form_takes_notes_and_leaves_the_authors_words_alone(moderator: Client) -> None:
    world.build()

    said = {"moderator_notes": "Ask again.", "content": "Rewritten text."}
    formset = {"flags-TOTAL_FORMS": "0", "flags-INITIAL_FORMS": "0"}

    moderator.post(f"{LIST}104/change/", said | formset)

    review = Review.objects.get(pk=104)
    assert (review.moderator_notes, review.content) == ("Ask again.", "Waiting for a moderator.")
    assert (Event.objects.get().action, Event.objects.get().actor) == ("note", "u:900")


def test_nobody_writes_a_review_in_a_visitors_place(moderator: Client) -> None:
    assert moderator.get("/admin/reviews/review/add/").status_code == 403
