"""What the rollout's operations may be told, checked whole."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jewgo.core.api import PageQuery, StrictSerializer
from rollout.drills import LONGEST, LONGEST_DELAY_MS
from rollout.models import Drill
from rollout.moves import LONGEST_REASON, Selection
from rollout.report import LONGEST as LONGEST_REPORT
from rollout.stages import HUNDRED, LARGEST_HOLDOUT, ZERO

LONGEST_WAIT_S = 30
SELECTORS = ("features", "cohort", "all")


def names(**kwargs: Any) -> serializers.ListField:
    """Return a field for names of features."""
    return serializers.ListField(child=serializers.CharField(max_length=100), max_length=1000, **kwargs)


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "object", "additionalProperties": {"type": "integer"}}]})
class VersionField(serializers.Field[Any, Any, Any, Any]):
    """A version, or for several features a version by name."""

    default_error_messages = {
        "invalid": "Give the version, a number, or for several features an object name → version."
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return it as it came, if it is one of the two."""
        found = list(data.values()) if isinstance(data, Mapping) else [data]
        if not all(isinstance(one, int) and not isinstance(one, bool) for one in found):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        """Return it as it is."""
        return value


class MoveBody(StrictSerializer):
    """Which features, why, and on which terms."""

    features = names(required=False, help_text="By name. Exactly one of features, cohort and all is given.")
    cohort = serializers.CharField(required=False, max_length=100, help_text="Every feature of this cohort.")
    all = serializers.BooleanField(default=False, help_text="Every feature.")
    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="The ledger keeps it.")
    dry_run = serializers.BooleanField(default=False, help_text="Say what it would do, and do nothing.")
    expect_version = VersionField(
        required=False, help_text="The version that you saw; a newer one refuses the move (409 stale_version)."
    )
    wait = serializers.FloatField(
        default=0, min_value=0, max_value=LONGEST_WAIT_S, help_text="Seconds to wait for every worker to follow."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Join what names the features into `selection`."""
        if sum(bool(attrs.get(selector)) for selector in SELECTORS) != 1:
            raise serializers.ValidationError(f"Give exactly one of {', '.join(SELECTORS)}.", code="nothing_named")
        chosen = Selection(tuple(attrs.get("features", ())), attrs.get("cohort"), everything=attrs["all"])
        return {**attrs, "selection": chosen}


class GatedMoveBody(MoveBody):
    """A move that prerequisites, criteria or the certificate may forbid."""

    force = serializers.BooleanField(default=False, help_text="Go past what forbids it; the ledger says so.")


class PercentageBody(GatedMoveBody):
    """A move to a share of callers."""

    percentage = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=ZERO, max_value=HUNDRED)


class HoldoutBody(GatedMoveBody):
    """A move to a share that stays on v3 at FULL."""

    percentage = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=ZERO, max_value=LARGEST_HOLDOUT)


class OverrideBody(MoveBody):
    """One identity, and the engine it gets."""

    identity = serializers.CharField(max_length=100, help_text="u:<id>, k:<id>, d:<uuid> or n:<32 hex digits>.")
    state = serializers.ChoiceField(choices=["on", "off", "clear"], help_text="v4, v3, or what its slot says.")


class TestersBody(MoveBody):
    """Who is a tester, and who no longer."""

    add = names(default=list, help_text="Logins, u:<id>, groups' names, g:<id>, staff, superusers.")
    remove = names(default=list)


class DrillBody(MoveBody):
    """A fault to inject into the v4 engine."""

    fault = serializers.ChoiceField(choices=Drill.Fault.values)
    rate = serializers.FloatField(default=1.0, min_value=0, max_value=1, help_text="Share of calls that meet it.")
    delay_ms = serializers.IntegerField(default=500, min_value=1, max_value=LONGEST_DELAY_MS, help_text="Of `slow`.")
    lasts_s = serializers.IntegerField(default=60, min_value=1, max_value=int(LONGEST.total_seconds()))
    operation = serializers.CharField(required=False, max_length=100, help_text="Such as restaurants.search.")
    identities = names(default=list)
    match = serializers.CharField(required=False, max_length=200, help_text="Only queries or answers with this text.")


class FeaturesQuery(StrictSerializer):
    """Which features to show; none named: all."""

    feature = names(required=False)


class HistoryQuery(PageQuery):
    """Which lines of the ledger to show, newest first."""

    feature = names(required=False)


class ReportQuery(FeaturesQuery):
    """Which features to report on, and how far back the calls by operation and by hour reach."""

    hours = serializers.IntegerField(default=24, min_value=1, max_value=int(LONGEST_REPORT.total_seconds()) // 3600)


class ExplainQuery(StrictSerializer):
    """Whose decision to explain."""

    feature = serializers.CharField(max_length=100)
    identity = serializers.CharField(max_length=100, help_text="u:<id>, k:<id>, d:<uuid> or n:<32 hex digits>.")


class VerifyQuery(StrictSerializer):
    """What the chain has to contain."""

    head = serializers.RegexField(
        r"^[0-9a-f]{64}$", required=False, help_text="A head published earlier; without it a cut tail goes unnoticed."
    )


class NoQuery(StrictSerializer):
    """No parameter at all."""


class DryRunQuery(StrictSerializer):
    """`?dry_run=true` does what the member of the body does."""

    dry_run = serializers.BooleanField(default=False)
