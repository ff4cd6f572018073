"""The v4 contract of restaurants: images, in order, exactly one of them primary."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from restaurants.models import Image
from restaurants.pictures import MAX_BYTES
from tests.restaurants.test_pictures import picture
from tests.restaurants.v4.calls import LIST, problem, send
from tests.users.credentials import sent_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
ANY = {"If-Match": "*"}
IMAGES = f"{LIST}/7/images"


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    """Store uploads in a directory of this test."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def shown(client: Client, path: str = IMAGES) -> list[tuple[str, bool]]:
    """Return what is shown: the file's name, and whether it is primary."""
    images = client.get(path).json()["data"]
    assert [image["position"] for image in images] == list(range(len(images)))
    assert sum(image["is_primary"] for image in images) == (1 if images else 0)
    return [(image["url"].rpartition("/")[2], image["is_primary"]) for image in images]


def upload(client: Client, content: bytes, name: str = "x.jpg", path: str = IMAGES, **fields: Any) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(path, {"file": file, **fields}, headers=sent_with("catalog:write") | ANY)


def test_one_is_added_by_its_address_after_the_others(client: Client) -> None:
    response = send(client, "POST", IMAGES, {"url": "https://img.example/4.jpg"}, **ANY)

    assert (response.status_code, json.loads(response.content)["data"]["position"]) == (201, 3)
    assert shown(client) == [("1.jpg", False), ("2.jpg", True), ("3.jpg", False), ("4.jpg", False)]


def test_the_first_one_is_primary_whatever_is_said(client: Client) -> None:
    path = f"{LIST}/12/images"

    send(client, "POST", path, {"url": "https://img.example/1.jpg", "is_primary": False}, **ANY)

    assert shown(client, path) == [("1.jpg", True)]


def test_one_is_moved_and_another_made_primary(client: Client) -> None:
    third = Image.objects.get(url__endswith="3.jpg")

    send(client, "PATCH", f"{IMAGES}/{third.pk}", {"position": 0, "is_primary": True}, **ANY)

    assert shown(client) == [("3.jpg", True), ("1.jpg", False), ("2.jpg", False)]
    assert client.get("/api/restaurants/7").json()["restaurant"]["image_url"].endswith("3.jpg")


def test_the_primary_one_stays_so_until_another_is(client: Client) -> None:
    second = Image.objects.get(url__endswith="2.jpg")

    body = problem(send(client, "PATCH", f"{IMAGES}/{second.pk}", {"is_primary": False}, **ANY), 400, "invalid_input")

    assert body["errors"][0]["code"] == "one_is_primary"


def test_when_the_primary_one_goes_the_first_takes_its_place(client: Client) -> None:
    second = Image.objects.get(url__endswith="2.jpg")

    assert send(client, "DELETE", f"{IMAGES}/{second.pk}", **ANY).status_code == 204
    assert shown(client) == [("1.jpg", True), ("3.jpg", False)]


def test_an_address_is_added_once_and_twenty_are_enough(client: Client) -> None:
    problem(send(client, "POST", IMAGES, {"url": "https://img.example/1.jpg"}, **ANY), 409, "image_exists")
    for number in range(4, 21):
        send(client, "POST", IMAGES, {"url": f"https://img.example/{number}.jpg"}, **ANY)

    problem(send(client, "POST", IMAGES, {"url": "https://img.example/21.jpg"}, **ANY), 409, "too_many_images")


@pytest.mark.parametrize("body", [{}, {"url": "javascript:alert(1)"}, {"url": "x"}, {"file": "x"}, {"src": "x"}])
def test_a_body_that_is_no_picture_is_refused(client: Client, body: dict[str, str]) -> None:
    problem(send(client, "POST", IMAGES, body, **ANY), 400, "invalid_input")


def test_an_upload_is_stored_anew_and_served_from_its_address(client: Client, media: Path) -> None:
    response = upload(client, picture("PNG"), name="../../etc/passwd.exe", is_primary="true")

    data = response.json()["data"]
    assert response.status_code == 201, response.content
    assert data["is_primary"] is True
    assert data["url"].startswith("http://testserver/media/restaurants/7/")
    assert data["url"].endswith(".png")
    [stored] = [path for path in media.rglob("*") if path.is_file()]
    assert stored.name == data["url"].rpartition("/")[2]
    served = client.get(data["url"].removeprefix("http://testserver"))
    assert (served.status_code, served.headers["Content-Type"]) == (200, "image/png")
    assert b"".join(served.streaming_content) == stored.read_bytes()  # type: ignore[attr-defined]
    assert client.get(f"{LIST}/7").json()["data"]["images"][-1]["url"] == data["url"]


def test_an_upload_that_is_no_picture_is_refused_and_leaves_no_file(client: Client, media: Path) -> None:
    body = problem(upload(client, b"<svg/>", name="x.jpg"), 400, "unfit_picture")

    assert body["errors"][0]["pointer"] == "/file"
    assert list(media.rglob("*.*")) == []


def test_an_upload_to_a_place_that_is_not_there_leaves_no_file(client: Client, media: Path) -> None:
    problem(upload(client, picture(), path=f"{LIST}/999/images"), 404, "unknown_restaurant")

    assert list(media.rglob("*.*")) == []


def test_a_dry_run_of_an_upload_leaves_no_file(client: Client, media: Path) -> None:
    response = upload(client, picture(), path=f"{IMAGES}?dry_run=true")

    assert (response.status_code, response.json()["meta"]) == (200, {"dry_run": True})
    assert list(media.rglob("*.*")) == []


def test_an_upload_that_is_too_large_is_refused_unread(client: Client, media: Path) -> None:
    problem(upload(client, b"\xff" * (MAX_BYTES + 100_000)), 413, "picture_too_large")

    assert list(media.rglob("*.*")) == []


def test_the_file_goes_with_its_row(client: Client, media: Path, django_capture_on_commit_callbacks: Any) -> None:
    added = upload(client, picture()).json()["data"]["id"]

    with django_capture_on_commit_callbacks(execute=True):
        send(client, "DELETE", f"{IMAGES}/{added}", **ANY)

    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_an_image_of_another_place_is_not_here(client: Client) -> None:
    first = Image.objects.get(url__endswith="1.jpg")

    problem(send(client, "DELETE", f"{LIST}/12/images/{first.pk}", **ANY), 404, "unknown_image")


@pytest.mark.parametrize(
    "body", [b"", b"garbage", b'--x\r\nContent-Disposition: form-data; name="is_primary"\r\n\r\n\0\r\n--x--\r\n']
)
def test_a_form_that_is_none_is_a_problem(client: Client, body: bytes) -> None:
    headers = sent_with("catalog:write") | ANY

    response = client.post(IMAGES, body, content_type="multipart/form-data; boundary=x", headers=headers)

    problem(response, 400, "invalid_input")
