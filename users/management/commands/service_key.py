"""Makes, lists, rotates and revokes service keys."""

import json
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from users.keys import Scope
from users.models import ServiceKey
from users.repositories import NotRotatable, UnknownServiceKey

UNKNOWN = 4
REFUSED = 3


class Command(BaseCommand):
    """`service_key create|list|rotate|revoke`; exit 0 done, 2 usage, 3 refused, 4 unknown key."""

    help = "Make, list, rotate and revoke service keys: Authorization: Bearer jwg_…"

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a key; its token is shown once")
        create.add_argument("label", help="who or what will use it")
        create.add_argument("--scope", action="append", required=True, choices=Scope.values, dest="scopes")
        create.add_argument("--expires-in-days", type=int, metavar="N", help="from now; by default it does not expire")
        create.add_argument("--json", action="store_true", help="answer in JSON")
        listing = actions.add_parser("list", help="every key, without its token")
        listing.add_argument("--json", action="store_true", help="answer in JSON")
        rotate = actions.add_parser("rotate", help="make a key in another's place, which ends a little later")
        rotate.add_argument("prefix", help="the eight characters after jwg_")
        rotate.add_argument(
            "--overlap-hours", type=int, default=24, metavar="N", help="how long the old key still opens: 0 to 720 (24)"
        )
        rotate.add_argument("--json", action="store_true", help="answer in JSON")
        revoke = actions.add_parser("revoke", help="end a key at once")
        revoke.add_argument("prefix", help="the eight characters after jwg_")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        match options["action"]:
            case "create":
                self._create(now, options["label"], options["scopes"], options["expires_in_days"], options["json"])
            case "list":
                self._list(now, options["json"])
            case "rotate":
                self._rotate(now, options["prefix"], options["overlap_hours"], options["json"])
            case _:
                self._revoke(now, options["prefix"])

    def _create(self, now: datetime, label: str, scopes: list[str], days: int | None, as_json: bool) -> None:
        key = ServiceKey.objects.issue(
            label=_label(label), scopes=[Scope(scope) for scope in scopes], expires_at=_expiry(now, days)
        )
        self._issued(key, now, as_json)

    def _rotate(self, now: datetime, prefix: str, overlap_hours: int, as_json: bool) -> None:
        if not 0 <= overlap_hours <= 720:
            raise CommandError(f"--overlap-hours is 0 to 720, not {overlap_hours}.", returncode=2)
        try:
            key = ServiceKey.objects.rotate(prefix, now=now, overlap=timedelta(hours=overlap_hours))
        except UnknownServiceKey as error:
            raise CommandError(f"{error.message} {error.hint}", returncode=UNKNOWN) from None
        except NotRotatable as error:
            raise CommandError(f"{error.message} {error.hint}", returncode=REFUSED) from None
        self._issued(key, now, as_json)

    def _issued(self, key: ServiceKey, now: datetime, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({**_plain(key, now), "token": key.token.text}))
            return
        self.stdout.write(key.token.text)
        self.stderr.write(f"{key}: {', '.join(key.scopes)}. The token is not shown again.")

    def _list(self, now: datetime, as_json: bool) -> None:
        keys = [_plain(key, now) for key in ServiceKey.objects.order_by("pk")]
        if as_json:
            self.stdout.write(json.dumps(keys))
            return
        for key in keys:
            used = key["last_used_at"] or "never used"
            self.stdout.write(
                f"{key['prefix']}  {key['state']:7}  {used:32}  {key['label']}: {', '.join(key['scopes'])}"
            )

    def _revoke(self, now: datetime, prefix: str) -> None:
        try:
            is_new = ServiceKey.objects.revoke(prefix, now=now)
        except UnknownServiceKey as error:
            raise CommandError(f"{error.message} {error.hint}", returncode=UNKNOWN) from None
        self.stdout.write(f"{prefix} is revoked." if is_new else f"{prefix} was revoked before.")


def _label(text: str) -> str:
    if not (text.strip() and len(text) <= 100):
        raise CommandError("The label says who uses the key: 1 to 100 characters.", returncode=2)
    return text.strip()


def _expiry(now: datetime, days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= 3650:
        raise CommandError(f"--expires-in-days is 1 to 3650, not {days}.", returncode=2)
    return now + timedelta(days=days)


def _plain(key: ServiceKey, now: datetime) -> dict[str, Any]:
    moments = {name: getattr(key, name) for name in ("created_at", "expires_at", "revoked_at", "last_used_at")}
    return {
        "id": key.pk,
        "prefix": key.prefix,
        "label": key.label,
        "scopes": key.scopes,
        "state": key.state(now),
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
