"""Pages that only show: constant queries, and a GET that changes nothing."""

import re
from typing import Any
from urllib.parse import urldefrag, urljoin

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from waffle.models import Switch

from rollout.models import Flag, StageChange
from rollout.services import RolloutService
from tests.rollout.admin.pages import (
    LIST,
    REVIEWS,
    ROOT,
    Page,
    because,
    change_url,
    everything_stored,
    flag,
    is_worth_following,
    move_url,
    pages,
)
from tests.rollout.control import TERMS, worker
from users.models import User

pytestmark = pytest.mark.django_db


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
