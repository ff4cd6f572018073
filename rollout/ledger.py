"""The ledger of every move: one hash chain over all features, appended one at a time, and checked on demand."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from rollout.models import StageChange
from rollout.stages import plain

GENESIS = "0" * 64
"""What the first line has in the place of the hash before it."""

_LOCK = int.from_bytes(b"ledger", "big")
_EXACT = 2**53

_TEXTS = ("feature", "move", "actor", "reason", "from_stage", "to_stage", "request_id")
_PERCENTAGES = ("from_percentage", "from_holdout", "to_percentage", "to_holdout")
_NUMBERS = ("attempt", "flag_version")
_DOCUMENTS = ("evidence", "details")


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along the chain found. `problem` is empty when every link holds."""

    lines: int
    head: str
    problem: str = ""
    broken_at: int | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing was changed, removed or put in between."""
        return not self.problem


def append(changes: Sequence[StageChange]) -> None:
    """Link these lines to the chain and store them, inside the caller's transaction.

    One writer at a time: the lock is held until that transaction ends, so no two lines can follow the same one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = StageChange.objects.head()
    previous = last.hash if last else GENESIS
    for change in changes:
        change.evidence, change.details = _as_stored(change.evidence), _as_stored(change.details)
        change.previous_hash = previous
        previous = change.hash = digest(change)
        change.save(force_insert=True)


def verify(head: str | None = None) -> Verification:
    """Walk the chain from its first line; `head`, a hash published earlier, must be in it, else its tail was cut."""
    return walk(StageChange.objects.order_by("id").iterator(chunk_size=500), head)


def walk(changes: Iterable[StageChange], head: str | None = None) -> Verification:
    """Check every line against its own hash and the line before it; stops at the first that does not hold."""
    previous, lines, has_head = GENESIS, 0, head in {None, GENESIS}
    for change in changes:
        problem = _problem(change, previous)
        if problem:
            return Verification(lines, previous, problem, change.pk)
        previous, lines = change.hash, lines + 1
        has_head = has_head or change.hash == head
    if not has_head:
        return Verification(lines, previous, f"The published head {head} is not in the ledger: its end was cut off.")
    return Verification(lines, previous)


def head_hash() -> str:
    """Return the hash to publish: that of the newest line."""
    last = StageChange.objects.head()
    return last.hash if last else GENESIS


def digest(change: StageChange) -> str:
    """Return the SHA-256 of the line and of the hash before it, over sorted JSON with times in UTC microseconds."""
    line: dict[str, Any] = {name: getattr(change, name) for name in (*_TEXTS, *_NUMBERS)}
    line |= {name: plain(getattr(change, name)) for name in _PERCENTAGES}
    line |= {name: _canonical(getattr(change, name)) for name in _DOCUMENTS}
    line["at"] = change.at.astimezone(UTC).isoformat(timespec="microseconds")
    line["previous_hash"] = change.previous_hash
    text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _problem(change: StageChange, previous: str) -> str:
    if change.previous_hash != previous:
        return f"Line {change.pk} does not follow the line before it: one was removed or put in between."
    if change.hash != digest(change):
        return f"Line {change.pk} ({change.feature}: {change.move}) was changed after it was written."
    return ""


def _as_stored(document: Mapping[str, Any]) -> Any:
    """Return the document as JSON gives it back: lists for tuples, text for decimals and times."""
    return json.loads(json.dumps(document, cls=DjangoJSONEncoder, allow_nan=False))


def _canonical(value: Any) -> Any:
    """Write numbers in one way: jsonb gives 1e16 back as an integer and forgets the sign of zero."""
    match value:
        case bool() | None | str():
            return value
        case int() | float():
            is_whole = abs(value) < _EXACT and value == int(value)
            return int(value) if is_whole else repr(float(value))
        case list():
            return [_canonical(item) for item in value]
        case _:
            return {key: _canonical(item) for key, item in value.items()}
