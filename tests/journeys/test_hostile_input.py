"""Whatever is sent, v4 answers a 4xx problem, v3 its own answer, nobody a 5xx, and nothing is written."""

import json
import socket
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.journeys.client import Answer, Client
from tests.journeys.service import Service

DEEP = b"[" * 10_000 + b"]" * 10_000
HUGE = "9" * 40

V4_BAD_QUERIES = [
    "limit=abc",
    "limit=-1",
    "limit=0",
    "limit=1&limit=2",
    "nonsense=1",
    "kosher_categry=meat",
    "kosher_category=treif",
    "cursor=forged",
    "cursor=" + "A" * 3000,
    "cursor=%00",
    "q=%00",
    "q=a%00b",
    "lat=NaN&lng=1",
    "sort=;drop",
    "fields=password",
    "city=%ff%fe",
    "limit=" + HUGE,
    "limit=1e3",
    "limit=NaN",
    "include=secrets",
    "kosher_category=",
    "q=" + "x" * 3000,
]
V3_BAD_QUERIES = [
    "limit=abc",
    "limit=-1",
    "offset=-5",
    "offset=" + HUGE,
    "limit=" + HUGE,
    "nonsense=1",
    "kosher_type=treif",
    "city=%00",
    "status=%00",
    "status=gone",
    "lat=NaN",
    "kosher_type=%ff",
    "business_types=%00&business_types=x",
    "limit=1e3",
    "state=" + "x" * 3000,
]
BAD_BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"[1]",
    b'"text"',
    b"{}",
    b'{"name": NaN}',
    b'{"name": 1e999}',
    b'{"name": "\\u0000"}',
    b'{"name": "\\ud800"}',
    b"\xff\xfe",
    DEEP,
    b'{"name": ' + DEEP + b"}",
    b'{"name": "x", "latitude": "NaN"}',
    b'{"name": "x", "latitude": 91, "longitude": 0}',
    b'{"id": 1, "name": "x"}',
    b'{"name": "' + b"x" * 100_000 + b'"}',
    b'{"name": "x", "kosher_category": "treif"}',
    b'{"name": {"a": 1}}',
]
IDS = ["0", "-1", HUGE, "abc", "1.5", "%00", "%ff", "1%2e", "%D9%A1"]


@pytest.fixture(scope="module", autouse=True)
def everybody_is_on_v4(service: Service) -> None:
    """Open the v4 contract to every caller, and let the v4 engine answer the v3 contract."""
    service.put_all_at("full")
    service.move("holdout", percentage="0")


@pytest.fixture
def writes_nothing(service: Service) -> Iterator[None]:
    """Fail when the catalogue has another number of rows after the test than before it."""
    before = service.count("restaurants_restaurant")

    yield

    assert service.count("restaurants_restaurant") == before


def is_problem(answer: Answer) -> bool:
    """Say whether this is a 4xx problem document with a code and a request id."""
    if not 400 <= answer.status < 500 or answer.headers["content-type"] != "application/problem+json":
        return False
    body = answer.json
    is_named = body["code"] != "feature_disabled" and body["request_id"] == answer.headers["x-request-id"]
    return body["success"] is False and is_named


@pytest.mark.parametrize("query", V4_BAD_QUERIES)
def test_a_bad_query_of_v4_is_a_problem(client: Client, writes_nothing: None, query: str) -> None:
    answer = client.get(f"/api/v4/restaurants?{query}")

    assert is_problem(answer), (answer.status, answer.body[:300])


@pytest.mark.parametrize("path", ["/api/restaurants/search", "/api/v4/restaurants", "/nowhere"])
@pytest.mark.parametrize("query", ["q=" + "x" * 10_000, "ids=" + ",".join(map(str, range(1000, 3000)))])
def test_an_address_that_no_server_takes_is_refused_in_the_words_of_both_contracts(
    client: Client, path: str, query: str
) -> None:
    answer = client.request("GET", f"{path}?{query}", fresh=True)

    body = answer.json
    assert (answer.status, answer.headers["content-type"]) == (414, "application/problem+json")
    assert (body["code"], body["success"], body["status_code"]) == ("request_line_too_long", False, 414)
    assert body["message"] == body["detail"]
    assert body["hint"]
    assert body["request_id"] == answer.headers["x-request-id"] == body["meta"]["request_id"]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"hello\r\n\r\n", 400, "malformed_request"),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400, "malformed_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n", 400, "malformed_request"),
    ],
)
def test_what_is_no_request_is_refused_with_a_code(service: Service, sent: bytes, status: int, code: str) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        connection.sendall(sent)
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")

    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert json.loads(body)["code"] == code


@pytest.mark.parametrize("query", V3_BAD_QUERIES)
def test_a_bad_query_of_v3_is_answered_as_v3_does(client: Client, writes_nothing: None, query: str) -> None:
    answer = client.get(f"/api/restaurants?{query}")

    assert answer.status == 200, answer.body[:300]
    assert answer.json["success"] is True
    assert answer.reason != "fallback"


@pytest.mark.parametrize(
    "query", ["", "q=", "q=%00", "q=%ff", "q=" + quote("'; drop table"), "q=x&limit=abc", "q=" + "x" * 3000]
)
def test_a_bad_search_of_v3_is_never_a_server_error(client: Client, writes_nothing: None, query: str) -> None:
    answer = client.get(f"/api/restaurants/search?{query}")

    assert answer.status in (200, 400), answer.body[:300]
    assert answer.reason != "fallback"


@pytest.mark.parametrize("key", IDS)
@pytest.mark.parametrize("contract", ["/api/restaurants/", "/api/v4/restaurants/"])
def test_a_bad_id_is_not_found(client: Client, contract: str, key: str) -> None:
    answer = client.get(contract + key)

    assert answer.status == 404, answer.body[:300]
    assert answer.reason != "fallback"


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
@pytest.mark.parametrize("path", ["/api/restaurants", "/api/v4/restaurants"])
def test_a_bad_body_is_refused_with_a_client_error(
    client: Client, service: Service, writes_nothing: None, path: str, body: bytes
) -> None:
    answer = client.request("POST", path, body=body, headers=service.key_headers, fresh=True)

    assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
    assert answer.reason != "fallback"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Device-ID": "not-a-uuid"},
        {"X-Request-ID": "a b\tc"},
        {"X-Request-ID": "x" * 5000},
        {"Cookie": "jewgo_device=forged:x:y"},
        {"Accept": "application/xml"},
        {"If-None-Match": '"' + "x" * 4000},
        {"Authorization": "Bearer jwg_" + "A" * 3000},
        {"Authorization": "Basic !!!"},
    ],
    ids=lambda headers: next(iter(headers.items()))[0],
)
@pytest.mark.parametrize("path", ["/api/restaurants?limit=1", "/api/v4/restaurants?limit=1"])
def test_bad_headers_are_never_a_server_error(client: Client, path: str, headers: dict[str, str]) -> None:
    answer = client.request("GET", path, headers=headers)

    assert 200 <= answer.status < 500, answer.body[:300]
