"""A plain HTTP client that many threads share, for journeys over real servers."""

import http.client
import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, LifoQueue
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

KEPT_S = 30.0
"""How long an idle connection is used again: less than the server keeps it, so that it never closes under a request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers by lower-case name, body. Status 0: the connection failed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def engine(self) -> str:
        """Who served it: v3, v4, or nothing on a route without a switch."""
        return self.headers.get("x-jewgo-served-by", "").partition(";")[0]

    @property
    def reason(self) -> str:
        return self.headers.get("x-jewgo-served-by", "").rpartition("reason=")[2]


class Client:
    """Requests to 127.0.0.1:port over kept-alive connections, which the threads that call it share; close it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._idle: LifoQueue[tuple[http.client.HTTPConnection, float]] = LifoQueue()

    def request(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None, fresh: bool = False
    ) -> Answer:
        """Send one request, `fresh` over a new connection; never raises for a failed one.

        `body` is sent as JSON, bytes as they are.
        """
        sent = dict(headers or {})
        payload = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if payload is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = self._take(fresh=fresh)
        try:
            connection.request(method, path, payload, sent)
            with connection.getresponse() as response:
                headers = {name.lower(): value for name, value in response.getheaders()}
                answer = Answer(response.status, headers, response.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            return Answer(0, {}, b"")
        self._idle.put((connection, time.monotonic()))
        return answer

    def _take(self, *, fresh: bool) -> http.client.HTTPConnection:
        try:
            connection, since = self._idle.get_nowait()
        except Empty:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        if fresh or time.monotonic() - since > KEPT_S:
            connection.close()  # the next request opens it anew
        return connection

    def close(self) -> None:
        """Close every connection."""
        while not self._idle.empty():
            self._idle.get_nowait()[0].close()

    def get(self, path: str, *, device: str | None = None, fresh: bool = False) -> Answer:
        """GET as a device, or as nobody in particular."""
        return self.request("GET", path, headers={"X-Device-ID": device} if device else None, fresh=fresh)


def in_parallel(work: Callable[[T], R], items: Iterable[T], *, threads: int = 16) -> list[R]:
    """Do the work for every item on some threads and return the results in the items' order."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))
