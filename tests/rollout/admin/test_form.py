"""Stage and percentage in the form, and two people who edit at once."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from rollout.models import StageChange
from rollout.services import RolloutService
from tests.rollout.admin.pages import (
    ROOT,
    Page,
    because,
    change_url,
    edit,
    everything_stored,
    flag,
    lines,
    move_url,
    where,
)
from tests.rollout.control import TERMS
from users.models import User

pytestmark = pytest.mark.django_db


class TestForm:
    """The form is edited like any other; Save leads to the question, and the answer to the service."""

    @pytest.mark.parametrize(
        ("changes", "place", "moves"),
        [
            ({"stage": "testing"}, "TESTING", ["start"]),
            ({"stage": "partial", "percentage": "10"}, "PARTIAL 10 %", ["start", "set"]),
        ],
    )
    def test_stage_and_percentage_from_disabled(
        self, browser: Client, changes: Any, place: str, moves: list[str]
    ) -> None:
        edit(browser, **changes)

        assert where() == place
        assert list(StageChange.objects.order_by("id").values_list("move", flat=True)) == moves

    @pytest.mark.parametrize(
        ("changes", "place", "move"),
        [
            ({"percentage": "10"}, "PARTIAL 10 %", "set"),
            ({"stage": "partial", "percentage": "0.5"}, "PARTIAL 0.5 %", "set"),
            ({"stage": "disabled"}, "DISABLED", "rollback"),
            ({"holdout": "5"}, "TESTING", "holdout"),
            ({"paused": "on"}, "TESTING", "pause"),
            ({"staff": "on"}, "TESTING", "testers"),
        ],
    )
    def test_an_edit_from_testing_is_one_move(
        self, browser: Client, service: RolloutService, changes: Any, place: str, move: str
    ) -> None:
        service.start(ROOT, **TERMS)

        edit(browser, **changes)

        assert (where(), lines(), StageChange.objects.latest("id").move) == (place, 2, move)

    def test_full_is_reached_by_the_last_step_only(self, browser: Client, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        too_early = browser.post(change_url(), Page(browser.get(change_url())).form(stage="full"))
        service.set_percentage(50, ROOT, **TERMS)
        edit(browser, stage="full")

        assert "FULL comes after the last share of the plan" in too_early.content.decode()
        assert where().startswith("FULL")

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"stage": "testing"}, "There is no way back to TESTING"),
            ({"percentage": "0"}, "0 % is not a place to stand"),
            ({"percentage": "ten"}, "Enter a number"),
            ({"percentage": "10.123"}, "no more than 2 decimal places"),
        ],
    )
    def test_what_makes_no_sense_is_said_at_its_field(
        self, browser: Client, service: RolloutService, changes: Any, said: str
    ) -> None:
        service.start(ROOT, **TERMS)
        service.set_percentage(10, ROOT, **TERMS)

        response = browser.post(change_url(), Page(browser.get(change_url())).form(**changes))

        assert said in response.content.decode()
        assert (where(), lines()) == ("PARTIAL 10 %", 2)

    def test_save_alone_changes_nothing(self, browser: Client, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        form, before = Page(browser.get(change_url())).form(percentage="10", staff="on"), everything_stored()

        browser.post(change_url(), form)

        assert everything_stored() == before

    def test_an_edit_of_several_things_is_made_whole_or_not_at_all(
        self, browser: Client, service: RolloutService
    ) -> None:
        service.start(ROOT, **TERMS)
        edit(browser, percentage="10", staff="on", holdout="5")

        made = list(StageChange.objects.order_by("id").values_list("move", flat=True))[1:]
        assert made == ["set", "holdout", "testers"]
        edit(browser, stage="complete", percentage="100", superusers="on")
        assert (where(), flag().superusers, lines()) == ("PARTIAL 10 %", False, 4)

    def test_testers_are_added_and_taken_away(self, browser: Client) -> None:
        dana, group = User.objects.create_user(email="dana@example.com"), Group.objects.create(name="Kitchen")
        edit(browser, users=[dana.pk], groups=[group.pk], superusers="on")
        added = (list(flag().users.all()), list(flag().groups.all()), flag().superusers)
        edit(browser, users=None, groups=None, superusers=None)

        assert added == ([dana], [group], True)
        assert (flag().users.count(), flag().groups.count(), flag().superusers, lines()) == (0, 0, False, 2)

    def test_save_without_an_edit_says_so(self, browser: Client) -> None:
        response = browser.post(change_url(), Page(browser.get(change_url())).form(), follow=True)

        assert "Nothing was changed." in response.content.decode()
        assert lines() == 0

    def test_features_are_neither_added_nor_deleted(self, browser: Client) -> None:
        assert browser.get(reverse("admin:rollout_flag_add")).status_code == 403
        assert browser.post(reverse("admin:rollout_flag_delete", args=[flag().pk]), {"post": "yes"}).status_code == 403


class TestTwoEditors:
    """Whoever comes second is refused and shown what happened; whoever clicks twice moves once."""

    def test_the_second_editor_of_the_form_sees_what_changed(self, browser: Client, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        opened = Page(browser.get(change_url()))
        service.set_percentage(25, ROOT, **because("the first editor"))

        response = browser.post(change_url(), opened.form(percentage="10"))

        assert (response.status_code, where()) == (409, "PARTIAL 25 %")
        assert "the first editor" in response.content.decode()

    def test_a_change_between_save_and_answer_stops_the_answer(self, browser: Client, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        asked = Page(browser.post(change_url(), Page(browser.get(change_url())).form(percentage="10")))
        service.set_percentage(25, ROOT, **because("the first editor"))

        response = browser.post(change_url(), asked.form(reason="mine"))

        assert (response.status_code, where(), lines()) == (409, "PARTIAL 25 %", 2)

    def test_the_second_to_press_a_button_sees_what_changed_and_may_answer_again(
        self, browser: Client, service: RolloutService
    ) -> None:
        service.start(ROOT, **TERMS)
        opened = Page(browser.get(move_url("advance")))
        service.set_percentage(25, ROOT, **because("the first editor"))

        refused = browser.post(move_url("advance"), opened.form(reason="mine"))
        again = Page(refused)
        browser.post(move_url("advance"), again.form(reason="mine, knowing that"))

        assert (refused.status_code, "the first editor" in again.text) == (409, True)
        assert (where(), lines()) == ("PARTIAL 50 %", 3)

    @pytest.mark.parametrize("move", ["start", "advance", "rollback", "pause"])
    def test_a_double_click_moves_once(self, browser: Client, service: RolloutService, move: str) -> None:
        if move != "start":
            service.start(ROOT, **TERMS)
        before = lines()
        answer = Page(browser.get(move_url(move))).form(reason="twice")

        first, second = browser.post(move_url(move), answer), browser.post(move_url(move), answer)

        assert first.status_code == 302
        assert lines() == before + 1, second.content

    def test_a_change_in_between_never_stops_a_rollback(self, browser: Client, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        opened = Page(browser.get(move_url("rollback")))
        service.set_percentage(25, ROOT, **TERMS)

        browser.post(move_url("rollback"), opened.form(reason="it burns"))

        assert where() == "DISABLED"

    def test_a_page_that_is_not_ours_is_refused(self, browser: Client) -> None:
        response = browser.post(move_url("start"), {"_confirm": "1", "reason": "x", "seen": '{"api_v4_enabled": "1"}'})

        assert (response.status_code, lines()) == (200, 0)
