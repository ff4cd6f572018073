"""All that one attempt at one feature has shown so far, in memory: rebuilt from its rows at any time. Pure."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout.calls import OVER_P95
from rollout.eligibility import Arm
from rollout.evidence import AttemptEvidence, FirstFailure, Metric
from rollout.people import is_sampled
from rollout.processes import Schedule
from rollout.proof import Proof, Standing
from rollout.sample_ratio import Arrivals, SampleRatio, sample_ratio
from rollout.situation import Evidence
from rollout.step_limits import SLOW_LIMIT, Cell, Excess, Kept, excess, kept

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """The first time in an epoch that somebody was served; `person` stands for who it was (`rollout.people`)."""

    person: int
    arm: Arm
    share: float
    at: datetime
    epoch: int
    misplaced: str = ""
    """The identity, where the recorded arm is not that of its slot."""


class Attempt:
    """The people of one attempt: who was seen, who failed, and what that says.

    Feed it `meet` and `blame` in the order in which things happened; each says whether that was news. Only news changes
    anything, so that what is stored of it rebuilds all of it.
    """

    def __init__(self, operations: Sequence[str], sample_bits: int = 0) -> None:
        self.evidence = AttemptEvidence(operations)
        self.sample_bits = sample_bits
        self._known: set[tuple[str, str, int, str]] = set()
        self._people: defaultdict[tuple[Arm, int], set[int]] = defaultdict(set)  # arm, epoch -> people
        self._failing: defaultdict[tuple[str, Arm, int], set[int]] = defaultdict(set)  # metric, arm, epoch -> people
        self._seen: set[tuple[int, int]] = set()  # epoch, person
        self._misplaced: dict[str, None] = {}
        self._ever: set[int] = set()
        self.begin_step(None, 1.0)

    def begin_step(self, entered_at: datetime | None, ratio: float) -> None:
        """Begin to count for a step, entered at this time; `ratio` is the r₁ that its proofs are to exclude."""
        self.entered_at = entered_at
        self._proofs = {metric: Proof(metric, ratio) for metric in Metric}
        self._in_step: set[int] = set()
        self._arrived: Counter[tuple[Arm, float]] = Counter()  # by the first call in the step
        self._there: set[int] = set()  # people of the candidate arm
        self._failed_at: list[tuple[datetime, Metric, Arm]] = []
        self._over: dict[str, set[int]] = {Metric.FAILURES: set(), OVER_P95: set()}

    def meet(self, seen: Seen) -> bool:
        """Note that somebody was served; False when that was known, or they are not in the sample."""
        if not is_sampled(seen.person, self.sample_bits):
            return False
        key = (seen.epoch, seen.person)
        if key in self._seen:
            return False
        self._seen.add(key)
        if self._is_in_step(seen.at):
            self._arrive(seen)
        if seen.misplaced:
            self._misplaced[seen.misplaced] = None
        self._people[seen.arm, seen.epoch].add(seen.person)
        if seen.arm is Arm.CANDIDATE:
            self._ever.add(seen.person)
        return True

    def blame(self, failure: FirstFailure, person: int) -> bool:
        """Note that somebody failed, or waited too long for v3's habits; False when that was known in this epoch."""
        if not self._is_news(failure.metric, failure.operation, failure.epoch, failure.identity):
            return False
        if self._is_in_step(failure.at):
            self._prove(failure)
        self.evidence.observe(failure)
        if failure.metric is Metric.FAILURES:
            self._exceed(failure.metric, failure, person)
        return True

    def exceed_p95(self, failure: FirstFailure, person: int) -> bool:
        """Note that somebody waited longer than the step's p95; False when that was known in this epoch."""
        if not self._is_news(OVER_P95, failure.operation, failure.epoch, failure.identity):
            return False
        self._exceed(OVER_P95, failure, person)
        return True

    def weigh(self, schedule: Schedule, limits: Sequence[tuple[int, float]], now: datetime) -> Evidence:
        """Return what all of it says now."""
        return Evidence(
            regression=self.evidence.regression(schedule),
            excesses=tuple(self._excesses(schedule, limits)),
            proofs=tuple(self._standings(now)),
            kept=tuple(self._kept(limits[-1][1], now)),
            sample_ratio=self._sample_ratio(),
        )

    @property
    def people(self) -> dict[Arm, int]:
        """How many people were seen in this step, by arm; a sample's numbers are scaled up to all of them."""
        return {arm: sum(self._of(arm)) << self.sample_bits for arm in Arm}

    @property
    def reached(self) -> int:
        """How many people v4 was assigned to in this attempt; scaled up like `people`."""
        return len(self._ever) << self.sample_bits

    @property
    def rows(self) -> int:
        """How many sightings it holds, which is what sampling bounds."""
        return len(self._seen)

    def _of(self, arm: Arm) -> Iterator[int]:
        return (count for (its, _), count in self._arrived.items() if its is arm)

    def _arrive(self, seen: Seen) -> None:
        if seen.person in self._in_step:
            return
        self._in_step.add(seen.person)
        self._arrived[seen.arm, seen.share] += 1
        if seen.arm is Arm.CANDIDATE:
            self._there.add(seen.person)

    def _is_news(self, metric: str, operation: str, epoch: int, identity: str) -> bool:
        key = (metric, operation, epoch, identity)
        is_news = key not in self._known
        self._known.add(key)
        return is_news

    def _is_in_step(self, at: datetime) -> bool:
        return self.entered_at is not None and at >= self.entered_at

    def _prove(self, failure: FirstFailure) -> None:
        for metric, proof in self._proofs.items():
            if proof.observe(failure):
                self._failed_at.append((failure.at, metric, failure.arm))

    def _exceed(self, metric: str, failure: FirstFailure, person: int) -> None:
        """Count somebody against a limit of the step; who fails was there."""
        if not is_sampled(person, self.sample_bits):
            return
        self._people[failure.arm, failure.epoch].add(person)
        self._failing[metric, failure.arm, failure.epoch].add(person)
        if self._is_in_step(failure.at) and failure.arm is Arm.CANDIDATE:
            self._there.add(person)
            self._over[metric].add(person)

    def _kept(self, error_limit: float, now: datetime) -> Iterator[Kept]:
        """Weigh whether v4 keeps the step's limits, by the people of the step who are in the sample."""
        hours = max((now - (self.entered_at or now)) / HOUR, 1 / 60)
        for metric, name, limit in (
            (Metric.FAILURES, Metric.FAILURES, error_limit),
            (Metric.SLOW, OVER_P95, SLOW_LIMIT),
        ):
            people = len(self._there)
            yield kept(metric, limit, people, len(self._over[name]), people / hours)

    def _excesses(self, schedule: Schedule, limits: Sequence[tuple[int, float]]) -> Iterator[Excess]:
        epochs = [epoch for arm, epoch in self._people if arm is Arm.CANDIDATE]
        for metric, name in ((Metric.FAILURES, Metric.FAILURES), (Metric.SLOW, OVER_P95)):
            cells = [self._cell(name, epoch, _limit(metric, epoch, limits)) for epoch in epochs]
            found = excess(metric, cells, schedule)
            if found is not None:
                yield found

    def _cell(self, metric: str, epoch: int, limit: float) -> Cell:
        people = {arm: len(self._people.get((arm, epoch), ())) for arm in Arm}
        failing = {arm: len(self._failing.get((metric, arm, epoch), ())) for arm in Arm}
        candidate, control = Arm.CANDIDATE, Arm.CONTROL
        return Cell(epoch, limit, people[candidate], failing[candidate], people[control], failing[control])

    def _standings(self, now: datetime) -> Iterator[Standing]:
        for metric, proof in self._proofs.items():
            rates = (self._per_hour(metric, Arm.CANDIDATE, now), self._per_hour(metric, Arm.CONTROL, now))
            yield proof.standing(self.people[Arm.CONTROL], rates)

    def _per_hour(self, metric: Metric, arm: Arm, now: datetime) -> float:
        """Return how many people newly failed an hour, of late."""
        since = max(now - HOUR, self.entered_at or now)
        recent = self._failed_at[bisect_right(self._failed_at, since, key=lambda one: one[0]) :]
        count = sum((its, where) == (metric, arm) for _, its, where in recent)
        return count / max((now - since) / HOUR, 1 / 60)

    def _sample_ratio(self) -> SampleRatio:
        came = self._arrived
        arrivals = [
            Arrivals(share, came[Arm.CANDIDATE, share], came[Arm.CONTROL, share])
            for share in {share for _, share in came}
        ]
        return sample_ratio(arrivals, self._misplaced)


def _limit(metric: Metric, epoch: int, limits: Sequence[tuple[int, float]]) -> float:
    """Return the share of people who may exceed the metric's limit in an epoch."""
    if metric is Metric.SLOW:
        return SLOW_LIMIT
    number = bisect_right(limits, epoch, key=lambda limit: limit[0])
    return limits[max(number - 1, 0)][1]
