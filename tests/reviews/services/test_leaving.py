"""A person is told all that they said, and leaves without a number changing."""

import pytest

from restaurants.models import Ownership
from restaurants.services.writing import ANY_VERSION
from reviews import services
from reviews.models import Flag, Reply, Review, Vote
from reviews.services import replying
from reviews.services.flagging import Doubt
from tests.reviews import world
from tests.reviews.recount import differences
from users import personal_data

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def dana_has_said_much() -> None:
    """Let one person have reviews, a vote, two flags, a place and a reply."""
    world.build()
    dana = world.person(world.DANA)
    services.vote(102, dana)
    services.flag(102, Doubt("other", "It was me who cooked."), dana)
    services.flag(103, Doubt("spam", "My cousin says so."), dana)
    Ownership.objects.create(user_id=world.DANA, restaurant_id=12, set_by_id=world.DANA)
    replying.reply(103, "We are open again.", dana, expect=ANY_VERSION)


def test_an_export_holds_everything_and_of_nobody_else() -> None:
    kept = personal_data.export(world.DANA)

    assert [review["id"] for review in kept["reviews"]["reviews"]] == [101, 105]
    assert [flag["note"] for flag in kept["reviews"]["flags"]] == ["It was me who cooked.", "My cousin says so."]
    assert [vote["review_id"] for vote in kept["reviews"]["votes"]] == [102]
    assert [reply["content"] for reply in kept["reviews"]["replies"]] == ["We are open again."]
    assert [place["restaurant_id"] for place in kept["ownerships"]] == [12]
    assert personal_data.export(world.READER)["reviews"]["reviews"] == []


def test_who_leaves_takes_their_name_along_and_no_number() -> None:
    counts = list(Review.objects.order_by("pk").values_list("helpful_count", "report_count", "open_flag_count"))

    personal_data.erase(world.DANA)

    for model in (Review, Vote, Flag, Reply, Ownership):
        assert not model.objects.filter(user_id=world.DANA).exists()
    assert list(Flag.objects.order_by("pk").values_list("note", flat=True)) == ["(erased)", ""]
    assert counts == list(Review.objects.order_by("pk").values_list("helpful_count", "report_count", "open_flag_count"))
    assert differences() == []
