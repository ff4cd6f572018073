"""What the guard should do: the first line of a truth table that fits what was seen and what is proven. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from rollout import sentences
from rollout.evidence import Finding, Metric
from rollout.situation import STALEST, Case, Evidence, Limits, Window
from rollout.stages import Stage


class Reason(StrEnum):
    """Why, in the order of the truth table; alerts are named by the same words."""

    FIRST_LOOK = "first_look"
    NO_DATA = "no_data"
    STALE_DATA = "stale_data"
    REGRESSED = "regressed"
    SHARED_FAULT = "shared_fault"
    HARD_FAULT = "hard_fault"
    SLO = "slo"
    HIGH_ERROR_RATE = "high_error_rate"
    SLOW_REQUEST = "slow_request"
    PARITY = "parity"
    SAMPLE_RATIO = "sample_ratio"
    TESTERS_ONLY = "testers_only"
    PROVEN = "proven"
    SATURATED = "saturated"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with its reason, one sentence that has the numbers, and the alerts to raise."""

    reason: Reason
    sentence: str
    alerts: tuple[Reason, ...] = ()


class Hold(Verdict):
    """Change nothing."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Rollback(Verdict):
    """Send everybody back to v3."""

    culprits: tuple[Finding, ...] = ()


class Advance(Verdict):
    """Go on to the plan's next step."""

    __slots__ = ()


class Ready(Verdict):
    """The next step may be taken, by hand."""

    __slots__ = ()


def judge(window: Window, evidence: Evidence, limits: Limits) -> Verdict:
    """Say what the guard should do; the truth table is in docs/judgement.md, and `RULES` are its lines in order."""
    case = Case(window, evidence, limits)
    verdicts = (rule(case) for rule in RULES)
    return next((verdict for verdict in verdicts if verdict is not None), None) or not_enough_evidence(case)


def unseen(case: Case) -> Verdict | None:
    """Nothing is decided on no data, old data, or an evaluator's first look."""
    window = case.window
    if window.is_first_look:
        return Hold(Reason.FIRST_LOOK, "The guard has just begun to look; it decides from its second look on.")
    if window.age is None:
        return Hold(Reason.NO_DATA, "No worker has reported anything yet.")
    if window.age > STALEST:
        return Hold(Reason.STALE_DATA, sentences.stale(window.age, STALEST))
    if not window.candidate.calls:
        return Hold(Reason.NO_DATA, "Nobody's call was assigned to v4 in the last 5 min.")
    return None


def regressed(case: Case) -> Verdict | None:
    """More people fail, or wait, on v4 than the slots can explain.

    It stands before the shared fault: a common outage adds nothing to this evidence, so it takes nothing away either,
    and a v3 that is a little over its limit shall not shield a v4 that fails everybody.
    """
    found = case.evidence.regression
    if found.strongest is None or not found.is_proven:
        return None
    said = f"v4 is worse than v3: {sentences.finding(found.strongest)}."
    return Rollback(Reason.REGRESSED, said, culprits=found.culprits)


def shared_fault(case: Case) -> Verdict | None:
    """What both engines suffer from is no fault of v4, and going back would help nobody."""
    if case.window.probes_down:
        said = f"Not answering: {', '.join(case.window.probes_down)}; both engines stand on it."
    elif case.errs(case.window.candidate) and case.errs(case.window.control):
        said = f"Both engines fail: {sentences.errors(case)}."
    else:
        return None
    return Hold(Reason.SHARED_FAULT, said, (Reason.SHARED_FAULT,))


def hard_fault(case: Case) -> Verdict | None:
    """Workers whose breaker is open have seen v4 fail several people in a row."""
    window = case.window
    if not window.open_breakers or 2 * window.open_breakers < window.workers:
        return None
    said = f"Breakers are open on {window.open_breakers} of {window.workers} workers."
    return Rollback(Reason.HARD_FAULT, said, (Reason.HARD_FAULT,))


def over_step_limit(case: Case) -> Verdict | None:
    """More of v4's people fail, or wait, than the step allows, and v3 shows that it need not be so.

    v3 is asked twice: about its people in the same epochs, and about its calls now. Its rate of 5 minutes alone lags:
    an outage of both would be blamed on v4 in its first seconds, and again once it is over.
    """
    blamed = {Metric.FAILURES: case.errs, Metric.SLOW: case.dawdles}
    for excess in case.exceeded:
        if not excess.is_shared and not blamed[excess.metric](case.window.control):
            return Rollback(Reason.SLO, f"v4 is over the step's limit: {sentences.excess(excess)}.")
    return None


def over_limit_now(case: Case) -> Verdict | None:
    """A rate over the limit is worth looking at; by itself it proves nothing."""
    found = []
    if case.errs(case.window.candidate):
        found.append((Reason.HIGH_ERROR_RATE, f"v4 fails too often at present: {sentences.errors(case)}."))
    if case.dawdles(case.window.candidate):
        found.append((Reason.SLOW_REQUEST, f"v4 is slow at present: {sentences.p95(case)}."))
    if not found:
        return None
    alerts, said = zip(*found, strict=True)
    return Hold(alerts[0], " ".join(said), alerts)


def parity(case: Case) -> Verdict | None:
    """Where the engines' answers differ in a critical field, v4 is not ready for more people."""
    found, limit = case.window.critical_mismatches, case.limits.critical_mismatches
    if found <= limit:
        return None
    said = f"{found} answers of v3 and v4 differ in a critical field; {limit} may."
    return Hold(Reason.PARITY, said, (Reason.PARITY,))


def odd_sample_ratio(case: Case) -> Verdict | None:
    """Arms that something else than the slot has filled cannot be compared."""
    ratio = case.evidence.sample_ratio
    if not ratio.is_off:
        return None
    return Hold(Reason.SAMPLE_RATIO, sentences.sample_ratio(ratio), (Reason.SAMPLE_RATIO,))


def testers_only(case: Case) -> Verdict | None:
    """Testers are not random, so nothing they meet proves anything; a person takes the first step."""
    if case.limits.step.stage is not Stage.TESTING:
        return None
    return Ready(Reason.TESTERS_ONLY, f"Only testers are on v4, who prove nothing: {sentences.calls(case)}.")


def passed(case: Case) -> Verdict | None:
    """The step has stood long enough, has had enough calls, and what it asks to be proven is proven or cannot be."""
    if case.dwell_left or case.short_of_calls or case.in_doubt or case.unproven:
        return None
    saturated = [proof for proof in case.asked if not proof.is_proven]
    if saturated:
        return Ready(Reason.SATURATED, sentences.saturated(saturated))
    verdict = Advance if case.limits.goes_on_by_itself else Ready
    return verdict(Reason.PROVEN, sentences.passed(case))


def not_enough_evidence(case: Case) -> Verdict:
    """Nothing is wrong, and something is missing: say what, and when it may be expected."""
    return Hold(Reason.NOT_ENOUGH_EVIDENCE, sentences.missing(case))


RULES: tuple[Callable[[Case], Verdict | None], ...] = (
    unseen,
    regressed,
    shared_fault,
    hard_fault,
    over_step_limit,
    over_limit_now,
    parity,
    odd_sample_ratio,
    testers_only,
    passed,
)
