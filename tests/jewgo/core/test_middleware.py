"""Request ids and the access log."""

import json
import logging
import re
import uuid
from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from jewgo.core.logs import JsonFormatter
from jewgo.core.middleware import AccessLogMiddleware, RequestIdMiddleware, current_request_id

Handler = Callable[[HttpRequest], HttpResponse]


def answer(**headers: str) -> tuple[HttpResponse, str]:
    """Return a response, and the id that the code behind it saw."""
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(current_request_id())
        return HttpResponse("ok")

    response = RequestIdMiddleware(view)(RequestFactory().get("/", headers=headers))
    assert isinstance(response, HttpResponse)
    return response, seen[0]


@given(st.from_regex(r"[A-Za-z0-9._-]{1,128}", fullmatch=True))
def test_a_well_formed_id_is_kept_echoed_and_known_to_the_code(own: str) -> None:
    response, seen = answer(**{"X-Request-ID": own})

    assert response.headers["X-Request-ID"] == seen == own


@pytest.mark.parametrize("own", ["", "a b", "a\n", "x" * 129, "ä", "<script>", 'a"b'])
def test_any_other_id_is_replaced_by_a_uuid7(own: str) -> None:
    response, seen = answer(**{"X-Request-ID": own})

    assert response.headers["X-Request-ID"] == seen != own
    assert uuid.UUID(seen).version == 7


def test_outside_a_request_there_is_no_id() -> None:
    answer()

    assert current_request_id() == ""


def test_the_access_log_holds_the_route_and_nothing_personal(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "jewgo.access"):
        Client().get(
            "/api/v4/docs/errors?email=dana@example.com",
            headers={"X-Request-ID": "r-1", "User-Agent": "Agent of Dana", "X-Forwarded-For": "203.0.113.9"},
        )

    line = JsonFormatter().format(caplog.records[-1])
    fields = json.loads(line)
    assert fields["route"] == "api/v4/docs/errors"
    assert (fields["method"], fields["status"]) == ("GET", 200)
    assert fields["duration_ms"] > 0
    assert not re.search("dana|Agent|203|127.0.0.1|email", line, re.IGNORECASE)


def test_a_path_that_leads_nowhere_is_logged_without_the_path(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "jewgo.access"):
        Client().get("/dana@example.com")

    assert caplog.records[-1].__dict__["fields"]["route"] is None
    assert "dana" not in "".join(JsonFormatter().format(record) for record in caplog.records)


def test_the_duration_is_the_time_that_the_answer_took(caplog: pytest.LogCaptureFixture) -> None:
    ticks = iter([1.0, 1.25])
    middleware = AccessLogMiddleware(lambda request: HttpResponse("ok"), clock=lambda: next(ticks))

    with caplog.at_level(logging.INFO, "jewgo.access"):
        middleware(RequestFactory().get("/"))

    assert caplog.records[-1].__dict__["fields"]["duration_ms"] == 250


def test_an_engine_that_served_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    served = {"X-JewGo-Served-By": "v4; feature=f; reason=split"}

    with caplog.at_level(logging.INFO, "jewgo.access"):
        AccessLogMiddleware(lambda request: HttpResponse("ok", headers=served))(RequestFactory().get("/"))

    assert caplog.records[-1].__dict__["fields"]["served_by"] == "v4; feature=f; reason=split"


def test_the_probes_of_machines_are_left_to_debug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "jewgo.access"):
        Client().get("/livez")

    assert caplog.records == []
