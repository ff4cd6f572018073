"""The registry of codes and its document."""

from io import StringIO

from django.conf import settings
from django.core.management import call_command

from jewgo.core.errors import Conflict, InvalidInput, Problem, Unavailable


def test_the_document_lists_every_code_as_it_is() -> None:
    out = StringIO()

    call_command("error_codes", stdout=out)

    assert (settings.BASE_DIR / "docs" / "errors.md").read_text() == out.getvalue(), "run `make schema`"


def test_an_error_without_a_message_says_its_title() -> None:
    assert Conflict().message == str(Conflict()) == Conflict.title


def test_an_error_carries_what_a_client_needs() -> None:
    problem = Problem("required", "Say it.", pointer="/name")

    error = InvalidInput("Not so", hint="But so", problems=[problem], meta={"n": 1}, headers={"X-N": "1"})

    assert (error.message, error.hint, error.problems) == ("Not so", "But so", (problem,))
    assert (error.meta, error.headers) == ({"n": 1}, {"X-N": "1"})


def test_only_4xx_is_the_clients() -> None:
    assert InvalidInput().is_client_error
    assert not Unavailable().is_client_error
