"""What the first local start puts in, so that there is something to look at; repeated, each step changes nothing."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

import orjson
from django.conf import settings
from django.core.management import call_command

from jewgo.core.places import write_private
from restaurants.models import Restaurant
from rollout import pulse
from rollout.moves import Actor
from rollout.services import RolloutService
from rollout.stages import Stage
from users.keys import Scope
from users.models import ServiceKey, User

EMAIL = "admin@jewgo.local"
SHARE = 10
ACTOR = Actor("cli", "make-run")
REASON = "first local start: as the original's summary reports"
FEATURE = "api_v4_restaurants"
"""The feature by which the two example devices are told apart; all of one cohort take the same people first."""
DEVICES_TO_TRY = 1000
"""At 10 % a search in vain through so many has a chance of 1e-46."""


@dataclass(frozen=True, slots=True)
class Staff:
    """The demo account: staff, superuser and tester."""

    email: str
    password: str
    is_new: bool


def load_guide() -> None:
    """Load the sample guide into an empty catalogue."""
    if not Restaurant.objects.exists():
        call_command("import_guide")


def staff(kept: Path) -> Staff:
    """Return the demo account that the file `kept` describes; make either if it is missing."""
    is_new = not kept.exists()
    if is_new:
        write_private(kept, orjson.dumps({"email": EMAIL, "password": secrets.token_urlsafe(12)}))
    said = orjson.loads(kept.read_bytes())
    person = User.objects.filter(email=said["email"]).first()
    if person is None:
        User.objects.create_superuser(said["email"], said["password"], name="Demo")
    elif is_new:
        person.set_password(said["password"])
        person.save(update_fields=["password"])
    return Staff(said["email"], said["password"], is_new)


def service_key(kept: Path) -> str:
    """Return the key for writing the catalogue that the file `kept` holds; make it if it is missing."""
    if not kept.exists():
        issued = ServiceKey.objects.issue(label="make run", scopes=[Scope.CATALOG_WRITE])
        write_private(kept, issued.token.text.encode())
    return kept.read_text()


def open_features(tester: str) -> None:
    """Put every feature that was never started at 10 %, with `tester` in; leave what people have moved since."""
    service = RolloutService()
    flags = service.status()["feature_flags"]
    fresh = [name for name, flag in flags.items() if flag["stage"] == Stage.DISABLED and flag["attempt"] == 0]
    if fresh:
        service.start(fresh, actor=ACTOR, reason=REASON)
        service.set_percentage(SHARE, fresh, actor=ACTOR, reason=REASON)
        service.set_testers(fresh, add=[tester], actor=ACTOR, reason="the demo account sees v4")


def example_devices() -> dict[str, str]:
    """Return the id of a device that each engine serves, by engine; where one serves everybody there is only that."""
    seen = pulse.view()
    found: dict[str, str] = {}
    for number in range(DEVICES_TO_TRY):
        device = str(uuid5(NAMESPACE_DNS, f"device-{number}.{settings.API_V4_COHORT}"))
        engine = "v4" if seen.decide(FEATURE, f"d:{device}").is_candidate else "v3"
        found.setdefault(engine, device)
        if len(found) == 2:
            break
    return found
