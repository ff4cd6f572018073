"""What stands between the wish for a move and the move: its preview, the question for a reason, the doing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction

from jewgo.core.errors import JewgoError
from rollout import pulse
from rollout.admin.offers import Arguments, Offer
from rollout.criteria import CriterionUnmet, GuardStalled
from rollout.moves import LONGEST_REASON, Actor, MovesRefused, Outcome, Report, Result, Terms
from rollout.radius import Radius, blast_radius
from rollout.services import CertificateMissing, RolloutService
from rollout.transitions import PrerequisiteDisabled

FORCEABLE = (PrerequisiteDisabled, CertificateMissing, CriterionUnmet, GuardStalled)
"""Refusals that somebody who knows better may go past; the ledger says that they did."""

LOOKING = "preview"
"""The reason of a dry run, which no ledger keeps."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One move of some features."""

    offer: Offer
    features: tuple[str, ...]
    arguments: Arguments = field(default_factory=dict)

    def make(self, service: RolloutService, terms: Terms) -> Report:
        """Ask the service for it."""
        return self.offer.make(service, self.features, self.arguments, terms)


@dataclass(frozen=True, slots=True)
class Row:
    """What a wish would make of one feature."""

    feature: str
    label: str
    now: str = ""
    then: str = ""
    notes: tuple[str, ...] = ()
    is_unchanged: bool = False
    error: JewgoError | None = None
    radius: Radius | None = None
    """Whom it concerns, where it would move."""

    @property
    def refusal(self) -> str:
        """Why it is refused, in the service's words; empty when it is not."""
        return self.error.message.removeprefix(f"{self.feature}: ") if self.error else ""

    @property
    def hint(self) -> str:
        """What would help."""
        return (self.error.hint or "") if self.error else ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What wishes would make of their features, were they made now."""

    rows: tuple[Row, ...]
    radii: tuple[Radius, ...] = ()
    """Whom all of it together concerns, feature by feature."""

    @property
    def movable(self) -> tuple[str, ...]:
        """The features that would move."""
        return tuple(dict.fromkeys(row.feature for row in self.rows if not row.error and not row.is_unchanged))

    @property
    def is_forceable(self) -> bool:
        """Whether somebody who knows better may go past everything that is refused."""
        refusals = [row.error for row in self.rows if row.error]
        return bool(refusals) and all(isinstance(error, FORCEABLE) for error in refusals)


class ConfirmForm(forms.Form):
    """Asks why. `seen` carries the versions that the page was made from."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The ledger keeps it, for whoever asks later.",
        error_messages={"required": "Say why: no move is made without a reason."},
    )
    force = forms.BooleanField(
        required=False, label="Go ahead in spite of what is refused above", help_text="The ledger says so."
    )
    seen = forms.JSONField(widget=forms.HiddenInput, required=False)

    def clean_seen(self) -> dict[str, int]:
        """Return it as feature → version; anything else was not made by our page."""
        seen = self.cleaned_data["seen"] or {}
        if not isinstance(seen, dict) or not all(isinstance(version, int) for version in seen.values()):
            raise forms.ValidationError("This page was not made by us; open it again.")
        return seen


def preview(service: RolloutService, wishes: Sequence[Wish], actor: Actor, at: datetime) -> Preview:
    """Work out what the wishes would do, one after the other, and leave no trace.

    A single wish is a dry run of the service; only where one builds on the other are they made, and undone. What is
    refused, but may be forced, is shown with the radius that it would have.
    """
    if len(wishes) > 1:
        return _preview_of_many(service, wishes, actor, at)
    terms: Terms = {"actor": actor, "reason": LOOKING, "dry_run": True}
    shown = Preview(tuple(_rows(service, wishes[0], terms)))
    asked = _rows(service, wishes[0], {**terms, "force": True}) if shown.is_forceable else shown.rows
    return replace(shown, radii=tuple(row.radius for row in asked if row.radius))


def _preview_of_many(service: RolloutService, wishes: Sequence[Wish], actor: Actor, at: datetime) -> Preview:
    before = pulse.view()
    with transaction.atomic():
        rows = tuple(row for wish in wishes for row in _rows(service, wish, {"actor": actor, "reason": LOOKING}))
        after = pulse.view()
        transaction.set_rollback(True)
    moved = Preview(rows).movable
    return Preview(rows, tuple(blast_radius(before, after, moved, at).values()) if moved else ())


def carry_out(service: RolloutService, wishes: Sequence[Wish], terms: Terms) -> list[Report]:
    """Make all the wishes or none. The versions seen are asked of the first, since it raises them itself."""
    with transaction.atomic():
        first, *others = wishes
        unversioned: Terms = {**terms, "expect_version": None}
        asked = terms if first.offer.checks_version else unversioned
        return [first.make(service, asked), *(wish.make(service, unversioned) for wish in others)]


def told(report: Report) -> Iterator[tuple[bool, str]]:
    """Yield (whether it went well, a sentence) for each feature of a report."""
    for outcome in report.outcomes:
        match outcome.result:
            case Result.MOVED if outcome.before == outcome.after:
                yield True, f"{outcome.feature}: {report.move} is done."
            case Result.MOVED:
                yield True, f"{outcome.feature}: {outcome.before} → {outcome.after}."
            case Result.ALREADY:
                yield True, f"{outcome.feature}: it was so already, {outcome.after}."
            case _ if outcome.error:
                yield False, f"{outcome.error.message} {outcome.error.hint or ''}".strip()


def _rows(service: RolloutService, wish: Wish, terms: Terms) -> Iterator[Row]:
    try:
        yield from map(_row_of(wish), wish.make(service, terms).outcomes)
    except MovesRefused as error:
        yield from _mixed(service, wish, terms, error.report)
    except JewgoError as error:
        yield Row(", ".join(wish.features), wish.offer.label, error=error)


def _mixed(service: RolloutService, wish: Wish, terms: Terms, report: Report) -> Iterator[Row]:
    """The refused with their reasons; the others as they would move without those."""
    refused = {outcome.feature: outcome for outcome in report.refused}
    yield from map(_row_of(wish), refused.values())
    others = tuple(name for name in wish.features if name not in refused)
    if others:
        yield from _rows(service, Wish(wish.offer, others, wish.arguments), terms)


def _row_of(wish: Wish) -> Any:
    def row(outcome: Outcome) -> Row:
        comes_along = () if outcome.feature in wish.features else ("comes along, since it stands on what is named",)
        told = wish.offer.tells(wish.arguments)
        return Row(
            feature=outcome.feature,
            label=wish.offer.label,
            now=str(outcome.before),
            then=str(outcome.after),
            notes=(*((told,) if told else ()), *comes_along, *outcome.notes),
            is_unchanged=outcome.result is Result.ALREADY,
            error=outcome.error,
            radius=outcome.radius,
        )

    return row


def missed(error: JewgoError) -> list[Mapping[str, Any]]:
    """Return what happened to a feature after the page was opened, as StaleVersion tells it."""
    changes: list[Mapping[str, Any]] = error.meta.get("changes", [])
    return changes
