"""People in numbers."""

from datetime import date, datetime, timedelta
from typing import Final, TypedDict, cast

from allauth.account.models import EmailAddress
from django.db.models import Count, Exists, OuterRef, Q

from jewgo.core import growth
from users.models import User

LATELY: Final = timedelta(days=30)


class PeopleNumbers(TypedDict):
    """People who have an account; verified are those of whom an address is known to be theirs."""

    total: int
    active: int
    staff: int
    verified: int
    joined_in_30_days: int


def numbers(now: datetime) -> PeopleNumbers:
    """Count the people; one query."""
    verified = Exists(EmailAddress.objects.filter(user=OuterRef("pk"), verified=True))
    counted = User.objects.annotate(is_verified=verified).aggregate(
        total=Count("pk"),
        active=Count("pk", filter=Q(is_active=True)),
        staff=Count("pk", filter=Q(is_staff=True)),
        verified=Count("pk", filter=Q(is_verified=True)),
        joined_in_30_days=Count("pk", filter=Q(date_joined__gte=now - LATELY)),
    )
    return cast("PeopleNumbers", counted)


def by_month(since: date) -> dict[date, int]:
    """Return how many people joined in each month from `since` on."""
    return growth.by_month(User.objects.all(), "date_joined", since)
