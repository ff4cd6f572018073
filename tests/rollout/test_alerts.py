"""Alerts: opened once, noted, resolved by themselves, told once, and acknowledged."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from rollout.alert_kinds import ADVICE, CRITICAL, Kind, Raised, Severity, advice
from rollout.alerts import AlertIsOver, Changes, Look, acknowledge, open_alerts, raise_one, reconcile
from rollout.models import Alert, Delivery
from rollout.moves import ReasonRequired
from rollout.repositories import UnknownAlert
from rollout.verdict import Reason
from tests.rollout.control import START, TERMS

pytestmark = pytest.mark.django_db

CPU = Raised(Kind.HIGH_CPU, "CPU at 93 %", details={"cpu_percent": 93})
FAILS = Raised(Kind.HIGH_ERROR_RATE, "v4 fails", feature="api_v4_users")
WENT_BACK = Raised(Kind.REGRESSED, "v4 is worse", feature="api_v4_users")
TARGETS = [("email", "ops@example.org"), ("webhook", "https://hooks.example.org/x")]


@pytest.fixture(autouse=True)
def somebody_is_told(settings: Any) -> None:
    told = {"EMAILS": ["ops@example.org"], "WEBHOOKS": ["https://hooks.example.org/x"]}
    settings.ROLLOUT = {**settings.ROLLOUT, "TELL": {**settings.ROLLOUT["TELL"], **told}}


def look(*raised: Raised, s: float) -> Changes:
    """Reconcile at so many seconds from the start."""
    return reconcile(raised, START + timedelta(seconds=s))


def news() -> list[tuple[str, str, str]]:
    """Return what is in the outbox."""
    return [(one.event, one.channel, one.target) for one in Delivery.objects.order_by("id")]


class TestLife:
    """From the first look at which something is wrong to the one at which it is over."""

    def test_what_is_new_is_opened_and_put_into_the_outbox_for_everybody(self) -> None:
        changes = look(CPU, s=0)

        (alert,) = open_alerts()
        assert changes == Changes(opened=(alert,), put=2)
        assert (alert.name, alert.feature, alert.severity, alert.message) == ("high_cpu", "", "warning", "CPU at 93 %")
        assert (alert.details, alert.opened_at, alert.seen_at, alert.times) == ({"cpu_percent": 93}, START, START, 1)
        assert news() == [("opened", *target) for target in TARGETS]
        assert {one.next_at for one in Delivery.objects.all()} == {START}

    def test_what_goes_on_is_counted_at_most_every_ten_seconds_with_its_newest_numbers(self) -> None:
        for second in range(21):
            look(Raised(Kind.HIGH_CPU, f"after {second} s", details={"s": second}), s=second)

        (alert,) = Alert.objects.all()
        assert (alert.times, alert.message, alert.details) == (3, "after 20 s", {"s": 20})
        assert alert.seen_at == START + timedelta(seconds=20)
        assert len(news()) == 2

    def test_one_of_a_kind_is_open_for_each_feature(self) -> None:
        look(CPU, CPU, FAILS, Raised(Kind.HIGH_ERROR_RATE, "v4 fails", feature="api_v4_reviews"), s=0)

        opened = Alert.objects.order_by("name", "feature").values_list("name", "feature")

        assert list(opened) == [
            ("high_cpu", ""),
            ("high_error_rate", "api_v4_reviews"),
            ("high_error_rate", "api_v4_users"),
        ]

    def test_what_is_absent_for_thirty_seconds_is_over(self) -> None:
        look(CPU, FAILS, s=0)
        look(FAILS, s=29)
        still = [alert.name for alert in open_alerts()]

        changes = look(FAILS, s=30)

        assert sorted(still) == ["high_cpu", "high_error_rate"]
        assert [alert.name for alert in changes.resolved] == ["high_cpu"]
        assert [alert.name for alert in open_alerts()] == ["high_error_rate"]

    def test_that_it_is_over_is_told_when_it_has_stayed_away_for_five_minutes(self) -> None:
        look(CPU, s=0)
        look(s=30)

        told = Delivery.objects.filter(event="resolved")

        assert {one.next_at for one in told} == {START + timedelta(seconds=330)}
        assert [(one.channel, one.target) for one in told] == TARGETS

    def test_what_comes_back_within_five_minutes_opens_the_same_alert_and_tells_nobody(self) -> None:
        look(CPU, s=0)
        look(s=30)

        changes = look(CPU, s=329)

        (alert,) = open_alerts()
        assert (changes.reopened, changes.opened, changes.put) == ((alert,), (), 0)
        assert (alert.opened_at, alert.times) == (START, 2)
        assert news() == [("opened", *target) for target in TARGETS]

    def test_one_that_came_back_is_told_to_be_over_in_the_end(self) -> None:
        for second, raised in ((0, [CPU]), (30, []), (40, [CPU]), (70, [])):
            look(*raised, s=second)

        told = Delivery.objects.filter(event="resolved")

        assert {one.next_at for one in told} == {START + timedelta(seconds=370)}

    def test_what_comes_back_later_is_a_new_alert(self) -> None:
        look(CPU, s=0)
        look(s=30)

        changes = look(CPU, s=330)

        assert (len(changes.opened), Alert.objects.count(), changes.put) == (1, 2, 2)

    def test_a_second_automatic_rollback_is_told_however_soon_it_follows(self) -> None:
        look(WENT_BACK, s=0)
        look(s=30)

        changes = look(WENT_BACK, s=60)

        assert (len(changes.opened), changes.put) == (1, 2)

    def test_a_guard_that_was_away_resolves_nothing_that_its_first_look_finds(self) -> None:
        look(CPU, s=0)

        changes = look(CPU, s=3600)

        assert changes == Changes()
        assert open_alerts()[0].seen_at == START + timedelta(seconds=3600)

    def test_nobody_to_tell_is_no_obstacle(self, settings: Any) -> None:
        settings.ROLLOUT = {**settings.ROLLOUT, "TELL": {**settings.ROLLOUT["TELL"], "EMAILS": [], "WEBHOOKS": []}}

        changes = look(CPU, s=0)

        assert (len(changes.opened), changes.put, news()) == (1, 0, [])

    def test_what_the_caller_undoes_was_told_to_nobody(self) -> None:
        with transaction.atomic():
            look(CPU, s=0)
            transaction.set_rollback(True)

        assert (Alert.objects.count(), Delivery.objects.count()) == (0, 0)


class TestCost:
    """A tick a second must not cost more when much is wrong."""

    @pytest.mark.parametrize(
        ("before", "now", "at_s", "queries"),
        [
            ([], [], 0, 1),
            ([], [CPU], 0, 4),
            ([], [CPU, FAILS, WENT_BACK], 0, 4),
            ([CPU, FAILS], [CPU, FAILS], 9, 1),
            ([CPU, FAILS], [CPU, FAILS], 10, 4),
            ([CPU, FAILS], [], 30, 3),
            ([CPU, FAILS], [WENT_BACK], 30, 5),
        ],
    )
    def test_the_queries_do_not_depend_on_how_many_alerts_there_are(
        self, before: Any, now: Any, at_s: float, queries: int, django_assert_num_queries: Any
    ) -> None:
        look(*before, s=0)

        with django_assert_num_queries(queries):
            look(*now, s=at_s)

    def test_everything_at_once_is_nine_statements_at_most(self, django_assert_max_num_queries: Any) -> None:
        others = [Raised(Kind.PARITY, "differs", feature=f"feature_{number}") for number in range(5)]
        look(*others, s=-25)
        look(s=5)
        look(CPU, s=0)
        look(FAILS, s=20)

        with django_assert_max_num_queries(9):
            changes = look(*others, FAILS, WENT_BACK, s=30)

        assert [len(changes.opened), len(changes.reopened), len(changes.resolved)] == [1, 5, 1]


class TestOthers:
    """The unique constraint decides who opened an alert."""

    def test_one_is_raised_by_somebody_who_knows_nothing_of_the_others(self) -> None:
        look(CPU, s=0)

        raise_one(FAILS, START + timedelta(seconds=60))

        assert sorted(alert.name for alert in open_alerts()) == ["high_cpu", "high_error_rate"]

    def test_who_opens_what_somebody_else_has_just_opened_tells_nobody(self) -> None:
        ours = Look([CPU], START)
        raise_one(Raised(Kind.HIGH_CPU, "theirs"), START + timedelta(milliseconds=1))
        put = Delivery.objects.count()

        changes = ours.take_in(resolves=True)

        assert (changes, Delivery.objects.count()) == (Changes(), put)
        assert [alert.message for alert in open_alerts()] == ["theirs"]

    def test_who_opens_again_what_somebody_else_has_just_opened_leaves_it_to_them(self) -> None:
        look(CPU, s=0)
        look(s=30)
        ours = Look([CPU], START + timedelta(seconds=329))
        look(CPU, s=331)

        changes = ours.take_in(resolves=True)

        assert changes == Changes()
        assert [alert.opened_at for alert in open_alerts()] == [START + timedelta(seconds=331)]


class TestAcknowledging:
    """Somebody says that they look after it."""

    def test_it_stays_open_and_says_with_whom(self) -> None:
        look(CPU, s=0)
        number = open_alerts()[0].pk

        acknowledge(number, actor=TERMS["actor"], reason=" adding a machine ", at=START)
        look(CPU, s=10)

        (alert,) = open_alerts()
        assert (alert.acknowledged_by, alert.acknowledged_at) == ("cli:dana", START)
        assert alert.details == {"cpu_percent": 93, "acknowledged": "adding a machine"}

    def test_the_first_who_says_so_is_kept(self) -> None:
        look(CPU, s=0)
        number = open_alerts()[0].pk

        for reason in ("first", "second"):
            acknowledge(number, actor=TERMS["actor"], reason=reason, at=START)

        assert open_alerts()[0].details["acknowledged"] == "first"

    def test_what_is_over_is_in_nobodys_hands(self) -> None:
        look(CPU, s=0)
        look(s=30)

        with pytest.raises(AlertIsOver, match="is over since 2026-03-01 12:00:30"):
            acknowledge(Alert.objects.get().pk, actor=TERMS["actor"], reason="late", at=START)

    def test_one_that_does_not_exist_is_named(self) -> None:
        with pytest.raises(UnknownAlert, match="no alert 4711"):
            acknowledge(4711, actor=TERMS["actor"], reason="why", at=START)

    @pytest.mark.parametrize("reason", ["", "  ", "a\0b", "x" * 1001])
    def test_it_needs_a_reason(self, reason: str) -> None:
        look(CPU, s=0)

        with pytest.raises(ReasonRequired):
            acknowledge(open_alerts()[0].pk, actor=TERMS["actor"], reason=reason, at=START)


class TestKinds:
    """The words of alerts are the verdict's, and each has a next step."""

    def test_every_kind_says_what_to_do(self) -> None:
        assert set(ADVICE) == set(Kind)

    def test_every_reason_of_the_verdict_that_is_told_is_a_kind(self) -> None:
        silent = {"first_look", "no_data", "stale_data", "testers_only", "proven", "saturated", "not_enough_evidence"}

        assert {reason.value for reason in Reason} - silent <= {kind.value for kind in Kind}

    def test_severities_are_those_that_are_stored(self) -> None:
        assert {one.value for one in Severity} == set(Alert.Severity.values)
        assert {Raised(kind, "").severity for kind in CRITICAL} == {Severity.CRITICAL}

    def test_the_feature_stands_in_the_command(self) -> None:
        assert "rollout flight api_v4_users" in advice("slo", "api_v4_users")
        assert advice("a kind that is no more", "") == ""
