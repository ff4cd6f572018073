"""A report (`rollout.report`) as a page."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from rollout.reporting.pages import ENGINES, Line, Page, Section, Table, moment, percent, place, shown, table
from rollout.sentences import number, roughly

Document = Mapping[str, Any]
CALLS = (">Calls", ">Errors", ">4xx", ">By v3", ">p50", ">p95", ">p99")


def page(report: Document) -> Page:
    """Return the page: what to do first, then what that rests on."""
    features = report["features"]
    is_on = [one for one in features.values() if one["stage"] != "disabled"]
    lead = f"{len(is_on)} of {len(features)} features are on; all of v4 is on for "
    lead += f"{percent(report['migration_percentage'])} of people. As of {moment(report['timestamp'])} UTC."
    return Page(
        "Rollout report",
        lead,
        (
            _recommendations(report["recommendations"]),
            _features(features),
            _platform(report["platform"]),
            _operations(report["operations"], report["since"]),
            _trend(
                "Calls by hour, durations in ms",
                report["trends"]["hour"],
                "%m-%d %H:%M",
                "No call was counted in this time.",
            ),
            _trend(
                "Calls by day, durations in ms",
                report["trends"]["day"],
                "%Y-%m-%d",
                "No call was counted in the last 30 days.",
            ),
            _alerts(report["alerts"]),
            _rollbacks(report["rollbacks"]),
            _history(report["history"]),
        ),
    )


def calls(arms: Document) -> Iterable[tuple[Any, ...]]:
    """Yield a row of `CALLS` for each arm that has some, its engine before it."""
    for arm, engine in ENGINES.items():
        if one := arms.get(arm):
            rates = percent(one["error_percent"]), shown(one["client_errors"]), percent(one["by_v3_percent"])
            yield engine, one["calls"], *rates, one["p50_ms"], one["p95_ms"], one["p99_ms"]


def alerts_table(alerts: Iterable[Document]) -> Table:
    """Return alerts as rows."""
    rows = [
        (moment(one["opened_at"], "%m-%d %H:%M"), one["name"], one["feature"], _state(one), one["message"])
        for one in alerts
    ]
    return table(rows, "Since (UTC)", "Alert", "Feature", "State", "Message")


def _recommendations(found: Iterable[Document]) -> Section:
    lines = tuple(Line(one["sentence"], one["command"]) for one in found)
    return Section("What to do", lines=lines, empty="Nothing: nothing that was measured asks for it.")


def _features(features: Mapping[str, Document]) -> Section:
    rows = [(name, *_place(one), *_opinion(one["verdict"])) for name, one in features.items()]
    columns = ("Feature", "Stands at", ">v4 for", ">Here for", "Verdict", ">E of 100")
    judged = {name: one["verdict"] for name, one in features.items() if one["verdict"]}
    lines = [Line(f"{name}: {verdict['sentence']}") for name, verdict in judged.items()]
    lines += [Line(f"{name}: {proof}") for name, verdict in judged.items() for proof in _proofs(verdict["proofs"])]
    lines += [Line("The guard has judged none of these attempts.")] * (not judged)
    return Section("Where the features stand", tables=(table(rows, *columns),), notes=tuple(lines))


def _place(feature: Document) -> tuple[str, str, str]:
    here_for = roughly(timedelta(seconds=feature["here_for_s"]))
    paused = ", paused" if feature["paused"] else ""
    return f"{feature['position']}{paused}", percent(feature["effective_percentage"]), here_for


def _opinion(verdict: Document | None) -> tuple[str | None, str | None]:
    if verdict is None:
        return None, None
    return f"{verdict['verdict']} ({verdict['reason']})", strength(verdict["evidence"])


def strength(value: Any) -> str:
    """Return how strong evidence is; beyond all numbers it is a word already."""
    return number(value) if isinstance(value, int | float) else shown(value)


def _proofs(proofs: Iterable[Document]) -> Iterable[str]:
    for one in proofs:
        if not one.get("is_asked"):
            continue
        expected = one.get("expected_s")
        when = f", in about {roughly(timedelta(seconds=expected))} at present traffic" if expected else ""
        state = "proven" if one.get("is_proven") else "saturated" if one.get("is_saturated") else "not proven yet"
        people = f"{one['metric']} against a ratio of {shown(one['ratio'])}"
        yield f"{people}: M = {strength(one['mixture'])} of 20, {state}{when}."


def _platform(platform: Document) -> Section:
    seen, guard = platform["propagation"], platform["guard"]
    slowest = "" if seen["slowest_s"] is None else f", slowest {seen['slowest_s']:.1f} s"
    looked = f"{guard['leader']}, last look {roughly(timedelta(seconds=guard['age_s']))} ago" if guard else "never ran"
    facts = [
        ("Workers", f"{seen['current']}/{seen['workers']} on version {seen['version']}{slowest}"),
        ("Guard", looked),
        ("Head of the ledger", platform["ledger_head"]),
    ]
    facts += [("Behind", shown(seen["behind"]))] * bool(seen["behind"])
    facts += [("Unconfirmed", shown(seen["unconfirmed"]))] * bool(seen["unconfirmed"])
    return Section("The platform", facts=tuple(facts))


def _operations(operations: Iterable[Document], since: str) -> Section:
    rows = [(one["operation"], *row) for one in operations for row in calls(one["arms"])]
    title = f"Calls by operation since {moment(since, '%Y-%m-%d %H:%M')} UTC, durations in ms"
    return Section(title, tables=(table(rows, "Operation", "By", *CALLS),), empty="No call was counted in this time.")


def _trend(title: str, points: Iterable[Document], form: str, empty: str) -> Section:
    rows = [(moment(one["at"], form), *row) for one in points for row in calls(one["arms"])]
    return Section(title, tables=(table(rows, "From (UTC)", "By", *CALLS),), empty=empty)


def _alerts(alerts: Iterable[Document]) -> Section:
    return Section("Alerts of the last week", tables=(alerts_table(alerts),), empty="None is open, and none was.")


def _state(alert: Document) -> str:
    if alert["resolved_at"]:
        return f"over at {moment(alert['resolved_at'], '%m-%d %H:%M')}"
    seen = f", seen by {alert['acknowledged_by']}" if alert["acknowledged_by"] else ""
    return f"open, {alert['severity']}{seen}"


def _rollbacks(rollbacks: Iterable[Document]) -> Section:
    rows = [
        (
            one["flight"] and str(one["flight"]),
            moment(one["at"], "%m-%d %H:%M:%S"),
            one["feature"],
            place(one["from"]),
            one["actor"],
            one["reason"],
        )
        for one in rollbacks
    ]
    columns = ("Flight", "When (UTC)", "Feature", "From", "Who", "Why")
    return Section(
        "Rollbacks of the last 30 days",
        tables=(table(rows, *columns),),
        notes=(Line("What was known at one of them:", "manage.py rollout flight NUMBER"),) if rows else (),
        empty="Nothing was rolled back.",
    )


def _history(lines: Iterable[Document]) -> Section:
    rows = [
        (
            str(line["id"]),
            moment(line["at"], "%m-%d %H:%M:%S"),
            line["feature"],
            _move(line),
            line["actor"],
            line["reason"],
        )
        for line in lines
    ]
    columns = (">#", "When (UTC)", "Feature", "Move", "Who", "Why")
    return Section("History", tables=(table(rows, *columns),), empty="Nothing was ever moved.")


def _move(line: Document) -> str:
    before, after = (place(line[name]) for name in ("from", "to"))
    return f"{line['move']}: {before} → {after}" if before != after else line["move"]
