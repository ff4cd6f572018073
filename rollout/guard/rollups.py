"""The health history made coarser as it grows old: seconds for two hours, minutes for thirty days, hours for ever.

Both happen in portions, so that what has piled up while no guard ran is worked off within the statements' time limit.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models

from rollout.models import Failure, Flag, Flush, HealthSample, Look, Sighting
from rollout.spans import HOUR, MINUTE, SECOND

SETTLED = timedelta(seconds=10)
"""A delivery that began before a minute's end has committed by then, or never will (a beat waits one second)."""

KEPT = {SECOND: timedelta(hours=2), MINUTE: timedelta(days=30)}
LOOKS_KEPT = timedelta(days=30)
PEOPLE_KEPT = timedelta(days=30)
"""How long the people of an attempt that is over are kept; a flight record keeps what it said."""

AT_ONCE = {SECOND: timedelta(hours=1), MINUTE: timedelta(days=2)}
"""How much of the finer rows is added up, or deleted, in one go."""

_COARSER = {SECOND: (MINUTE, "minute"), MINUTE: (HOUR, "hour")}

_PORTION = """
SELECT first, least(
    date_trunc(%(unit)s, first) + %(at_once)s::interval, date_trunc(%(unit)s, %(settled)s::timestamptz)
) FROM (
    SELECT min(at) AS first FROM rollout_healthsample WHERE resolution_s = %(fine)s AND at >= coalesce(
        (SELECT max(at) + make_interval(secs => %(coarse)s) FROM rollout_healthsample WHERE resolution_s = %(coarse)s),
        '-infinity')
) fresh
"""
_ROLL = """
WITH fine AS (
    SELECT *, date_trunc(%(unit)s, at) AS span FROM rollout_healthsample
    WHERE resolution_s = %(fine)s AND at >= %(since)s AND at < %(until)s
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


def roll_up(now: datetime) -> bool:
    """Add up the next minutes and hours that are over; say whether that was all. Call it under the guard's lock."""
    settled = now - SETTLED
    minutes = _roll_up(SECOND, settled)
    hours = _roll_up(MINUTE, minutes)  # an hour is over once all of its minutes are there
    return settled - minutes < timedelta(minutes=1) and settled - hours < timedelta(hours=1, minutes=1)


def forget(now: datetime) -> bool:
    """Delete what has been kept long enough, except what was not added up yet; say whether that was all."""
    done = [_forget(HealthSample.objects.filter(resolution_s=fine), _dead(fine, now), AT_ONCE[fine]) for fine in KEPT]
    done.append(_forget(Flush.objects.all(), now - KEPT[SECOND], timedelta(days=1)))
    done.append(_forget(Look.objects.all(), now - LOOKS_KEPT, timedelta(days=30)))
    for name, attempt in Flag.objects.values_list("name", "attempt"):
        for model in (Failure, Sighting):
            model._base_manager.filter(feature=name, attempt__lt=attempt, at__lt=now - PEOPLE_KEPT).delete()
    return all(done)


def _roll_up(fine: int, settled: datetime) -> datetime:
    """Add up one portion of the rows before `settled`; return up to when all is added up now."""
    coarse, unit = _COARSER[fine]
    values: dict[str, Any] = {"fine": fine, "coarse": coarse, "unit": unit, "settled": settled}
    with connection.cursor() as cursor:
        cursor.execute(_PORTION, values | {"at_once": AT_ONCE[fine]})
        ((since, until),) = cursor.fetchall()
        if since is None or since >= until:
            return settled
        cursor.execute(_ROLL, values | {"since": since, "until": until})
    reached: datetime = until
    return reached


def _dead(fine: int, now: datetime) -> datetime | None:
    """Return before when rows have been kept long enough and are in a coarser row too; None where none are."""
    coarse, _ = _COARSER[fine]
    newest = HealthSample.objects.filter(resolution_s=coarse).aggregate(at=models.Max("at"))["at"]
    return None if newest is None else min(now - KEPT[fine], newest + timedelta(seconds=coarse))


def _forget(rows: "models.QuerySet[Any]", dead: datetime | None, at_once: timedelta) -> bool:
    first = rows.aggregate(at=models.Min("at"))["at"]
    if dead is None or first is None or first >= dead:
        return True
    rows.filter(at__lt=min(dead, first + at_once)).delete()
    return bool(first + at_once >= dead)
