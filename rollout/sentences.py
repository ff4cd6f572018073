"""The verdicts in words that have the numbers. Pure."""

from collections.abc import Iterable
from datetime import timedelta

from rollout import evidence, proof, step_limits
from rollout import sample_ratio as ratios
from rollout.evidence import Finding, Metric
from rollout.proof import Standing
from rollout.sample_ratio import SampleRatio
from rollout.situation import Case
from rollout.stages import plain
from rollout.step_limits import Excess, Kept

_PEOPLE = {Metric.FAILURES: "failing people", Metric.SLOW: "slow people"}
_ARE = {Metric.FAILURES: "fail", Metric.SLOW: "are slow"}


def errors(case: Case) -> str:
    """Say how many calls of each arm failed in the last 5 minutes, and how many may."""
    arms = {"v4": case.window.candidate, "v3": case.window.control}
    said = [f"{name} {arm.error_percent:.1f} % of {arm.calls} calls" for name, arm in arms.items()]
    return f"{', '.join(said)} in 5 min, limit {plain(case.limits.step.max_error_percent)} %"


def p95(case: Case) -> str:
    """Say each arm's p95 of the last 5 minutes, and what it may be."""
    control, candidate = case.window.control, case.window.candidate
    return f"p95 v4 {candidate.p95_ms:.0f} ms, v3 {control.p95_ms:.0f} ms, limit {case.limits.step.p95_ms} ms"


def finding(found: Finding) -> str:
    """Say what speaks against v4 most."""
    where = found.operation or "all operations"
    people = f"{found.candidate} of {found.people} {_PEOPLE[found.metric]} are on v4"
    return f"{people} ({where}), E = {number(found.value)} of {evidence.ENOUGH:.0f}"


def excess(found: Excess) -> str:
    """Say by how many people v4 is over a limit of the step."""
    people = f"{found.failing} of {found.people} people {_ARE[found.metric]}"
    return f"{people}, E = {number(found.value)} of {step_limits.ENOUGH:.0f}"


def stale(age: timedelta, oldest: timedelta) -> str:
    """Say how old the newest sample is, and how old it may be."""
    return f"The newest sample is {duration(age)} old; nothing is decided on one older than {duration(oldest)}."


def sample_ratio(ratio: SampleRatio) -> str:
    """Say who is on the wrong arm, or how the arms divide."""
    if ratio.misplaced:
        return f"Recorded on the wrong arm for their slot: {', '.join(ratio.misplaced)}."
    arms = f"{ratio.candidate} people on v4, {ratio.control} on v3"
    return f"The arms do not divide by the share: {arms}, M = {number(ratio.mixture)} of {ratios.ENOUGH:.0f}."


def saturated(proofs: Iterable[Standing]) -> str:
    """Say which proofs have come as far as they can."""
    return f"No more can be proven in this step: {'; '.join(map(standing, proofs))}. A person decides."


def passed(case: Case) -> str:
    """Say what allows to go on."""
    said = [f"the step has stood {duration(case.window.in_step)}", calls(case), *map(standing, case.asked)]
    said += map(keeping, case.asked_of_limits)
    return f"Nothing speaks against going on: {'; '.join(said)}."


def missing(case: Case) -> str:
    """Say what has to come before the next step."""
    said = [f"{duration(case.dwell_left)} of the dwell"] * bool(case.dwell_left)
    said += [f"calls ({calls(case)})"] * case.short_of_calls
    said += [f"proof ({standing(one)}{_full(one) or _when(one.expected)})" for one in case.asked if not one.is_proven]
    said += [f"proof ({keeping(one)}{_when(one.expected)})" for one in case.unkept]
    said += ["proof (none has begun)"] * (case.limits.asks_proof and not (case.asked or case.asked_of_limits))
    said += [f"{case.lost} failing people whom a worker had no room to note"] * bool(case.lost)
    said += [f"an end of the doubt ({excess(one)}, with v3 over the limit too)" for one in case.exceeded]
    return f"Not enough evidence; missing: {'; '.join(said)}."


def calls(case: Case) -> str:
    """Say how many calls the arms have had in the step, and how many are asked for."""
    window, least = case.window, case.limits.step.min_requests
    on_control = f", {window.control.calls_in_step} on v3" if case.limits.has_control else ""
    return f"{window.candidate.calls_in_step} calls on v4{on_control}, {least} asked"


def standing(one: Standing) -> str:
    """Say how far a proof has come."""
    people = f"{one.candidate + one.control} {_PEOPLE[one.metric]}"
    return f"{people} against a ratio of {one.ratio:g}: M = {number(one.mixture)} of {proof.ENOUGH:.0f}"


def keeping(one: Kept) -> str:
    """Say how far it is proven that v4 keeps a limit of the step."""
    said = f"{one.failing} of {one.people} people {_ARE[one.metric]}, {100 * one.limit:g} % may"
    return f"{said}: M = {number(one.mixture)} of {step_limits.KEPT_ENOUGH:.0f}"


def number(value: float) -> str:
    """Return three digits that count: 0.0123, 26.9, 936, 1.5e+12."""
    return f"{value:.0f}" if 1000 <= value < 1e6 else f"{value:.3g}"


def duration(span: timedelta) -> str:
    """Return seconds, minutes, hours or days, whichever says it best."""
    for unit, name in ((timedelta(days=1), "days"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min")):
        if span >= 2 * unit:
            return f"{span / unit:.3g} {name}"
    return f"{span.total_seconds():.3g} s"


def roughly(span: timedelta) -> str:
    """Return the same in whole units: 26 h rather than 26.1 h."""
    for unit in (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)):
        if span >= 2 * unit:
            return duration(round(span / unit) * unit)
    return duration(span)


def _full(one: Standing) -> str:
    return ", and no more may be counted in this step" if one.is_saturated else ""


def _when(expected: timedelta | None) -> str:
    return f", in about {duration(expected)} at present traffic" if expected else ", not in sight at present traffic"
