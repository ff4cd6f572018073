"""A judgement as plain data: what was seen, what is proven, what the step allows. Pure; the ledger keeps it too."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rollout import evidence, proof, sample_ratio, step_limits
from rollout.evidence import Finding
from rollout.proof import Standing
from rollout.sample_ratio import SampleRatio
from rollout.situation import ArmHealth, Evidence, Limits, Window
from rollout.stages import PlanStep
from rollout.step_limits import Excess, Kept


def document(
    window: Window, found: Evidence, limits: Limits, *, evidence_share: float | None, people: Mapping[str, Any]
) -> dict[str, Any]:
    """Return everything that a verdict rests on; durations are seconds, `people` are those of the step."""
    return {
        "window": _window(window),
        "limits": _limits(limits),
        "evidence": {
            "value": found.regression.value,
            "enough": evidence.ENOUGH,
            "strongest": _finding(found.regression.strongest) if found.regression.strongest else None,
            "culprits": [_finding(one) for one in found.regression.culprits],
            "suspects": [_finding(one) for one in found.regression.suspects],
        },
        "excesses": [_excess(one) for one in found.excesses],
        "proofs": [_standing(one) for one in found.proofs],
        "kept": [_kept(one) for one in found.kept],
        "sample_ratio": _sample_ratio(found.sample_ratio),
        "evidence_share": evidence_share,
        "people": dict(people),
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "control": _arm(window.control),
        "candidate": _arm(window.candidate),
        "age_s": _seconds(window.age),
        "is_first_look": window.is_first_look,
        "probes_down": list(window.probes_down),
        "workers": window.workers,
        "open_breakers": window.open_breakers,
        "in_step_s": _seconds(window.in_step),
        "lost_failures": window.lost_failures,
        "critical_mismatches": window.critical_mismatches,
    }


def _arm(arm: ArmHealth) -> dict[str, Any]:
    return {
        "calls": arm.calls,
        "failures": arm.failures,
        "error_percent": round(arm.error_percent, 3),
        "p95_ms": round(arm.p95_ms, 1),
        "calls_in_step": arm.calls_in_step,
    }


def step(one: PlanStep) -> dict[str, Any]:
    """Return one step of a plan."""
    return {
        "stage": one.stage.value,
        "percentage": float(one.percentage),
        "dwell_s": _seconds(one.dwell),
        "min_requests": one.min_requests,
        "max_error_percent": float(one.max_error_percent),
        "p95_ms": one.p95_ms,
        "automatic": one.automatic,
    }


def _limits(limits: Limits) -> dict[str, Any]:
    return {**step(limits.step), "paused": limits.is_paused, "has_control": limits.has_control}


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "metric": one.metric.value,
        "operation": one.operation,
        "epoch": one.process.epoch,
        "starts_at": one.process.starts_at.isoformat(),
        "weight": one.weight,
        "mixture": one.mixture,
        "value": one.value,
        "candidate": one.candidate,
        "control": one.control,
    }


def _excess(one: Excess) -> dict[str, Any]:
    return {
        "metric": one.metric.value,
        "mixture": one.mixture,
        "value": one.value,
        "enough": step_limits.ENOUGH,
        "people": one.people,
        "failing": one.failing,
        "control_failing": one.control_failing,
        "is_shared": one.is_shared,
    }


def _kept(one: Kept) -> dict[str, Any]:
    return {
        "metric": one.metric.value,
        "limit": one.limit,
        "mixture": one.mixture,
        "enough": step_limits.KEPT_ENOUGH,
        "people": one.people,
        "failing": one.failing,
        "is_proven": one.is_proven,
        "expected_s": _seconds(one.expected),
    }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "metric": one.metric.value,
        "ratio": one.ratio,
        "mixture": one.mixture,
        "enough": proof.ENOUGH,
        "candidate": one.candidate,
        "control": one.control,
        "is_proven": one.is_proven,
        "is_saturated": one.is_saturated,
        "is_asked": one.is_asked,
        "expected_s": _seconds(one.expected),
    }


def _sample_ratio(ratio: SampleRatio) -> dict[str, Any]:
    return {
        "mixture": ratio.mixture,
        "enough": sample_ratio.ENOUGH,
        "candidate": ratio.candidate,
        "control": ratio.control,
        "misplaced": list(ratio.misplaced)[:10],
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 3)
