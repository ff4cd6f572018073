"""Reading through the cache: namespaces that are invalidated as a whole, one computation at a time."""

import functools
import hashlib
import secrets
import threading
import weakref
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

import orjson
from django.core.cache import cache as default_cache
from django.core.cache.backends.base import BaseCache
from django.db import connection, transaction

from jewgo.core.kept import Kept
from jewgo.core.resilient import PLAIN, recovered

P = ParamSpec("P")
T = TypeVar("T")

WAIT_S: Final = 5.0
"""How long a caller waits for another thread's computation before doing it itself; longer than a statement may take."""
SHORTEST_S: Final = 1.0
"""What is right for a shorter time is computed for each caller: keeping it would serve it when it is over."""
_MISSING: Final = object()


class Namespace:
    """Cached values that become invalid together.

    Each entry carries the generation that was current before its value was computed, and counts only while that
    generation stands. The generation is a random token kept in the cache itself: a cache that lost it, or everything,
    has lost no fact. A reader that was overtaken by a writer stores under a generation that is already over.

    Values are plain JSON data, and a caller gets the same data whether it was a hit or a miss. Inside a transaction
    nothing is read or stored, since others must not see what is not committed. Any thread may use it.
    """

    _all: "weakref.WeakSet[Namespace]" = weakref.WeakSet()

    def __init__(self, name: str, ttl_s: float, cache: BaseCache = default_cache) -> None:
        self.name = name
        self.ttl_s = ttl_s
        self.cache = cache
        self._flights: dict[str, _Flight] = {}
        self._kept = Kept(ttl_s)
        self._lock = threading.Lock()
        self._all.add(self)

    def get_or_compute(
        self, key: str, compute: Callable[[], Any], *, lasts_s: Callable[[Any], float] | None = None
    ) -> Any:
        """Return the value of `key`, computed by one thread of this process at a time when it is not there.

        `lasts_s` says of a computed value for how many seconds it is right; what is right for less than one is not
        kept at all.
        """
        if _in_transaction():
            return orjson.loads(_dumps(compute()))
        entry_key = self._entry_key(key)
        generation, value = self._read(entry_key)
        if value is not _MISSING:
            return value
        return self._compute_once(entry_key, generation, compute, lasts_s or self._lasts_s)

    def read_as(self, key: str, compute: Callable[[], str], make: Callable[[str], T]) -> T:
        """Return what `make` makes of the text of `key`, made once a process for as long as the text stands.

        All callers share the value, so it must be immutable. A hit costs one small question: which generation stands?
        """
        if _in_transaction():
            return make(compute())
        entry_key = self._entry_key(key)
        generation = self._kept.generation(entry_key)
        if generation is not None and self.cache.get(self._generation_key) == generation:
            value = self._kept.get(entry_key, generation, _MISSING)
            if value is not _MISSING:
                return value  # type: ignore[no-any-return]
        return self._read_and_make(entry_key, compute, make)

    def invalidate(self) -> None:
        """Make every value computed so far invalid, once the running transaction is committed (at once without one)."""
        transaction.on_commit(self.renew, robust=True)

    def renew(self, cache: BaseCache | None = None) -> None:
        """Begin a new generation now."""
        (cache or self.cache).set(self._generation_key, _token(), None)

    @classmethod
    def renew_all(cls, cache: BaseCache, **_: Any) -> None:
        """Begin a new generation of every namespace in `cache`; for a Redis that was away."""
        for namespace in list(cls._all):
            namespace.renew(cache)

    @property
    def _generation_key(self) -> str:
        return f"{self.name}:generation"

    def _entry_key(self, key: str) -> str:
        return f"{self.name}:{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"

    def _read(self, entry_key: str) -> tuple[str, Any]:
        """Return the current generation and the value that belongs to it, in one round trip when both are there."""
        found = self.cache.get_many([self._generation_key, entry_key])
        generation = found.get(self._generation_key) or self._begin()
        entry = found.get(entry_key)
        if isinstance(entry, list) and entry[0] == generation:
            return generation, entry[1]
        return generation, _MISSING

    def _read_and_make(self, entry_key: str, compute: Callable[[], str], make: Callable[[str], T]) -> T:
        generation, text = self._read(entry_key)
        if text is _MISSING:
            text = self._compute_once(entry_key, generation, compute, self._lasts_s)
        value = make(text)
        self._kept.put(entry_key, generation, value, len(text))
        return value

    def _begin(self) -> str:
        """Store a first generation, unless somebody else has done it meanwhile; return the one that stands."""
        token = _token()
        if self.cache.add(self._generation_key, token, None):
            return token
        return self.cache.get(self._generation_key) or token

    def _lasts_s(self, _: Any) -> float:
        return self.ttl_s

    def _compute_once(
        self, entry_key: str, generation: str, compute: Callable[[], Any], lasts_s: Callable[[Any], float]
    ) -> Any:
        # The generation is part of the flight's name: whoever asks after an invalidation never gets the older answer.
        name = f"{entry_key}@{generation}"
        with self._lock:
            flight = self._flights.get(name)
            leads = flight is None
            if flight is None:
                flight = self._flights[name] = _Flight()
        if not leads:
            return flight.result(compute)
        try:
            value = compute()
            self._store(entry_key, generation, value, min(lasts_s(value), self.ttl_s))
            return flight.land(_dumps(value))
        finally:
            with self._lock:
                self._flights.pop(name, None)
            flight.done.set()

    def _store(self, entry_key: str, generation: str, value: Any, lasts_s: float) -> None:
        if lasts_s >= SHORTEST_S:
            self.cache.set(entry_key, [generation, value], lasts_s)


class _Flight:
    """One computation that several threads wait for."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self._landed: bytes | None = None

    def land(self, value: bytes) -> Any:
        self._landed = value
        return orjson.loads(value)

    def result(self, compute: Callable[[], Any]) -> Any:
        """Return the leader's value, or compute one where the leader failed or takes too long."""
        self.done.wait(WAIT_S)
        return orjson.loads(_dumps(compute()) if self._landed is None else self._landed)


def cached(
    namespace: Namespace, *, key: Callable[P, str], when: Callable[[], bool] | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep a function's plain-data answers in `namespace`, under `key` of its arguments, while `when` says so."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def read_through(*args: P.args, **kwargs: P.kwargs) -> T:
            if when is not None and not when():
                return function(*args, **kwargs)
            value: T = namespace.get_or_compute(key(*args, **kwargs), lambda: function(*args, **kwargs))
            return value

        return read_through

    return decorate


def _token() -> str:
    return secrets.token_urlsafe(9)


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=PLAIN)


def _in_transaction() -> bool:
    """Whether this thread is inside a transaction of its own (a test case's does not count, as for `durable`)."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


recovered.connect(Namespace.renew_all, dispatch_uid="jewgo.core.cache")
