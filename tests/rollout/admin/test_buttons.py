"""Moves by button: a question, a reason, one line in the ledger, and whom it concerns."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rollout.admin.offers import BUTTONS, OFFERS
from rollout.models import Drill, Override, StageChange
from rollout.services import RolloutService
from tests.rollout.admin.pages import (
    REVIEWS,
    ROOT,
    Page,
    change_url,
    confirm,
    everything_stored,
    lines,
    move_url,
    prepare,
    staff,
    where,
)
from tests.rollout.control import TERMS, guard_ticked, judged
from users.models import User

pytestmark = pytest.mark.django_db


class TestButtons:
    """A button leads to a question, and its answer makes one move."""

    PREPARED = {
        "start": None,
        "reopen": "complete",
        "complete": "full",
        "resume": "pause",
        "holdout": "start",
        "rollback": "start",
        "advance": "start",
        "set": "start",
        "pause": "start",
    }
    EXPECTED = {
        "start": "TESTING",
        "rollback": "DISABLED",
        "advance": "PARTIAL 1 %",
        "set": "PARTIAL 12.5 %",
        "complete": "COMPLETE",
        "reopen": "FULL",
        "pause": "TESTING",
        "resume": "TESTING",
        "holdout": "TESTING",
    }

    @pytest.mark.parametrize("move", BUTTONS)
    def test_each_makes_one_move_with_one_line_in_the_user_s_name(
        self, browser: Client, boss: User, service: RolloutService, move: str
    ) -> None:
        prepare(service, ROOT, self.PREPARED[move])
        before, query = lines(), "?percentage=12.5" if OFFERS[move].inputs else ""

        response = confirm(browser, move_url(move, query=query), force="on" if move == "complete" else None)

        assert (response.status_code, response["Location"]) == (302, change_url())
        assert (where(), lines()) == (self.EXPECTED[move], before + 1)
        line = StageChange.objects.latest("id")
        assert (line.move, line.actor, line.reason) == (move, f"u:{boss.pk}", "a test")

    def test_rollback_is_the_first_button_wherever_the_feature_stands(
        self, browser: Client, service: RolloutService
    ) -> None:
        for upto in (None, "start", "full", "complete"):
            prepare(service, ROOT, upto) if upto else None
            page = Page(browser.get(change_url()))
            moves = [link for link in page.links if "/move/" in link]
            assert moves[0] == move_url("rollback")
            if upto and upto != "complete":
                service.rollback(ROOT, **TERMS)

    def test_what_is_not_possible_here_is_listed_with_its_reason(self, browser: Client) -> None:
        page = Page(browser.get(change_url()))

        assert "It is DISABLED; a rollout begins with start." in page.text
        assert move_url("advance") not in page.links

    def test_a_move_without_a_reason_is_asked_again(self, browser: Client) -> None:
        response = confirm(browser, move_url("start"), reason="  ")

        assert response.status_code == 200
        assert "Say why: no move is made without a reason." in response.content.decode()
        assert lines() == 0

    def test_a_percentage_is_asked_before_the_question(self, browser: Client, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)

        asked, wrong = Page(browser.get(move_url("set"))), Page(browser.get(move_url("set", query="?percentage=1e3")))

        assert "percentage" in asked.fields
        assert "is not a percentage" in wrong.text
        assert "reason" not in wrong.fields

    def test_the_question_shows_from_where_to_where_and_what_comes_along(
        self, browser: Client, service: RolloutService
    ) -> None:
        service.start([ROOT, REVIEWS], **TERMS)

        page = Page(browser.get(move_url("rollback")))

        assert re.search(r"TESTING<span class=\"arrow\">→</span><span class=\"then\">DISABLED", page.text)
        assert "comes along, since it stands on what is named" in page.text

    def test_a_refusal_is_in_the_service_s_words_and_cannot_be_answered(self, browser: Client) -> None:
        page = Page(browser.get(move_url("advance")))

        assert "It is DISABLED; a rollout begins with start." in page.text
        assert "csrfmiddlewaretoken" in page.fields
        assert "seen" not in page.fields

    def test_a_disabled_prerequisite_may_be_gone_past_and_the_ledger_says_so(self, browser: Client) -> None:
        confirm(browser, move_url("start", REVIEWS))
        assert where(REVIEWS) == "DISABLED"

        confirm(browser, move_url("start", REVIEWS), force="on")

        assert where(REVIEWS) == "TESTING"
        assert StageChange.objects.get().details["forced"] is True

    def test_reopen_is_refused_to_whoever_is_no_superuser(self, client: Client, service: RolloutService) -> None:
        prepare(service, ROOT, "complete")
        client.force_login(staff("change_flag", "view_flag"))
        before = lines()

        response = client.post(move_url("reopen"), {"_confirm": "1", "reason": "x"}, secure=True)

        assert (response.status_code, where(), lines()) == (403, "COMPLETE", before)

    def test_an_unknown_move_is_404(self, browser: Client) -> None:
        assert browser.get(move_url("destroy")).status_code == 404
        assert browser.get(move_url("testers")).status_code == 404

    def test_an_override_is_set_and_cleared(self, browser: Client) -> None:
        confirm(browser, move_url("override", query="?identity=u:7&state=off"))
        stored = Override.objects.get().is_in
        clear = next(link for link in Page(browser.get(change_url())).links if "state=clear" in link)
        confirm(browser, clear)

        assert (stored, Override.objects.count(), lines()) == (False, 0, 2)

    def test_the_question_repeats_what_from_and_to_do_not_show(self, browser: Client) -> None:
        override = Page(browser.get(move_url("override", query="?identity=u:7&state=off"))).text
        drill = Page(browser.get(move_url("drill", query="?kind=slow&percent=50&seconds=90&delay_ms=250"))).text

        assert "u:7 gets v3, always" in override
        assert "slow, 250 ms late: 50.00% of calls of every operation, for 90 s" in drill

    def test_a_drill_is_begun_and_ended(self, browser: Client) -> None:
        query = "?kind=slow&percent=50&seconds=90&delay_ms=250&operation=restaurants.search&identities=u:1+u:2"
        confirm(browser, move_url("drill", query=query))
        drill = Drill.objects.get()
        confirm(browser, move_url("end_drill"))

        drill_before, drill_after = drill, Drill.objects.get()
        assert (drill_before.rate, drill_before.delay_ms, drill_before.identities) == (0.5, 250, ["u:1", "u:2"])
        assert (drill_before.ended_at is None, drill_after.ended_at is not None, lines()) == (True, True, 2)

    def test_drills_are_not_offered_where_they_are_off(self, browser: Client, settings: Any) -> None:
        settings.ROLLOUT = {**settings.ROLLOUT, "DRILLS": False}

        assert move_url("drill") not in Page(browser.get(change_url())).links


class TestRadius:
    """Whom a move concerns, before it is confirmed."""

    def test_the_question_says_who_moves_and_links_people(self, browser: Client, service: RolloutService) -> None:
        people = User.objects.bulk_create(User(email=f"{n}@example.com") for n in range(130))
        service.start(ROOT, **TERMS)

        page = Page(browser.get(move_url("set", query="?percentage=99.99")))

        assert "Of 131 known people and keys 131 move to v4 and 0 to v3" in page.text
        assert reverse("admin:users_user_change", args=[people[0].pk]) in page.links
        assert ("and 31 more" in page.text, "0@example.com" in page.text) == (True, False)
        assert "<details>" in page.text

    def test_an_edit_of_several_moves_is_shown_as_a_whole(self, browser: Client, service: RolloutService) -> None:
        before = everything_stored()
        asked = browser.post(change_url(), Page(browser.get(change_url())).form(stage="partial", percentage="99.99"))

        assert "Of 1 known people and keys 1 move to v4" in Page(asked).text
        assert everything_stored() == before

    def test_what_the_guard_refuses_may_be_forced_and_shows_what_that_would_do(
        self, browser: Client, service: RolloutService
    ) -> None:
        service.start(ROOT, **TERMS)
        service.set_percentage("0.01", ROOT, **TERMS)
        now = timezone.now()
        guard_ticked(now)
        judged(ROOT, now, "sample_ratio", sentence="The arms do not divide.")
        url = move_url("set", query="?percentage=99.99")

        page = Page(browser.get(url))
        answered = browser.post(url, page.form(reason="I know", force="on"))

        assert "Refused: The guard holds it (sample_ratio): The arms do not divide." in page.text
        assert "The guard thinks: The arms do not divide." in page.text
        assert (answered.status_code, where()) == (302, "PARTIAL 99.99 %")

    def test_people_and_features_cost_no_queries(self, browser: Client, service: RolloutService) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as seen:
                browser.get(move_url("start"))
            return len(seen)

        few = queries()
        User.objects.bulk_create(User(email=f"{n}@example.com") for n in range(130))

        assert queries() == few
