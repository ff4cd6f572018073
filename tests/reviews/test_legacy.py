"""The v3 engine of reviews gives the values that the v4 engine gives, and leaves the same rows behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jewgo.core.errors import JewgoError
from jewgo.core.paging import Window
from reviews import legacy, services
from reviews.models import Event, Flag, Reply, Review, Vote
from reviews.values import (
    EVERY_STATE,
    Amendment,
    Caller,
    Draft,
    KeptCriteria,
    KeptSlice,
    ReviewCriteria,
    Ruling,
    Slice,
    Wanted,
)
from tests.reviews import world
from tests.reviews.recount import ANSWERS, RATINGS, differences

pytestmark = pytest.mark.django_db

KEY = Caller(sees_all=True, moderates=True, name="k:1")
CALLERS = (Caller(), world.person(world.DANA), world.person(), Caller(sees_all=True), world.moderator())
MOMENTS: dict[str, Any] = {"id": 0, "created_at": None, "updated_at": None, "at": None}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    "criteria",
    [
        ReviewCriteria(),
        ReviewCriteria(EVERY_STATE),
        ReviewCriteria(frozenset()),
        ReviewCriteria(frozenset({"rejected", "pending"})),
        ReviewCriteria(restaurant_id=11),
        ReviewCriteria(restaurant_id=2**63 - 1),
        ReviewCriteria(ratings=frozenset({1, 5})),
    ],
)
@pytest.mark.parametrize("window", [Window(10), Window(1, 1), Window(0), Window(5, 99)])
def test_both_engines_give_the_same_window(criteria: ReviewCriteria, window: Window, caller: Caller) -> None:
    world.build()
    asked = Slice(replace(criteria, caller=caller), window)

    assert legacy.list_reviews(asked) == services.page(asked)


@pytest.mark.parametrize(
    "criteria",
    [
        KeptCriteria(),
        KeptCriteria(text="dana"),
        KeptCriteria(text="EXAMPLE.com", state="approved"),
        KeptCriteria(text="בית"),
        KeptCriteria(text="%"),
        KeptCriteria(text="_"),
        KeptCriteria(state="pending"),
        KeptCriteria(state="nothing"),
        KeptCriteria(restaurant_id=12),
    ],
)
def test_both_engines_give_a_moderator_the_same_list(criteria: KeptCriteria) -> None:
    world.build()

    for window in (Window(10), Window(1, 1)):
        assert legacy.kept(KeptSlice(criteria, window)) == services.kept(KeptSlice(criteria, window))


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("pk", [101, 102, 103, 104, 105, 999])
def test_both_engines_give_the_same_review_or_refuse_it(pk: int, caller: Caller) -> None:
    world.build()

    assert outcome(lambda: legacy.detail(Wanted(pk, caller))) == outcome(lambda: services.get(Wanted(pk, caller)))


WRITES: list[tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]] = [
    *(
        (legacy.create, services.create, (draft, caller))
        for draft, caller in (
            (Draft(11, 5, "Ten letters", "A title", ("https://img.example/1.jpg",)), KEY),
            (Draft(12, 1, "היה קר ולא טעים."), KEY),
            (Draft(12, 1, "Ten letters", user_id=6), world.person()),
            (Draft(11, 1, "Ten letters", user_id=3), world.person(world.DANA)),
            (Draft(13, 5, "Ten letters"), KEY),
            (Draft(13, 5, "Ten letters", user_id=3), world.person(world.DANA)),
            (Draft(999, 5, "Ten letters"), KEY),
        )
    ),
    *(
        (legacy.amend, services.amend, (pk, said, caller))
        for pk, said, caller in (
            (101, Amendment(1, "", "Ten letters", ()), world.person(world.DANA)),
            (101, Amendment(images=("https://img.example/2.jpg",)), world.person(world.DANA)),
            (101, Amendment(rating=5, title="Great bagels"), world.person(world.DANA)),
            (105, Amendment(title="Better now"), world.person(world.DANA)),
            (101, Amendment(rating=1), world.person()),
            (103, Amendment(rating=1), Caller()),
            (105, Amendment(rating=1), world.person()),
            (999, Amendment(rating=1), world.person()),
        )
    ),
    *(
        (legacy.delete, services.delete, (pk, caller))
        for pk, caller in (
            (101, world.person(world.DANA)),
            (101, world.moderator()),
            (103, KEY),
            (101, world.person()),
            (105, world.person()),
            (999, world.moderator()),
        )
    ),
    *(
        (legacy.moderate, services.rule, (ruling, world.moderator()))
        for ruling in (
            Ruling(104, "approved"),
            Ruling(101, "approved", "Looked at it again."),
            Ruling(101, "rejected"),
            Ruling(101, "rejected", " Wrote to her. ", " It is an advertisement. "),
            Ruling(101, "pending", ""),
            Ruling(103, "flagged", ""),
            Ruling(103, notes=""),
            Ruling(103, notes="The owner called."),
            Ruling(105, "flagged"),
            Ruling(999, "approved"),
        )
    ),
]


@pytest.mark.parametrize(("older", "newer", "asked"), WRITES)
def test_both_engines_write_the_same_and_refuse_the_same(older: Any, newer: Any, asked: tuple[Any, ...]) -> None:
    world.build()
    for pk, user in ((101, 4), (101, 6), (103, 6)):
        Flag.objects.create(review_id=pk, user_id=user, reason="spam")
    Vote.objects.create(review_id=101, user_id=6)
    Reply.objects.create(review_id=101, content="Thank you.")

    assert left_behind(older, asked) == left_behind(newer, asked)


def left_behind(engine: Callable[..., Any], asked: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what an engine answers and what is stored afterwards, without ids and moments; then undo it."""
    with transaction.atomic():
        answer = outcome(lambda: engine(*asked))
        flags = list(Flag.objects.order_by("pk").values_list("review_id", "state", "decision__action"))
        rows = [*_plain(Review), *_plain(Event)]
        assert differences(RATINGS) == []
        counted = [row[1:2] + row[4:] for row in differences(ANSWERS)]  # helpful_count is by hand in this world
        transaction.set_rollback(True)
        return answer, rows, flags, counted


def outcome(work: Callable[[], Any]) -> Any:
    """Return what comes of it: the value without id, moments and reply, which v3 does not know, or the refusal."""
    try:
        value = work()
    except JewgoError as refusal:
        return refusal.code, refusal.message, refusal.meta
    return value and replace(value, id=0, created_at=None, updated_at=None, reply=None)


def _plain(model: Any) -> list[dict[str, Any]]:
    """Return every row, without its id and moments."""
    rows = model.objects.order_by("pk").values()
    return [row | {name: blank for name, blank in MOMENTS.items() if name in row} for row in rows]


def test_what_the_v3_engine_stores_is_dated_now() -> None:
    world.build()

    made = legacy.create(Draft(11, 5, "Ten letters"), KEY)
    moved = legacy.moderate(Ruling(104, "approved"), world.moderator())

    assert timezone.now() - made.created_at < timedelta(seconds=5)
    assert timezone.now() - moved.updated_at < timedelta(seconds=5)


def test_a_list_takes_two_queries_however_long_it_is(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    world.build()

    with django_assert_num_queries(2):
        legacy.list_reviews(Slice(ReviewCriteria(), Window(100)))


def test_the_v3_engine_answers_a_list_and_says_so(client: Client) -> None:
    answer = client.get("/api/reviews")

    assert answer.headers["X-JewGo-Served-By"].startswith("v3; feature=api_v4_reviews; reason=")
