"""Moves of many features from the list, and who may make which."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from rollout.admin.offers import OFFERS
from rollout.models import Flag, StageChange
from rollout.services import RolloutService
from tests.rollout.admin.pages import (
    LIST,
    REVIEWS,
    ROOT,
    USERS,
    Page,
    because,
    change_url,
    confirm,
    everything_stored,
    flag,
    lines,
    move_url,
    pages,
    prepare,
    select,
    staff,
    where,
)
from tests.rollout.control import TERMS
from users.models import User

pytestmark = pytest.mark.django_db


class TestBulk:
    """The list's actions ask with what each feature will do, and leave out what is refused."""

    def test_the_question_says_what_each_does_and_which_are_refused_and_why(
        self, browser: Client, service: RolloutService
    ) -> None:
        service.start([ROOT, REVIEWS], **TERMS)

        page = Page(select(browser, "advance", [ROOT, REVIEWS, USERS]))

        assert page.text.count("PARTIAL 1 %") == 2
        assert "It is DISABLED; a rollout begins with start." in page.text
        assert sorted(page.fields["_selected_action"]) == sorted(str(flag(name).pk) for name in (ROOT, REVIEWS))

    def test_the_answer_moves_the_others_each_with_one_line(self, browser: Client, service: RolloutService) -> None:
        service.start([ROOT, REVIEWS], **TERMS)
        page = Page(select(browser, "advance", [ROOT, REVIEWS, USERS]))

        response = browser.post(reverse(LIST), page.form(reason="together"))

        assert response.status_code == 302
        assert (where(ROOT), where(REVIEWS), where(USERS)) == ("PARTIAL 1 %", "PARTIAL 1 %", "DISABLED")
        assert StageChange.objects.filter(reason="together").count() == 2

    @pytest.mark.parametrize("move", ["pause", "rollback"])
    def test_stopping_many(self, browser: Client, service: RolloutService, move: str) -> None:
        service.start([ROOT, REVIEWS, USERS], **TERMS)
        page = Page(select(browser, move, [ROOT, USERS]))

        browser.post(reverse(LIST), page.form(reason="stop"))

        moved = set(StageChange.objects.filter(reason="stop").values_list("feature", flat=True))
        assert moved == ({ROOT, USERS} if move == "pause" else {ROOT, REVIEWS, USERS})

    def test_resuming_many(self, browser: Client, service: RolloutService) -> None:
        service.start([ROOT, REVIEWS], **TERMS)
        service.pause([ROOT, REVIEWS], **TERMS)
        page = Page(select(browser, "resume", [ROOT, REVIEWS]))

        browser.post(reverse(LIST), page.form(reason="go on"))

        assert not Flag.objects.filter(paused=True).exists()

    def test_a_complete_feature_does_not_keep_the_others_from_going_back(
        self, browser: Client, service: RolloutService
    ) -> None:
        prepare(service, ROOT, "complete")
        service.start([REVIEWS], **TERMS)
        page = Page(select(browser, "rollback", [ROOT, REVIEWS]))

        browser.post(reverse(LIST), page.form(reason="stop"))

        assert (where(ROOT), where(REVIEWS)) == ("COMPLETE", "DISABLED")

    def test_a_change_in_between_stops_all_of_them(self, browser: Client, service: RolloutService) -> None:
        service.start([ROOT, REVIEWS], **TERMS)
        page = Page(select(browser, "advance", [ROOT, REVIEWS]))
        service.set_percentage(25, REVIEWS, **because("the first editor"))

        response = browser.post(reverse(LIST), page.form(reason="together"))

        assert (response.status_code, "the first editor" in response.content.decode()) == (409, True)
        assert where(ROOT) == "TESTING"

    def test_choosing_an_action_alone_changes_nothing(self, browser: Client, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        before = everything_stored()

        select(browser, "rollback", [ROOT, REVIEWS])

        assert everything_stored() == before

    def test_nothing_of_waffle_s_or_the_admin_s_own_actions_is_offered(self, browser: Client) -> None:
        page = Page(browser.get(reverse(LIST)))

        assert set(re.findall(r'<option value="(\w+)"', page.text)) == {
            "advance_selected",
            "pause_selected",
            "resume_selected",
            "rollback_selected",
        }


class TestPermissions:
    """Django's own permissions decide: view_flag sees, change_flag moves."""

    def test_whoever_may_only_view_sees_no_button_and_moves_nothing(self, client: Client) -> None:
        client.force_login(staff("view_flag"))

        page = Page(client.get(change_url(), secure=True))
        statuses = {client.get(move_url(move), secure=True).status_code for move in OFFERS if move != "testers"}
        posted = client.post(change_url(), {"stage": "testing", "version_seen": 0}, secure=True)
        bulk = client.post(
            reverse(LIST),
            {"action": "rollback_selected", "_selected_action": [flag().pk], "_confirm": "1", "reason": "x"},
            secure=True,
        )

        assert (page.status, [link for link in page.links if "/move/" in link]) == (200, [])
        assert (statuses, posted.status_code) == ({403}, 403)
        assert (bulk.status_code, lines()) == (200, 0)  # the list again: it offers no action

    def test_whoever_may_change_moves(self, client: Client) -> None:
        client.force_login(staff("view_flag", "change_flag"))
        client.defaults["wsgi.url_scheme"] = "https"

        confirm(client, move_url("start"))

        assert where() == "TESTING"

    def test_whoever_may_nothing_sees_nothing(self, client: Client) -> None:
        client.force_login(staff())

        assert {client.get(url, secure=True).status_code for url in pages()} == {403}

    def test_a_visitor_is_sent_to_the_login(self, client: Client) -> None:
        response = client.get(move_url("rollback"), secure=True)

        assert (response.status_code, "/login/" in response["Location"]) == (302, True)

    def test_a_forged_post_is_refused(self, boss: User) -> None:
        forger = Client(enforce_csrf_checks=True)
        forger.force_login(boss)

        response = forger.post(move_url("start"), {"_confirm": "1", "reason": "x", "seen": "{}"}, secure=True)

        assert (response.status_code, lines()) == (403, 0)
