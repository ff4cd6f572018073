"""The guard: it measures, judges, acts and records, once a second, wherever it is the one that leads."""

from rollout.guard.evaluator import Evaluator, Tick

__all__ = ["Evaluator", "Tick"]
