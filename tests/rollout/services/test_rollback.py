"""Rollback: legal from everywhere, with what depends on it."""

from decimal import Decimal

import pytest

from rollout.models import Flag, StageChange
from rollout.moves import MovesRefused, Result
from rollout.propagation import control_version
from rollout.services import RolloutService
from rollout.stages import IllegalMove
from tests.rollout.control import TERMS
from tests.rollout.services.world import ALL, REVIEWS, ROOT, USERS, at_full, results, where


class TestRollback:
    """Never gated, idempotent, takes the dependants along."""

    def test_rollback_leaves_nobody_on_v4(self, at_ten: RolloutService) -> None:
        """The original fails it: its rollback left everyone on v4. We pass it, by the decision itself."""
        at_ten.rollback(ALL, **TERMS)

        shares = [flag.position.share for flag in Flag.objects.all()]
        assert (set(shares), Flag.objects.exclude(stage="disabled").count()) == ({Decimal(0)}, 0)

    def test_rollback_takes_the_dependants_along(self, at_ten: RolloutService) -> None:
        report = at_ten.rollback(ROOT, **TERMS)

        assert len(report.moved) == 8
        assert report.outcomes[0].feature == ROOT

    def test_rollback_of_one_leaves_the_others(self, at_ten: RolloutService) -> None:
        at_ten.rollback(USERS, **TERMS)

        assert (where(USERS), where(REVIEWS), where(ROOT)) == ("DISABLED", "PARTIAL 10 %", "PARTIAL 10 %")

    def test_rolling_back_again_is_already_so_and_leaves_no_line(self, at_ten: RolloutService) -> None:
        at_ten.rollback(ALL, **TERMS)
        lines, version = StageChange.objects.count(), control_version()

        report = at_ten.rollback(ALL, **TERMS)

        assert set(results(report).values()) == {Result.ALREADY}
        assert (StageChange.objects.count(), control_version()) == (lines, version)

    def test_rollback_works_while_the_prerequisite_is_disabled(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=ROOT).update(stage="disabled", percentage=0)

        at_ten.rollback(USERS, **TERMS)

        assert where(USERS) == "DISABLED"

    def test_a_complete_feature_in_a_bulk_rollback_is_reported_with_both_commands(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=USERS).update(stage="complete", percentage=100, holdout=0)

        report = at_ten.rollback(ALL, **TERMS)

        (refused,) = report.refused
        hint = str(refused.error and refused.error.hint)
        assert (refused.feature, len(report.moved)) == (USERS, 7)
        assert f"manage.py rollout reopen {USERS}" in hint
        assert f"manage.py rollback {USERS}" in hint

    def test_a_complete_feature_alone_is_refused(self, service: RolloutService) -> None:
        Flag.objects.filter(name=USERS).update(stage="complete", percentage=100, holdout=0)

        with pytest.raises(IllegalMove, match="COMPLETE"):
            service.rollback(USERS, **TERMS)

    def test_a_complete_feature_alone_takes_no_dependant_along(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=ROOT).update(stage="complete", percentage=100, holdout=0)

        with pytest.raises(MovesRefused) as refusal:
            at_ten.rollback(ROOT, **TERMS)

        assert f"manage.py rollout reopen {ROOT}" in str(refusal.value.problems[0].hint)
        assert where(USERS) == "PARTIAL 10 %"

    def test_the_way_back_from_complete_is_reopen_then_rollback(self, service: RolloutService) -> None:
        at_full(service, ROOT)
        service.complete(ROOT, force=True, **TERMS)

        service.reopen(ROOT, **TERMS)
        service.rollback(ROOT, **TERMS)

        assert where(ROOT) == "DISABLED"
