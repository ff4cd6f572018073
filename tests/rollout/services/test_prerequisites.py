"""What must be on before, and the end of a migration."""

import pytest

from rollout.models import Flag, StageChange
from rollout.moves import Actor
from rollout.services import CertificateMissing, RolloutService, SuperuserRequired
from rollout.transitions import PrerequisiteDisabled
from tests.rollout.control import TERMS, newest
from tests.rollout.services.world import ALL, REVIEWS, ROOT, USERS, at_full, where


class TestPrerequisites:
    """Nothing is widened on ground that is not there."""

    def test_start_is_refused_while_the_prerequisite_is_disabled(self, service: RolloutService) -> None:
        with pytest.raises(PrerequisiteDisabled) as refusal:
            service.start(REVIEWS, **TERMS)

        assert f"manage.py rollout start {ROOT}" in str(refusal.value.hint)
        assert where(REVIEWS) == "DISABLED"

    def test_a_bulk_start_moves_the_prerequisite_first(self, service: RolloutService) -> None:
        report = service.start(ALL, **TERMS)

        assert (report.outcomes[0].feature, len(report.moved)) == (ROOT, 8)

    def test_force_goes_past_it_and_the_ledger_says_so(self, service: RolloutService) -> None:
        service.start(REVIEWS, force=True, **TERMS)

        details = StageChange.objects.get().details
        assert details["forced"] is True
        assert ROOT in details["notes"][0]

    def test_narrowing_is_never_gated(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=ROOT).update(stage="disabled", percentage=0)

        at_ten.set_percentage(5, USERS, **TERMS)

        assert where(USERS) == "PARTIAL 5 %"

    def test_widening_is(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=ROOT).update(stage="disabled", percentage=0)

        with pytest.raises(PrerequisiteDisabled):
            at_ten.set_percentage(15, USERS, **TERMS)


class TestTheEnd:
    """COMPLETE and back."""

    def test_complete_without_the_certificate_says_that_there_is_none_yet(self, service: RolloutService) -> None:
        at_full(service, ROOT)

        with pytest.raises(CertificateMissing) as refusal:
            service.complete(ROOT, **TERMS)

        assert "--force" in str(refusal.value.hint)

    def test_forced_it_completes_and_the_ledger_says_so(self, service: RolloutService) -> None:
        at_full(service, ROOT)

        service.complete(ROOT, force=True, **TERMS)

        assert where(ROOT) == "COMPLETE"
        assert (newest().details["certificate"]["given"], newest().details["forced"]) == (False, True)

    def test_a_completed_feature_is_not_paused_any_more(self, service: RolloutService) -> None:
        at_full(service, ROOT)
        service.pause(ROOT, **TERMS)

        service.complete(ROOT, force=True, **TERMS)

        assert not Flag.objects.named(ROOT).paused

    def test_only_a_superuser_reopens(self, service: RolloutService) -> None:
        at_full(service, ROOT)
        service.complete(ROOT, force=True, **TERMS)

        with pytest.raises(SuperuserRequired):
            service.reopen(ROOT, actor=Actor("u", "3"), reason="a test")

        assert where(ROOT) == "COMPLETE"

    def test_reopening_moves_nobody(self, service: RolloutService) -> None:
        at_full(service, ROOT)
        service.complete(ROOT, force=True, **TERMS)

        service.reopen(ROOT, **TERMS)

        assert Flag.objects.named(ROOT).position.share == 100
