"""Probes and health: what the process can reach, measured when asked."""

import os
from pathlib import Path
from typing import Any, Final, NamedTuple, NotRequired, TypedDict

from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

import jewgo
from jewgo.core.api import StrictSerializer, V3View, V4View, v4_response
from jewgo.core.errors import InvalidInput, Unavailable
from jewgo.core.reach import cache_ms, database_ms
from jewgo.core.schema import operation
from jewgo.core.showing import only_shows
from restaurants.models import Restaurant

SERVICE: Final = "jewgo"


class Reached(TypedDict):
    """How a server answered: `connected`, with how fast, or `unavailable`."""

    status: str
    latency_ms: NotRequired[float]


class Healthy(TypedDict):
    """The health that v3 shows."""

    status: str
    service: str
    version: str
    database: Reached
    redis: Reached


class FullyHealthy(Healthy):
    """The same, with what the catalogue holds."""

    checks: dict[str, int | bool | None]
    warnings: list[str]


class ProcessHealth(TypedDict):
    """The health that v4 shows."""

    status: str
    version: str
    database: Reached
    cache: Reached
    cpu: dict[str, float]
    memory: dict[str, int]


def check_database() -> dict[str, Any]:
    """Return whether the database answers, and how fast."""
    return _told(database_ms())


def check_cache() -> dict[str, Any]:
    """Return whether Redis itself answers, past the memory that stands in for it."""
    return _told(cache_ms())


def _told(latency_ms: float | None) -> dict[str, Any]:
    return {"status": "unavailable"} if latency_ms is None else {"status": "connected", "latency_ms": latency_ms}


@only_shows
def livez(_: HttpRequest) -> JsonResponse:
    """Say that the process runs; touches nothing that could be away."""
    return _probe({"status": "ok"})


@only_shows
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether to send requests here: the database answers. The cache may be away; `?verbose` shows both."""
    database = check_database()
    is_ready = database["status"] == "connected"
    body: dict[str, Any] = {"status": "ok" if is_ready else "unavailable"}
    if "verbose" in request.GET:
        body["checks"] = {"database": database, "cache": check_cache()}
    return _probe(body, status=200 if is_ready else 503)


def _probe(body: dict[str, Any], status: int = 200) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})


class V3Health(V3View):
    """`/health`, `/api/health/basic`: healthy, or 503 and degraded while the database is away."""

    authentication_classes = []
    throttle_classes = ()
    cache_control = "no-store"
    successor = "/api/v4/health"

    @operation(data=Healthy, bare=True)
    def get(self, request: Request) -> Response:
        """Answer what the service can reach."""
        body = self.measured()
        return Response(body, status=200 if body["database"]["status"] == "connected" else 503)

    def measured(self) -> dict[str, Any]:
        """Return the health as it is now."""
        database = check_database()
        is_healthy = database["status"] == "connected"
        return {
            "status": "healthy" if is_healthy else "degraded",
            "service": SERVICE,
            "version": jewgo.__version__,
            "database": database,
            "redis": check_cache(),
        }


class V3FullHealth(V3Health):
    """`/api/health/full`: the same, with what the catalogue holds."""

    @operation(data=FullyHealthy, bare=True)
    def get(self, request: Request) -> Response:
        """Answer what the service can reach and what the catalogue holds."""
        return super().get(request)

    def measured(self) -> dict[str, Any]:
        body = super().measured()
        is_connected = body["database"]["status"] == "connected"
        counts = _counts() if is_connected else Counts(None, None)
        return {**body, "checks": {"db": is_connected, **counts._asdict()}, "warnings": _warnings(body, counts)}


class Counts(NamedTuple):
    """What the catalogue holds; None while nobody can tell."""

    restaurants_count: int | None
    hours_count: int | None


def _counts() -> Counts:
    published = Restaurant.objects.published()
    with_hours = published.filter(Q(hours_raw__gt="") | Q(opening_hours__gt=""))
    return Counts(published.count(), with_hours.count())


def _warnings(body: dict[str, Any], counts: Counts) -> list[str]:
    warnings = {
        "The database does not answer": body["database"]["status"] != "connected",
        "The cache does not answer; answers are computed": body["redis"]["status"] != "connected",
        "The catalogue is empty": counts.restaurants_count == 0,
    }
    return [text for text, is_so in warnings.items() if is_so]


class V4Health(V4View):
    """`/api/v4/health`: the process and what it can reach."""

    authentication_classes = []
    throttle_classes = ()
    cache_control = "no-store"

    @operation(data=ProcessHealth, errors=[InvalidInput, Unavailable])
    def get(self, request: Request) -> Response:
        """Answer load, memory, database and cache."""
        self.query(StrictSerializer)
        database, redis = check_database(), check_cache()
        is_healthy = database["status"] == "connected"
        data = {
            "status": "healthy" if is_healthy else "degraded",
            "version": jewgo.__version__,
            "database": database,
            "cache": redis,
            "cpu": {"cores": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 2)},
            "memory": {"resident_bytes": _resident_bytes()},
        }
        if not is_healthy:
            raise Unavailable("The database does not answer", meta=data)
        return v4_response(data)


def _resident_bytes() -> int | None:
    """Return this process's memory (proc(5): the second field of statm, in pages); None where there is no /proc."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else None


probes = [path("livez", livez, name="livez"), path("readyz", readyz, name="readyz")]
v3 = [
    path("health", V3Health.as_view(), name="v3-health"),
    path("api/health/basic", V3Health.as_view(), name="v3-health-basic"),
    path("api/health/full", V3FullHealth.as_view(), name="v3-health-full"),
]
v4 = [path("api/v4/health", V4Health.as_view(), name="v4-health")]
