"""The documentation pages."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from jewgo.core.errors import REGISTRY


@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc", "/api/v4/docs", "/api/v4/redoc", "/api/v4/docs/errors"])
def test_a_page_asks_only_for_files_that_we_have(client: Client, path: str) -> None:
    page = client.get(path).content.decode()

    wanted = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert wanted
    assert all(file.startswith("/static/") and finders.find(file.removeprefix("/static/")) for file in wanted)
    assert not re.search(r"<script(?![^>]*src=)", page)


@pytest.mark.parametrize(("path", "title"), [("/api/openapi.yaml", "JewGo v3"), ("/api/v4/openapi.yaml", "JewGo v4")])
def test_the_committed_description_is_served(client: Client, path: str, title: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/yaml")
    assert f"title: {title}".encode() in answer.content


def test_the_type_of_every_problem_leads_to_its_meaning(client: Client) -> None:
    page = client.get("/api/v4/docs/errors").content.decode()

    assert set(re.findall(r'<tr id="([a-z_]+)">', page)) == set(REGISTRY)
