"""The Django cache backend: Redis first, this process's memory while Redis is away.

A cache that fails is a miss, never an error and never a wait. One failure opens the breaker: from then on every call
is answered from memory, and once a second one caller tries Redis again (socket timeouts are in the settings).

Memory starts empty in every outage: what one process kept, another may have changed. When Redis returns, what it kept
may be older than what was invalidated meanwhile. So before the first call goes to Redis again, `recovered` is sent, on
which every `Namespace` changes its generation: nothing stored before that moment can be read again. This was chosen
over emptying Redis, which several applications may share. The Redis server must keep no snapshots (`save ""`), else a
restart could revive an old generation together with its entries.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import orjson
from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.dispatch import Signal
from django_redis.cache import RedisCache
from django_redis.serializers.base import BaseSerializer
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

R = TypeVar("R")

BREAKER_PROBE_S: Final = 1.0
OUTAGE_TTL_S: Final = 2.0
"""How long memory keeps what was to live for ever, such as a generation that another process may have changed."""
FAILURES: Final = (RedisError, OSError)
PLAIN: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

NO_RETRY: Final = Retry(NoBackoff(), 0)
"""For the connection pool: a lost connection must be noticed, since `recovered` depends on it."""

recovered = Signal()
"""Sent before Redis is used again, with `cache`, the backend that reaches it; raising keeps the breaker open."""

logger = logging.getLogger(__name__)


class OrjsonSerializer(BaseSerializer):  # type: ignore[misc]  # django-redis has no types
    """Plain data only: anything that JSON would return as another type is refused when it is stored."""

    def dumps(self, value: Any) -> bytes:
        return orjson.dumps(value, option=PLAIN)

    def loads(self, value: bytes) -> Any:
        return orjson.loads(value)


class Breaker:
    """Whether Redis is worth asking; shared by all threads of the process."""

    def __init__(self, probe_s: float = BREAKER_PROBE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self.probe_s = probe_s
        self.clock = clock
        self._lock = threading.Lock()
        self._next_probe_at: float | None = None

    @property
    def is_open(self) -> bool:
        return self._next_probe_at is not None

    def trip(self) -> bool:
        """Open, and say whether it was closed before."""
        with self._lock:
            first = not self.is_open
            self._next_probe_at = self.clock() + self.probe_s
            return first

    def wants_probe(self) -> bool:
        """Say yes to one caller per `probe_s` while open; that caller has to `close` or `trip`."""
        with self._lock:
            due = self._next_probe_at is not None and self.clock() >= self._next_probe_at
            if due:
                self._next_probe_at = self.clock() + self.probe_s
            return due

    def close(self) -> None:
        with self._lock:
            self._next_probe_at = None


class LocalCache(BaseCache):
    """A few thousand entries of JSON in memory, the least recently stored leave first."""

    def __init__(self, params: dict[str, Any], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(params)
        self.clock = clock
        self._lock = threading.RLock()
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        with self._lock:
            found = self._live(self.make_key(key, version))
        return default if found is None else orjson.loads(found)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        name, stored = self.make_key(key, version), orjson.dumps(value, option=PLAIN)
        with self._lock:
            self._entries.pop(name, None)
            self._entries[name] = (self._ends_at(timeout), stored)
            while len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        with self._lock:
            absent = self._live(self.make_key(key, version)) is None
            if absent:
                self.set(key, value, timeout, version)
            return absent

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name = self.make_key(key, version)
        with self._lock:
            found = self._live(name)
            if found is not None:
                self._entries[name] = (self._ends_at(timeout), found)
            return found is not None

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        name = self.make_key(key, version)
        with self._lock:
            found = self._live(name)
            if found is None:
                raise ValueError(f"Key '{key}' not found")
            value: int = orjson.loads(found) + delta
            self._entries[name] = (self._entries[name][0], orjson.dumps(value))
            return value

    def delete(self, key: str, version: int | None = None) -> bool:
        with self._lock:
            return self._entries.pop(self.make_key(key, version), None) is not None

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def _live(self, name: str) -> bytes | None:
        ends_at, stored = self._entries.get(name, (0.0, None))
        if stored is not None and ends_at <= self.clock():
            del self._entries[name]
            return None
        return stored

    def _ends_at(self, timeout: Any) -> float:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return self.clock() + (OUTAGE_TTL_S if seconds is None else seconds)


class Lookups(NamedTuple):
    """How often keys were found and missed since the Redis server started, by everybody who uses it."""

    hits: int
    misses: int


class Fallback:
    """What the threads of a process share about one Redis: the breaker and the memory that stands in."""

    _known: dict[str, "Fallback"] = {}
    _lock = threading.Lock()

    def __init__(self, params: dict[str, Any]) -> None:
        self.breaker = Breaker()
        self.local = LocalCache(params)

    @classmethod
    def of(cls, server: str, params: dict[str, Any]) -> "Fallback":
        """Return the one of `server`; Django makes a backend per thread, this is made once."""
        with cls._lock:
            return cls._known.setdefault(server, cls(params))


class ResilientCache(BaseCache):
    """Redis while it answers, memory while it does not; it raises only what a caller did wrong."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.remote = RedisCache(server, params)
        fallback = Fallback.of(server, params)
        self.breaker, self.local = fallback.breaker, fallback.local

    @property
    def is_away(self) -> bool:
        """Whether memory stands in for Redis right now."""
        return self.breaker.is_open

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._run(lambda cache: cache.get(key, default, version))

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        wanted = list(keys)
        return self._run(lambda cache: dict(cache.get_many(wanted, version)))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._run(lambda cache: cache.set(key, value, timeout, version))

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        return self._run(lambda cache: cache.set_many(dict(data), timeout, version) or [])

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._run(lambda cache: bool(cache.add(key, value, timeout, version)))

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._run(lambda cache: bool(cache.touch(key, timeout, version)))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return self._run(lambda cache: int(cache.incr(key, delta, version)))

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._run(lambda cache: bool(cache.delete(key, version)))

    def clear(self) -> None:
        self._run(lambda cache: cache.clear())

    def close(self, **kwargs: Any) -> None:
        self.remote.close(**kwargs)

    def ask(self, question: Callable[[Any], R]) -> R | None:
        """Return what `question` gets from the Redis client; None, without a wait, while Redis is away.

        For what has no meaning in memory; the client knows nothing of our prefix (`make_key`).
        """
        if not self.breaker.is_open or self._returns():
            try:
                return question(self.remote.client.get_client())
            except FAILURES as error:
                self._give_up(error)
        return None

    def ping(self) -> bool:
        """Ask Redis itself, past the breaker, whether it is there."""
        try:
            return bool(self.remote.client.get_client().ping())
        except FAILURES:
            return False

    def lookups(self) -> Lookups | None:
        """Ask Redis itself how often keys were found and missed; None when it does not answer."""
        try:
            told = self.remote.client.get_client().info("stats")
        except FAILURES:
            return None
        return Lookups(int(told["keyspace_hits"]), int(told["keyspace_misses"]))

    def _run(self, operation: Callable[[Any], R]) -> R:
        if not self.breaker.is_open or self._returns():
            try:
                return operation(self.remote)
            except FAILURES as error:
                self._give_up(error)
            except orjson.JSONDecodeError:
                logger.warning("the cache holds what is no JSON; counted as a miss")
        return operation(self.local)

    def _give_up(self, error: Exception) -> None:
        if self.breaker.trip():
            self.local.clear()
            logger.warning(
                "the cache does not answer; memory stands in", extra={"fields": {"error": type(error).__name__}}
            )

    def _returns(self) -> bool:
        """Try Redis again where it is time to, and make everything stored before now unreadable before saying yes."""
        if not self.breaker.wants_probe():
            return False
        try:
            self.remote.client.get_client().ping()
            recovered.send(sender=type(self), cache=self.remote)
        except FAILURES:
            self.breaker.trip()
            return False
        self.breaker.close()
        logger.info("the cache answers again")
        return True


def is_redis_there() -> bool:
    """Ask Redis itself, whatever the breaker believes."""
    backend = caches["default"]
    return isinstance(backend, ResilientCache) and backend.ping()


def redis_lookups() -> Lookups | None:
    """Return what Redis itself has counted; None when it does not answer."""
    backend = caches["default"]
    return backend.lookups() if isinstance(backend, ResilientCache) else None
