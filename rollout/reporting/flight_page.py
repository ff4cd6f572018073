"""A flight record (`rollout.flights`) as a page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from math import log
from typing import Any

from rollout.reporting.pages import ENGINES, Line, Page, Section, Table, moment, percent, place, shown, table
from rollout.reporting.report_page import CALLS, alerts_table, calls, strength
from rollout.sentences import duration, roughly

Document = Mapping[str, Any]
BARS = "▁▂▃▄▅▆▇█"
LAST_LOOKS = 12
WIDEST = 60


def page(flight: Document) -> Page:
    """Return the page: what happened, what spoke for it, and under which circumstances."""
    title = f"Flight record {flight['id']}: {flight['feature']}"
    lead = f"{flight['actor']} rolled back attempt {flight['attempt']} from {place(flight['from'])} at "
    lead += f"{moment(flight['at'])} UTC: {flight['reason']}"
    return Page(
        title,
        lead,
        (
            _judgement(flight["judgement"]),
            _exceptions(flight["failures"]),
            _people(flight["failures"]),
            _evidence(flight["evidence_over_time"]),
            _totals(flight["counters"]),
            _points(flight["counters"]),
            Section("Alerts that were open", tables=(alerts_table(flight["alerts"]),), empty="None."),
            _drills(flight["drills"]),
            _workers(flight["workers"]),
            _config(flight["config"]),
            _moves(flight["moves"]),
            Section("Beside it", facts=_beside(flight)),
        ),
    )


def _judgement(judged: Document | None) -> Section:
    if judged is None:
        return Section("What the guard thought", empty="The guard had not judged this attempt.")
    document = judged["document"]
    age = duration(timedelta(seconds=round(judged["age_s"], 1)))
    facts = [
        ("Verdict", f"{judged['verdict']} ({judged['reason']}), {age} before"),
        ("E against v4", f"{strength(judged['evidence'])} of 100"),
    ]
    window = document.get("window", {})
    facts += [(f"{ENGINES[arm]} in 5 min", _health(window[arm])) for arm in ENGINES if arm in window]
    evidence = document.get("evidence", {})
    findings = [("culprit", one) for one in evidence.get("culprits", [])]
    findings += [("suspect", one) for one in evidence.get("suspects", [])]
    return Section(
        "What the guard thought",
        facts=tuple(facts),
        lines=(Line(judged["sentence"]),),
        tables=(_findings(findings),),
    )


def _health(arm: Document) -> str:
    said = f"{shown(arm.get('calls'))} calls, {percent(arm.get('error_percent') or 0)} errors"
    return f"{said}, p95 {shown(arm.get('p95_ms'))} ms; {shown(arm.get('calls_in_step'))} calls in the step"


def _findings(findings: Iterable[tuple[str, Document]]) -> Table:
    rows = [
        (
            kind,
            one.get("metric"),
            one.get("operation") or "all operations",
            one.get("candidate"),
            one.get("control"),
            strength(one.get("value")),
        )
        for kind, one in findings
    ]
    return table(rows, "Finding", "Metric", "Operation", ">People v4", ">People v3", ">E")


def _exceptions(failures: Document) -> Section:
    rows = [
        (
            one["fingerprint"],
            one["operation"],
            one["people"]["candidate"],
            one["people"]["control"],
            one["place"],
            shown(one["request_ids"]),
        )
        for one in failures["exceptions"]
    ]
    columns = ("Fingerprint", "Operation", ">On v4", ">On v3", "Place", "Request ids")
    return Section("On what they failed", tables=(table(rows, *columns),), empty="Nobody was noted as failing.")


def _people(failures: Document) -> Section:
    rows = [
        (metric, found["candidate"], found["control"], _names(found["identities"]))
        for metric, found in sorted(failures["people"].items())
    ]
    partial = f"From the newest {failures['rows_read']:,} rows; there were more." if failures["is_partial"] else ""
    columns = ("Met", ">On v4", ">On v3", "Who")
    return Section("Who was affected", tables=(table(rows, *columns),), lines=(Line(partial),) if partial else ())


def _names(identities: Sequence[str] | None) -> str:
    return "too many to name" if identities is None else shown(identities)


def _evidence(looks: Sequence[Document]) -> Section:
    rows = [
        (
            moment(one["at"], "%m-%d %H:%M:%S"),
            one["verdict"],
            one["reason"],
            strength(one["evidence"]),
            strength(one["excess"]),
            strength(one["proof"]),
            percent(100 * one["share"]),
        )
        for one in looks[-LAST_LOOKS:]
    ]
    columns = ("When (UTC)", "Verdict", "Reason", ">E", ">Limits", ">Proof", ">Share")
    means = Line("E decides at 100, E of the step's limits at 200; a proof for v4 is enough at 20.")
    lines = (Line(f"E over the attempt: {curve([one['evidence'] for one in looks])}"), means) if looks else ()
    return Section("Evidence over time", lines=lines, tables=(table(rows, *columns),), empty="The guard never looked.")


def curve(values: Sequence[Any]) -> str:
    """Return values as bars on a logarithmic scale from 1 to 100 and beyond; the largest of those that share a bar."""
    heights = [_height(value) for value in values]
    size = -(-len(heights) // WIDEST)
    return "".join(BARS[max(heights[start : start + size])] for start in range(0, len(heights), size or 1))


def _height(value: Any) -> int:
    if not isinstance(value, int | float):
        return len(BARS) - 1
    return min(len(BARS) - 1, max(0, int(log(max(value, 1), 100) * (len(BARS) - 1))))


def _totals(counters: Document) -> Section:
    rows = list(calls(counters["total"]))
    return Section(
        "Calls of the last 5 minutes, durations in ms",
        tables=(table(rows, "By", *CALLS),),
        empty="No call was counted.",
    )


def _points(counters: Document) -> Section:
    rows = [(moment(one["at"], "%H:%M:%S"), *_pair(one["arms"])) for one in counters["points"]]
    columns = ("UTC", ">v4 calls", ">errors", ">by v3", ">p95", ">v3 calls", ">v3 errors", ">v3 p95")
    title = f"The same by {counters['step_s']} seconds, p95 in ms"
    return Section(title, tables=(table(rows, *columns),), empty="No call was counted.")


def _pair(arms: Document) -> tuple[Any, ...]:
    v4, v3 = arms.get("candidate"), arms.get("control")
    left = (
        (v4["calls"], percent(v4["error_percent"]), percent(v4["by_v3_percent"]), v4["p95_ms"]) if v4 else (None,) * 4
    )
    return left + ((v3["calls"], percent(v3["error_percent"]), v3["p95_ms"]) if v3 else (None,) * 3)


def _drills(drills: Iterable[Document]) -> Section:
    rows = [
        (one["fault"], percent(100 * one["rate"]), one["operation"] or "every operation", one["actor"], one["reason"])
        for one in drills
    ]
    return Section("Drills", tables=(table(rows, "Fault", ">Of calls", "Operation", "Who", "Why"),), empty="None ran.")


def _workers(workers: Iterable[Document]) -> Section:
    rows = [
        (f"{one['host']}/{one['pid']}", one["release"], one["version"], shown(one["open_breakers"])) for one in workers
    ]
    columns = ("Worker", "Release", ">Version", "Open breakers")
    return Section("Workers", tables=(table(rows, *columns),), empty="No worker had reported within the last minute.")


def _config(config: Document) -> Section:
    facts = [("Step of the plan", _step(config["step"]))] if config["step"] else []
    facts += _measured(config["measurement"]) if config["measurement"] else []
    facts += [(f"Forced on {worker}", shown(forces)) for worker, forces in config["forces"].items()]
    return Section(
        "Configuration", facts=tuple(facts), empty="It stood at no step of its plan, and nothing was forced."
    )


def _step(step: Document) -> str:
    dwell = roughly(timedelta(seconds=step["dwell_s"]))
    then = "then the guard may go on" if step["automatic"] else "then by hand"
    asked = f"{dwell} and {step['min_requests']:,} calls of each arm"
    limits = f"at most {percent(step['max_error_percent'])} errors and a p95 of {step['p95_ms']:,} ms"
    return f"{place(step)}: {asked}, {limits}, {then}"


def _measured(measured: Document) -> list[tuple[str, str]]:
    changes = [f"{one.get('kind')} {shown(one.get('value'))} at {one.get('at')}" for one in measured["changes"]]
    return [
        ("Release", shown(measured["release"])),
        ("Effective share", percent(100 * measured["share"])),
        ("Operations", shown(measured["operations"])),
        ("Slow from, in ms", shown(measured["slow_ms"])),
        ("Changes", "; ".join(changes) or "none"),
        ("People seen", f"one in {2 ** measured['sample_bits']:,}"),
    ]


def _moves(moves: Iterable[Document]) -> Section:
    rows = [
        (str(one["id"]), moment(one["at"]), one["move"], one["after"], one["actor"], one["reason"]) for one in moves
    ]
    return Section("The attempt's way here", tables=(table(rows, ">#", "When (UTC)", "Move", "To", "Who", "Why"),))


def _beside(flight: Document) -> tuple[tuple[str, str], ...]:
    return (
        ("Line of the ledger", f"#{flight['ledger']['id']}, {flight['ledger']['hash']}"),
        ("Request", shown(flight["request_id"])),
        ("Evidence given with the move", shown(flight["evidence"])),
        ("Parity", flight["parity"]),
    )
