"""Answers as people read them: short tables, one line of meaning above each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from rollout.alert_kinds import advice
from rollout.certificate import Certificate
from rollout.models import Alert, StageChange
from rollout.moves import Outcome, Report, Result
from rollout.propagation import Propagation
from rollout.radius import Radius
from rollout.stages import Stage

_STYLES = {
    Stage.DISABLED: "dim",
    Stage.TESTING: "cyan",
    Stage.PARTIAL: "yellow",
    Stage.FULL: "green",
    Stage.COMPLETE: "bold green",
}
_WHOLE = {"#", "When (UTC)", "Feature"}
"""Columns that a narrow terminal does not break: somebody may want to copy what they say."""

SHOWN = 10
"""How many identities a terminal names; the JSON has the first hundred."""

_MINDS = {"ready": "cyan", "advance": "green", "rollback": "bold red"}
_RESULTS = {
    Result.MOVED: ("moved", "green"),
    Result.ALREADY: ("already so", "dim"),
    Result.REFUSED: ("REFUSED", "bold red"),
    Result.NOT_DONE: ("not done", "yellow"),
}


def plain_text(text: object, style: str = "") -> Text:
    """Return text that somebody typed, with anything that could steer a terminal taken out."""
    return Text("".join(char if char.isprintable() else "�" for char in str(text)), style)


def status(picture: Mapping[str, Any], now: datetime) -> list[RenderableType]:
    """Return the picture of `rollout status`."""
    overall = picture["overall_status"]
    table = _table("Feature", "Stage", "Own", "Effective", "Attempt", "Here for", "Guard")
    for name, feature in picture["feature_flags"].items():
        stage = Stage(feature["stage"])
        table.add_row(
            plain_text(name),
            Text(stage.name, _STYLES[stage]),
            _own(stage, feature),
            f"{feature['effective_percentage']:g} %",
            str(feature["attempt"]) if feature["attempt"] else "–",
            ago(datetime.fromisoformat(feature["entered_at"]), now),
            _mind(feature),
        )
    said = f"{overall['enabled_features']} of {overall['total_features']} features are on; "
    said += f"all of v4 is on for {overall['migration_percentage']:g} % of people."
    return [Text(said), table, *_watched(picture, now)]


def _mind(feature: Mapping[str, Any]) -> Text:
    """Return what the guard thinks, and whether widening is held; nothing where it does not judge."""
    told = feature["verdict"]
    words = [f"{told['verdict']}: {told['reason']}"] if told else []
    words += ["paused"] if feature["paused"] else []
    return plain_text(", ".join(words), _MINDS.get(told["verdict"], "") if told else "")


def _watched(picture: Mapping[str, Any], now: datetime) -> Iterable[RenderableType]:
    """Say who watches, and how much is wrong."""
    guard, alerts = picture["guard"], picture["rollout"]["alerts_count"]
    if guard is None:
        yield Text("No guard has looked yet: nothing goes back by itself. Start it: manage.py rollout_guard", "yellow")
    elif guard["is_stalled"]:
        since = ago(datetime.fromisoformat(guard["ticked_at"]), now)
        said = f"The guard {guard['leader']} has not looked for {since}. Start it: manage.py rollout_guard"
        yield plain_text(said, "bold red")
    if alerts:
        yield Text(f"{alerts} open alert{'s' * (alerts > 1)}: manage.py rollout alerts", "bold yellow")


def report(made: Report) -> list[RenderableType]:
    """Return what a move did, with everything that the ledger or the next command needs to know."""
    table = _table("Feature", "", "From", "To", "Notes")
    for outcome in made.outcomes:
        after = "" if outcome.after == outcome.before else str(outcome.after)
        result = _result(outcome, made.dry_run)
        table.add_row(plain_text(outcome.feature), result, str(outcome.before), after, _notes(outcome))
    radii = [line for outcome in made.outcomes if outcome.radius for line in _radius(outcome.radius)]
    return [table, *radii, *([Text("Dry run: nothing was changed.")] if made.dry_run else [])]


def certificate(shown: Certificate) -> list[RenderableType]:
    """Return every condition of a certificate, and whether it is met."""
    table = _table("Condition", "", "How it stands")
    for condition in shown.conditions:
        mark = Text("met", "green") if condition.is_met else Text("NOT MET", "bold red")
        table.add_row(condition.name, mark, plain_text(condition.sentence))
    said = "is given: v3 can be done without" if shown.is_given else "is not given"
    return [plain_text(f"The certificate of {shown.feature} {said}.", "bold"), table]


def followers(seen: Propagation) -> list[RenderableType]:
    """Return how far a version has got, in one line, and what environments force in spite of it."""
    style = "green" if seen.is_done else "bold yellow"
    lines: list[RenderableType] = [plain_text(_sentence(seen), style)]
    for worker, forces in seen.forces.items():
        told = ", ".join(f"{name}={value}" for name, value in forces.items())
        lines.append(plain_text(f"Forced by the environment of {worker}, whatever is set here: {told}", "bold yellow"))
    return lines


def workers(seen: Propagation) -> list[RenderableType]:
    """Return every worker that reported within a minute."""
    table = _table("Worker", "Version", "Heard of", "Took", "Release")
    for worker in seen.workers:
        lag = "–" if worker.lag_s is None else f"{worker.lag_s:.2f} s"
        table.add_row(worker.name, str(worker.version), f"{worker.seen_ago_s:.1f} s ago", lag, worker.release or "–")
    return [*followers(seen), *([table] if seen.workers else [])]


def history(lines: Iterable[StageChange]) -> list[RenderableType]:
    """Return lines of the ledger."""
    table = _table("#", "When (UTC)", "Feature", "Move", "Who", "Why")
    for line in lines:
        table.add_row(
            str(line.pk),
            f"{line.at:%Y-%m-%d %H:%M:%S}",
            plain_text(line.feature),
            _move(line),
            plain_text(line.actor),
            plain_text(line.reason),
        )
    return [table]


def alerts(rows: Sequence[Alert], now: datetime) -> list[RenderableType]:
    """Return alerts, each with what to do about it while it is open."""
    table = _table("#", "Alert", "Severity", "Since", "State", "What, and what to do")
    for alert in rows:
        table.add_row(
            str(alert.pk),
            plain_text(alert),
            Text(alert.severity, "bold red" if alert.severity == Alert.Severity.CRITICAL else "yellow"),
            f"{ago(alert.opened_at, now)} ago",
            _state(alert, now),
            plain_text(alert.message if alert.resolved_at else f"{alert.message} {advice(alert.name, alert.feature)}"),
        )
    return [table]


def pairs(values: Mapping[str, object]) -> RenderableType:
    """Return names and values, one a line."""
    grid = Table.grid(padding=(0, 2))
    for name, value in values.items():
        grid.add_row(Text(name, "dim"), plain_text(value))
    return grid


def ago(at: datetime, now: datetime) -> str:
    """Return how long something has been so, in its largest unit."""
    seconds = max(0, int((now - at).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    return table


def _own(stage: Stage, feature: Mapping[str, Any]) -> str:
    if stage is Stage.TESTING:
        return "testers"
    if stage is Stage.FULL and feature["holdout"]:
        return f"100 % − {feature['holdout']:g} %"
    return f"{feature['percentage']:g} %"


def _state(alert: Alert, now: datetime) -> Text:
    if alert.resolved_at:
        return Text(f"over since {ago(alert.resolved_at, now)}", "dim")
    return plain_text(f"with {alert.acknowledged_by}", "cyan") if alert.acknowledged_at else Text("open", "bold")


def _result(outcome: Outcome, is_dry: bool) -> Text:
    word, style = _RESULTS[outcome.result]
    if outcome.result is Result.MOVED and outcome.after == outcome.before:
        word = "done"
    return Text(f"would be {word}" if is_dry and outcome.result is Result.MOVED else word, style)


def _notes(outcome: Outcome) -> Text:
    if outcome.error is None:
        return plain_text("; ".join([*outcome.notes, *(_told(outcome.change) if outcome.change else [])]))
    said = outcome.error.message.removeprefix(f"{outcome.feature}: ")
    return plain_text(f"{said} {outcome.error.hint or ''}".strip(), "red")


def _radius(radius: Radius) -> list[RenderableType]:
    """Return whom the move of one feature concerns."""
    moved = radius.movers
    names = {"To v4": (moved.names_into_v4, moved.into_v4), "To v3": (moved.names_into_v3, moved.into_v3)}
    told = [f"{way}: {_first(*those)}" for way, those in names.items() if those[1]]
    return [
        plain_text(f"{radius.feature}: {radius.sentence}", "bold"),
        *(plain_text(f"  {line}") for line in [*radius.details, *told]),
    ]


def _first(names: Iterable[str], count: int) -> str:
    shown = list(names)[:SHOWN]
    return ", ".join(shown) + (f" and {count - len(shown)} more" if count > len(shown) else "")


def _move(line: StageChange) -> Text:
    if line.before != line.after:
        return plain_text(f"{line.move}: {line.before} → {line.after}")
    return plain_text(": ".join([line.move, *_told(line)]))


def _told(line: StageChange) -> list[str]:
    """Return what the ledger says beside the place, as one piece; nothing where it is the place that changed."""
    if line.before != line.after:
        return []
    silent = {"criteria", "notes"}
    told = [f"{name} {_word(value)}" for name, value in line.details.items() if value and name not in silent]
    return [", ".join(told)] if told else []


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _sentence(seen: Propagation) -> str:
    said = str(seen)
    return f"{said[0].upper()}{said[1:]}."
