"""What a pulse says to the database: one report, one question for everything, one farewell."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model

from rollout import stalled
from rollout.calls import Delivery
from rollout.eligibility import DrillState, FlagState, Measure
from rollout.models import Flag
from rollout.propagation import GONE_AFTER_S
from rollout.stages import Stage

Ask = Callable[[str, Mapping[str, object]], list[tuple[Any, ...]]]
"""Runs one statement with its values and returns the rows."""

_HEARTBEAT = """
WITH told AS (SELECT coalesce(%(now)s::timestamptz, clock_timestamp()) AS at),
gone AS (
    DELETE FROM rollout_worker WHERE id IN (
        SELECT id FROM rollout_worker
        WHERE seen_at < (SELECT at FROM told) - make_interval(secs => %(gone_after_s)s) AND id <> %(id)s
        FOR UPDATE SKIP LOCKED
    )
),
%(stalled)s,
delivered AS (
    INSERT INTO rollout_flush (worker, sequence, at)
    SELECT %(id)s::uuid, %(sequence)s::bigint, at FROM told WHERE %(sequence)s::bigint IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING at
),
samples AS (
    INSERT INTO rollout_healthsample (resolution_s, at, feature, operation, arm, calls, eligible, client_errors,
        failures, recovered, breaker, bulkhead, lost, total_ms, buckets, counts)
    SELECT 1, date_trunc('second', delivered.at), given.*
    FROM delivered, jsonb_to_recordset(%(samples)s::jsonb) AS given (
        feature text, operation text, arm text, calls bigint, eligible bigint, client_errors bigint, failures bigint,
        recovered bigint, breaker bigint, bulkhead bigint, lost bigint, total_ms float8, buckets int[], counts bigint[])
),
failures AS (
    INSERT INTO rollout_failurereport
        (at, feature, attempt, identity, arm, share, operation, metric, fingerprint, place, request_id)
    SELECT delivered.at, given.* FROM delivered, jsonb_to_recordset(%(failures)s::jsonb) AS given (
        feature text, attempt int, identity text, arm text, share float8, operation text, metric text,
        fingerprint text, place text, request_id text)
),
sightings AS (
    INSERT INTO rollout_sightingreport (at, feature, attempt, identity, arm, share)
    SELECT delivered.at, given.* FROM delivered, jsonb_to_recordset(%(sightings)s::jsonb) AS given (
        feature text, attempt int, identity text, arm text, share float8)
)
INSERT INTO rollout_worker AS worker
    (id, host, pid, release, started_at, seen_at, version, applied_at, forces, breakers)
SELECT %(id)s, %(host)s, %(pid)s, %(release)s, at, at, %(version)s, at, %(forces)s, %(breakers)s::text[] FROM told
ON CONFLICT (id) DO UPDATE SET
    seen_at = excluded.seen_at,
    version = excluded.version,
    breakers = excluded.breakers,
    applied_at = CASE WHEN worker.version = excluded.version THEN worker.applied_at ELSE excluded.applied_at END
RETURNING coalesce((SELECT version FROM rollout_control), 0), EXISTS (SELECT FROM opened)
""".replace("%(stalled)s", stalled.REPORT.strip())

_FAREWELL = "DELETE FROM rollout_worker WHERE id = %(id)s"

# One statement sees one state of the tables, so that the version and the flags belong together.
_EVERYTHING = """
SELECT coalesce((SELECT version FROM rollout_control), 0), coalesce((SELECT json_agg(one) FROM (
    SELECT flag.id, flag.name, flag.cohort, flag.stage, flag.percentage::text, flag.holdout::text, flag.note,
        flag.paused, flag.attempt, flag.version, flag.modified, above.name AS prerequisite,
        measured.slow_ms, measured.p95_ms, measured.sample_bits,
        ARRAY(
            SELECT user_id FROM {flag_users} WHERE flag_id = flag.id
            UNION SELECT member.{user_column} FROM {user_groups} member
                JOIN {flag_groups} chosen ON chosen.group_id = member.group_id WHERE chosen.flag_id = flag.id
            UNION SELECT {user_key} FROM {users}
                WHERE (flag.staff AND is_staff) OR (flag.superusers AND is_superuser)
        ) AS testers,
        (SELECT json_object_agg(identity, is_in) FROM rollout_override WHERE flag_id = flag.id) AS overrides,
        (SELECT json_agg(drill ORDER BY drill.id) FROM (
            SELECT id, fault, rate, delay_ms, operation, identities, match, expires_at FROM rollout_drill
            WHERE flag_id = flag.id AND ended_at IS NULL AND expires_at > clock_timestamp()
        ) drill) AS drills
    FROM {flags} flag LEFT JOIN {flags} above ON above.id = flag.prerequisite_id
        LEFT JOIN rollout_measurement measured ON measured.flag_id = flag.id AND measured.attempt = flag.attempt
) one), '[]')::text
"""


@dataclass(frozen=True, slots=True)
class Worker:
    """Who is reporting: one serving process."""

    id: UUID
    host: str
    pid: int
    release: str
    forces: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker says in a beat: the version it has applied, its open breakers, and what it has noted."""

    version: int
    breakers: Sequence[str] = ()
    delivery: Delivery | None = None


