"""Four processes that write, judge and moderate at once: one review a person and place, and every number exact."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from reviews.models import Event, Flag, Review, Vote
from tests.reviews import crowd, world
from tests.reviews.recount import ANSWERS, RATINGS, differences
from tests.rollout.workers import database_url
from tests.users.credentials import signed_in
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def together(mode: str, rounds: int, *more: str, processes: int = 4) -> Counter[str]:
    """Let processes begin at the same moment; return what came of it all."""
    told = {"DJANGO_SETTINGS_MODULE": "jewgo.settings", "DATABASE_URL": database_url()}
    crew = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.reviews.crowd", mode, str(number), str(rounds), *more],
            env=os.environ | told,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for child in crew:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in crew:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    outcomes = [child.communicate(timeout=120)[0] for child in crew]
    assert [child.returncode for child in crew] == [0] * processes
    return sum((Counter[str](json.loads(outcome)) for outcome in outcomes), Counter[str]())


@pytest.fixture(autouse=True)
def a_crowd_of_people() -> None:
    """Have the small world, and people who are in it for the first time."""
    world.build()
    for pk in crowd.PEOPLE:
        User.objects.create_user(f"guest{pk}@example.com", pk=pk)


@pytest.mark.parametrize(("mode", "rounds"), [("v4", 150), ("v3 by v3", 48), ("v3 by v4", 48)])
def test_of_the_same_posts_one_for_each_person_and_place_is_taken(mode: str, rounds: int) -> None:
    tokens = [
        signed_in(person)["X-Session-Token"] for person in User.objects.filter(pk__in=crowd.PEOPLE).order_by("pk")
    ]

    told = together(mode, rounds, *tokens)

    pairs = len(crowd.PEOPLE) * len(crowd.PLACES)
    assert told == {"201": pairs, "409": 4 * rounds - pairs}
    assert Review.objects.filter(user_id__in=crowd.PEOPLE).count() == pairs


def test_every_number_is_what_counting_gives_whatever_four_processes_did_at_once() -> None:
    Review.objects.update(helpful_count=0, report_count=0)

    told = together("churn", 150)

    assert differences(RATINGS, ANSWERS) == []
    assert told["done"] > 100
    assert Event.objects.exists()
    assert Vote.objects.exists()
    assert Flag.objects.exists()
    assert told.keys() <= {
        "done", "already_reviewed", "illegal_review_move", "review_not_found", "own_review", "already_flagged",
        "already_voted", "not_the_author", "nothing_to_undo",
    }  # fmt: skip
