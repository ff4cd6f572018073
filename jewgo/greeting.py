"""What `make run` tells a newcomer: where everything is, and commands ready to paste."""

from collections.abc import Mapping

EXAMPLE_PLACE = (
    '{"name": "Shalom Pizza", "address": "1 Main St", "city": "Miami", "state": "FL", "zip_code": "33101",'
    ' "phone_number": "305-555-0100", "kosher_category": "dairy", "listing_type": "restaurant"}'
)
JSON = "-H 'Content-Type: application/json'"
MANAGE = ".venv/bin/python manage.py"


def greeting(base: str, *, email: str, password: str, key: str, mail: str, devices: Mapping[str, str]) -> str:
    """Return the table that ends a start.

    `base` is where the service answers, `mail` where e-mails end, `devices` an example device for each engine that
    serves anybody.
    """
    rows = [
        ("API", f"{base}/api/restaurants (v3)   {base}/api/v4/restaurants (v4)"),
        ("docs", f"{base}/api/docs (v3)   {base}/api/v4/docs (v4)"),
        ("admin", f"{base}/admin/"),
        ("user", email),
        ("password", password),
        ("e-mails", mail),
        *((f"served by {engine}", _asked_by(device, base)) for engine, device in devices.items()),
        ("in Hebrew", f"curl -sG {base}/api/restaurants/search --data-urlencode q=פיצה"),
        ("add a place", f"curl -s -H 'Authorization: Bearer {key}' {JSON} -d '{EXAMPLE_PLACE}' {base}/api/restaurants"),
        ("try next", f"{MANAGE} rollout status"),
        ("", f"{MANAGE} rollout set 25 --all --reason 'wider' --wait"),
        ("", f"{MANAGE} rollback --all --reason drill --wait"),
    ]
    return "\n".join(["", *(f"  {name:<14}{what}" for name, what in rows), "", "  Ctrl-C ends all of it.", ""])


def _asked_by(device: str, base: str) -> str:
    return f"curl -si -H 'X-Device-ID: {device}' {base}/api/kosher-types"
