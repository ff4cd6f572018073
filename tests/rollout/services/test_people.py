"""Overrides and testers: one caller at a time."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from rollout.models import Flag, Override, StageChange
from rollout.moves import Result
from rollout.services import RolloutService
from rollout.targeting import InvalidIdentity, UnknownTester
from tests.rollout.control import TERMS
from tests.rollout.services.world import USERS, results


class TestOverrides:
    """Single identities, in or out."""

    @pytest.mark.parametrize("identity", ["u:3", "k:1", "d:0197a0c4-7e3e-7c6e-8a52-0d9a8f3b2c11", f"n:{'0f' * 16}"])
    def test_an_identity_is_put_in_out_and_left_to_its_slot(self, service: RolloutService, identity: str) -> None:
        stored = []
        for is_in in (True, False, None):
            service.override(USERS, identity, is_in, **TERMS)
            stored.append(list(Override.objects.values_list("identity", "is_in")))

        assert stored == [[(identity, True)], [(identity, False)], []]
        words = [(line.details["from"], line.details["to"]) for line in StageChange.objects.order_by("id")]
        assert words == [("slot", "on"), ("on", "off"), ("off", "slot")]

    def test_a_device_is_known_in_lower_case(self, service: RolloutService) -> None:
        service.override(USERS, "d:0197A0C4-7E3E-7C6E-8A52-0D9A8F3B2C11", True, **TERMS)

        assert Override.objects.get().identity == "d:0197a0c4-7e3e-7c6e-8a52-0d9a8f3b2c11"

    @pytest.mark.parametrize("identity", ["", "3", "u:", "x:1", "d:1", "n:zz", "u:1 or 1", "dana@example.org"])
    def test_what_is_no_identity_is_refused_with_every_form(self, service: RolloutService, identity: str) -> None:
        with pytest.raises(InvalidIdentity) as refusal:
            service.override(USERS, identity, True, **TERMS)

        assert "d:<device uuid>" in str(refusal.value.hint)

    def test_twice_is_already_so(self, service: RolloutService) -> None:
        service.override(USERS, "u:3", True, **TERMS)

        report = service.override(USERS, "u:3", True, **TERMS)

        assert results(report) == {USERS: Result.ALREADY}


class TestTesters:
    """Who is in from TESTING on."""

    @pytest.fixture
    def dana(self, db: None) -> Any:
        return get_user_model().objects.create_user("dana@example.org")

    @pytest.fixture
    def qa(self, db: None) -> Group:
        return Group.objects.create(name="qa")

    def test_people_groups_and_audiences_are_added_and_removed(
        self, service: RolloutService, dana: Any, qa: Group
    ) -> None:
        service.set_testers(USERS, add=["Dana@example.org", "qa", "staff"], **TERMS)
        flag = Flag.objects.named(USERS)
        added = ([*flag.users.all()], [*flag.groups.all()], flag.staff, flag.superusers)

        service.set_testers(USERS, remove=[f"u:{dana.pk}", f"g:{qa.pk}", "staff"], **TERMS)

        flag = Flag.objects.named(USERS)
        assert added == ([dana], [qa], True, False)
        assert ([*flag.users.all()], [*flag.groups.all()], flag.staff) == ([], [], False)

    def test_the_ledger_says_who(self, service: RolloutService, dana: Any, qa: Group) -> None:
        service.set_testers(USERS, add=["dana@example.org", "qa", "superusers"], **TERMS)

        assert StageChange.objects.get().details == {
            "added": [f"u:{dana.pk}", f"g:{qa.pk}", "superusers"],
            "removed": [],
        }

    def test_who_is_one_already_is_already_so(self, service: RolloutService, dana: Any) -> None:
        service.set_testers(USERS, add=["dana@example.org"], **TERMS)

        report = service.set_testers(USERS, add=["dana@example.org"], **TERMS)

        assert results(report) == {USERS: Result.ALREADY}

    @pytest.mark.parametrize(
        "name", ["nobody@example.org", "u:999999", "u:x'", "u:abc", "u:²", "g:999999", "g:one", ""]
    )
    def test_nobody_is_guessed(self, service: RolloutService, name: str) -> None:
        with pytest.raises(UnknownTester):
            service.set_testers(USERS, add=[name], **TERMS)
