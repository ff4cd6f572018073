"""The table that ends a start."""

import json
import shlex

from jewgo.greeting import greeting

DEVICES = {"v3": "d-out", "v4": "d-in"}


def shown() -> dict[str, str]:
    text = greeting(
        "http://127.0.0.1:8000",
        email="a@b.c",
        password="pw",
        key="jwg_x",
        mail="are files in var/mail",
        devices=DEVICES,
    )
    return {line[2:16].strip(): line[16:] for line in text.splitlines() if line[2:3].strip()}


def test_it_says_where_everything_is_and_how_to_get_in() -> None:
    rows = shown()

    assert rows["admin"] == "http://127.0.0.1:8000/admin/"
    assert (rows["user"], rows["password"]) == ("a@b.c", "pw")
    assert rows["e-mails"] == "are files in var/mail"


def test_there_is_a_command_for_a_device_of_each_engine() -> None:
    rows = shown()

    assert shlex.split(rows["served by v4"])[:4] == ["curl", "-si", "-H", "X-Device-ID: d-in"]
    assert "X-Device-ID: d-out" in shlex.split(rows["served by v3"])


def test_the_command_that_adds_a_place_survives_the_shell() -> None:
    words = shlex.split(shown()["add a place"])

    assert json.loads(words[words.index("-d") + 1])["name"] == "Shalom Pizza"
    assert "Authorization: Bearer jwg_x" in words
