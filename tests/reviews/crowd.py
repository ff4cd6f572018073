"""One of several processes that write about the same places: `python -m tests.reviews.crowd MODE NUMBER ROUNDS …`.

It waits for a line on its standard input, so that all begin together, and prints as JSON how often what came of it.
"""

import json
import random
import sys
from collections import Counter
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402 the apps have to stand first
from django.test import Client  # noqa: E402

from jewgo.core.errors import JewgoError  # noqa: E402
from reviews import legacy, services  # noqa: E402
from reviews.models import Review  # noqa: E402
from reviews.services.flagging import Doubt  # noqa: E402
from reviews.services.moderating import Decision  # noqa: E402
from reviews.values import Amendment, Draft, Ruling  # noqa: E402
from rollout.testing import at_stage  # noqa: E402
from tests.reviews import world  # noqa: E402

POSTS = {
    "v4": ("/api/v4/reviews", "full", "restaurant_id"),
    "v3 by v3": ("/api/reviews", "disabled", "restaurantId"),
    "v3 by v4": ("/api/reviews", "complete", "restaurantId"),
}
PEOPLE = range(20, 32)
PLACES = (11, 12)


def post(mode: str, rounds: int, tokens: list[str]) -> Counter[str]:
    """Send the same reviews as every other process: each person on each place, over and over."""
    path, stage, place = POSTS[mode]
    told: Counter[str] = Counter()
    with at_stage("api_v4_reviews", stage):
        for turn in range(rounds):
            body = {place: PLACES[turn % 2], "rating": 4, "content": "The same words again and again."}
            headers = {"X-Session-Token": tokens[turn // 2 % len(tokens)]}
            answer = Client(raise_request_exception=False, SERVER_NAME="localhost").post(
                path, body, "application/json", headers=headers
            )
            told[str(answer.status_code)] += 1
    return told


def churn(number: int, rounds: int) -> Counter[str]:
    """Do at random whatever can be done with reviews, by either engine."""
    chance, told = random.Random(number), Counter[str]()
    for _ in range(rounds):
        work = chance.choice((write, edit, moderate, judge, judge, remove))
        try:
            with transaction.atomic():
                work(chance)
            told["done"] += 1
        except JewgoError as refusal:
            told[refusal.code] += 1
    return told


def write(chance: random.Random) -> None:
    person = chance.choice(PEOPLE)
    draft = Draft(chance.choice(PLACES), chance.randint(1, 5), "Something to say.", user_id=person)
    chance.choice((services.create, legacy.create))(draft, world.person(person))


def edit(chance: random.Random) -> None:
    review = _some(chance)
    said = Amendment(rating=chance.randint(1, 5))
    chance.choice((services.amend, legacy.amend))(review.pk, said, world.person(review.user_id or 0))


def moderate(chance: random.Random) -> None:
    review, miriam = _some(chance), world.moderator()
    if chance.random() < 0.3:
        legacy.moderate(Ruling(review.pk, chance.choice(("approved", "rejected", "pending"))), miriam)
    else:
        action = chance.choice(("approve", "approve", "approve", "reject", "flag", "undo"))
        services.decide(review.pk, Decision(action, "Because."), miriam)


def judge(chance: random.Random) -> None:
    review, who = _some(chance), world.person(chance.choice(PEOPLE))
    work: Any = chance.choice(
        (lambda: services.flag(review.pk, Doubt("spam"), who), lambda: services.vote(review.pk, who),
         lambda: services.unvote(review.pk, who))
    )  # fmt: skip
    work()


def remove(chance: random.Random) -> None:
    if chance.random() < 0.3:
        chance.choice((services.delete, legacy.delete))(_some(chance).pk, world.moderator())


def _some(chance: random.Random) -> Review:
    return chance.choice(list(Review.objects.order_by("pk")))


def main(mode: str, number: str, rounds: str, *tokens: str) -> None:
    """Begin when told to, and say what came of it."""
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    told = churn(int(number), int(rounds)) if mode == "churn" else post(mode, int(rounds), list(tokens))
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
