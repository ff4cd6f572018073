"""The places, people and reviews that the golden files speak of."""

from datetime import UTC, datetime

from django.db import connection

from restaurants.models import Restaurant
from reviews.models import Review
from reviews.values import Caller
from users.models import RoleGrant, User

WRITTEN_AT = datetime(2025, 8, 1, 12, tzinfo=UTC)
CHANGED_AT = datetime(2025, 8, 2, 9, 30, 15, 250000, tzinfo=UTC)
DANA, NAMELESS, MODERATOR, READER = 3, 4, 5, 6


def build() -> None:
    """Store two published places, one that is not, two authors, a moderator, a reader and five reviews."""
    for pk, name, state in ((11, "Bagel Boss", "approved"), (12, "בית הפיתה", "approved"), (13, "Soon", "pending")):
        Restaurant(pk=pk, name=name, state_of_record=state).save()
    User.objects.create_user("dana@example.com", pk=3, name="Dana Levi")
    User.objects.create_user("nameless@example.com", pk=4)
    RoleGrant.objects.create(user=User.objects.create_user("miriam@example.com", pk=MODERATOR), role="moderator")
    User.objects.create_user("yossi@example.com", pk=READER, name="Yossi")
    _review(101, 11, user_id=3, rating=5, title="Great bagels", content="The best bagels in town.",
            images=["https://img.example/1.jpg"], helpful_count=2, updated_at=CHANGED_AT)  # fmt: skip
    _review(102, 11, user_id=4, rating=3, content="טעים מאוד, אבל יקר.")
    _review(103, 12, rating=1, content="Closed on arrival.", report_count=1, moderator_notes="The owner called.")
    _review(104, 11, rating=4, content="Waiting for a moderator.", state="pending")
    _review(105, 12, user_id=3, rating=2, content="Not for the public.", state="rejected")
    _give_later_ids()


def _review(pk: int, place: int, *, updated_at: datetime = WRITTEN_AT, **fields: object) -> None:
    values = {"state": "approved", "created_at": WRITTEN_AT, "updated_at": updated_at, **fields}
    Review.objects.create(pk=pk, restaurant_id=place, **values)


def _give_later_ids() -> None:
    """Let the next review have an id beyond those that were chosen here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('reviews_review_id_seq', greatest(200, nextval('reviews_review_id_seq')))")


def person(pk: int = READER) -> Caller:
    """Return a person as the services know them."""
    return Caller(user_id=pk, name=f"u:{pk}")


def moderator(pk: int = MODERATOR) -> Caller:
    """Return a moderator as the services know them."""
    return Caller(user_id=pk, sees_all=True, moderates=True, name=f"u:{pk}")
