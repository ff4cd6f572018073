"""The feature's form: staff edit it like any other, and it works out which moves they wish for."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Model

from rollout.admin.confirmation import Wish
from rollout.admin.offers import OFFERS
from rollout.models import Flag
from rollout.stages import HUNDRED, ZERO, Stage, next_step

if TYPE_CHECKING:
    FlagFormBase = forms.ModelForm[Flag]
else:
    FlagFormBase = forms.ModelForm

NO_WAY_BACK = "There is no way back to TESTING. Roll back, then start again."
NOWHERE = "0 % is not a place to stand. To send everyone back, choose DISABLED."
NOT_YET_FULL = "FULL comes after the last share of the plan; the next step is {step}. Advance, or set that percentage."


class FlagForm(FlagFormBase):
    """Never saves: `wishes` says which moves the edit amounts to, and the service makes them after a confirmation."""

    version_seen = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Flag
        fields = ("stage", "percentage", "holdout", "paused", "staff", "superusers", "groups", "users")
        labels = {"paused": "Hold automatic widening", "staff": "All staff", "superusers": "All superusers"}
        help_texts = {
            "percentage": "Of all callers; counts in PARTIAL. A share typed while TESTING means PARTIAL.",
            "holdout": "The share that stays on v3 when everyone else has v4.",
            "paused": "Automatic rollback stays armed.",
            "staff": "",
            "superusers": "",
            "groups": "Their members.",
            "users": "",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version_seen"] = self.instance.version
        self.before = self.instance.position
        self.plan = self.instance.plan
        self.was_paused = self.instance.paused

    @property
    def is_stale(self) -> bool:
        """Whether the feature moved after the form was opened; what it says then means something else."""
        return str(self.data.get("version_seen")) != str(self.initial["version_seen"])

    @property
    def version_opened(self) -> int:
        """The version that the form was made from, 0 where it does not say."""
        told = str(self.data.get("version_seen", ""))
        return int(told) if told.isdecimal() and len(told) < 19 else 0

    def clean(self) -> dict[str, Any]:
        """Bring the percentage in line with the stage, as people mean it."""
        cleaned = super().clean() or self.cleaned_data
        if "stage" in cleaned and "percentage" in cleaned:
            self._settle(cleaned)
        return cleaned

    def wishes(self) -> list[Wish]:
        """Return the moves that the edit amounts to, in the order in which they are legal."""
        moves = (*self._stage_moves(), *self._other_moves())
        return [Wish(OFFERS[name], (self.instance.name,), arguments) for name, arguments in moves]

    def _settle(self, cleaned: dict[str, Any]) -> None:
        stage, percentage = Stage(cleaned["stage"]), cleaned["percentage"]
        if stage is Stage.TESTING and self.before.stage is Stage.TESTING and percentage > ZERO:
            stage = Stage.PARTIAL
        elif stage is Stage.TESTING and self.before.stage not in {Stage.TESTING, Stage.DISABLED}:
            self.add_error("stage", NO_WAY_BACK)
        elif stage is Stage.PARTIAL and percentage == ZERO:
            self.add_error("percentage", NOWHERE)
        elif stage is Stage.FULL and self.before.stage is not Stage.FULL:
            self._check_full()
        fixed = {Stage.PARTIAL: percentage, Stage.FULL: HUNDRED, Stage.COMPLETE: HUNDRED}
        cleaned["stage"], cleaned["percentage"] = stage.value, fixed.get(stage, ZERO)

    def _check_full(self) -> None:
        step = next_step(self.before, self.plan)
        if self.before.stage is not Stage.COMPLETE and step is not None and step.stage is not Stage.FULL:
            self.add_error("stage", NOT_YET_FULL.format(step=f"{step.percentage:f} %"))

    def _stage_moves(self) -> Iterator[tuple[str, dict[str, Any]]]:
        stage, percentage = Stage(self.cleaned_data["stage"]), self.cleaned_data["percentage"]
        if (stage, percentage) == (self.before.stage, self.before.percentage):
            return
        if self.before.stage is Stage.DISABLED:
            yield "start", {}
        match stage:
            case Stage.DISABLED:
                yield "rollback", {}
            case Stage.PARTIAL:
                yield "set", {"percentage": percentage}
            case Stage.FULL:
                yield "reopen" if self.before.stage is Stage.COMPLETE else "advance", {}
            case Stage.COMPLETE:
                yield "complete", {}

    def _other_moves(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if "holdout" in self.changed_data:
            yield "holdout", {"percentage": self.cleaned_data["holdout"]}
        if "paused" in self.changed_data:
            yield "pause" if self.cleaned_data["paused"] else "resume", {}
        add, remove = self._testers()
        if add or remove:
            yield "testers", {"add": add, "remove": remove}

    def _testers(self) -> tuple[list[str], list[str]]:
        """Return the testers to add and to remove, as the service names them."""
        before, after = self._testers_of(self.initial), self._testers_of(self.cleaned_data)
        return sorted(after - before), sorted(before - after)

    @staticmethod
    def _testers_of(values: Mapping[str, Any]) -> set[str]:
        people = {f"u:{_key(user)}" for user in values.get("users") or ()}
        groups = {f"g:{_key(group)}" for group in values.get("groups") or ()}
        return people | groups | {name for name in ("staff", "superusers") if values.get(name)}


def _key(row: Any) -> Any:
    return row.pk if isinstance(row, Model) else row
