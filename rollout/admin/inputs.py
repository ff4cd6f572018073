"""What a move has to be told besides a reason, asked on a page before its confirmation."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms

from jewgo.core.errors import JewgoError
from rollout.drills import LONGEST_DELAY_MS, Fault
from rollout.models import Drill
from rollout.stages import LARGEST_HOLDOUT, parse_percentage
from rollout.targeting import checked_identity

STATES = {"on": True, "off": False, "clear": None}


def in_their_words(error: JewgoError) -> forms.ValidationError:
    """Return a refusal of the rollout as a form's own."""
    return forms.ValidationError(f"{error.message} {error.hint or ''}".strip())


class PercentageInputs(forms.Form):
    """The share of callers to let in."""

    percentage = forms.CharField(
        max_length=10, help_text="Above 0 to 100, in steps of 0.01. To send everyone back, roll back."
    )

    def clean_percentage(self) -> Decimal:
        """Return it as the rollout takes it."""
        try:
            return parse_percentage(self.cleaned_data["percentage"])
        except JewgoError as error:
            raise in_their_words(error) from None


class HoldoutInputs(PercentageInputs):
    """The share of callers to keep on v3 at FULL."""

    percentage = forms.CharField(
        max_length=10, label="Holdout in percent", help_text=f"0 to {LARGEST_HOLDOUT}, in steps of 0.01."
    )


class OverrideInputs(forms.Form):
    """One identity, and what it gets."""

    identity = forms.CharField(
        max_length=100, help_text="u:<user id>, k:<service key id>, d:<device uuid> or n:<32 hex digits>."
    )
    state = forms.ChoiceField(
        label="Gets",
        choices=[("on", "v4, always"), ("off", "v3, always"), ("clear", "what its slot says (no override)")],
        widget=forms.RadioSelect,
        initial="on",
    )

    def clean_identity(self) -> str:
        """Return it in the form that decisions use."""
        try:
            return checked_identity(self.cleaned_data["identity"])
        except JewgoError as error:
            raise in_their_words(error) from None

    def clean(self) -> dict[str, Any]:
        """Add `is_in`, the state as the service takes it."""
        return {**self.cleaned_data, "is_in": STATES.get(self.cleaned_data.get("state", ""))}


class DrillInputs(forms.Form):
    """The fault to inject, how often, for how long, and for whom."""

    kind = forms.ChoiceField(
        label="v4",
        choices=[
            (Drill.Fault.ERROR, "fails with an error"),
            (Drill.Fault.SLOW, "answers late"),
            (Drill.Fault.WRONG, "answers 404 in place of a result"),
        ],
        initial=Drill.Fault.ERROR,
    )
    percent = forms.FloatField(
        label="Share of calls in percent", initial=100, min_value=0.01, max_value=100, widget=forms.TextInput
    )
    seconds = forms.IntegerField(label="For how many seconds", initial=60, min_value=1, max_value=3600)
    delay_ms = forms.IntegerField(
        label="Delay in milliseconds", initial=500, min_value=0, max_value=LONGEST_DELAY_MS, required=False
    )
    operation = forms.CharField(required=False, max_length=100, help_text="For example restaurants.search; empty: any.")
    identities = forms.CharField(required=False, max_length=2000, help_text="Separated by spaces; empty: everyone.")
    match = forms.CharField(
        label="Containing", required=False, max_length=200, help_text="Only queries or answers with this text."
    )

    def clean(self) -> dict[str, Any]:
        """Add `fault`, the whole as the service takes it."""
        given = self.cleaned_data
        if self.errors:
            return given
        try:
            return {**given, "fault": _fault(given)}
        except JewgoError as error:
            raise in_their_words(error) from None


def _fault(given: dict[str, Any]) -> Fault:
    return Fault(
        kind=given["kind"],
        rate=given["percent"] / 100,
        delay_ms=(given["delay_ms"] or 0) if given["kind"] == Drill.Fault.SLOW else 0,
        lasts=timedelta(seconds=given["seconds"]),
        operation=given["operation"] or None,
        identities=tuple(given["identities"].split()),
        match=given["match"] or None,
    )
