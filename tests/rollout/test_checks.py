"""System checks: one test per id, named after it."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.checks import Error
from django.core.checks import Warning as Warning_

from rollout import checks, registry
from rollout.models import Flag
from tests.rollout.control import python

FEATURES = {"a": ("", None), "b": ("", "a")}


@pytest.fixture
def declare(settings: Any) -> Any:
    def declare(features: Any) -> None:
        settings.ROLLOUT = {**settings.ROLLOUT, "FEATURES": features}

    return declare


def ids(messages: Any) -> list[str | None]:
    return [message.id for message in messages]


@pytest.mark.django_db(transaction=True)
def test_the_house_itself_has_no_finding() -> None:
    """In a process of its own, since tests register features of theirs in this one."""
    check = python("from django.core.management import call_command\ncall_command('check', databases=['default'])")

    _, err = check.communicate(timeout=60)

    assert (check.returncode, err) == (0, "")


def test_e001_a_circle_of_prerequisites() -> None:
    found = list(checks.circles({"a": "c", "b": "a", "c": "b", "d": "a", "e": None}))

    assert ids(found) == ["rollout.E001"] * 3
    assert "a → c → b → a" in found[0].msg


def test_e001_through_the_settings(declare: Any) -> None:
    declare({**FEATURES, "a": ("", "b")})

    assert "rollout.E001" in ids(checks.declared_features())


def test_e002_a_prerequisite_that_is_no_feature() -> None:
    (found,) = checks.unknown_prerequisites({"a": None, "b": "nix"})

    assert (found.id, "nix" in found.msg) == ("rollout.E002", True)


def test_e003_code_that_asks_about_a_feature_that_nobody_declared(declare: Any) -> None:
    registry.gates("api_v4_enabled", "test E003")
    declare({"something_else": ("", None)})

    found = [message for message in checks.declared_features() if "api_v4_enabled" in message.msg]

    assert ids(found) == ["rollout.E003"]


@pytest.mark.parametrize(("stale_after_s", "expected"), [(3, []), (5, ["rollout.E004"]), (6, ["rollout.E004"])])
def test_e004_a_view_that_outlives_the_lease(stale_after_s: float, expected: Any) -> None:
    assert ids(checks.timing(stale_after_s=stale_after_s, lease_s=5)) == expected


@pytest.mark.parametrize("value", ["10", "maybe", "101%", "0%"])
def test_e005_a_force_that_is_not_understood(value: Any) -> None:
    (found,) = checks.environment(environ={"ROLLOUT_FORCE_API_V4_USERS": value})

    assert found.id == "rollout.E005"
    assert "ROLLOUT_FORCE_API_V4_USERS" in found.msg
    assert "0.01% to 100%" in str(found.hint)


def test_e006_a_feature_that_gates_nothing(declare: Any) -> None:
    declare({"idle": ("", None)})

    (found,) = checks.idle(["idle"])

    assert (found.id, isinstance(found, Error)) == ("rollout.E006", True)


@pytest.mark.django_db
def test_e006_not_for_a_feature_that_is_complete(declare: Any) -> None:
    declare({"idle": ("", None)})
    Flag.objects.create(name="idle", cohort="idle", stage="complete", percentage=Decimal(100), holdout=Decimal(0))

    assert ids(checks.gating(databases=["default"])) == []


def test_e006_not_for_a_feature_that_another_stands_on(declare: Any) -> None:
    declare(FEATURES)

    assert ids(checks.idle(["a"])) == []


def test_e007_a_switch_without_a_v3_engine() -> None:
    registry.switched("api_v4_users", "test.without_control")
    try:
        found = list(checks.without_control(["api_v4_users"]))
        finished = list(checks.without_control([]))
    finally:
        registry._operations.pop("test.without_control")

    assert "test.without_control" in found[-1].msg
    assert (found[-1].id, finished) == ("rollout.E007", [])


@pytest.mark.parametrize(
    ("is_on", "is_local", "expected"), [(True, False, ["rollout.W001"]), (True, True, []), (False, False, [])]
)
def test_w001_drills_outside_local_mode(settings: Any, is_on: bool, is_local: bool, expected: Any) -> None:
    settings.ROLLOUT = {**settings.ROLLOUT, "DRILLS": is_on}
    settings.LOCAL = is_local

    assert ids(checks.drills()) == expected


@pytest.fixture
def tell(settings: Any) -> Any:
    def tell(*, is_local: bool = False, **who: Any) -> None:
        nobody = {"EMAILS": [], "WEBHOOKS": [], "WEBHOOK_HOSTS": ["hooks.example.org"], "WEBHOOK_SECRET": "x" * 32}
        settings.ROLLOUT = {**settings.ROLLOUT, "TELL": {**nobody, **who}}
        settings.LOCAL, settings.EMAIL_HOST = is_local, ""

    return tell


@pytest.mark.parametrize(
    ("url", "is_local", "expected"),
    [
        ("https://hooks.example.org/x", False, []),
        ("https://elsewhere.example.org/x", False, ["rollout.E008"]),
        ("http://hooks.example.org/x", True, ["rollout.E008"]),
    ],
)
def test_e008_a_webhook_that_would_not_be_sent_to(tell: Any, url: str, is_local: bool, expected: Any) -> None:
    tell(WEBHOOKS=[url], is_local=is_local)

    assert ids(checks.alerting()) == expected


def test_e008_says_which_but_not_the_secret_in_it(tell: Any) -> None:
    tell(WEBHOOKS=["https://hooks.example.org/x", "https://elsewhere.example.org/a-secret"])

    (found,) = checks.alerting()

    assert found.msg == "ALERT_WEBHOOKS, number 2: the host elsewhere.example.org is not in ALERT_WEBHOOK_HOSTS."


@pytest.mark.parametrize(("secret", "expected"), [("x" * 31, ["rollout.E009"]), ("x" * 32, [])])
def test_e009_a_signature_that_could_be_guessed(tell: Any, secret: str, expected: Any) -> None:
    tell(WEBHOOKS=["https://hooks.example.org/x"], WEBHOOK_SECRET=secret)

    assert ids(checks.alerting()) == expected


def test_e010_an_address_that_is_none(tell: Any, settings: Any) -> None:
    tell(EMAILS=["ops@example.org", "nobody"])
    settings.EMAIL_HOST = "smtp.example.org"

    assert ids(checks.alerting()) == ["rollout.E010"]


def test_e011_mail_without_a_server(tell: Any) -> None:
    tell(EMAILS=["ops@example.org"])

    assert ids(checks.alerting()) == ["rollout.E011"]


@pytest.mark.parametrize(
    ("who", "is_local", "expected"),
    [({}, False, ["rollout.W002"]), ({}, True, []), ({"EMAILS": ["ops@example.org"]}, False, [])],
)
def test_w002_nobody_is_told_outside_local_mode(tell: Any, who: Any, is_local: bool, expected: Any) -> None:
    tell(is_local=is_local, **who)

    assert ids(checks.somebody_is_told()) == expected


def test_without_the_database_no_table_is_read() -> None:
    assert checks.gating(databases=None) == []


def operation(feature: str, name: str, module: str = "tests.legacy") -> None:
    """Let `feature` switch an operation that still has a v3 engine."""

    def engine() -> None: ...

    engine.__module__, engine.__name__, engine.__qualname__ = module, name, name
    registry.switched(feature, f"{module}.{name}")
    registry.control(f"{module}.{name}")(engine)


def test_w003_a_v3_engine_that_nobody_calls_any_more() -> None:
    with registry.forgetting():
        operation("done", "search")
        operation("done", "detail")

        (found,) = checks.left_over({"done", "idle"})

    assert (found.id, isinstance(found, Warning_)) == ("rollout.W003", True)
    assert "done is COMPLETE" in found.msg
    assert found.hint == "Delete tests/legacy.py."


def test_w002_names_the_functions_where_another_feature_needs_the_file() -> None:
    with registry.forgetting():
        operation("done", "search")
        operation("other", "list")

        (found,) = checks.left_over({"done"})

    assert found.hint == "Delete search in tests/legacy.py; the rest is still needed."


def test_w002_not_for_what_is_not_complete_or_has_no_engine_left() -> None:
    with registry.forgetting():
        operation("other", "list")
        registry.switched("done", "done.search")

        assert list(checks.left_over({"done"})) == []


@pytest.mark.django_db
def test_w002_through_the_tables() -> None:
    Flag.objects.filter(name="api_v4_users").update(stage="complete", percentage=100, holdout=0)

    found = [message for message in checks.gating(databases=["default"]) if message.id == "rollout.W003"]

    assert [message.hint for message in found] == ["Delete users/legacy.py."]