def report(ask: Ask, worker: Worker, told: Told, now: datetime | None = None) -> tuple[int, bool]:
    """Tell the tables that `worker` lives and what it noted.

    Return the version that stands there, and whether this worker is the one who noticed that the guard has stopped.

    A delivery that the tables have already adds nothing, so it may be repeated until it is known to have arrived.
    Workers that were not heard of for a minute are forgotten in the same round trip. `now` is the database's clock
    unless a test gives another.
    """
    values = {
        "id": str(worker.id),
        "host": worker.host,
        "pid": worker.pid,
        "release": worker.release,
        "forces": json.dumps(dict(worker.forces)),
        "version": told.version,
        "breakers": list(told.breakers),
        "now": now,
        "gone_after_s": GONE_AFTER_S,
        **_delivered(told.delivery),
        **stalled.values(),
    }
    ((stands, has_noticed),) = ask(_HEARTBEAT, values)
    return int(stands), bool(has_noticed)


def _delivered(delivery: Delivery | None) -> dict[str, object]:
    if delivery is None:
        return {"sequence": None, "samples": None, "failures": None, "sightings": None}
    rows = {"samples": delivery.samples, "failures": delivery.failures, "sightings": delivery.sightings}
    return {"sequence": delivery.sequence, **{name: json.dumps(each) for name, each in rows.items()}}


def leave(ask: Ask, worker: Worker) -> None:
    """Forget a worker that ends."""
    ask(_FAREWELL, {"id": str(worker.id)})


def load(ask: Ask) -> tuple[int, list[FlagState]]:
    """Return all flags and the version that they belong to, in one round trip."""
    ((version, flags),) = ask(_everything(), {})
    return int(version), [_state(flag) for flag in json.loads(flags)]


@cache
def _everything() -> str:
    """Return the statement for this installation's user model."""
    user = get_user_model()._meta
    memberships = user.get_field("groups").remote_field.through._meta  # type: ignore[union-attr]
    tables = {
        "flags": Flag._meta.db_table,
        "flag_users": Flag.users.through._meta.db_table,
        "flag_groups": Flag.groups.through._meta.db_table,
        "users": user.db_table,
        "user_groups": memberships.db_table,
    }
    return _EVERYTHING.format(
        **{name: f'"{table}"' for name, table in tables.items()},
        user_column=user.get_field("groups").m2m_column_name(),
        user_key=user.pk.column,
    )


def _state(row: Mapping[str, Any]) -> FlagState:
    return FlagState(
        id=row["id"],
        name=row["name"],
        cohort=row["cohort"],
        stage=Stage(row["stage"]),
        percentage=Decimal(row["percentage"]),
        holdout=Decimal(row["holdout"]),
        prerequisite=row["prerequisite"],
        testers=frozenset(f"u:{key}" for key in row["testers"]),
        overrides=row["overrides"] or {},
        drills=tuple(_drill(drill) for drill in row["drills"] or ()),
        note=row["note"],
        paused=row["paused"],
        attempt=row["attempt"],
        version=row["version"],
        modified_at=datetime.fromisoformat(row["modified"]),
        measure=Measure(row["slow_ms"] or {}, row["p95_ms"] or None, row["sample_bits"] or 0),
    )


def _drill(row: Mapping[str, Any]) -> DrillState:
    return DrillState(
        fault=row["fault"],
        expires_at=datetime.fromisoformat(row["expires_at"]),
        rate=row["rate"],
        delay_ms=row["delay_ms"],
        operation=row["operation"],
        identities=frozenset(row["identities"]),
        match=row["match"],
    )
