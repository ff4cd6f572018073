"""The health history made coarser as it grows old: seconds for two hours, minutes for thirty days, hours for ever."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from rollout.models import Failure, Flag, Flush, HealthSample, Look, Sighting
from rollout.spans import HOUR, MINUTE, SECOND

SETTLED = timedelta(seconds=10)
"""A delivery that began before a minute's end has committed by then, or never will (a beat waits one second)."""

KEPT = {SECOND: timedelta(hours=2), MINUTE: timedelta(days=30)}
LOOKS_KEPT = timedelta(days=30)
PEOPLE_KEPT = timedelta(days=30)
"""How long the people of an attempt that is over are kept; a flight record keeps what it said."""

_ROLL = """
WITH fine AS (
    SELECT *, date_trunc(%(unit)s, at) AS span FROM rollout_healthsample
    WHERE resolution_s = %(fine)s AND at < date_trunc(%(unit)s, %(settled)s::timestamptz) AND at >= coalesce(
        (SELECT max(at) + make_interval(secs => %(coarse)s) FROM rollout_healthsample WHERE resolution_s = %(coarse)s),
        '-infinity')
),
sums AS (
    SELECT span, feature, operation, arm, sum(calls) AS calls, sum(eligible) AS eligible,
        sum(client_errors) AS client_errors, sum(failures) AS failures, sum(recovered) AS recovered,
        sum(breaker) AS breaker, sum(bulkhead) AS bulkhead, sum(lost) AS lost, sum(total_ms) AS total_ms
    FROM fine GROUP BY span, feature, operation, arm
),
bars AS (
    SELECT span, feature, operation, arm, array_agg(bucket ORDER BY bucket) AS buckets,
        array_agg(count ORDER BY bucket) AS counts
    FROM (
        SELECT span, feature, operation, arm, bar.bucket, sum(bar.count)::bigint AS count
        FROM fine, unnest(buckets, counts) AS bar(bucket, count) GROUP BY 1, 2, 3, 4, 5
    ) each GROUP BY span, feature, operation, arm
)
INSERT INTO rollout_healthsample (resolution_s, at, feature, operation, arm, calls, eligible, client_errors, failures,
    recovered, breaker, bulkhead, lost, total_ms, buckets, counts)
SELECT %(coarse)s, span, feature, operation, arm, calls, eligible, client_errors, failures, recovered, breaker,
    bulkhead, lost, total_ms, buckets, counts
FROM sums JOIN bars USING (span, feature, operation, arm)
"""


def roll_up(now: datetime) -> int:
    """Add up the minutes and hours that are over; return how many rows that made. Call it under the guard's lock."""
    made = 0
    for fine, coarse, unit in ((SECOND, MINUTE, "minute"), (MINUTE, HOUR, "hour")):
        with connection.cursor() as cursor:
            cursor.execute(_ROLL, {"fine": fine, "coarse": coarse, "unit": unit, "settled": now - SETTLED})
            made += cursor.rowcount
    return made


def forget(now: datetime) -> None:
    """Delete what has been kept long enough; what was not rolled up yet stays."""
    with transaction.atomic():
        for resolution_s, kept in KEPT.items():
            HealthSample.objects.filter(resolution_s=resolution_s, at__lt=now - kept).delete()
        Flush.objects.filter(at__lt=now - KEPT[SECOND]).delete()
        Look.objects.filter(at__lt=now - LOOKS_KEPT).delete()
        for name, attempt in Flag.objects.values_list("name", "attempt"):
            for model in (Failure, Sighting):
                model._base_manager.filter(feature=name, attempt__lt=attempt, at__lt=now - PEOPLE_KEPT).delete()
