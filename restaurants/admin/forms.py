"""The form of a place: refuses what somebody else overtook, and moves the record by the table of legal moves."""

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.db import models

from jewgo.core.errors import JewgoError
from restaurants.lifecycle import MOVES, IllegalRecordMove, Move, after, legal_moves, move_between
from restaurants.models import Restaurant

if TYPE_CHECKING:
    Form = forms.ModelForm[Restaurant]
else:  # Django's own class takes no parameters at run time
    Form = forms.ModelForm

WEB_ADDRESSES: Final[dict[Any, dict[str, Any]]] = {
    models.URLField: {"assume_scheme": "https", "widget": AdminURLFieldWidget}
}


class RestaurantForm(Form):
    """A place; refuses to overwrite what somebody else stored since the page was opened."""

    read_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    move: Move | None = None
    """How the record is moved, once the form is clean."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["read_version"].initial = self.instance.version
        self.stood = self.instance.state_of_record
        if "state_of_record" in self.fields:
            self.fields["state_of_record"].widget.choices = self._states()

    def _states(self) -> list[tuple[str, str]]:
        """Return where the record may stand when the page is saved: where it is, and where a move leads."""
        moves = legal_moves(self.stood) if self.instance.pk else ()
        targets = [(MOVES[move].target.value, f"{MOVES[move].target.value} ({move.value})") for move in moves]
        return [(self.stood, self.stood), *targets]

    def clean(self) -> dict[str, Any]:
        """Turn empty texts into unknown ones, and compare versions."""
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if value == "" and self.fields[name].widget.__class__ is not forms.HiddenInput and _is_nullable(name):
                cleaned[name] = None
        if self.instance.pk and cleaned.get("read_version") != self.instance.version:
            raise forms.ValidationError(
                "Somebody else stored this restaurant meanwhile; open it again and repeat your change.", code="stale"
            )
        self._move(cleaned)
        return cleaned

    def _move(self, cleaned: dict[str, Any]) -> None:
        """Move the record by the table; a reason of before does not stand for the move."""
        target = cleaned.get("state_of_record")
        if not target or target == self.stood:
            return
        reason = cleaned.get("state_reason") or "" if "state_reason" in self.changed_data else ""
        try:
            if not self.instance.pk:
                raise IllegalRecordMove("A new restaurant is pending; approve it afterwards.")
            self.move = move_between(self.stood, target)
            after(self.move, self.stood, reason)
        except JewgoError as refusal:
            details = " ".join(problem.detail for problem in refusal.problems) or refusal.message
            self.add_error("state_reason" if refusal.problems else "state_of_record", details)
        cleaned["state_reason"] = reason


def _is_nullable(name: str) -> bool:
    return bool(getattr(Restaurant._meta.get_field(name), "null", False))
