"""The moves that the pages offer: their words, what they ask for, where they are legal, and the service call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django import forms

from jewgo.core.errors import JewgoError
from rollout import stages
from rollout.admin.inputs import DrillInputs, HoldoutInputs, OverrideInputs, PercentageInputs
from rollout.models import Flag
from rollout.moves import Features, Report, Terms
from rollout.services import RolloutService
from rollout.stages import Stage, next_step, plain

Arguments = Mapping[str, Any]


class Make(Protocol):
    """Asks the service for one move."""

    def __call__(self, service: RolloutService, features: Features, arguments: Arguments, terms: Terms, /) -> Report:
        """Return its report; raises what the service raises."""
        ...


def _anywhere(_: Flag) -> object:
    return None


def _nothing(_: Arguments) -> str:
    return ""


def _tell_override(given: Arguments) -> str:
    words = {True: "gets v4, always", False: "gets v3, always", None: "gets what its slot says"}
    return f"{given['identity']} {words[given['is_in']]}"


def _tell_testers(given: Arguments) -> str:
    told = (("added", given["add"]), ("removed", given["remove"]))
    return "; ".join(f"{word}: {', '.join(who)}" for word, who in told if who)


def _tell_drill(given: Arguments) -> str:
    fault = given["fault"]
    what = f"{fault.kind}, {fault.delay_ms} ms late" if fault.delay_ms else fault.kind
    whom = f" of {', '.join(fault.identities)}" if fault.identities else ""
    text = f" that contain “{fault.match}”" if fault.match else ""
    calls = f"{fault.rate:.2%} of calls of {fault.operation or 'every operation'}"
    return f"{what}: {calls}{whom}{text}, for {fault.lasts.total_seconds():.0f} s"


@dataclass(frozen=True, slots=True)
class Offer:
    """One move. `legal` raises what forbids it at the feature's place; `inputs` are asked before the confirmation."""

    name: str
    label: str
    means: str
    make: Make
    legal: Callable[[Flag], object] = _anywhere
    inputs: type[forms.Form] | None = None
    checks_version: bool = True
    """Whether a change since the page was opened stops it. Nothing stops a rollback."""
    tells: Callable[[Arguments], str] = _nothing
    """What it was told, for the question, where from and to do not show it."""

    def label_for(self, flag: Flag) -> str:
        """Return the button's words on the feature's page; advance says where to."""
        step = next_step(flag.position, flag.plan) if self.name == "advance" else None
        if step is None:
            return self.label
        return f"Advance to {'FULL' if step.stage is Stage.FULL else f'{plain(step.percentage)} %'}"

    def why_not(self, flag: Flag) -> str:
        """Return why the feature's place forbids it, empty when it does not."""
        try:
            self.legal(flag)
        except JewgoError as error:
            return error.message
        return ""


def _begins(flag: Flag) -> object:
    if flag.stage != Stage.DISABLED:
        raise stages.IllegalMove("It is started already.")
    return None


def _sets(flag: Flag) -> object:
    return stages.set_percentage(flag.position, stages.HUNDRED)


def _holds(is_paused: bool) -> Callable[[Flag], object]:
    def check(flag: Flag) -> object:
        stages.hold_widening(flag.position)
        if flag.paused is is_paused:
            raise stages.IllegalMove("It is paused already." if is_paused else "It is not paused.")
        return None

    return check


def _completes(flag: Flag) -> object:
    if flag.stage == Stage.COMPLETE:
        raise stages.IllegalMove("It is COMPLETE already.")
    return stages.complete(flag.position)


def _reopens(flag: Flag) -> object:
    if flag.stage == Stage.FULL:
        raise stages.IllegalMove("It is FULL; only COMPLETE can be reopened.")
    return stages.reopen(flag.position)


OFFERS: Mapping[str, Offer] = {
    offer.name: offer
    for offer in (
        Offer(
            "rollback",
            "Roll back",
            "Everyone goes back to v3 at once, testers too, with every feature that stands on it. The attempt ends.",
            lambda service, features, _, terms: service.rollback(features, **terms),
            checks_version=False,
        ),
        Offer(
            "start",
            "Start",
            "A new attempt begins: testers get v4, everyone else stays on v3.",
            lambda service, features, _, terms: service.start(features, **terms),
            legal=_begins,
        ),
        Offer(
            "advance",
            "Advance",
            "The feature goes to the next step of its plan. Whoever has v4 already keeps it.",
            lambda service, features, _, terms: service.advance(features, **terms),
            legal=lambda flag: stages.advance(flag.position, flag.plan),
        ),
        Offer(
            "set",
            "Set percentage",
            "This share of callers gets v4. Raising it takes v4 from nobody.",
            lambda service, features, given, terms: service.set_percentage(given["percentage"], features, **terms),
            legal=_sets,
            inputs=PercentageInputs,
        ),
        Offer(
            "pause",
            "Pause",
            "Automatic widening is held. Nobody's engine changes, and automatic rollback stays armed.",
            lambda service, features, _, terms: service.pause(features, **terms),
            legal=_holds(True),
        ),
        Offer(
            "resume",
            "Resume",
            "Automatic widening may go on. Nobody's engine changes now.",
            lambda service, features, _, terms: service.resume(features, **terms),
            legal=_holds(False),
        ),
        Offer(
            "holdout",
            "Set holdout",
            "This share stays on v3 when everyone else has v4, so that the two can be compared.",
            lambda service, features, given, terms: service.set_holdout(given["percentage"], features, **terms),
            legal=lambda flag: stages.set_holdout(flag.position, stages.ZERO),
            inputs=HoldoutInputs,
        ),
        Offer(
            "complete",
            "Complete",
            "The migration ends: v4 answers everyone and the v3 engine is never called again, also when v4 fails.",
            lambda service, features, _, terms: service.complete(features, **terms),
            legal=_completes,
        ),
        Offer(
            "reopen",
            "Reopen",
            "The v3 engine stands behind every v4 answer again. Nobody's engine changes.",
            lambda service, features, _, terms: service.reopen(features, **terms),
            legal=_reopens,
        ),
        Offer(
            "override",
            "Override an identity",
            "This one identity gets the engine named here, whatever its slot says.",
            lambda service, features, given, terms: service.override(
                features, given["identity"], given["is_in"], **terms
            ),
            inputs=OverrideInputs,
            tells=_tell_override,
        ),
        Offer(
            "testers",
            "Change testers",
            "Testers get v4 from TESTING on, whatever their slot says.",
            lambda service, features, given, terms: service.set_testers(
                features, add=given["add"], remove=given["remove"], **terms
            ),
            tells=_tell_testers,
        ),
        Offer(
            "drill",
            "Start a drill",
            "v4 is made to fail on purpose, for a while. v3 answers in its place; the drill ends by itself.",
            lambda service, features, given, terms: service.drill(features, given["fault"], **terms),
            inputs=DrillInputs,
            tells=_tell_drill,
        ),
        Offer(
            "end_drill",
            "End the drills",
            "Every fault that a drill injects into this feature stops now.",
            lambda service, features, _, terms: service.end_drill(features, **terms),
        ),
    )
}

BUTTONS = ("rollback", "start", "advance", "set", "pause", "resume", "holdout", "complete", "reopen")
"""What the feature's page offers on top, in this order; what is illegal there is listed with its reason."""

BULK = ("advance", "pause", "resume", "rollback")
