"""An installation ready for drills: a guard, people, one who writes, and what v3 answers when all is well."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.drilling.asking import RESTAURANTS, REVIEWS, STATISTICS, Ask, digest
from benchmarks.drilling.crowd import Crowd, Pace, crowd
from benchmarks.drilling.observed import Observer, Sums, counted, missing, observing
from tests.journeys.service import Service, running_service

ENGINES = ("api_v4_enabled", RESTAURANTS, REVIEWS, STATISTICS, "api_v4_users")
CALLS_FOR_A_LIMIT = 120
"""Of each reading operation on v3 before the first drill: its limit of slowness is frozen once there were 100."""
V4_WARM_S = 10.0


@dataclass(slots=True)
class Scene:
    """Everything that a drill needs."""

    service: Service
    observer: Observer
    people: Sequence[str]
    key: str
    right: dict[str, str]
    """By path: what stands for v3's answer."""
    expected: Sums = field(default_factory=Counter)
    """What the workers should have counted by now, rolled up or not."""

    def learn(self, asks: Sequence[Ask]) -> None:
        """Ask v3 for every answer, to know what is right; nothing may be rolled out."""
        self.right |= {ask.path: self._from_v3(ask) for ask in asks if not ask.writes}
        again = {path: digest(self.service.client.get(path).body) for path in self.right}
        if again != self.right:
            raise AssertionError("v3 does not answer the same twice: what is right cannot be told")
        self.expected = self.observer.resting()

    def _from_v3(self, ask: Ask) -> str:
        answer = self.service.client.get(ask.path)
        if (answer.status, answer.engine) != (200, "v3"):
            raise AssertionError(f"{ask.path}: {answer.status} by {answer.engine}, where v3 should answer")
        return digest(answer.body)

    def put_at(self, percentage: str) -> None:
        """Begin a new attempt and send the features that choose an engine to this percentage, on every worker.

        The three that choose a way of working stay off: with the cache on, v4 would be asked less than it can be.
        Forced, since for five minutes the guard speaks against going on where v4 has just failed.
        """
        self.service.move("drill/end")
        self.service.move("rollback")
        self.service.move("start", features=list(ENGINES))
        self.service.move("percentage", features=list(ENGINES), percentage=percentage, force=True)

    def warm_up(self, asks: Sequence[Ask], rate: float) -> None:
        """Let v3 answer often enough to know its own p99, then both: a process is slow when it does a thing first."""
        weights: defaultdict[str, float] = defaultdict(float)
        for ask in asks:
            weights[ask.operation] += 0 if ask.writes else ask.weight
        calls = CALLS_FOR_A_LIMIT * sum(weights.values()) / min(filter(None, weights.values()))
        with self.crowd(Pace(rate), asks, "Warm"):
            time.sleep(calls / rate)
            self.put_at("50")
            time.sleep(V4_WARM_S)
        self.service.move("rollback")

    @contextmanager
    def crowd(self, pace: Pace, asks: Sequence[Ask], name: str) -> Iterator[Crowd]:
        """Let people ask as long as a block runs; `name` begins the names of the places that they add."""
        with crowd(pace, asks, self.people, port=self.service.port, key=self.key, name=name) as people:
            yield people
        self.expected += counted(people.heard)

    def uncounted(self) -> int:
        """Return by how many calls the workers' counters differ from what clients have counted since the last time."""
        found = self.observer.settled(self.expected)
        differing, self.expected = missing(self.expected, found), found
        return differing


@contextmanager
def set_up(people: int, **variables: str) -> Iterator[Scene]:
    """Yield an installation with a guard and so many people; the one who writes is on v4 wherever somebody is."""
    with running_service(**variables) as service, service.guarded(), observing(service) as observer:
        made = service.manage("service_key", "create", "drill", "--scope", "catalog:write", "--json", check=True)
        key = json.loads(made.stdout)
        for feature in ("api_v4_enabled", RESTAURANTS):
            service.rollout("override", feature, f"k:{key['id']}", "on", "--reason", "so that v4 is asked to write")
        yield Scene(service, observer, service.cookies(people), key["token"], {})
