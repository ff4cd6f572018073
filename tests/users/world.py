"""The people that the golden files speak of."""

from datetime import UTC, datetime

from users.models import User

JOINED_AT = datetime(2025, 8, 1, 12, tzinfo=UTC)
CHANGED_AT = datetime(2025, 8, 2, 9, 30, 15, 250000, tzinfo=UTC)


def build() -> None:
    """Store a super admin, a member of staff and somebody without a name."""
    User.objects.create_superuser("root@example.com", pk=1, name="Root")
    User.objects.create_user("miriam@example.com", pk=2, name="מרים כהן", is_staff=True)
    User.objects.create_user("Dana@example.com", pk=3)
    User.objects.update(date_joined=JOINED_AT, updated_at=JOINED_AT)
    User.objects.filter(pk=2).update(updated_at=CHANGED_AT)
