"""The doors to alerts and their outbox."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q

from jewgo.core.errors import NotFound
from jewgo.core.repository import Repository

if TYPE_CHECKING:
    from rollout.models import Alert, Delivery

# What somebody acknowledges meanwhile is kept: the row is taken as it is, not as it was read.
_NOTE = """
UPDATE rollout_alert alert SET
    seen_at = %(at)s, times = alert.times + 1, resolved_at = NULL, message = now.message, severity = now.severity,
    details = now.details || CASE WHEN alert.details ? 'acknowledged'
        THEN jsonb_build_object('acknowledged', alert.details -> 'acknowledged') ELSE '{}' END
FROM jsonb_to_recordset(%(rows)s::jsonb) AS now(id bigint, message text, severity text, details jsonb)
WHERE alert.id = now.id
"""


class UnknownAlert(NotFound):
    """No alert has this number."""

    code, title = "unknown_alert", "There is no alert of this number"


class AlertQuerySet(models.QuerySet["Alert"]):
    """Query words for alerts."""

    def open(self) -> "AlertQuerySet":
        """Alerts that are not over."""
        return self.filter(resolved_at=None)

    def known(self, since: datetime) -> "AlertQuerySet":
        """Alerts that are open, or were resolved after this time; the newest of a kind last."""
        return self.filter(Q(resolved_at=None) | Q(resolved_at__gt=since)).order_by("id")

    def newest_first(self) -> "AlertQuerySet":
        """In the order in which people read them; an alert opened later has a higher number."""
        return self.order_by("-id")


class AlertRepository(Repository["Alert"]):
    """What is wrong, and what was."""

    def get_queryset(self) -> AlertQuerySet:
        return AlertQuerySet(self.model, using=self._db)

    def open(self) -> AlertQuerySet:
        """Return the alerts that are not over."""
        return self.get_queryset().open()

    def known(self, since: datetime) -> AlertQuerySet:
        """Return the alerts that are open, or were resolved after this time; the newest of a kind last."""
        return self.get_queryset().known(since)

    def newest_first(self) -> AlertQuerySet:
        """Return all, as people read them."""
        return self.get_queryset().newest_first()

    def locked(self, number: int) -> "Alert":
        """Lock the alert and return it; raises UnknownAlert."""
        found = self.select_for_update().filter(pk=number).first()
        if found is None:
            raise UnknownAlert(f"There is no alert {number}.", hint="All of them: manage.py rollout alerts --all")
        return found

    def open_new(self, alerts: "Sequence[Alert]") -> "list[Alert]":
        """Store these; return those that nobody else has opened at the same time."""
        wanted = {(alert.name, alert.feature): alert.opened_at for alert in alerts}
        self.bulk_create(alerts, ignore_conflicts=True)
        stored = self.open().filter(opened_at__in=set(wanted.values())).order_by("id")
        return [alert for alert in stored if wanted.get((alert.name, alert.feature)) == alert.opened_at]

    def note(self, rows: Iterable[Mapping[str, Any]], at: datetime) -> None:
        """Write down that these (id and an alert's own columns) are wrong at `at`, and open them if they were over.

        Raises IntegrityError when another of the same kind and feature was opened meanwhile.
        """
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, {"at": at, "rows": json.dumps(list(rows), cls=DjangoJSONEncoder)})

    def open_between(
        self, name: str, features: Iterable[str], since: datetime, until: datetime
    ) -> "list[tuple[datetime, datetime | None]]":
        """Return when alerts of this name were opened and resolved (None: not yet), as far as they touch the span."""
        touching = self.filter(Q(resolved_at=None) | Q(resolved_at__gt=since), opened_at__lte=until)
        found = touching.filter(name=name, feature__in=list(features)).order_by("opened_at", "pk")
        return list(found.values_list("opened_at", "resolved_at"))

    def is_open(self, name: str, features: Iterable[str]) -> bool:
        """Say whether an alert of this name is open for one of these features."""
        return self.filter(name=name, feature__in=list(features), resolved_at=None).exists()


News = tuple["Alert", str, timedelta]
"""An alert, what happened to it, and how long to wait before it is told."""


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Query words for the outbox."""

    def waiting(self) -> "DeliveryQuerySet":
        """What was neither delivered nor given up."""
        return self.filter(delivered_at=None, given_up_at=None)

    def due(self, now: datetime) -> "DeliveryQuerySet":
        """What may be sent now, the longest due first; no news of an end before the news of its beginning."""
        begun = (
            DeliveryQuerySet(self.model)
            .waiting()
            .filter(alert=OuterRef("alert"), channel=OuterRef("channel"), target=OuterRef("target"), event="opened")
        )
        ready = Q(event="opened") | ~Exists(begun)
        return self.waiting().filter(ready, next_at__lte=now).order_by("next_at", "id")


class DeliveryRepository(Repository["Delivery"]):
    """What is to be sent, and what was."""

    def get_queryset(self) -> DeliveryQuerySet:
        return DeliveryQuerySet(self.model, using=self._db)

    def waiting(self) -> DeliveryQuerySet:
        """Return what was neither delivered nor given up."""
        return self.get_queryset().waiting()

    def next_due(self, now: datetime) -> "Delivery | None":
        """Lock what is due first and nobody else is sending, and return it with its alert."""
        rows = self.get_queryset().due(now).select_related("alert")
        return rows.select_for_update(skip_locked=True, of=("self",)).first()

    def take_back(self, alerts: Iterable[int]) -> None:
        """Forget the news, not sent yet, that these alerts were over."""
        self.waiting().filter(alert__in=list(alerts), event="resolved").delete()

    def put(self, news: "Iterable[News]", targets: Iterable[tuple[str, str]], at: datetime) -> int:
        """Put each piece of news in, once for each (channel, target); return how many messages that makes."""
        receivers = list(targets)
        rows = [
            self.model(alert=alert, event=event, channel=channel, target=target, created_at=at, next_at=at + wait)
            for alert, event, wait in news
            for channel, target in receivers
        ]
        self.bulk_create(rows, ignore_conflicts=True)
        return len(rows)
