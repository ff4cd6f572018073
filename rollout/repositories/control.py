"""The doors to control state, workers and the ledger."""

from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q

from jewgo.core.errors import NotFound
from jewgo.core.repository import Repository
from rollout.stages import Position, Stage

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from rollout.models import Drill, Flag, FlightRecord, Override, StageChange, Step, Worker


class UnknownFeature(NotFound):
    """No feature has this name."""

    code, title = "unknown_feature", "There is no feature of this name"

    def __init__(self, names: Iterable[str], known: Iterable[str]) -> None:
        self.names, known = sorted(names), sorted(known)
        near = [match for name in self.names for match in get_close_matches(name, known, n=1)]
        meant = f"Did you mean {', '.join(near)}? " if near else ""
        super().__init__(
            f"There is no feature {', '.join(self.names)}.", hint=f"{meant}The features are: {', '.join(known)}."
        )


class FlagRepository(Repository["Flag"]):
    """Features, by name."""

    def get_by_natural_key(self, name: str) -> "Flag":
        """Return the feature; fixtures name it by this."""
        return self.get(name=name)

    def named(self, name: str) -> "Flag":
        """Return the feature, or raise UnknownFeature."""
        return self.all_named([name])[0]

    def all_named(self, names: Iterable[str]) -> "list[Flag]":
        """Return the features in name order, or raise UnknownFeature with every name that is none."""
        wanted = set(names)
        found = list(self.filter(name__in=wanted).order_by("name"))
        if missing := wanted - {flag.name for flag in found}:
            raise UnknownFeature(missing, self.values_list("name", flat=True))
        return found

    def prerequisites(self) -> dict[str, str | None]:
        """Return every feature's name with that of its prerequisite."""
        return dict(self.order_by("name").values_list("name", "prerequisite__name"))

    def locked(self, names: Iterable[str]) -> "list[Flag]":
        """Lock the features in name order, so that two movers never wait for each other, and return them."""
        rows = self.filter(name__in=set(names)).select_related("prerequisite").order_by("name")
        return list(rows.select_for_update(of=("self",)))

    def move(self, flag: "Flag", position: Position, **changes: Any) -> None:
        """Store where the (locked) feature stands now, raise its version, and bring `flag` up to date.

        An update, not a `save`: waffle's own columns are no business of a move.
        """
        changes |= {"stage": position.stage, "percentage": position.percentage, "holdout": position.holdout}
        self.filter(pk=flag.pk).update(**changes, version=F("version") + 1)
        flag.refresh_from_db()


class StepRepository(Repository["Step"]):
    """The steps of a feature's plan, in order."""


class OverrideRepository(Repository["Override"]):
    """Identities that are in or out whatever their slot says."""


class DrillQuerySet(models.QuerySet["Drill"]):
    """Query words for drills."""

    def live(self, at: Any) -> "DrillQuerySet":
        """Drills that inject their fault at this time."""
        return self.filter(ended_at=None, started_at__lte=at, expires_at__gt=at)


class DrillRepository(Repository["Drill"]):
    """Faults injected on purpose."""

    def get_queryset(self) -> DrillQuerySet:
        return DrillQuerySet(self.model, using=self._db)

    def live(self, at: Any) -> DrillQuerySet:
        """Drills that inject their fault at this time."""
        return self.get_queryset().live(at)


class WorkerRepository(Repository["Worker"]):
    """Worker processes that have reported themselves."""

    def live(self, now: "datetime", lease_s: float) -> "models.QuerySet[Worker]":
        """Return the workers whose lease still runs at `now`, which is the database's clock."""
        return self.filter(seen_at__gt=now - timedelta(seconds=lease_s))

    def leave(self, worker: "UUID") -> None:
        """Forget a worker that ends in an orderly way."""
        self.filter(pk=worker).delete()


class StageChangeRepository(Repository["StageChange"]):
    """The ledger, oldest first. Rows are appended through `rollout.ledger` only."""

    def of(self, features: Iterable[str]) -> "models.QuerySet[StageChange]":
        """Return the rows of these features, newest first; of all when none is named."""
        names = list(features)
        rows = self.filter(feature__in=names) if names else self.all()
        return rows.order_by("-id")

    def with_flights(self, features: Iterable[str]) -> "models.QuerySet[StageChange]":
        """Return the same rows, each with the number of its flight record as `flight`, or None."""
        return self.of(features).annotate(flight=F("flight_record"))

    def since(self, feature: str, version: int) -> "models.QuerySet[StageChange]":
        """Return what happened to the feature after it had this version, oldest first."""
        return self.filter(feature=feature, flag_version__gt=version).order_by("id")

    def full_since(self, feature: str, *, without_holdout: bool = False) -> "datetime | None":
        """Return when a feature that is at FULL came there (if so, last became without a holdout), or None.

        COMPLETE counts as FULL without a holdout: from there one comes back by `reopen`, and nobody's engine changed.
        """
        same = Q(from_stage__in=[Stage.FULL.value, Stage.COMPLETE.value])
        if without_holdout:
            same &= Q(from_holdout=0)
        return self.of([feature]).exclude(same).values_list("at", flat=True).first()

    def head(self) -> "StageChange | None":
        """Return the newest row."""
        return self.order_by("-id").first()


class FlightRecordRepository(Repository["FlightRecord"]):
    """What was known at each rollback, newest first."""

    def of(self, features: Iterable[str]) -> "models.QuerySet[FlightRecord]":
        """Return the records of these features (none named: of all) with their lines of the ledger, newest first."""
        names = list(features)
        rows = self.filter(feature__in=names) if names else self.all()
        return rows.select_related("change").order_by("-id")
