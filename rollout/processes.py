"""When the processes of an attempt begin, and what each weighs. Pure.

A process that has watched v3 and v4 fail alike for days needs long to change its mind, so a new one begins at every
change of share or release and at every hour. Their weights sum to 1 however many there are, which is all that the union
bound asks for: it holds for processes that live in different filtrations (Choe & Ramdas, arXiv 2402.09698).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

START_WEIGHT = 1 / 2
START_TOLERANCE = 1.25
LATER_TOLERANCE = 1.5
"""Looser than the first: a later process is exact only if people who failed do not leave by arm."""

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_WEEK_OF_HOURS = 168


@dataclass(frozen=True, slots=True)
class Process:
    """One of the attempt's tests; it counts each person's first failure since `starts_at`.

    `epoch` names it: the minutes from the attempt's start to its own. An epoch ends where the next process starts, and
    a process counts what happened in its own epoch and later ones.
    """

    epoch: int
    starts_at: datetime
    weight: float
    tolerance: float


Schedule = Sequence[Process]
"""The processes of an attempt that have begun, in order; the first is the attempt's own."""


def change_weight(number: int) -> float:
    """Return the weight of the `number`-th change (from 1): ¼ · 1/(j(j + 1)), which sums to ¼."""
    return 1 / (4 * number * (number + 1))


def hour_weight(number: int) -> float:
    """Return the weight of the `number`-th full hour (from 1): ¼ · 168/((k + 167)(k + 168)), which sums to ¼.

    It halves within about three days and never fades faster than 1/k², so that a late break is still found.
    """
    return _WEEK_OF_HOURS / (4 * (number + _WEEK_OF_HOURS - 1) * (number + _WEEK_OF_HOURS))


def schedule(started_at: datetime, changes: Iterable[datetime], until: datetime) -> tuple[Process, ...]:
    """Return the processes that have begun by `until`.

    `changes` are the moments after the start at which the share, the release or a limit of slowness changed. Whatever
    begins in the same minute is one process: it begins with the first of them, and their weights add.
    """
    begun: dict[int, Process] = {}
    for at, weight in sorted(_beginnings(started_at, changes, until), key=lambda beginning: beginning[0]):
        epoch = (at - started_at) // _MINUTE
        tolerance = LATER_TOLERANCE if epoch else START_TOLERANCE
        process = begun.get(epoch, Process(epoch, at, 0.0, tolerance))
        begun[epoch] = replace(process, weight=process.weight + weight)
    return tuple(begun.values())


def epoch_at(processes: Schedule, at: datetime) -> int:
    """Return the epoch in which `at` lies; what is dated before the attempt (a clock that is off) is in its first."""
    begun = bisect_right(processes, at, key=lambda process: process.starts_at)
    return processes[max(begun - 1, 0)].epoch


def _beginnings(started_at: datetime, changes: Iterable[datetime], until: datetime) -> Iterator[tuple[datetime, float]]:
    yield started_at, START_WEIGHT
    later = (at for at in sorted(changes) if started_at <= at <= until)
    yield from ((at, change_weight(number)) for number, at in enumerate(later, 1))
    hours = range(1, (until - started_at) // _HOUR + 1)
    yield from ((started_at + number * _HOUR, hour_weight(number)) for number in hours)
