"""Where a restaurant's record stands in its life."""

from django.db.models import TextChoices


class RecordState(TextChoices):
    """pending → approved | rejected → suspended → closed; deletion is separate, soft and recoverable."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    CLOSED = "closed"
