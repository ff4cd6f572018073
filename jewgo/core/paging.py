"""Pages of a list: the window of v3, the signed keyset cursor of v4."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from django.conf import settings

from jewgo.core.errors import InvalidInput, Problem

T = TypeVar("T")
Scalar = str | int | float | bool | None

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_OFFSET = 2**31 - 1
MAX_CURSOR_LENGTH = 1024
SIGNATURE_BYTES = 16


class InvalidCursor(InvalidInput):
    """The cursor is garbled, not ours, or was made for another query."""

    code, status, title = "invalid_cursor", 400, "The cursor is not one of ours for this query"

    def __init__(self) -> None:
        hint = "Use meta.next_cursor of the answer before, with the same filters and sort; leave it out to start again."
        problem = Problem("invalid_cursor", self.title, parameter="cursor", hint=hint)
        super().__init__(hint=hint, problems=[problem])


@dataclass(frozen=True, slots=True)
class Window:
    """A slice by position, as v3 asks for it; `limit` and `offset` are not negative."""

    limit: int
    offset: int = 0

    def __post_init__(self) -> None:
        if self.limit < 0 or self.offset < 0:
            raise ValueError(f"a window cannot be negative: limit {self.limit}, offset {self.offset}")

    @property
    def stop(self) -> int:
        """The position after the last one."""
        return self.offset + self.limit


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list: its items, how many there are in all (None: not counted), and where the next part starts."""

    items: tuple[T, ...]
    total: int | None = None
    next_cursor: str | None = None

    @classmethod
    def cut(
        cls,
        rows: Iterable[T],
        *,
        limit: int,
        scope: str,
        position: Callable[[T], Sequence[Scalar]],
        total: int | None = None,
    ) -> "Page[T]":
        """Make a page of `limit` items from up to `limit + 1` rows; the row too many proves that there is a next page.

        `position` names the sort key of a row, ending in its primary key, as JSON scalars.
        """
        found = tuple(rows)
        items = found[:limit]
        more = len(found) > limit and items
        return cls(items, total, Cursor.sign(position(items[-1]), scope) if more else None)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a v4 caller asked for: a limit already lowered to the maximum, a cursor not yet opened."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    include_total: bool = False
    asked: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, Any], *, maximum: int = MAX_LIMIT) -> "PageRequest":
        """Read `limit`, `cursor` and `include_total` from validated parameters."""
        asked = query.get("limit", DEFAULT_LIMIT)
        return cls(min(asked, maximum), query.get("cursor"), query.get("include_total", False), asked)

    def meta(self, page: Page[Any]) -> dict[str, Any]:
        """Return the `meta` of an answer; a lowered limit is said, with what was asked."""
        meta: dict[str, Any] = {"limit": self.limit, "count": len(page.items), "next_cursor": page.next_cursor}
        if page.total is not None:
            meta["total"] = page.total
        if self.asked is not None and self.asked > self.limit:
            meta["limit_lowered_from"] = self.asked
        return meta


def scope_of(query: Mapping[str, Any]) -> str:
    """Return the text that binds a cursor to a query: its filters and sort, in any order, without cursor and limit."""
    bound = {name: value for name, value in query.items() if name not in {"cursor", "limit", "include_total"}}
    return orjson.dumps(bound, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


class Cursor:
    """A position in a sorted list as a compact text that only we can make.

    The signature covers the scope, so a cursor of another query is as invalid as a forged one.
    """

    @staticmethod
    def sign(position: Sequence[Scalar], scope: str) -> str:
        """Return the text for `position` within `scope`."""
        payload = orjson.dumps(list(position))
        return _encode(_signature(settings.SECRET_KEY, payload, scope) + payload)

    @staticmethod
    def read(token: str, scope: str) -> tuple[Scalar, ...]:
        """Return the position that `sign` was given, or raise `InvalidCursor`."""
        if len(token) > MAX_CURSOR_LENGTH:
            raise InvalidCursor
        raw = _decode(token)
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
        if not any(hmac.compare_digest(signature, _signature(key, payload, scope)) for key in keys):
            raise InvalidCursor
        return tuple(orjson.loads(payload))


def _signature(key: str, payload: bytes, scope: str) -> bytes:
    """HMAC-SHA-256 cut to 128 bits (RFC 2104 §5), with a key of its own and the scope ahead of the payload."""
    own_key = hashlib.sha256(b"jewgo.core.paging:" + key.encode()).digest()
    bound = hashlib.sha256(scope.encode("utf-8", "surrogatepass")).digest()
    return hmac.digest(own_key, bound + payload, "sha256")[:SIGNATURE_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    """Undo `_encode`; only the one spelling that `_encode` makes is accepted."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    if _encode(raw) != token:
        raise InvalidCursor
    return raw
