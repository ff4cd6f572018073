"""The ledger's lines of a migration, and what people got, as tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.drilling.asking import RESTAURANTS
from benchmarks.drilling.crowd import Heard
from benchmarks.drilling.observed import Observer
from benchmarks.tables import Table

_LINES = """
SELECT extract(epoch FROM at - first_value(at) OVER (ORDER BY id))::float8, actor, feature, move,
    from_stage, from_percentage::float8, from_holdout::float8, to_stage, to_percentage::float8, to_holdout::float8,
    attempt, reason FROM rollout_stagechange WHERE id > %s ORDER BY id
"""
LONGEST_REASON = 140


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger, `at_s` after the first."""

    at_s: float
    actor: str
    feature: str
    move: str
    before: str
    after: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a migration came to."""

    heard: Sequence[Heard]
    harm: dict[str, int]
    uncounted: int
    by_script: Sequence[str]
    unearned: int
    has_certificate: bool
    is_chain_whole: bool
    lines: Sequence[Line]

    @property
    def is_clean(self) -> bool:
        """Whether nobody was harmed, nothing was lost, and only what was broken was rolled back."""
        return not any([*self.harm.values(), self.uncounted, self.unearned]) and self.is_chain_whole


def lines(observer: Observer, since: int) -> list[Line]:
    """Return the ledger's lines after this one."""
    return [
        Line(at_s, actor, feature, move, _place(*row[:3]), _place(*row[3:6]), *row[6:])
        for at_s, actor, feature, move, *row in observer.rows(_LINES, since)
    ]


def ledger_table(found: Sequence[Line]) -> Table:
    """Return the story."""
    head = ["after", "who", "feature", "move", "from", "to", "attempt", "why"]
    return [head, *([_clock(one.at_s), *_told(one)] for one in found)]


def outcome_table(outcome: Outcome) -> Table:
    """Return what people got and who did what."""
    heard = outcome.heard
    met = {one.person for one in heard if one.reason == "fallback"}
    guards = sum(line.actor == "guard" and line.move == "advance" for line in outcome.lines)
    rows: list[tuple[str, int | str]] = [
        ("answers in all", len(heard)),
        ("answers of v4", sum(one.engine == "v4" for one in heard)),
        ("minutes", f"{(heard[-1].at - heard[0].at) / 60:.0f}"),
        ("people", len({one.person for one in heard})),
        ("people who met a failing v4, in both broken releases", len(met)),
        ("answers ≥ 500, or cut off", outcome.harm["errors"]),
        ("wrong answers", outcome.harm["wrong"]),
        ("writes", sum(one.ask.writes for one in heard)),
        ("writes answered 2xx without a row", outcome.harm["lost"]),
        ("writes with two rows", outcome.harm["doubled"]),
        ("calls that the arms' sums miss, of the clients' own count", outcome.uncounted),
        ("steps taken by the guard", guards),
        ("steps that the guard did not take in time, taken by script", ", ".join(outcome.by_script) or 0),
        ("rollbacks by the guard", sum(_is_rollback(line) for line in outcome.lines)),
        ("of these, of a release that was not broken", outcome.unearned),
        ("COMPLETE by certificate", "yes" if outcome.has_certificate else "no, forced"),
        ("the ledger's chain is whole", "yes" if outcome.is_chain_whole else "**no**"),
    ]
    return [("", "found"), *((name, f"{value:,}" if isinstance(value, int) else value) for name, value in rows)]


def _is_rollback(line: Line) -> bool:
    return (line.actor, line.move, line.feature) == ("guard", "rollback", RESTAURANTS)


def _told(one: Line) -> list[str]:
    reason = one.reason if len(one.reason) <= LONGEST_REASON else one.reason[:LONGEST_REASON] + "…"
    is_moved = one.before != one.after
    after = one.after if is_moved else ""
    return [one.actor, f"`{one.feature}`", one.move, one.before, after, str(one.attempt), reason.replace("|", "\\|")]


def _place(stage: str, percentage: float, holdout: float) -> str:
    if stage == "partial":
        return f"{percentage:g} %"
    return f"FULL less {holdout:g} %" if stage == "full" and holdout else stage.upper()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
