"""Situations before the truth table: arms, windows and evidence that several tests judge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from rollout.evidence import Finding, Metric, Regression
from rollout.processes import Process
from rollout.proof import Standing
from rollout.situation import ArmHealth, Evidence, Limits, Window
from rollout.stages import PlanStep, Stage
from rollout.step_limits import Excess

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
STEP = PlanStep(Stage.PARTIAL, Decimal(10), max_error_percent=Decimal(5), p95_ms=1000)
FULL = PlanStep(Stage.FULL, Decimal(100), max_error_percent=Decimal(1), p95_ms=500, automatic=False)
LIMITS = Limits(STEP)
FINE = ArmHealth(calls=400, failures=1, p95_ms=120, calls_in_step=9000)
FAILING = replace(FINE, failures=60)
SLOW = replace(FINE, p95_ms=1400)
AT_THE_LIMIT = ArmHealth(calls=400, failures=20, p95_ms=1000, calls_in_step=100)
PASSED = Window(FINE, FINE, in_step=24 * HOUR, workers=4)
PROCESS = Process(0, START, 0.5, 1.25)
CULPRIT = Finding(Metric.FAILURES, "restaurants.search", PROCESS, 1 / 16, 4000.0, 7, 1)
REGRESSED = Regression(CULPRIT, (CULPRIT,), (CULPRIT,))
NEARLY = replace(CULPRIT, mixture=1599.0)
EXCEEDED = Excess(Metric.FAILURES, PROCESS, 900.0, 300, 60)
TOO_SLOW = replace(EXCEEDED, metric=Metric.SLOW)
SHARED = replace(EXCEEDED, control_failing=500, as_control=59.0, allowed=15.0)
PROOF = Standing(Metric.SLOW, 2.0, 31.0, 12, 140, is_saturated=False, control_people=140)
UNPROVEN = replace(PROOF, mixture=19.9, expected=5 * HOUR)
SATURATED = replace(UNPROVEN, is_saturated=True)
OUTAGE = replace(PROOF, metric=Metric.FAILURES, is_saturated=True)
PROVEN = Evidence(proofs=(PROOF,))
