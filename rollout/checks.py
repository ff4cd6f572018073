"""What must be right before anybody is moved; each finding has a stable id and says what to do.

Those that read tables are database checks: `manage.py check --database default`, and every `migrate`.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connections
from django.urls import get_resolver

from rollout import features, forces, registry
from rollout.models import Flag
from rollout.propagation import LEASE_S
from rollout.receivers import SHORTEST_SECRET, fault_of, receivers
from rollout.snapshot import STALE_AFTER_S
from rollout.stages import Stage, chain


@register("rollout")
def declared_features(**_: Any) -> list[CheckMessage]:
    """Check that the declared features stand on each other without a circle, and that the code gates no others."""
    prerequisites = {name: prerequisite for name, (_, prerequisite) in features.declared().items()}
    return [*circles(prerequisites), *unknown_prerequisites(prerequisites), *undeclared(prerequisites)]


@register("rollout")
def timing(*, stale_after_s: float = STALE_AFTER_S, lease_s: float = LEASE_S, **_: Any) -> list[CheckMessage]:
    """Check that a worker refreshes its view before its lease runs out."""
    if stale_after_s < lease_s:
        return []
    return [
        Error(
            f"A view may be {stale_after_s:g} s old, but a worker's lease runs out after {lease_s:g} s.",
            hint="Keep rollout.snapshot.STALE_AFTER_S below rollout.propagation.LEASE_S.",
            id="rollout.E004",
        )
    ]


@register("rollout")
def environment(*, environ: Mapping[str, str] = os.environ, **_: Any) -> list[CheckMessage]:
    """Check that every ROLLOUT_FORCE_… and ROLLOUT_USER_… is understood."""
    understood = forces.read(environ, features.declared())
    hint = f"Accepted are:\n{forces.ACCEPTED}"
    return [Error(problem.strip(), hint=hint, id="rollout.E005") for problem in understood.problems]


@register("rollout", deploy=True)
def drills(**_: Any) -> list[CheckMessage]:
    """Warn where faults can be injected although this is no local installation."""
    if not settings.ROLLOUT["DRILLS"] or getattr(settings, "LOCAL", False):
        return []
    return [
        CheckWarning(
            "Drills are on: whoever may move features can inject faults into what users get.",
            hint="Set ROLLOUT_DRILLS=off.",
            id="rollout.W001",
        )
    ]


@register("rollout")
def alerting(**_: Any) -> list[CheckMessage]:
    """Check that whoever shall be told of alerts can be."""
    return [*webhooks(settings.ROLLOUT["TELL"]), *emails(settings.ROLLOUT["TELL"])]


@register("rollout", deploy=True)
def somebody_is_told(**_: Any) -> list[CheckMessage]:
    """Warn where nobody is told of alerts, an automatic rollback among them, although this is no local installation."""
    if receivers() or settings.LOCAL:
        return []
    return [
        CheckWarning(
            "Nobody is told of alerts: they are in the admin and in `manage.py rollout alerts` only.",
            hint="Set ALERT_EMAILS and EMAIL_HOST, or ALERT_WEBHOOKS with its hosts and secret; see docs/alerts.md.",
            id="rollout.W002",
        )
    ]


@register(Tags.database)
def gating(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check that what is not COMPLETE decides something and has a v3 engine, and that what is has none any more."""
    if (
        "default" not in (databases or ())
        or Flag._meta.db_table not in connections["default"].introspection.table_names()
    ):
        return []
    get_resolver().check()  # importing the views registers their switches and gates
    stages = dict(Flag.objects.filter(name__in=features.declared()).values_list("name", "stage"))
    unfinished = [name for name, stage in sorted(stages.items()) if stage != Stage.COMPLETE]
    return [*idle(unfinished), *without_control(unfinished), *left_over(stages.keys() - set(unfinished))]


def circles(prerequisites: Mapping[str, str | None]) -> Iterator[CheckMessage]:
    """Yield an error for every feature that stands on itself."""
    for name in sorted(prerequisites):
        above = chain(name, prerequisites)
        if prerequisites.get(above[-1] if above else name) == name:
            yield Error(
                f"{name} stands on itself: {' → '.join([name, *above, name])}.",
                hint="Break the circle in settings.ROLLOUT['FEATURES'].",
                id="rollout.E001",
            )


def unknown_prerequisites(prerequisites: Mapping[str, str | None]) -> Iterator[CheckMessage]:
    """Yield an error for every prerequisite that is no feature."""
    for name, above in sorted(prerequisites.items()):
        if above is not None and above not in prerequisites:
            yield Error(
                f"{name} stands on {above}, which is no feature.",
                hint="Declare it in settings.ROLLOUT['FEATURES'], or name another.",
                id="rollout.E002",
            )


