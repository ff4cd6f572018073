"""Toggles: on for whoever is being served."""

import pytest
from django.http import HttpRequest

from rollout import identity
from rollout.switch import Toggle
from rollout.testing import at_stage

pytestmark = pytest.mark.usefixtures("autocommit", "own_registrations")


@pytest.mark.parametrize(("stage", "is_on"), [("disabled", False), ("full", True)])
def test_a_toggle_is_on_for_the_caller_of_the_request(call: HttpRequest, stage: str, is_on: bool) -> None:
    toggle = Toggle("toggled_feature")

    with at_stage("toggled_feature", stage):
        assert toggle.is_on(call) is is_on


def test_a_toggle_without_a_request_is_for_whoever_is_being_served() -> None:
    toggle = Toggle("toggled_feature")
    chosen = identity.Identity("u:7", "user")

    with at_stage("toggled_feature", "testing", testers=["u:7"]), identity.bind(chosen):
        assert toggle.is_on()


def test_a_toggle_outside_of_any_request_is_on_only_for_everybody() -> None:
    toggle = Toggle("toggled_feature")

    with at_stage("toggled_feature", "partial", percentage=99):
        assert not toggle.is_on()
    with at_stage("toggled_feature", "full"):
        assert toggle.is_on()
