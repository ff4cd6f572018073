"""The tables: what the database refuses, and what no statement can change without workers hearing of it."""

import select
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import DatabaseError, IntegrityError, connection, transaction

from rollout import services
from rollout.models import Drill, Flag, Override, StageChange, Step
from rollout.propagation import control_version
from rollout.stages import DEFAULT_PLAN
from tests.rollout.control import START, TERMS

pytestmark = pytest.mark.django_db

FLAG = "api_v4_reviews"


def run(statement: str, *values: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.parametrize(
    "columns",
    [
        "everyone = true",
        "everyone = false",
        "percent = 10",
        "testing = true",
        "rollout = true",
        "authenticated = true",
        "languages = 'he'",
    ],
)
def test_waffles_own_targeting_is_pinned(columns: str) -> None:
    with pytest.raises(IntegrityError, match="waffle_columns_pinned"), transaction.atomic():
        run(f"UPDATE rollout_flag SET {columns} WHERE name = %s", FLAG)


@pytest.mark.parametrize(
    ("stage", "percentage"),
    [
        ("disabled", 1),
        ("testing", 10),
        ("partial", 0),
        ("partial", -1),
        ("partial", "100.01"),
        ("full", 99),
        ("complete", 0),
        ("finished", 100),
    ],
)
def test_stage_and_percentage_cannot_contradict_each_other(stage: str, percentage: Any) -> None:
    with pytest.raises(IntegrityError, match="percentage_fits_stage"), transaction.atomic():
        Flag.objects.filter(name=FLAG).update(stage=stage, percentage=percentage)


@pytest.mark.parametrize("holdout", [-1, "50.01"])
def test_a_holdout_is_at_most_a_half(holdout: Any) -> None:
    with pytest.raises(IntegrityError, match="holdout_in_range"), transaction.atomic():
        Flag.objects.filter(name=FLAG).update(holdout=holdout)


def test_superusers_are_no_testers_unless_somebody_says_so() -> None:
    assert Flag(name="new").superusers is False


def test_a_feature_cannot_stand_on_itself() -> None:
    flag = Flag.objects.named(FLAG)

    with pytest.raises(IntegrityError, match="not_its_own_prerequisite"), transaction.atomic():
        Flag.objects.filter(pk=flag.pk).update(prerequisite=flag)


def test_the_eight_features_stand_with_the_default_plan_and_nobody_in() -> None:
    flags = list(Flag.objects.order_by("name"))

    assert len(flags) == 8
    assert {(str(flag.position), flag.cohort, flag.attempt) for flag in flags} == {("DISABLED", "api_v4", 0)}
    assert {flag.plan for flag in flags} == {tuple(DEFAULT_PLAN)}
    assert {flag.prerequisite.name for flag in flags if flag.prerequisite} == {"api_v4_enabled"}


@pytest.mark.django_db(transaction=True)
def test_a_flush_leaves_the_eight_features_standing() -> None:
    Flag.objects.filter(name=FLAG).delete()

    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)

    assert Flag.objects.count() == 8
    assert Step.objects.count() == 40


def test_a_plan_that_staff_changed_is_left_alone() -> None:
    from rollout.features import ensure

    Step.objects.filter(flag__name=FLAG).exclude(position=1).delete()

    ensure()

    assert Step.objects.filter(flag__name=FLAG).count() == 1


def test_waffles_unused_tables_are_gone() -> None:
    assert not {"waffle_flag_users", "waffle_flag_groups"} & set(connection.introspection.table_names())


