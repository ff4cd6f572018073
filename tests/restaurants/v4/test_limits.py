"""What the routes of restaurants count as, and that a proposal or an upload may be repeated."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jewgo.core.limits.rates import Rate
from restaurants.models import Image, Restaurant
from restaurants.pictures import MAX_BYTES
from tests.restaurants.test_pictures import picture
from tests.restaurants.v4.calls import LIST
from tests.users.credentials import sent_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

PLACE = {"name": "Once", "address": "1 Herzl Street", "city": "Haifa", "country": "IL"}
RATES = {name: Rate(1000, 60) for name in ("anonymous", "user", "key", "write", "search", "export")}


@pytest.mark.parametrize(
    ("method", "path", "classes"),
    [
        ("GET", LIST, ["key"]),
        ("GET", f"{LIST}?q=pizza", ["key", "search"]),
        ("GET", f"{LIST}/search?q=pizza", ["key", "search"]),
        ("GET", f"{LIST}/autocomplete?q=pi", ["key", "search"]),
        ("GET", "/api/restaurants/search?q=pizza", ["key", "search"]),
        ("GET", f"{LIST}/export", ["key", "export"]),
        ("POST", f"{LIST}?q=pizza", ["key", "write"]),
        ("PATCH", f"{LIST}/7", ["key", "write"]),
    ],
)
def test_routes_count_as_what_they_ask(
    client: Client, settings: Any, method: str, path: str, classes: list[str]
) -> None:
    settings.LIMITS = {**settings.LIMITS, "RATES": RATES}

    headers = sent_with("catalog:write", "catalog:export")
    answer = client.generic(method, path, b"{}", content_type="application/json", headers=headers)

    policy = answer.headers["RateLimit-Policy"]
    assert policy == ", ".join(f'"{name}";q=1000;w=60' for name in classes)


def test_a_proposal_that_is_repeated_is_one_proposal(client: Client) -> None:
    headers = sent_with("catalog:write") | {"Idempotency-Key": "k1"}

    first, second = (
        client.post(LIST, PLACE, content_type="application/json", headers=headers, query_params={"force": "true"})
        for _ in range(2)
    )

    assert (first.status_code, second.content) == (201, first.content)
    assert (second.headers["Location"], second.headers["ETag"]) == (first.headers["Location"], first.headers["ETag"])
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Restaurant.objects.filter(name="Once").count() == 1


def test_an_upload_that_is_repeated_is_one_file(client: Client, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    headers = sent_with("catalog:write") | {"Idempotency-Key": "k1", "If-Match": "*"}
    before = Image.objects.count()

    answers = [
        client.post(f"{LIST}/7/images", {"file": SimpleUploadedFile("x.jpg", picture())}, headers=headers)
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert Image.objects.count() == before + 1
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_an_upload_that_is_too_large_is_refused_unread_with_a_key_too(client: Client) -> None:
    file = SimpleUploadedFile("x.jpg", b"x" * (MAX_BYTES + 100_000))
    headers = sent_with("catalog:write") | {"Idempotency-Key": "k1", "If-Match": "*"}

    answer = client.post(f"{LIST}/7/images", {"file": file}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (413, "picture_too_large")
