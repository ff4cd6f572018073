"""POSTs that may be repeated: an answer is kept under its caller's key, in the transaction of its effect.

Whoever repeats a request with its key gets the first answer and no second effect. There is no state "under way" that a
killed worker could leave behind: the row appears with the effect, at COMMIT. Until then a second request with the same
key waits in PostgreSQL for the first one's end, `PATIENCE_MS` at most.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, ClassVar, Final, Self

import orjson
from django.db import OperationalError, connection, transaction
from psycopg2.errorcodes import DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE

from jewgo.core.errors import Conflict, InvalidInput, JewgoError
from jewgo.core.models import KeptAnswer
from jewgo.core.pruning import prune

KEPT_FOR: Final = timedelta(hours=24)
PATIENCE_MS: Final = 1000
"""Shorter than a statement may take (2 s), and than a stage move waits for its features (2 s)."""

_CLAIM = """
SET LOCAL lock_timeout = %(patience_ms)s;
INSERT INTO core_keptanswer AS kept (digest, claim, fingerprint, status, headers, body, ends_at)
VALUES (%(digest)s, %(claim)s, %(fingerprint)s, 0, '{}', '', %(now)s::timestamptz + %(kept_for)s)
ON CONFLICT (digest) DO UPDATE
    SET (claim, fingerprint, status, headers, body, ends_at)
        = (EXCLUDED.claim, EXCLUDED.fingerprint, 0, '{}', '', EXCLUDED.ends_at)
    WHERE kept.ends_at <= %(now)s;
SET LOCAL lock_timeout TO DEFAULT;
SELECT claim = %(claim)s, fingerprint, status, headers, body FROM core_keptanswer WHERE digest = %(digest)s
"""


class InvalidIdempotencyKey(InvalidInput):
    """The Idempotency-Key is none that we can keep an answer under."""

    code, title = "invalid_idempotency_key", "The Idempotency-Key cannot be used"


class IdempotencyKeyReused(JewgoError):
    """The key belongs to another request of this caller."""

    code: ClassVar[str] = "idempotency_key_reused"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The Idempotency-Key was used for another request"


class IdempotencyInProgress(Conflict):
    """The first request with this key has not ended yet."""

    code, title, retryable = "idempotency_in_progress", "A request with this Idempotency-Key is under way", True


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it is kept: what a repetition gets again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request with a key: `digest` stands for caller, route and key, `fingerprint` for what is asked."""

    digest: str
    fingerprint: str
    claim: uuid.UUID = field(default_factory=uuid.uuid4)

    @classmethod
    def of(cls, *, caller: str, route: str, key: str, asked: Sequence[str | bytes]) -> Self:
        """Return the attempt of a caller; the first half of its digest is the caller's own."""
        return cls(_half(caller) + _half(route, key), digest_of(*asked))

    def begin(self, now: datetime) -> Answered | None:
        """Claim the key inside the running transaction; the answer, where the same request was answered before.

        Raises `IdempotencyKeyReused`, and `IdempotencyInProgress` when the first one does not end in time.
        """
        is_ours, fingerprint, status, headers, body = self._claim(now)
        if is_ours:
            return None
        if fingerprint != self.fingerprint:
            raise IdempotencyKeyReused(hint="Send another request under a key of its own.")
        return Answered(status, orjson.loads(headers) if isinstance(headers, str) else headers, bytes(body))

    def keep(self, answered: Answered) -> None:
        """Keep the answer, if the key is still this request's own; inside the effect's transaction it is."""
        mine = KeptAnswer.objects.filter(digest=self.digest, claim=self.claim)
        mine.update(status=answered.status, headers=dict(answered.headers), body=answered.body)

    def _claim(self, now: datetime) -> tuple[Any, ...]:
        values: dict[str, Any] = {
            "digest": self.digest,
            "claim": str(self.claim),
            "fingerprint": self.fingerprint,
            "now": now,
            "kept_for": KEPT_FOR,
            "patience_ms": PATIENCE_MS,
        }
        try:
            with connection.cursor() as cursor:
                cursor.execute(_CLAIM, values)
                row: tuple[Any, ...] = cursor.fetchone()
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", None) not in {LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED}:
                raise
            raise IdempotencyInProgress(
                hint="Send it again, under the same key, in a second.", headers={"Retry-After": "1"}
            ) from error
        return row


def forget(caller: str) -> None:
    """Delete every answer that is kept for a caller, who is to be erased: answers may show what they wrote."""
    KeptAnswer.objects.filter(digest__startswith=_half(caller)).delete()


def prune_kept(now: datetime) -> None:
    """Delete a few answers that are no longer kept, once the running transaction is committed."""
    transaction.on_commit(lambda: prune(KeptAnswer, before=now), robust=True)


def digest_of(*parts: str | bytes) -> str:
    """Return what stands for these parts in their order."""
    hashed = blake2b(digest_size=16)
    for part in parts:
        raw = part.encode(errors="surrogateescape") if isinstance(part, str) else part
        hashed.update(len(raw).to_bytes(8, "big") + raw)
    return hashed.hexdigest()


def _half(*parts: str) -> str:
    return digest_of(*parts)[:16]
