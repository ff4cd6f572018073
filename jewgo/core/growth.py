"""How many rows were added month by month."""

from datetime import date
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth


def by_month(rows: QuerySet[Any], moment: str, since: date) -> dict[date, int]:
    """Return how many rows have their `moment`, a column of times, in each month (UTC) from `since` on.

    By the first day of the month; months without any are left out.
    """
    later = rows.filter(**{f"{moment}__date__gte": since}).order_by()
    found = later.annotate(month=TruncMonth(moment)).values_list("month").annotate(Count("pk"))
    return {month.date(): count for month, count in found.order_by("month")}
