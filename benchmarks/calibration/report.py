"""The tables of docs/evidence.md, written by the run itself between its markers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from math import ceil, inf
from pathlib import Path

from benchmarks.calibration.bounds import quantile, upper_bound
from benchmarks.calibration.campaign import COMPARED, Piece
from benchmarks.calibration.guard import Looks
from benchmarks.calibration.rivals import RIVALS
from benchmarks.calibration.runs import Outcome
from benchmarks.calibration.situations import FAULTY, HARD, HEALTHY, Situation

Results = dict[Piece, list[Outcome]]
_HEALTHY = ("runs", "rolled back", "rate", "upper 95 % bound", "by", "every second: runs, otherwise")
MACHINE = "2 cores, 24 GiB, Python 3.11"


def outcomes(results: Results, situation: Situation, looks: Looks = Looks.SPARED) -> list[Outcome]:
    """Return the runs of one situation, in the order of their seeds."""
    pieces = sorted((p for p in results if (p.situation, p.looks) == (situation.name, looks)), key=lambda p: p.first)
    return [outcome for piece in pieces for outcome in results[piece]]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def about(results: Results, today: date) -> str:
    """Say when, on what and with which seed."""
    seeds = ", ".join(str(seed) for seed in sorted({piece.seed for piece in results}))
    runs = sum(len(found) for found in results.values())
    return f"{today:%Y-%m-%d}; {MACHINE}; seed {seeds}; {runs:,} rollouts; `make calibrate`."


def healthy(results: Results) -> str:
    """Return how often a v4 that is no worse was rolled back."""
    rows = [_healthy_row(situation, results) for situation in HEALTHY]
    return table(["v4 no worse than v3", *_HEALTHY], [row for row in rows if row])


def hard(results: Results) -> str:
    """Return how often a v4 that is no worse was rolled back where v3 has as few people, or fewer."""
    rows = [_healthy_row(situation, results) for situation in HARD]
    return table(["v4 no worse than v3", *_HEALTHY[:-1]], [row[:-1] for row in rows if row])


def _healthy_row(situation: Situation, results: Results) -> list[str]:
    found, seconds = outcomes(results, situation), outcomes(results, situation, Looks.SECONDS)
    if not found:
        return []
    hits = [one.reason for one in found if one.minute is not None]
    why = ", ".join(f"`{reason}` {count}" for reason, count in Counter(hits).most_common()) or "–"
    other = sum(one.reason != two.reason for one, two in zip(found, seconds, strict=False))
    rate, bound = percent(len(hits) / len(found)), percent(upper_bound(len(hits), len(found)))
    return [situation.title, f"{len(found):,}", str(len(hits)), rate, bound, why, f"{len(seconds)}, {other}"]


def broken(results: Results) -> str:
    """Return how soon a v4 that fails is found, and how many people it has failed by then."""
    head = ["v4 fails", "runs", "found in 24 h", "median", "p95", "people, median", "p95", "by", "before it broke"]
    rows = [_broken_row(situation, outcomes(results, situation)) for situation in FAULTY]
    return table(head, [row for row in rows if row])


def _broken_row(situation: Situation, found: list[Outcome]) -> list[str]:
    if not found:
        return []
    at = situation.fault_at or 0
    early = [one for one in found if one.minute is not None and one.minute < at]
    rest = [one for one in found if one not in early]
    hits = [one for one in rest if one.minute is not None]
    seconds = [ceil(60 * (one.minute - at)) if one.minute is not None else inf for one in rest]
    people = [float(one.people) if one.minute is not None else inf for one in rest]
    by = ", ".join(f"`{reason}` {count}" for reason, count in Counter(one.reason for one in hits).most_common())
    times = [duration(quantile(seconds, part)) for part in (0.5, 0.95)]
    met = [number(quantile(people, part)) for part in (0.5, 0.95)]
    return [situation.title, str(len(rest)), percent(len(hits) / len(rest)), *times, *met, by, str(len(early))]


def rivals_healthy(results: Results) -> str:
    """Return how often each rule rolled the same healthy rollouts back."""
    rows = []
    for situation in HEALTHY:
        found = outcomes(results, situation)[:COMPARED]
        if found:
            theirs = [percent(sum(name in one.rivals for one in found) / len(found)) for name in RIVALS]
            ours = percent(sum(one.minute is not None for one in found) / len(found))
            rows.append([situation.title, str(len(found)), ours, *theirs])
    return table(["v4 no worse than v3", "runs", "JewGo", *RIVALS], rows)


def rivals_broken(results: Results) -> str:
    """Return the median time and people of each rule where v4 fails from the start."""
    rows = []
    for situation in FAULTY:
        found = outcomes(results, situation)[:COMPARED]
        if found and not situation.fault_at:
            ours = [(60 * one.minute if one.minute is not None else inf, float(one.people)) for one in found]
            theirs = [_theirs(found, name) for name in RIVALS]
            rows.append([situation.title, str(len(found)), *(_median(each) for each in [ours, *theirs])])
    return table(["v4 fails", "runs", "JewGo", *RIVALS], rows)


def _theirs(found: list[Outcome], name: str) -> list[tuple[float, float]]:
    known = [one.rivals.get(name) for one in found]
    return [(60.0 * one[0], one[1]) if one else (inf, inf) for one in known]


def _median(each: Sequence[tuple[float, float]]) -> str:
    seconds, people = (quantile(list(values), 0.5) for values in zip(*each, strict=True))
    return f"{duration(seconds)}, {number(people)}" if seconds is not None else "–"


def percent(part: float) -> str:
    """Return a share as a percentage with two digits after the point where it is small."""
    return f"{100 * part:.2f} %" if part < 0.1 else f"{100 * part:.0f} %"


def number(value: float | None) -> str:
    """Return a whole number, or a dash."""
    return "–" if value is None or value == inf else f"{value:.0f}"


def duration(seconds: float | None) -> str:
    """Return seconds, minutes or hours, or a dash."""
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{ceil(seconds)} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def write(results: Results, file: Path, today: date) -> None:
    """Replace the tables of the document by those of `results`; what stands around them stays."""
    text = file.read_text()
    tables = {
        "about": about(results, today),
        "healthy": healthy(results),
        "hard": hard(results),
        "broken": broken(results),
        "rivals-healthy": rivals_healthy(results),
        "rivals-broken": rivals_broken(results),
    }
    for name, content in tables.items():
        text = _between(f"<!-- calibration: {name} -->", f"<!-- /calibration: {name} -->", content, text)
    file.write_text(text)


def _between(begin: str, end: str, content: str, text: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{content}\n{end}{after}"
