"""What the rivals are told each minute, and when each would have rolled back."""

from collections.abc import Sequence
from math import exp

from benchmarks.calibration import rivals
from benchmarks.calibration.counts import Count
from benchmarks.calibration.people import Crowd
from benchmarks.calibration.traffic import Call
from rollout.eligibility import Arm


class Contest:
    """The rivals in one rollout. People seen are taken at their mean; those who failed are counted one by one."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._running = {name: rule() for name, rule in rivals.RIVALS.items()}
        self._failing: tuple[set[int], set[int]] = (set(), set())
        self._in_step = [[0, 0], [0, 0]]  # calls and failures, of v3 and of v4
        self._seen = [0.0, 0.0]
        self._on: list[list[float]] = [[float(size) for size in crowd.sizes], [0.0 for _ in crowd.sizes]]
        self._unseen = [list(self._on[0]), list(self._on[1])]
        self.decided: dict[str, int] = {}

    @property
    def is_over(self) -> bool:
        """Whether all have rolled back."""
        return not self._running

    def change(self, on_v4: Sequence[int]) -> None:
        """Let the share change: people move between the engines, and are new to the one that they come to."""
        for kind, people in enumerate(on_v4):
            moved, stayed = people - self._on[1][kind], self._on[0][kind]
            self._unseen[0][kind] *= max(0.0, 1 - moved / stayed) if stayed else 0.0
            self._unseen[1][kind] += max(0.0, moved)
            self._on[0][kind], self._on[1][kind] = stayed - moved, people
        self._in_step = [[0, 0], [0, 0]]

    def note(self, call: Call) -> None:
        """Remember who failed, on which engine."""
        if call.fails:
            self._failing[call.arm is Arm.CANDIDATE].add(call.person)

    def close(self, minute: int, counts: tuple[Count, Count]) -> None:
        """Ask those that have not rolled back yet."""
        for arm, unseen in enumerate(self._unseen):
            for kind, people in enumerate(unseen):
                new = people * (1 - exp(-self._crowd.kinds[kind].calls_per_hour / 60))
                unseen[kind] -= new
                self._seen[arm] += new
        pair = self._arm(0, counts[0]), self._arm(1, counts[1])
        for name in [name for name, rule in self._running.items() if rule(pair)]:
            self.decided[name] = minute
            del self._running[name]

    def _arm(self, arm: int, count: Count) -> rivals.Arm:
        in_step, failing = self._in_step[arm], len(self._failing[arm])
        in_step[0], in_step[1] = in_step[0] + count.calls, in_step[1] + count.failures
        people = max(self._seen[arm], failing)
        return rivals.Arm(count.calls, count.failures, in_step[0], in_step[1], people, failing)
