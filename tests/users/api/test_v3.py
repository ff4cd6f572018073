"""The v3 contract of users: each golden answer, from each engine."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from rollout.testing import at_stage
from tests.golden import Golden, goldens
from tests.users import world
from tests.users.credentials import bearer, key_with
from users.models import ServiceKey, User

pytestmark = pytest.mark.django_db

GOLDENS = goldens(Path(__file__).parents[1] / "golden")
STAGES = ("disabled", "complete")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.name)
def test_every_engine_gives_the_golden_answer(golden: Golden, stage: str, client: Client) -> None:
    world.build()

    with at_stage("api_v4_users", stage):
        answer = golden.ask(client)

    golden.check(answer)


@pytest.mark.parametrize(("stage", "queries"), [("disabled", 2), ("complete", 3)])
def test_a_list_takes_a_constant_number_of_queries_and_one_for_the_key(
    stage: str, queries: int, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()
    header = bearer(key_with("ops").token.text)
    client.get("/api/admin/users", headers=header)

    with at_stage("api_v4_users", stage), django_assert_num_queries(queries + 1):
        client.get("/api/admin/users?limit=100", headers=header)


def test_the_session_of_a_superuser_does_not_count_here(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com"))

    assert client.get("/api/admin/users").status_code == 401


def test_a_key_is_the_identity_that_the_rollout_decides_for(client: Client) -> None:
    key = key_with("ops")

    with (
        at_stage("api_v4_users", "disabled", percentage=0),
        at_stage("api_v4_users", "testing", overrides={f"k:{key.pk}": True}),
    ):
        answer = client.get("/api/admin/users", headers=bearer(key.token.text))

    assert answer.headers["X-JewGo-Served-By"] == "v4; feature=api_v4_users; reason=override"
    assert ServiceKey.objects.get().last_used_at is not None
