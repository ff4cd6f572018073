"""Prints who may do what: the page docs/authority.md, from the table itself."""

from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand

from users.authority import AUTHORITY, Rule
from users.keys import Scope
from users.roles import LEVELS, Role

_ABOUT = """# Who may do what

Written from `users/authority.py` by `manage.py authority`; a route that is missing there is closed to everybody. A
super admin may do everything that a person may. `author` and `owner` let any person through to the service, which looks
at the review or the place itself. A person sends `X-Session-Token`, a machine `Authorization: Bearer jwg_…`.

Outside local mode a role counts in a session that has passed a second factor; ¹ asks besides for a proof (password or
second factor) of the last 15 minutes.

"""


class Command(BaseCommand):
    """Writes Markdown to standard output."""

    help = "Print the authorisation table as Markdown"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(_ABOUT, ending="")
        self.stdout.write(_roles(), ending="")
        for area, routes in groupby(AUTHORITY, key=_area):
            self.stdout.write(f"## {area}\n\n| route | people | keys |\n|---|---|---|")
            self.stdout.write("\n".join(_line(route, AUTHORITY[route]) for route in routes) + "\n\n", ending="")


def _roles() -> str:
    roles = [f"| {role} | {LEVELS[role]} | {'no' if role is Role.SUPER_ADMIN else 'yes'} |" for role in sorted(LEVELS)]
    scopes = [f"| `{scope}` | {scope.label} |" for scope in Scope]
    heads = ["| role | level | can end by itself |", "|---|---|---|"], ["", "| scope of a key | lets it |", "|---|---|"]
    return "\n".join([*heads[0], *roles, *heads[1], *scopes, "\n"])


def _area(route: str) -> str:
    """Return the part of the service that a route belongs to."""
    parts = route.partition(" ")[2].strip("/").split("/")
    contract = "v4" if parts[:2] == ["api", "v4"] else "v3" if parts[0] == "api" else "operations"
    at = {"v4": 2, "v3": 1, "operations": 0}[contract]
    return f"{contract}: {parts[at]}"


def _line(route: str, rule: Rule) -> str:
    people = "everybody" if rule.is_public else ", ".join(sorted(rule.roles))
    keys = "every" if rule.is_public else ", ".join(f"`{scope}`" for scope in sorted(rule.scopes)) or "none"
    return f"| `{route}` | {people}{' ¹' if rule.is_fresh else ''} | {keys} |"
