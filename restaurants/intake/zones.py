"""The time zone of a place: from its coordinates, else from a country and state that have one zone, else unknown."""

from typing import Final

from tzfpy import get_tz

from restaurants.hours.validation import is_zone

COUNTRIES: Final = {
    "AT": "Europe/Vienna", "BE": "Europe/Brussels", "CH": "Europe/Zurich", "CZ": "Europe/Prague",
    "DK": "Europe/Copenhagen", "FR": "Europe/Paris", "GB": "Europe/London", "HU": "Europe/Budapest",
    "IE": "Europe/Dublin", "IL": "Asia/Jerusalem", "IT": "Europe/Rome", "NL": "Europe/Amsterdam",
    "PL": "Europe/Warsaw", "RO": "Europe/Bucharest", "SE": "Europe/Stockholm", "ZA": "Africa/Johannesburg",
}  # fmt: skip
"""Countries that have one zone."""

STATES: Final = {
    ("US", "America/New_York"): "CT DE DC GA ME MD MA NH NJ NY NC OH PA RI SC VT VA WV",
    ("US", "America/Chicago"): "AL AR IL IA LA MN MS MO OK WI",
    ("US", "America/Denver"): "CO MT NM UT WY",
    ("US", "America/Los_Angeles"): "CA WA",
    ("US", "Pacific/Honolulu"): "HI",
    ("CA", "America/Edmonton"): "AB",
    ("CA", "America/Winnipeg"): "MB",
    ("CA", "America/Moncton"): "NB",
    ("CA", "America/Halifax"): "NS PE",
}
"""States and provinces that lie in one zone. Florida, Texas, Arizona (Navajo Nation), Ontario and others do not."""

_ZONE_OF_STATE: Final = {(country, code): zone for (country, zone), codes in STATES.items() for code in codes.split()}


def zone_for(*, latitude: float | None, longitude: float | None, country: str | None, state: str | None) -> str | None:
    """Return the IANA zone of a place, or None where what is known of it leaves more than one."""
    if latitude is not None and longitude is not None:
        zone = get_tz(longitude, latitude)
        return zone if is_zone(zone) else None
    return COUNTRIES.get(country or "") or _ZONE_OF_STATE.get((country or "", (state or "").upper()))
