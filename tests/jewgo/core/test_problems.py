"""Failures in the shape of the path's contract, also where no view answers, also when a middleware fails."""

import psycopg2
import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, OperationalError, connection
from django.http import Http404, HttpRequest
from django.test import Client, override_settings

from jewgo.core.errors import REGISTRY, JewgoError
from jewgo.core.problems import Contract, contract_of, translate


class BrokenMiddleware:
    """A middleware that needs the database and does not get it."""

    def __init__(self, get_response: object) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> None:
        raise OperationalError("connection refused")


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("path", "contract"),
    [
        ("/api/v4", "v4"),
        ("/api/v4/restaurants", "v4"),
        ("/api/v40", "v3"),
        ("/api/restaurants", "v3"),
        ("/api", "v3"),
        ("/health", "v3"),
        ("/healthy", "none"),
        ("/apiary", "none"),
        ("/", "none"),
        ("/admin/", "none"),
        ("/accounts/app/v1/config", "accounts"),
        ("/accounts/login/", "none"),
    ],
)
def test_a_path_belongs_to_one_contract(path: str, contract: Contract) -> None:
    assert contract_of(path) == contract


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Http404(), "not_found"),
        (PermissionDenied(), "forbidden"),
        (RequestDataTooBig(), "content_too_large"),
        (SuspiciousOperation(), "invalid_input"),
        (psycopg2.errors.AdminShutdown(), "unavailable"),
        (psycopg2.errors.QueryCanceled(), "unavailable"),
        (psycopg2.InterfaceError(), "unavailable"),
        (psycopg2.errors.NumericValueOutOfRange(), "invalid_input"),
    ],
)
def test_an_anticipated_exception_has_a_meaning(error: Exception, code: str) -> None:
    meaning = translate(error)

    assert meaning is not None
    assert meaning.code == code


@pytest.mark.parametrize("error", [ValueError(), IntegrityError(), KeyError(), psycopg2.ProgrammingError()])
def test_any_other_exception_has_none(error: Exception) -> None:
    assert translate(error) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "member"), [("/api/v4/x", "retryable"), ("/api/x", "status_code"), ("/health", "status_code")]
)
def test_a_database_lost_in_a_middleware_is_503_in_the_contracts_shape(client: Client, path: str, member: str) -> None:
    broken = [*settings.MIDDLEWARE, "tests.jewgo.core.test_problems.BrokenMiddleware"]

    with override_settings(MIDDLEWARE=broken):
        answer = client.get(path)

    assert (answer.status_code, answer.json()["success"]) == (503, False)
    assert member in answer.json()
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["X-Request-ID"]


@pytest.mark.django_db
def test_a_database_lost_below_every_other_middleware_is_503_too(client: Client) -> None:
    broken = ["tests.jewgo.core.test_problems.BrokenMiddleware", *settings.MIDDLEWARE]

    with override_settings(MIDDLEWARE=broken):
        answer = client.get("/api/v4/x")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.jewgo.core.api.urls")
def test_after_a_connection_was_killed_the_next_request_is_served(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg2.connect(**_reach()) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])

    statuses = [client.get("/api/v4/ask").status_code for _ in range(3)]

    assert statuses == [503, 200, 200]


def _reach() -> dict[str, object]:
    """Return how the test database is reached by a connection of its own."""
    parameters = connection.get_connection_params()
    return {name: parameters[name] for name in ("dbname", "user", "host", "port", "password") if parameters.get(name)}


def test_every_code_is_a_name_and_every_status_an_error() -> None:
    assert all(code.replace("_", "").isalpha() and code.islower() for code in REGISTRY)
    assert all(400 <= kind.status < 600 for kind in REGISTRY.values())


def test_a_code_has_one_meaning() -> None:
    with pytest.raises(TypeError, match="not_found"):
        type("Elsewhere", (JewgoError,), {"code": "not_found"})
    assert REGISTRY["not_found"].__name__ == "NotFound"
