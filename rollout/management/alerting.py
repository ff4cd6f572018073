"""The subcommands for alerts: what is wrong, and that somebody looks after it."""

from typing import Any

from django.utils import timezone
from rich.text import Text

from rollout import alerts, documents
from rollout.management import tables
from rollout.management.answers import Answer, RolloutCommand
from rollout.management.arguments import add_json, add_reason, page_size
from rollout.models import Alert
from rollout.moves import Actor

PAGE = 50


def register(subcommands: Any) -> None:
    """Add the subcommands."""
    told = "what is wrong, and what to do about it"
    parser = subcommands.add_parser("alerts", help=told, description=told)
    parser.add_argument("--all", action="store_true", dest="past_too", help="also what is over")
    parser.add_argument("--limit", type=page_size, default=PAGE, metavar="N", help=f"the newest N ({PAGE})")
    parser.set_defaults(run=_alerts)
    add_json(parser)
    told = "say that you look after an alert; it stays open until it is over"
    parser = subcommands.add_parser("acknowledge", help=told, description=told)
    parser.add_argument("alert", type=int, metavar="ID", help="its number in `rollout alerts`")
    parser.set_defaults(run=_acknowledge)
    add_reason(parser)
    add_json(parser)


def _alerts(_: RolloutCommand, options: dict[str, Any]) -> Answer:
    rows = Alert.objects.newest_first() if options["past_too"] else Alert.objects.open().newest_first()
    page = list(rows[: options["limit"]])
    data = {"alerts": [documents.alert(one) for one in page]}
    if not page:
        return Answer(data, [Text("There was no alert yet." if options["past_too"] else "Nothing is wrong.", "green")])
    return Answer(data, tables.alerts(page, timezone.now()))


def _acknowledge(_: RolloutCommand, options: dict[str, Any]) -> Answer:
    actor, now = Actor.command_line(), timezone.now()
    alert = alerts.acknowledge(options["alert"], actor=actor, reason=options["reason"], at=now)
    said = f"{alert.acknowledged_by} looks after alert {alert.pk}, {alert}; it stays open until it is over."
    return Answer(documents.alert(alert), [tables.plain_text(said, "green")])
