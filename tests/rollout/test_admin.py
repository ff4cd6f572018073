"""The rollout in the admin: every move asks first and leaves one line, and looking changes nothing."""

import hashlib
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from waffle.models import Switch

from rollout.admin.offers import BUTTONS, OFFERS
from rollout.models import Drill, Flag, Override, StageChange
from rollout.moves import Terms
from rollout.services import RolloutService
from tests.rollout.control import TERMS, guard_ticked, judged, worker
from users.models import User

pytestmark = pytest.mark.django_db

ROOT, REVIEWS, USERS = "api_v4_enabled", "api_v4_reviews", "api_v4_users"
LIST = "admin:rollout_flag_changelist"

Answer = Any
"""What the test client returns: a response with what was made of it."""


@pytest.fixture
def service() -> RolloutService:
    return RolloutService()


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser(email="boss@example.com")


@pytest.fixture
def browser(client: Client, boss: User) -> Client:
    """A superuser's browser, over HTTPS."""
    client.force_login(boss)
    client.defaults["wsgi.url_scheme"] = "https"
    return client


class Page(HTMLParser):
    """What a browser would find in a page: links, and the fields of the form that makes a move."""

    def __init__(self, response: Answer) -> None:
        super().__init__()
        self.text = response.content.decode()
        self.status = response.status_code
        self.links: list[str] = []
        self.fields: dict[str, list[str]] = {}
        self.inline: list[str] = []
        self._name: str | None = None
        self.feed(self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag == "style" or "style" in found or (tag == "script" and "src" not in found):
            self.inline.append(tag)
        self.inline += [name for name in found if name.startswith("on")]
        if tag == "select":
            self._name = found.get("name")
        is_off = found.get("type") in {"checkbox", "radio"} and "checked" not in found
        if tag == "input" and "name" in found and not is_off:
            self.fields.setdefault(str(found["name"]), []).append(found.get("value", "on") or "")
        if tag == "option" and "selected" in found and self._name:
            self.fields.setdefault(self._name, []).append(found["value"] or "")

    def form(self, **changes: Any) -> dict[str, Any]:
        """Return the fields as they would be sent after these changes; None takes a field out."""
        changed = {name: value for name, value in changes.items() if value is not None}
        kept = {name: values for name, values in self.fields.items() if name not in changes}
        return {**kept, **changed}


def because(reason: str) -> Terms:
    """Return the terms of a move that somebody else makes for this reason."""
    return {"actor": TERMS["actor"], "reason": reason}


def flag(name: str = ROOT) -> Flag:
    return Flag.objects.named(name)


def where(name: str = ROOT) -> str:
    return str(flag(name).position)


def change_url(name: str = ROOT) -> str:
    return reverse("admin:rollout_flag_change", args=[flag(name).pk])


def move_url(move: str, name: str = ROOT, query: str = "") -> str:
    return reverse("admin:rollout_flag_move", args=[flag(name).pk, move]) + query


def lines() -> int:
    return StageChange.objects.count()


def confirm(browser: Client, url: str, reason: str = "a test", **changes: Any) -> Answer:
    """Open the page of a move and answer it."""
    page = Page(browser.get(url))
    return browser.post(url, page.form(reason=reason, **changes))


def edit(browser: Client, name: str = ROOT, reason: str = "a test", **changes: Any) -> Answer:
    """Change the form, save, and answer the question that follows."""
    asked = browser.post(change_url(name), Page(browser.get(change_url(name))).form(**changes))
    return browser.post(change_url(name), Page(asked).form(reason=reason))


def select(browser: Client, move: str, names: Sequence[str], **more: Any) -> Answer:
    """Choose an action of the list for these features."""
    keys = [flag(name).pk for name in names]
    return browser.post(reverse(LIST), {"action": f"{move}_selected", "_selected_action": keys, **more})


def everything_stored() -> str:
    """Return a hash of every row of every table, the visitor's own session aside."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table != "django_session":
                rows = "string_agg(t::text, chr(10) ORDER BY t::text)"
                cursor.execute(f'SELECT md5(coalesce({rows}, chr(10))) FROM "{table}" t')
                digest.update(f"{table}={cursor.fetchone()[0]}\n".encode())
    return digest.hexdigest()


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

    def prepare(self, service: RolloutService, name: str, upto: str | None) -> None:
        if upto in {"start", "pause", "full", "complete"}:
            service.start(name, **TERMS)
        if upto == "pause":
            service.pause(name, **TERMS)
        while upto in {"full", "complete"} and not where(name).startswith("FULL"):
            service.advance(name, **TERMS)
        if upto == "complete":
            service.complete(name, force=True, **TERMS)

    @pytest.mark.parametrize("move", BUTTONS)
    def test_each_makes_one_move_with_one_line_in_the_user_s_name(
        self, browser: Client, boss: User, service: RolloutService, move: str
    ) -> None:
        self.prepare(service, ROOT, self.PREPARED[move])
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
            self.prepare(service, ROOT, upto) if upto else None
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
        self.prepare(service, ROOT, "complete")
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
        TestButtons().prepare(service, ROOT, "complete")
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


def staff(*permissions: str) -> User:
    user = User.objects.create_user(email="dana@example.com")
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="rollout", codename__in=permissions))
    return user


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


def pages() -> list[str]:
    """Every page of the rollout's admin, questions and histories too."""
    names = ("flag_changelist", "stagechange_changelist", "stagechange_verify", "worker_changelist")
    found = [reverse(f"admin:rollout_{name}") for name in names]
    return [*found, change_url(), reverse("admin:rollout_flag_history", args=[flag().pk]), move_url("rollback")]


def is_worth_following(link: str) -> bool:
    """Say whether it is a page of the rollout; of a list's sortings and filters each alone, not every combination."""
    parts = urlsplit(link)
    is_combined = "&" in parts.query or parts.query.startswith("_changelist_filters") or "." in parts.query
    return parts.path.startswith("/admin/rollout/") and ("/move/" in parts.path or not is_combined)


def populate(service: RolloutService, rounds: int = 3) -> None:
    for _ in range(rounds):
        service.start([ROOT, REVIEWS], **TERMS)
        service.set_percentage(10, ROOT, **TERMS)
        service.override(ROOT, "u:7", True, **TERMS)
        service.override(ROOT, "u:7", None, **TERMS)
        service.rollback([ROOT, REVIEWS], **TERMS)
    service.start([ROOT, REVIEWS], **TERMS)
    service.override(ROOT, "u:7", True, **TERMS)
    service.set_testers(ROOT, add=[User.objects.create_user(email="tester@example.com").email], **TERMS)
    worker(1)


class TestLooking:
    """Looking changes nothing, asks the database a fixed number of questions, and needs nobody else."""

    def test_following_every_link_changes_nothing(self, browser: Client, service: RolloutService) -> None:
        populate(service, rounds=1)
        before, waiting, seen = everything_stored(), [reverse(LIST)], set()

        while waiting:
            url = waiting.pop()
            seen.add(url)
            response = browser.get(url)
            assert response.status_code in {200, 302}, url
            found = [urldefrag(urljoin(url, link)).url for link in Page(response).links]
            ours = [link for link in found if is_worth_following(link)]
            waiting += [link for link in dict.fromkeys(ours) if link not in seen and link not in waiting]

        assert len(seen) > 60
        assert everything_stored() == before

    @pytest.mark.parametrize("index", range(7))
    def test_the_queries_do_not_grow_with_the_rows(self, browser: Client, service: RolloutService, index: int) -> None:
        populate(service)
        url = pages()[index]
        browser.get(url)
        few, many = Counter(), Counter()
        with connection.execute_wrapper(few):
            browser.get(url)
        populate_more(service)

        with connection.execute_wrapper(many):
            browser.get(url)

        assert many.count == few.count
        assert many.count <= 30

    @pytest.mark.parametrize("index", range(7))
    def test_nothing_is_inline_and_nothing_comes_from_elsewhere(
        self, browser: Client, service: RolloutService, index: int
    ) -> None:
        populate(service)

        page = Page(browser.get(pages()[index]))

        assert page.inline == []
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text)

    def test_the_list_says_stage_share_and_what_is_really_served(
        self, browser: Client, service: RolloutService
    ) -> None:
        service.start([ROOT, REVIEWS], **TERMS)
        service.set_percentage(10, ROOT, **TERMS)
        service.set_percentage(25, REVIEWS, **TERMS)
        service.pause(REVIEWS, **TERMS)
        worker(1)

        text = Page(browser.get(reverse(LIST))).text
        row = re.sub(r"<[^>]+>", " ", text[text.index(f">{REVIEWS} ") : text.index(">api_v4_statistics ")])

        assert re.search(r"PARTIAL, paused\s+25 %\s+10 %", row)
        assert f"stands on {ROOT}" in row
        assert "1/1 workers on version" in text

    def test_the_page_of_a_feature_says_what_differs_from_its_stage(
        self, browser: Client, service: RolloutService
    ) -> None:
        service.start([ROOT, REVIEWS], **TERMS)
        service.set_percentage(10, ROOT, **TERMS)
        service.set_percentage(25, REVIEWS, **TERMS)
        forced = worker(1)
        forced.forces = {"ROLLOUT_FORCE_API_V4_REVIEWS": "off"}
        forced.save()

        text = Page(browser.get(change_url(REVIEWS))).text

        assert f"Really served are 10 %: it stands on {ROOT}, which is PARTIAL 10 %." in text
        assert "Worker web/1 does not follow the stage: its environment sets ROLLOUT_FORCE_API_V4_REVIEWS=off." in text

    def test_the_ledger_is_verified_on_demand(self, browser: Client, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)

        plain = Page(browser.get(reverse("admin:rollout_stagechange_changelist"))).text
        verified = Page(browser.get(reverse("admin:rollout_stagechange_verify"))).text

        assert "The chain holds" not in plain
        assert "The chain holds: 1 line, none changed" in verified

    @pytest.mark.parametrize("name", ["stagechange", "worker"])
    def test_ledger_and_workers_are_read_only(self, browser: Client, service: RolloutService, name: str) -> None:
        service.start(ROOT, **TERMS)
        row = StageChange.objects.get() if name == "stagechange" else worker(1)

        add = browser.get(reverse(f"admin:rollout_{name}_add"))
        change = browser.post(reverse(f"admin:rollout_{name}_change", args=[row.pk]), {"reason": "x", "host": "x"})
        delete = browser.post(reverse(f"admin:rollout_{name}_delete", args=[row.pk]), {"post": "yes"})

        assert {add.status_code, change.status_code, delete.status_code} == {403}

    def test_a_reason_is_shown_as_text(self, browser: Client, service: RolloutService) -> None:
        service.start(ROOT, **because("<script>alert(1)</script>"))

        for url in (*pages(), reverse("admin:rollout_stagechange_change", args=[StageChange.objects.get().pk])):
            assert "<script>alert" not in Page(browser.get(url)).text

    def test_switches_and_samples_stay_waffle_s(self) -> None:
        assert admin.site.is_registered(Switch)
        assert type(admin.site._registry[Flag]).__module__ == "rollout.admin.flags"


class Counter:
    """Counts statements."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.count += 1
        return execute(sql, params, many, context)


def populate_more(service: RolloutService) -> None:
    for number in range(5):
        service.override(ROOT, f"u:{100 + number}", True, **TERMS)
        worker(100 + number)
        dana = User.objects.create_user(email=f"dana{number}@example.com")
        service.set_testers(ROOT, add=[f"u:{dana.pk}"], **TERMS)
    first = flag()
    for number in range(5):
        Flag.objects.create(name=f"more_{number}", cohort="other", prerequisite=first)


def test_a_query_that_is_about_something_else_is_no_answer_to_what_a_move_asks(browser: Client) -> None:
    page = Page(browser.get(move_url("drill", query="?_changelist_filters=q")))

    assert page.status == 200
    assert "Please correct" not in page.text
    assert page.fields["percent"] == ["100"]


def test_the_question_about_one_feature_leads_back_to_it(browser: Client) -> None:
    page = Page(browser.get(move_url("start")))

    assert page.links.count(change_url()) == 2
