"""`Idempotency-Key` on POSTs of v4: one effect and one answer, however often and however many at once."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.signals import post_save
from django.test import Client
from django.utils import timezone

from jewgo.core.idempotency import KEPT_FOR, PATIENCE_MS, forget
from jewgo.core.models import KeptAnswer

pytestmark = pytest.mark.urls("tests.jewgo.core.api.urls")

ME, OTHER = "Person 7", "Key 7"


def post(client: Client, body: Any, *, key: str | None, who: str = ME, path: str = "/api/v4/notes") -> Any:
    headers = {"Authorization": who} | ({} if key is None else {"Idempotency-Key": key})
    return client.post(path, body, content_type="application/json", headers=headers)


def shown(answer: Any) -> tuple[int, bytes, Any, Any]:
    """Return what a repetition must have again."""
    return answer.status_code, answer.content, answer.headers.get("Location"), answer.headers.get("ETag")


@pytest.mark.django_db
def test_a_repetition_gets_the_first_answer_and_has_no_effect(client: Client) -> None:
    first, second = (post(client, {"text": "a"}, key="k1") for _ in range(2))

    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    assert shown(second) == shown(first)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Content-Type"] == "application/json"
    assert second.headers["Cache-Control"] == "private, no-cache"
    assert Session.objects.count() == 1


@pytest.mark.django_db
def test_without_a_key_every_request_has_its_effect(client: Client) -> None:
    for _ in range(2):
        post(client, {"text": "a"}, key=None)

    assert (Session.objects.count(), KeptAnswer.objects.count()) == (2, 0)


@pytest.mark.django_db
def test_an_empty_answer_is_repeated_empty(client: Client) -> None:
    first, second = (post(client, {}, key="k1", path="/api/v4/notes/emptied") for _ in range(2))

    assert [(one.status_code, one.content) for one in (first, second)] == [(204, b"")] * 2
    assert "Content-Type" not in second.headers
    assert Session.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v4/notes", {"text": "b"}),
        ("/api/v4/notes?color=red", {"text": "a"}),
        ("/api/v4/boards/2/notes", {"text": "a"}),
    ],
)
def test_the_same_key_with_another_request_is_refused(client: Client, path: str, body: Any) -> None:
    board = "/api/v4/boards/1/notes" if "boards" in path else "/api/v4/notes"
    post(client, {"text": "a"}, key="k1", path=board)

    answer = post(client, body, key="k1", path=path)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert answer.json()["retryable"] is False
    assert Session.objects.count() == 1


@pytest.mark.django_db
def test_what_says_the_same_in_other_words_is_the_same(client: Client) -> None:
    first = post(client, '{"text": "a", "takes_s": 0}', key="k1")
    second = post(client, '{ "takes_s":0,\n "text":"a" }', key="k1")

    assert shown(second) == shown(first)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"who": OTHER}, {"who": "Person 8"}, {"path": "/api/v4/notes/found"}])
def test_a_key_belongs_to_its_caller_and_route(client: Client, change: Any) -> None:
    post(client, {"text": "a"}, key="k1")

    answer = post(client, {"text": "b"}, **{"key": "k1", **change})

    assert answer.status_code == 201
    assert Session.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "tab\there"])
def test_a_key_has_1_to_255_printable_characters(client: Client, key: str) -> None:
    answer = post(client, {"text": "a"}, key=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"
    assert Session.objects.count() == 0


@pytest.mark.django_db
def test_nobody_has_no_key(client: Client) -> None:
    answer = post(client, {"text": "a"}, key="k1", who="")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("fails", "status"), [("conflict", 409), ("bug", 500), ("quietly", 409)])
def test_a_failure_leaves_neither_effect_nor_answer(client: Client, fails: str, status: int) -> None:
    failed = post(client, {"text": "a", "fails": fails}, key="k1")
    left = Session.objects.count(), KeptAnswer.objects.count()
    mended = post(client, {"text": "a"}, key="k1")

    assert (failed.status_code, left) == (status, (0, 0))
    assert (mended.status_code, Session.objects.count()) == (201, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body"), [("/api/v4/notes?dry_run=true", {"text": "a"}), ("/api/v4/notes", {"text": "a", "dry_run": True})]
)
def test_a_dry_run_uses_up_no_key(client: Client, path: str, body: Any) -> None:
    post(client, body, key="k1", path=path)
    answer = post(client, {"text": "a"}, key="k1")

    assert "Idempotency-Replayed" not in answer.headers
    assert (answer.status_code, Session.objects.count()) == (201, 1)


@pytest.mark.django_db
def test_other_methods_do_not_know_keys(client: Client) -> None:
    headers = {"Authorization": ME, "Idempotency-Key": ""}

    assert client.get("/api/v4/notes", headers=headers).status_code == 200
    assert client.delete("/api/v4/notes", headers=headers).status_code == 204


@pytest.mark.django_db
def test_an_upload_is_the_same_when_its_parts_are(client: Client) -> None:
    def upload(content: bytes) -> Any:
        parts = {"text": "a", "file": SimpleUploadedFile("a.txt", content)}
        return client.post("/api/v4/notes", parts, headers={"Authorization": ME, "Idempotency-Key": "k1"})

    first, second, other = upload(b"x" * 3_000_000), upload(b"x" * 3_000_000), upload(b"y" * 3_000_000)

    assert first.json()["data"]["size"] == 3_000_000
    assert (shown(second), second.headers["Idempotency-Replayed"]) == (shown(first), "true")
    assert other.status_code == 422


@pytest.mark.django_db
def test_a_body_that_cannot_be_read_is_refused_as_ever(client: Client) -> None:
    answer = post(client, "{", key="k1")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_the_commit_is_told_after_it_and_repeated(client: Client) -> None:
    bare, first, second = (post(client, {}, key=key, path="/api/v4/notes/announced") for key in (None, "k1", "k1"))

    assert [one.json()["data"] for one in (bare, first, second)] == [{"seen": True}] * 3
    assert second.headers["Idempotency-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_a_key_may_be_used_anew_after_a_day_and_old_answers_go(client: Client) -> None:
    for number in range(5):
        post(client, {"text": "a"}, key=f"k{number}")
    KeptAnswer.objects.update(ends_at=timezone.now() - timedelta(seconds=1))

    again = post(client, {"text": "another"}, key="k1")

    assert (again.status_code, "Idempotency-Replayed" in again.headers) == (201, False)
    kept = KeptAnswer.objects.get()
    assert abs(kept.ends_at - timezone.now() - KEPT_FOR) < timedelta(minutes=1)


@pytest.mark.django_db
def test_what_was_kept_for_one_caller_can_be_forgotten(client: Client) -> None:
    for who in (ME, OTHER):
        post(client, {"text": "a"}, key="k1", who=who)

    forget("u:7")

    mine, theirs = (post(client, {"text": "a"}, key="k1", who=who) for who in (ME, OTHER))
    assert "Idempotency-Replayed" not in mine.headers
    assert theirs.headers["Idempotency-Replayed"] == "true"


Ask = Callable[..., Any]


@pytest.fixture
def at_once() -> Ask:
    """Send the same request so many times at once, each on a connection of its own."""

    def at_once(count: int, body: Any, key: str) -> list[Any]:
        def one(_: int) -> Any:
            try:
                return post(Client(raise_request_exception=False), body, key=key)
            finally:
                connection.close()

        with ThreadPoolExecutor(count) as crew:
            return list(crew.map(one, range(count)))

    return at_once


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_have_one_effect_and_one_answer(at_once: Ask) -> None:
    for key in (uuid.uuid4().hex for _ in range(10)):
        answers = at_once(8, {"text": "a", "takes_s": 0.02}, key)

        assert {shown(answer) for answer in answers} == {shown(answers[0])}
        assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert Session.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_told_that_the_first_is_under_way(at_once: Ask) -> None:
    answers = at_once(2, {"text": "a", "takes_s": PATIENCE_MS / 1000 + 0.7}, "k1")

    first, second = sorted(answers, key=lambda answer: answer.status_code)
    assert (first.status_code, second.status_code) == (201, 409)
    assert (second.json()["code"], second.json()["retryable"]) == ("idempotency_in_progress", True)
    assert second.headers["Retry-After"] == "1"
    assert Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_when_the_first_of_two_fails_the_second_has_the_effect(at_once: Ask) -> None:
    met: list[str] = []

    def fail_first(**_: Any) -> None:
        met.append("x")
        if len(met) == 1:
            raise RuntimeError

    post_save.connect(fail_first, sender=Session)
    try:
        answers = at_once(2, {"text": "a"}, "k1")
    finally:
        post_save.disconnect(fail_first, sender=Session)

    assert sorted(answer.status_code for answer in answers) == [201, 500]
    assert Session.objects.count() == 1