class TestControlVersion:
    """Whatever can change a decision raises the version, whoever runs it."""

    @pytest.fixture
    def flag(self) -> Flag:
        return Flag.objects.named(FLAG)

    @pytest.fixture
    def person(self) -> Any:
        return get_user_model().objects.create_user("dana@example.org")

    @pytest.fixture
    def group(self) -> Group:
        return Group.objects.create(name="qa")

    @pytest.mark.parametrize(
        "change",
        [
            lambda flag, person, group: run("UPDATE rollout_flag SET note = 'by hand' WHERE name = %s", FLAG),
            lambda flag, person, group: Flag.objects.filter(name=FLAG).delete(),
            lambda flag, person, group: flag.users.add(person),
            lambda flag, person, group: flag.groups.add(group),
            lambda flag, person, group: person.groups.add(group),
            lambda flag, person, group: Override.objects.create(flag=flag, identity="u:1", is_in=True),
            lambda flag, person, group: Drill.objects.create(
                flag=flag, fault="error", rate=1, started_at=START, expires_at=START.replace(hour=13)
            ),
            lambda flag, person, group: run("UPDATE users_user SET is_staff = true WHERE id = %s", person.pk),
            lambda flag, person, group: run("UPDATE users_user SET is_superuser = true WHERE id = %s", person.pk),
            lambda flag, person, group: run("UPDATE users_user SET is_active = false WHERE id = %s", person.pk),
            lambda flag, person, group: get_user_model().objects.create_superuser("admin@example.org"),
            lambda flag, person, group: run("TRUNCATE rollout_override"),
        ],
        ids=[
            "flag",
            "flag deleted",
            "users",
            "groups",
            "membership",
            "override",
            "drill",
            "staff",
            "superuser",
            "active",
            "new superuser",
            "truncate",
        ],
    )
    def test_is_raised_by(self, change: Any, flag: Flag, person: Any, group: Group) -> None:
        before = control_version()

        change(flag, person, group)

        assert control_version() > before

    @pytest.mark.parametrize(
        "change",
        [
            lambda flag, person: run("UPDATE users_user SET last_login = now() WHERE id = %s", person.pk),
            lambda flag, person: get_user_model().objects.create_user("somebody@example.org"),
            lambda flag, person: Step.objects.filter(flag=flag).update(p95_ms=1),
        ],
        ids=["login", "new person", "plan"],
    )
    def test_is_left_alone_by(self, change: Any, flag: Flag, person: Any) -> None:
        before = control_version()

        change(flag, person)

        assert control_version() == before

    def test_a_deleted_member_of_staff_raises_it(self, person: Any) -> None:
        run("UPDATE users_user SET is_staff = true WHERE id = %s", person.pk)
        before = control_version()

        run("DELETE FROM users_user WHERE id = %s", person.pk)

        assert control_version() > before

    @pytest.mark.django_db(transaction=True)
    def test_is_announced_on_commit(self) -> None:
        listener = psycopg2.connect(**connection.get_connection_params())
        listener.autocommit = True
        with listener.cursor() as cursor:
            cursor.execute("LISTEN rollout")

        services.RolloutService().start("api_v4_enabled", **TERMS)

        assert select.select([listener], [], [], 5)[0]
        listener.poll()
        assert listener.notifies[-1].payload == str(control_version())
        listener.close()


class TestLedgerTable:
    """Append-only, whatever the caller is allowed otherwise."""

    @pytest.fixture(autouse=True)
    def a_line(self) -> None:
        services.RolloutService().start("api_v4_enabled", **TERMS)

    @pytest.mark.parametrize(
        ("statement", "word"),
        [
            ("UPDATE rollout_stagechange SET reason = 'another'", "UPDATE"),
            ("DELETE FROM rollout_stagechange", "DELETE"),
            ("SET LOCAL jewgo.allow_truncate = 'off'; TRUNCATE rollout_stagechange CASCADE", "TRUNCATE"),
        ],
    )
    def test_refuses(self, statement: str, word: str) -> None:
        message = f"the ledger rollout_stagechange is append-only: {word} is refused"
        with pytest.raises(DatabaseError, match=message), transaction.atomic():
            run(statement)

        assert StageChange.objects.count() == 1

    def test_a_line_may_follow_another_only_once(self) -> None:
        line = StageChange.objects.get()
        line.pk, line.hash = None, "1" * 64

        with pytest.raises(IntegrityError, match="previous_hash"), transaction.atomic():
            line.save(force_insert=True)


def test_a_drill_that_never_ends_is_refused() -> None:
    flag = Flag.objects.named(FLAG)

    with pytest.raises(IntegrityError, match="drill_expires"), transaction.atomic():
        Drill.objects.create(flag=flag, fault="error", rate=1, started_at=START, expires_at=START)


def test_a_percentage_keeps_two_digits() -> None:
    Flag.objects.filter(name=FLAG).update(stage="partial", percentage=Decimal("0.01"))

    assert Flag.objects.named(FLAG).percentage == Decimal("0.01")
