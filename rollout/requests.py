"""All requests of the last minutes in three numbers: how many, how many failed, how long they took."""

import json
from datetime import datetime, timedelta

from django.db import connection

from rollout.histogram import quantile_ms
from rollout.thresholds import Traffic

WINDOW = timedelta(minutes=5)

_CALLS = """
WITH sample AS (
    SELECT calls, failures - recovered AS failed, buckets, counts FROM rollout_healthsample
    WHERE resolution_s = 1 AND at > %(since)s AND at <= %(now)s
)
SELECT (SELECT coalesce(sum(calls), 0) FROM sample), (SELECT coalesce(sum(failed), 0) FROM sample),
    (SELECT coalesce(json_object_agg(bucket, calls), '{}') FROM (
        SELECT bucket, sum(count) AS calls FROM sample, unnest(buckets, counts) AS one(bucket, count) GROUP BY bucket
    ) distribution)::text
"""


def traffic(now: datetime) -> Traffic:
    """Return the requests of the 5 minutes before `now`, over all features, arms and contracts. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_CALLS, {"since": now - WINDOW, "now": now})
        calls, failures, buckets = cursor.fetchone()
    counts = {int(bucket): int(count) for bucket, count in json.loads(buckets).items()}
    return Traffic(int(calls), int(failures), round(quantile_ms(counts, 0.95), 1))
