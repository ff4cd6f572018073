"""Machines that call the rollout over HTTP, and every route that there is."""

import json
from typing import Any

from django.test import Client

from rollout.models import Flag
from rollout.moves import Terms
from rollout.services import RolloutService
from tests.rollout.control import TERMS
from users.keys import Scope
from users.models import ServiceKey

ROOT, REVIEWS, USERS = "api_v4_enabled", "api_v4_reviews", "api_v4_users"
BASE = "/api/v4/rollout"
WHY = {"reason": "a test"}

Answer = Any
"""What the test client returns: a response with what was made of it."""

READS = (
    "status",
    "features",
    f"features/{ROOT}",
    f"features/{ROOT}/certificate",
    f"explain?feature={ROOT}&identity=u:1",
    "history",
    "propagation",
    "verify",
    "alerts",
    "report",
    "flights",
)
OTHERS = ("reopen", "alerts/{alert_id}/acknowledge")
STOPS = ("rollback", "pause", "drill/end")
WIDENERS: dict[str, dict[str, Any]] = {
    "start": {},
    "advance": {},
    "percentage": {"percentage": 10},
    "resume": {},
    "complete": {"force": True},
    "holdout": {"percentage": 5},
    "override": {"identity": "u:1", "state": "on"},
    "testers": {"add": ["staff"]},
    "drill": {"fault": "error"},
}


class Caller:
    """A machine with a service key, or without."""

    def __init__(self, *scopes: str) -> None:
        self.name, bearer = "", {}
        if scopes:
            key = ServiceKey.objects.issue(label="test", scopes=[Scope(scope) for scope in scopes])
            self.name, bearer = key.targeting_key, {"Authorization": f"Bearer {key.token.text}"}
        self.client = Client(headers=bearer, raise_request_exception=False)

    def get(self, path: str, **headers: str) -> Answer:
        return self.client.get(f"{BASE}/{path}", secure=True, headers=headers)

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        return self.client.post(f"{BASE}/{path}", json.dumps(body), content_type="application/json", secure=True)

    def move(self, path: str, *names: str, **more: Any) -> Answer:
        return self.post(path, {"features": names or (ROOT,), **WHY, **more})


def because(reason: str) -> Terms:
    """Return the terms of a move that somebody else makes for this reason."""
    return {"actor": TERMS["actor"], "reason": reason}


def where(name: str) -> str:
    return str(Flag.objects.named(name).position)


def to_full(service: RolloutService, name: str = ROOT) -> None:
    service.start(name, **TERMS)
    while not where(name).startswith("FULL"):
        service.advance(name, **TERMS)
