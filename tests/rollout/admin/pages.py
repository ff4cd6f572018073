"""How the admin's tests read its pages and press its buttons."""

import hashlib
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import reverse

from rollout.models import Flag, StageChange
from rollout.moves import Terms
from rollout.services import RolloutService
from tests.rollout.control import TERMS
from users.models import User

ROOT, REVIEWS, USERS = "api_v4_enabled", "api_v4_reviews", "api_v4_users"
LIST = "admin:rollout_flag_changelist"

Answer = Any
"""What the test client returns: a response with what was made of it."""


class Page(HTMLParser):
    """What a browser would find in a page: links, and the fields of the form that makes a move."""

    def __init__(self, response: Answer) -> None:
        super().__init__()
        self.text = response.content.decode()
        self.status = response.status_code
        self.links: list[str] = []
        self.fields: dict[str, list[str]] = {}
        self.inline: list[str] = []
        self._name: str | None = None
        self.feed(self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag == "style" or "style" in found or (tag == "script" and "src" not in found):
            self.inline.append(tag)
        self.inline += [name for name in found if name.startswith("on")]
        if tag == "select":
            self._name = found.get("name")
        is_off = found.get("type") in {"checkbox", "radio"} and "checked" not in found
        if tag == "input" and "name" in found and not is_off:
            self.fields.setdefault(str(found["name"]), []).append(found.get("value", "on") or "")
        if tag == "option" and "selected" in found and self._name:
            self.fields.setdefault(self._name, []).append(found["value"] or "")

    def form(self, **changes: Any) -> dict[str, Any]:
        """Return the fields as they would be sent after these changes; None takes a field out."""
        changed = {name: value for name, value in changes.items() if value is not None}
        kept = {name: values for name, values in self.fields.items() if name not in changes}
        return {**kept, **changed}


def because(reason: str) -> Terms:
    """Return the terms of a move that somebody else makes for this reason."""
    return {"actor": TERMS["actor"], "reason": reason}


def flag(name: str = ROOT) -> Flag:
    return Flag.objects.named(name)


def where(name: str = ROOT) -> str:
    return str(flag(name).position)


def change_url(name: str = ROOT) -> str:
    return reverse("admin:rollout_flag_change", args=[flag(name).pk])


def move_url(move: str, name: str = ROOT, query: str = "") -> str:
    return reverse("admin:rollout_flag_move", args=[flag(name).pk, move]) + query


def lines() -> int:
    return StageChange.objects.count()


def confirm(browser: Client, url: str, reason: str = "a test", **changes: Any) -> Answer:
    """Open the page of a move and answer it."""
    page = Page(browser.get(url))
    return browser.post(url, page.form(reason=reason, **changes))


def edit(browser: Client, name: str = ROOT, reason: str = "a test", **changes: Any) -> Answer:
    """Change the form, save, and answer the question that follows."""
    asked = browser.post(change_url(name), Page(browser.get(change_url(name))).form(**changes))
    return browser.post(change_url(name), Page(asked).form(reason=reason))


def select(browser: Client, move: str, names: Sequence[str], **more: Any) -> Answer:
    """Choose an action of the list for these features."""
    keys = [flag(name).pk for name in names]
    return browser.post(reverse(LIST), {"action": f"{move}_selected", "_selected_action": keys, **more})


def everything_stored() -> str:
    """Return a hash of every row of every table, the visitor's own session aside."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table != "django_session":
                rows = "string_agg(t::text, chr(10) ORDER BY t::text)"
                cursor.execute(f'SELECT md5(coalesce({rows}, chr(10))) FROM "{table}" t')
                digest.update(f"{table}={cursor.fetchone()[0]}\n".encode())
    return digest.hexdigest()


def prepare(service: RolloutService, name: str, upto: str | None) -> None:
    """Bring a feature as far as a test begins: to `start`, `pause`, `full` or `complete`."""
    if upto in {"start", "pause", "full", "complete"}:
        service.start(name, **TERMS)
    if upto == "pause":
        service.pause(name, **TERMS)
    while upto in {"full", "complete"} and not where(name).startswith("FULL"):
        service.advance(name, **TERMS)
    if upto == "complete":
        service.complete(name, force=True, **TERMS)


def staff(*permissions: str) -> User:
    user = User.objects.create_user(email="dana@example.com")
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="rollout", codename__in=permissions))
    return user


def pages() -> list[str]:
    """Every page of the rollout's admin, questions and histories too."""
    names = ("flag_changelist", "stagechange_changelist", "stagechange_verify", "worker_changelist")
    found = [reverse(f"admin:rollout_{name}") for name in names]
    return [*found, change_url(), reverse("admin:rollout_flag_history", args=[flag().pk]), move_url("rollback")]


def is_worth_following(link: str) -> bool:
    """Say whether it is a page of the rollout; of a list's sortings and filters each alone, not every combination."""
    parts = urlsplit(link)
    is_combined = "&" in parts.query or parts.query.startswith("_changelist_filters") or "." in parts.query
    return parts.path.startswith("/admin/rollout/") and ("/move/" in parts.path or not is_combined)
