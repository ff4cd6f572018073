"""The places, people and reviews that the golden files speak of."""

from datetime import UTC, datetime

from django.db import connection

from restaurants.models import Restaurant
from reviews.models import Review
from users.models import User

WRITTEN_AT = datetime(2025, 8, 1, 12, tzinfo=UTC)
CHANGED_AT = datetime(2025, 8, 2, 9, 30, 15, 250000, tzinfo=UTC)


def build() -> None:
    """Store two published places, one that is not, two people and five reviews."""
    for pk, name, state in ((11, "Bagel Boss", "approved"), (12, "בית הפיתה", "approved"), (13, "Soon", "pending")):
        Restaurant(pk=pk, name=name, state_of_record=state).save()
    User.objects.create_user("dana@example.com", pk=3, name="Dana Levi")
    User.objects.create_user("nameless@example.com", pk=4)
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
