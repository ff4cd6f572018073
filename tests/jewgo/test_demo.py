"""What the first local start puts in, and that the second one leaves it alone."""

import json
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection

from jewgo import demo
from restaurants.intake.guide import SAMPLE
from restaurants.models import Restaurant
from rollout.moves import Actor
from rollout.services import RolloutService
from users.keys import Scope
from users.models import ServiceKey, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "admin.json"


def test_the_demo_account_can_log_in_as_the_file_says_and_only_its_owner_may_read_the_file(kept: Path) -> None:
    staff = demo.staff(kept)

    said = json.loads(kept.read_text())
    assert authenticate(username=said["email"], password=said["password"]) == User.objects.get(is_superuser=True)
    assert (staff.email, staff.password, staff.is_new) == (said["email"], said["password"], True)
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_second_start_keeps_the_password(kept: Path) -> None:
    first = demo.staff(kept)

    second = demo.staff(kept)

    assert (second.password, second.is_new) == (first.password, False)
    assert User.objects.count() == 1


def test_a_file_that_was_lost_gives_the_account_a_new_password(kept: Path) -> None:
    first = demo.staff(kept)
    kept.unlink()

    second = demo.staff(kept)

    assert second.password != first.password
    assert authenticate(username=second.email, password=second.password) is not None


def test_a_database_that_was_lost_gets_the_account_again_with_its_password(kept: Path) -> None:
    first = demo.staff(kept)
    with connection.cursor() as cursor:  # row by row the last super admin would stay
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE users_user CASCADE")

    demo.staff(kept)

    assert authenticate(username=first.email, password=first.password) is not None


def test_the_service_key_may_write_the_catalogue_and_nothing_else(kept: Path) -> None:
    text = demo.service_key(kept)

    assert demo.service_key(kept) == text
    assert ServiceKey.objects.get().scopes == [Scope.CATALOG_WRITE]
    assert kept.stat().st_mode & 0o777 == 0o600


def test_the_features_open_at_ten_percent_with_the_demo_account_inside(kept: Path) -> None:
    staff = demo.staff(kept)

    demo.open_features(staff.email)

    flags = RolloutService().status()["feature_flags"]
    assert len(flags) == 8
    assert {(flag["stage"], flag["percentage"]) for flag in flags.values()} == {("partial", 10.0)}
    tester = f"u:{User.objects.get().pk}"
    assert RolloutService().explain(demo.FEATURE, tester)["served_by"] == "v4"


def test_a_feature_that_people_have_moved_is_left_where_it_is(kept: Path) -> None:
    staff = demo.staff(kept)
    demo.open_features(staff.email)
    RolloutService().rollback("api_v4_reviews", actor=Actor("cli", "dana"), reason="drill")

    demo.open_features(staff.email)

    assert RolloutService().status()["feature_flags"]["api_v4_reviews"]["stage"] == "disabled"


def test_one_example_device_is_inside_and_one_outside(kept: Path) -> None:
    demo.open_features(demo.staff(kept).email)

    devices = demo.example_devices()

    served = {engine: RolloutService().explain(demo.FEATURE, f"d:{device}") for engine, device in devices.items()}
    assert {engine: answer["served_by"] for engine, answer in served.items()} == {"v3": "v3", "v4": "v4"}


def test_where_all_features_are_off_every_device_is_served_by_v3() -> None:
    assert list(demo.example_devices()) == ["v3"]


def test_a_catalogue_with_a_place_in_it_is_left_alone(tmp_path: Path) -> None:
    small = tmp_path / "guide.json"
    small.write_text(json.dumps(json.loads(SAMPLE.read_text())[:1]))
    call_command("import_guide", small)

    demo.load_guide()

    assert Restaurant.objects.count() == 1