def undeclared(declared: Mapping[str, str | None]) -> Iterator[CheckMessage]:
    """Yield an error for every feature that the code asks about and nobody declared: it would be control for ever."""
    for name in sorted(registry.features() - declared.keys()):
        yield Error(
            f"The code asks about {name}, which is no feature: {', '.join(sorted(registry.gated_by(name)))}.",
            hint="Declare it in settings.ROLLOUT['FEATURES'], or mend the name.",
            id="rollout.E003",
        )


def idle(unfinished: Sequence[str]) -> Iterator[CheckMessage]:
    """Yield an error for every feature whose stage would change nothing, not even for those that stand on it."""
    stood_on = {prerequisite for _, prerequisite in features.declared().values()}
    for name in unfinished:
        if name not in stood_on and not registry.gated_by(name):
            yield Error(
                f"{name} is not COMPLETE and gates nothing: moving it would change nothing for anybody.",
                hint="Put a Switch, a Gate or a Toggle of this name in place, or complete the feature.",
                id="rollout.E006",
            )


def without_control(unfinished: Sequence[str]) -> Iterator[CheckMessage]:
    """Yield an error for every switch that would have nobody to answer on control."""
    for operation, feature in sorted(registry.operations().items()):
        if feature in unfinished and registry.control_of(operation) is None:
            yield Error(
                f"{operation} has no v3 engine, but {feature} is not COMPLETE: there is nothing to fall back to.",
                hint=f'Register one in a legacy module with @control("{operation}"), or complete {feature}.',
                id="rollout.E007",
            )


def webhooks(told: Mapping[str, Any]) -> Iterator[CheckMessage]:
    """Yield an error for every webhook that would not be sent to, and for a signature that could be guessed."""
    for number, url in enumerate(told["WEBHOOKS"], 1):
        if fault := fault_of(url, told["WEBHOOK_HOSTS"], is_local=settings.LOCAL):
            yield Error(
                f"ALERT_WEBHOOKS, number {number}: {fault}.",
                hint="Give https://HOST/…, and put the exact HOST into ALERT_WEBHOOK_HOSTS.",
                id="rollout.E008",
            )
    if told["WEBHOOKS"] and len(told["WEBHOOK_SECRET"]) < SHORTEST_SECRET:
        yield Error(
            f"ALERT_WEBHOOK_SECRET has less than {SHORTEST_SECRET} characters: others could sign in our name.",
            hint="Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
            id="rollout.E009",
        )


def emails(told: Mapping[str, Any]) -> Iterator[CheckMessage]:
    """Yield an error for every address that is none, and for mail that no server would take."""
    for address in told["EMAILS"]:
        try:
            validate_email(address)
        except ValidationError:
            hint = "Give addresses with commas between: ops@example.org,night@example.org"
            yield Error(f"ALERT_EMAILS: {address!r} is no e-mail address.", hint=hint, id="rollout.E010")
    if told["EMAILS"] and not settings.EMAIL_HOST:
        hint = "Set EMAIL_HOST to the mail server, and EMAIL_USER and EMAIL_PASSWORD where it asks for them."
        yield Error("ALERT_EMAILS has addresses, but EMAIL_HOST names no mail server.", hint=hint, id="rollout.E011")


def left_over(complete: Collection[str]) -> Iterator[CheckMessage]:
    """Yield a warning for every completed feature whose v3 engine, which nobody calls any more, still lies there."""
    found = {operation: registry.control_of(operation) for operation in sorted(registry.operations())}
    controls = {operation: control for operation, control in found.items() if control is not None}
    needed = {one.__module__ for name, one in controls.items() if registry.operations()[name] not in complete}
    for feature in sorted(complete):
        mine = [one for name, one in controls.items() if registry.operations()[name] == feature]
        if mine:
            yield CheckWarning(
                f"{feature} is COMPLETE, but its v3 engine is still there: {len(mine)} operations.",
                hint=" ".join(_removal(module, mine, module in needed) for module in _modules(mine)),
                id="rollout.W003",
            )


def _removal(module: str, controls: Sequence[Callable[..., Any]], is_needed: bool) -> str:
    """Say which file to delete, or where another feature still needs a part of it, which functions."""
    file = f"{module.replace('.', '/')}.py"
    if not is_needed:
        return f"Delete {file}."
    names = ", ".join(control.__name__ for control in controls if control.__module__ == module)
    return f"Delete {names} in {file}; the rest is still needed."


def _modules(controls: Iterable[Callable[..., Any]]) -> list[str]:
    return sorted({control.__module__ for control in controls})
