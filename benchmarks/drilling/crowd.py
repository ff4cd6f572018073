"""The crowd that asks while something happens, and every answer that it got."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.drilling.asking import Ask
from tests.journeys.service import ROOT

END_LIMIT_S = 60.0
INSTEAD = frozenset({"fallback", "breaker", "bulkhead"})
"""Reasons with which v3 answered somebody whom the slot had put on v4."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer as its client got it; `at` is when it was asked for, `person` is -1 for the one who writes."""

    turn: int
    at: float
    took_ms: float
    ask: Ask
    person: int
    status: int
    served: str
    digest: str

    @property
    def ended_at(self) -> float:
        """When it had arrived, in seconds since 1970."""
        return self.at + self.took_ms / 1000

    @property
    def engine(self) -> str:
        """Who answered: v3, v4, or nothing where no switch was reached."""
        return self.served.partition(";")[0]

    @property
    def reason(self) -> str:
        """Why that engine answered."""
        return self.served.rpartition("reason=")[2]

    @property
    def is_candidate(self) -> bool:
        """Whether the decision was v4, whichever engine answered in the end."""
        return self.engine == "v4" or self.reason in INSTEAD

    @property
    def arm(self) -> str:
        """The arm that a worker counted it in."""
        return "candidate" if self.is_candidate else "control"


@dataclass(frozen=True, slots=True)
class Pace:
    """How people come: requests a second, of how many at once at most, and for how long at most."""

    rate: float
    threads: int = 24
    longest_s: float = 120.0


@dataclass(slots=True)
class Crowd:
    """People who ask until the block ends; then `heard` is complete, in the order of asking."""

    process: "subprocess.Popen[str]"
    asks: Sequence[Ask]
    heard: list[Heard] = field(default_factory=list)

    def move(self, port: int) -> None:
        """Send people to another port."""
        self._tell(f"port {port}")

    def end(self) -> None:
        """Let the last answers arrive, and take them in."""
        told, _ = self.process.communicate(timeout=END_LIMIT_S)
        found = (Heard(turn, at, took, self.asks[number], *more) for turn, at, took, number, *more in json.loads(told))
        self.heard = sorted(found, key=lambda one: one.at)

    def _tell(self, line: str) -> None:
        words = self.process.stdin
        print(line, file=words, flush=True)


@contextmanager
def crowd(pace: Pace, asks: Sequence[Ask], people: Sequence[str], *, port: int, key: str, name: str) -> Iterator[Crowd]:
    """Let people ask while the block runs; `name` begins the name of every place that they add, and seeds chance."""
    plan: Mapping[str, Any] = {
        "port": port,
        "rate": pace.rate,
        "threads": pace.threads,
        "longest_s": pace.longest_s,
        "seed": name,
        "name": name,
        "key": key,
        "people": list(people),
        "asks": [ask.plain for ask in asks],
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.drilling.load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    found = Crowd(process, asks)
    try:
        found._tell(json.dumps(plan))
        yield found
        found.end()
    finally:
        process.kill()
        process.wait()
