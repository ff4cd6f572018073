"""A migration as its operator makes it: the first step and the last by script, all between them left to the guard."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.drilling.asking import RESTAURANTS
from benchmarks.drilling.crowd import Crowd
from benchmarks.drilling.observed import Line
from benchmarks.drilling.scene import Scene

ENABLED = "api_v4_enabled"
CACHE = "api_v4_cache"
BOTH = (ENABLED, RESTAURANTS)
DWELL_S = 20
LOOK_EVERY_S = 0.5
DRAIN_S = 2.0
"""For what is on its way to the old release when people are sent to the new one."""
COMPLETE_LIMIT_S = 120.0
MOST_UNEARNED = 3
REFUSED = 409
WAIT_FOR_GUARD_S = 5.0

_SHORTER = "UPDATE rollout_step SET dwell = make_interval(secs => %s) RETURNING id"
_PLACE = "SELECT name, stage, percentage::float8, holdout::float8 FROM rollout_flag WHERE name = ANY(%s)"


@dataclass(slots=True)
class Operator:
    """Somebody who starts, watches the guard and completes. `by_script` are the steps that it did not take in time."""

    scene: Scene
    people: Crowd
    patience_s: float
    by_script: list[str] = field(default_factory=list)
    unearned: int = 0
    """Rollbacks of a release that was not broken."""

    def shorten(self) -> None:
        """Let a step's dwell be seconds; its proofs, limits and least number of calls stay what they are."""
        self.scene.observer.rows(_SHORTER, DWELL_S)

    def begin(self) -> None:
        """Start, and take the first step: from the testers to 1 %. Whoever is on v4 reads through the cache."""
        places = self.places()
        self._move("start", [name for name in (*BOTH, CACHE) if places[name] == "disabled"], "a new attempt")
        places = self.places()
        self._move("advance", [name for name in BOTH if places[name] == "testing"], "the first step")
        if places[CACHE] == "testing":
            self._move("percentage", [CACHE], "v4 is meant to be served with it", percentage="100")

    def watch_until(self, place: str, features: Sequence[str] = (RESTAURANTS,)) -> None:
        """Wait for the guard to take the features so far; a step that it does not leave in time is left by script."""
        last, since = self.places(), time.monotonic()
        while any(_rank(last[name]) < _rank(place) for name in features):
            time.sleep(LOOK_EVERY_S)
            now = self.places()
            if now[RESTAURANTS] == "disabled":
                self._begin_anew()
            elif now != last:
                last, since = now, time.monotonic()
                print(f"{now}", file=sys.stderr)  # noqa: T201
            elif time.monotonic() - since > self.patience_s:
                behind = min(features, key=lambda name: _rank(now[name]))
                self.by_script.append(f"{behind} from {now[behind]}")
                self._move("advance", [behind], "the guard did not go on in time")

    def _begin_anew(self) -> None:
        """Begin again after a rollback that no release of ours had earned; a few times, then something is wrong."""
        self.unearned += 1
        if self.unearned > MOST_UNEARNED:
            raise AssertionError("the guard keeps rolling back a v4 that nothing was done to")
        self.begin()

    def release(self, name: str, fault: dict[str, Any] | None = None) -> None:
        """Serve another release; one with a fault fails from its first request on, one without ends what was wrong."""

        def send_people(port: int) -> None:
            if fault is None:
                self._move("drill/end", [RESTAURANTS], f"{name} repairs it")
            else:
                self._move("drill", [RESTAURANTS], f"{name} is broken", **fault)
            self.people.move(port)
            time.sleep(DRAIN_S)

        self.scene.service.deploy(name, send_people)

    def rolled_back(self, since: int) -> Line:
        """Wait for the guard to send everybody back."""
        line = self.scene.observer.rolled_back(RESTAURANTS, since, self.patience_s)
        if line is None:
            raise AssertionError(f"the guard has not rolled back {RESTAURANTS} within {self.patience_s:g} s")
        return line

    def end_holdout(self) -> None:
        """Once the guard has made the holdout small, end it: nobody is on v3 any more."""
        end = time.monotonic() + self.patience_s
        while self._holdout() > 1 and time.monotonic() < end:
            time.sleep(LOOK_EVERY_S)
        self._move("holdout", list(BOTH), "FULL has stood its time", percentage="0")

    def complete(self) -> bool:
        """Ask for COMPLETE until the certificate is given; say whether it was, or else had to be forced."""
        end = time.monotonic() + COMPLETE_LIMIT_S
        while time.monotonic() < end:
            if self.scene.service.manage("rollout", "complete", *BOTH, "--reason", "v3 is not needed").returncode == 0:
                return True
            time.sleep(5)
        self.scene.service.rollout("complete", *BOTH, "--reason", "v3 is not needed", "--force")
        return False

    def places(self) -> dict[str, str]:
        """Return where the features stand: a stage, or a percentage."""
        rows = self.scene.observer.rows(_PLACE, [*BOTH, CACHE])
        return {name: f"{share:g}" if stage == "partial" else stage for name, stage, share, _ in rows}

    def _holdout(self) -> float:
        return max(float(holdout) for *_, holdout in self.scene.observer.rows(_PLACE, list(BOTH)))

    def _move(self, move: str, features: Sequence[str], reason: str, **more: Any) -> None:
        """Make a move as soon as nothing is against it: after a broken release the guard is, for five minutes.

        What is answered `retryable` is tried again, as the answer says.
        """
        end = time.monotonic() + self.patience_s
        while features:
            body = {**more, "features": list(features), "reason": reason, "wait": 10}
            service = self.scene.service
            answer = service.client.request("POST", f"/api/v4/rollout/{move}", body=body, headers=service.key_headers)
            if answer.status == 200:
                return
            may_try_again = answer.status == REFUSED or answer.json.get("retryable")
            if not may_try_again or time.monotonic() > end:
                raise AssertionError(f"{move} {features}: {answer.status} {answer.body!r}")
            time.sleep(WAIT_FOR_GUARD_S)


def _rank(place: str) -> float:
    """Return places in the order of a migration."""
    return {"disabled": -2.0, "testing": -1.0, "full": 101.0, "complete": 102.0}.get(place) or float(place)
