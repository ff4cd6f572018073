"""A guard that has stopped: how long ago it looked, and the alert that workers raise in its place."""

import json
from datetime import datetime, timedelta

from django.db import connection

from rollout.receivers import receivers

STALLED_AFTER = timedelta(seconds=30)

REPORT = """
stalled AS (
    SELECT told.at, guard.ticked_at, guard.host || '/' || guard.pid AS name FROM rollout_guard guard, told
    WHERE guard.ticked_at < told.at - interval '30 s' AND NOT EXISTS (
        SELECT FROM rollout_alert WHERE name = 'guard_stalled' AND feature = '' AND resolved_at IS NULL
    )
),
reopened AS (
    UPDATE rollout_alert alert SET resolved_at = NULL, seen_at = stalled.at, times = alert.times + 1 FROM stalled
    WHERE alert.resolved_at IS NOT NULL AND alert.id = (
        SELECT id FROM rollout_alert WHERE name = 'guard_stalled' AND feature = ''
            AND resolved_at > (SELECT at FROM told) - interval '5 min'
        ORDER BY id DESC LIMIT 1
    )
    RETURNING alert.id
),
taken_back AS (
    DELETE FROM rollout_delivery WHERE alert_id IN (SELECT id FROM reopened)
        AND event = 'resolved' AND delivered_at IS NULL AND given_up_at IS NULL
),
opened AS (
    INSERT INTO rollout_alert
        (name, feature, severity, message, details, opened_at, seen_at, times, acknowledged_by)
    SELECT 'guard_stalled', '', 'critical',
        'The guard ' || name || ' has not looked since '
            || to_char(ticked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC.',
        jsonb_build_object('guard', name, 'ticked_at', ticked_at), at, at, 1, ''
    FROM stalled WHERE NOT EXISTS (SELECT FROM reopened)
    ON CONFLICT (name, feature) WHERE resolved_at IS NULL DO NOTHING
    RETURNING id, opened_at
),
news AS (
    INSERT INTO rollout_delivery (alert_id, event, channel, target, created_at, next_at, attempts, last_error)
    SELECT opened.id, 'opened', receiver.channel, receiver.target, opened.opened_at, opened.opened_at, 0, ''
    FROM opened, jsonb_to_recordset(%(receivers)s::jsonb) AS receiver(channel text, target text)
)
"""
"""Parts of a WITH, after one `told (at)` that has the time: opens the alert once, with its news for the outbox.

`SELECT EXISTS (SELECT FROM opened)` after them says that this worker was the one who noticed. As `rollout.alerts` does,
it re-opens without news what was resolved less than 5 minutes ago. The guard resolves it when it looks again.
"""


def values() -> dict[str, str]:
    """Return the values that `REPORT` takes."""
    everybody = [{"channel": channel, "target": target} for channel, target in receivers()]
    return {"receivers": json.dumps(everybody)}


def guard_age(now: datetime) -> timedelta | None:
    """Return how long ago the guard looked last; None when no guard ever did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz - ticked_at FROM rollout_guard", [now])
        (age,) = cursor.fetchone() or (None,)
    return age


def is_stalled(age: timedelta | None) -> bool:
    """Say whether a guard that looked so long ago is relied on in vain; one that never looked is not relied on."""
    return age is not None and age > STALLED_AFTER
