"""How many people meet a v4 that fails before it is rolled back: what the detectors need, at present traffic. Pure.

Say that from the move on v4 fails a person with the chance q (1: always, 0.2: one call in five) and v3 fails nobody.
Then N + λ·q·D people meet it:

- N are the failing people that the first detector to decide needs, so the least of
  - the evidence: `fewest_people(s, v·w)` / e. s is the share on v4 after the move, v = ¼ (all operations together),
    w = ¼ · 1/(j(j + 1)) the weight of the process that the move begins, the attempt's j-th change: v·w = 1/32 at first;
  - the step's limit: the fewest people of whom a q-th fails that prove it exceeded (`rollout.step_limits`), · q / e;
  - the breakers, where v4 always fails: 5 failures in a row on half of the W workers, 4·W + ⌈W/2⌉ at most. They count
    only where each worker has 5 calls on v4 in 10 s; a v4 that fails one call in five opens none (0.2⁵ = 0.03 %).
- λ are the people who come to v4 in a second: those of both arms in an hour · s / 3600.
- D is 3 s: up to 1 s until the workers' counters arrive, 1 s until the guard looks, 1 s until every worker follows.
- e is the share of the last hour's calls that may be evidence: the other people fail unseen by the statistics.

Assumed: a person calls v4 once in that time (whoever calls again is counted once, and decides no later), people call as
often as in the last hour, and a guard ticks. Nearly all of them are answered by v3 in the same request all the same.
"""

from bisect import bisect_left
from dataclasses import dataclass
from math import ceil, log

from rollout.evidence import Metric, fewest_people
from rollout.mixture import log_mean_exp
from rollout.processes import LATER_TOLERANCE, change_weight
from rollout.step_limits import ENOUGH, Cell

ALWAYS, ONE_IN_FIVE = 1.0, 0.2
DELAY_S = 3.0
BREAKER_FAILURES, BREAKER_WITHIN_S = 5, 10.0
"""A breaker opens after so many failures in a row within that time."""

_ALL_OPERATIONS = 1 / 4
_MOST_PEOPLE = 100_000


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who comes to v4 after a move, and what watches over them."""

    share: float
    """Of people on v4, 0 to 1."""
    people_per_hour: float = 0.0
    """On both arms."""
    evidence_share: float | None = None
    """Of calls that may be evidence; None, where there were no calls, counts as all of them."""
    change: int = 1
    """The how manieth change of the attempt the move is."""
    error_limit: float | None = None
    """The share of people who may fail in the step, 0 to 1; None off the plan."""
    workers: int = 1

    @property
    def arrivals_per_s(self) -> float:
        """People who come to v4 in a second."""
        return self.people_per_hour * self.share / 3600


@dataclass(frozen=True, slots=True)
class Toll:
    """How many people meet a failing v4, and which detector ends it: evidence, step_limit or breakers."""

    people: int
    detector: str


def toll(exposure: Exposure, failing: float) -> Toll | None:
    """Return the toll of a v4 that fails with the chance `failing`; None where nothing would decide."""
    needed = {
        "evidence": _by_evidence(exposure),
        "step_limit": _by_step_limit(exposure, failing),
        "breakers": _by_breakers(exposure, failing),
    }
    able = {detector: people for detector, people in needed.items() if people is not None}
    if not able:
        return None
    first = min(able, key=lambda detector: able[detector])
    return Toll(ceil(able[first] + exposure.arrivals_per_s * failing * DELAY_S), first)


def _by_evidence(exposure: Exposure) -> float | None:
    if not 0 < exposure.share < 1:
        return None
    weight = _ALL_OPERATIONS * change_weight(exposure.change)
    return _seen(exposure, fewest_people(exposure.share, weight, LATER_TOLERANCE))


def _by_step_limit(exposure: Exposure, failing: float) -> float | None:
    limit = exposure.error_limit
    if limit is None or not exposure.share:
        return None
    enough = log(ENOUGH * len(Metric) / change_weight(exposure.change))
    people = bisect_left(
        range(_MOST_PEOPLE),
        enough,
        key=lambda people: log_mean_exp(Cell(0, limit, people, int(people * failing)).terms),
    )
    return None if people == _MOST_PEOPLE else _seen(exposure, people * failing)


def _by_breakers(exposure: Exposure, failing: float) -> float | None:
    calls_each = exposure.arrivals_per_s * BREAKER_WITHIN_S / exposure.workers
    if failing < ALWAYS or calls_each < BREAKER_FAILURES:
        return None
    return (BREAKER_FAILURES - 1) * exposure.workers + ceil(exposure.workers / 2)


def _seen(exposure: Exposure, people: float) -> float | None:
    """Return how many must fail until so many of them could be evidence."""
    share = 1.0 if exposure.evidence_share is None else exposure.evidence_share
    return people / share if share else None
