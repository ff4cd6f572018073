"""A row of the v3 system as a record of ours: sentinels become unknown, damage is mended where certain or flagged."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from restaurants.hours import Understanding, is_sentinel, understand, zone_of
from restaurants.hours.validation import is_zone
from restaurants.intake.cleaning import (
    is_house_number,
    is_impossible_phone,
    is_markup,
    is_no_city,
    is_phone_number,
    is_url,
    mend_case,
    tidy,
)
from restaurants.intake.records import Record, Rejected
from restaurants.intake.supervision import KosherFacts, read_facts
from restaurants.intake.zones import zone_for
from restaurants.lifecycle import RecordState

STATES: Final = {
    "active": RecordState.APPROVED,
    "approved": RecordState.APPROVED,
    "pending": RecordState.PENDING,
    "inactive": RecordState.SUSPENDED,
    "suspended": RecordState.SUSPENDED,
    "closed": RecordState.CLOSED,
}
"""v3's record states; any other word becomes pending, which claims nothing, and is flagged."""

KEYS: Final = frozenset({
    "id", "name", "address", "city", "state", "zip_code", "country", "phone_number", "website", "certifying_agency",
    "kosher_category", "listing_type", "is_cholov_yisroel", "is_pas_yisroel", "cholov_stam", "supervision",
    "establishment_type", "certificate_expires", "certificate_number", "price_range", "latitude", "longitude",
    "timezone", "hours_of_operation", "hours_json", "hours_last_updated", "status", "source", "quality_flags",
    "short_description", "google_listing_url", "image_url", "additional_images", "created_at",
})  # fmt: skip
"""The keys of a v3 row that are understood."""

TEXTS: Final = ("address", "city", "state", "zip_code", "country", "phone_number", "listing_type", "establishment_type",
                "short_description", "price_range")  # fmt: skip
JSON_KEYS: Final = ("supervision", "hours_json", "quality_flags", "additional_images")
_YEAR_AT_END = re.compile(r"\b((?:19|20)\d\d)\s*$")


@dataclass(frozen=True, slots=True)
class Translation:
    """A record, and what was understood of its hours."""

    record: Record
    hours: Understanding


def translate(row: Mapping[str, Any]) -> Translation | Rejected:
    """Return the row as a record, or the reason why it cannot be a place."""
    name = tidy(row.get("name"))
    if reason := _unfit(row.get("id"), name):
        return Rejected(row.get("id"), name or "", reason, row)
    row = {**row, **{key: _decoded(row.get(key)) for key in JSON_KEYS}}
    fields: dict[str, Any] = {key: tidy(row.get(key)) for key in TEXTS}
    flags = [flag for flag in row.get("quality_flags") or [] if isinstance(flag, str)]
    fields["name"], case_flag = mend_case(name or "")
    flags += [case_flag] if case_flag else []
    flags += _place(fields)
    for step in (_contact, _coordinates, _state):
        flags += step(row, fields)
    facts = read_facts(row)
    hours = understand(row.get("hours_of_operation"), row.get("hours_json"))
    _hours(row, fields, hours)
    fields["kosher_categories"] = [category.value for category in facts.categories]
    fields["quality_flags"] = list(dict.fromkeys([*flags, *facts.flags, *hours.flags]))
    return Translation(_record(row, fields, facts), hours)


def _unfit(pk: Any, name: str | None) -> str:
    if type(pk) is not int or not 0 < pk < 2**63:
        return f"the id {pk!r} is not a positive integer"
    if not name:
        return "the name is missing"
    if is_phone_number(name):
        return f"the name {name!r} is a phone number"
    return ""


def _decoded(value: Any) -> Any:
    """Return a JSON value that a database may hold as text; text that is no JSON says nothing."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def _place(fields: dict[str, Any]) -> list[str]:
    flags = []
    address = re.sub(r"(?i)\Aaddress:\s*", "", fields["address"] or "") or None
    if address and is_markup(address):
        address = None
        flags.append("address_damaged")
    fields["address"] = address
    if fields["city"] and is_no_city(fields["city"]):
        fields["city"] = None
        flags.append("city_damaged")
    if fields["zip_code"] and is_house_number(fields["zip_code"], address):
        fields["zip_code"] = None
        flags.append("zip_code_is_house_number")
    return flags


def _contact(row: Mapping[str, Any], fields: dict[str, Any]) -> list[str]:
    flags = []
    for key in ("website", "google_listing_url"):
        address = tidy(row.get(key))
        fields[key] = address if address and is_url(address) else None
        flags += [f"{key}_damaged"] if address and not fields[key] else []
    country = (fields["country"] or "").upper()
    fields["country"] = country if re.fullmatch("[A-Z]{2}", country) else None
    if fields["phone_number"] and is_impossible_phone(fields["phone_number"], fields["country"]):
        flags.append("phone_number_impossible")
    if fields["price_range"] and not re.fullmatch(r"\${1,4}", fields["price_range"]):
        fields["price_range"] = None
        flags.append("price_range_damaged")
    return flags


def _coordinates(row: Mapping[str, Any], fields: dict[str, Any]) -> list[str]:
    latitude, longitude = (_degrees(row.get("latitude"), 90), _degrees(row.get("longitude"), 180))
    whole = latitude is not None and longitude is not None and (latitude, longitude) != (0.0, 0.0)
    given = row.get("latitude") is not None or row.get("longitude") is not None
    fields["latitude"], fields["longitude"] = (latitude, longitude) if whole else (None, None)
    zone = tidy(row.get("timezone")) or zone_of(row.get("hours_json"))
    flags = ["coordinates_damaged"] if given and not whole else []
    if zone and not is_zone(zone):
        zone = None
        flags.append("timezone_damaged")
    fields["timezone"] = zone or zone_for(
        latitude=fields["latitude"], longitude=fields["longitude"], country=fields["country"], state=fields["state"]
    )
    return flags


def _degrees(value: Any, most: int) -> float | None:
    try:
        degrees = float(value)
    except (TypeError, ValueError):
        return None
    return degrees if -most <= degrees <= most else None


def _state(row: Mapping[str, Any], fields: dict[str, Any]) -> list[str]:
    """Set the record's state and where it comes from."""
    fields["source"] = tidy(row.get("source")) or "v3"
    year = _YEAR_AT_END.search(fields["source"])
    fields["sourced_on"] = year[1] if year else ""
    state = STATES.get(str(row.get("status") or "").casefold())
    fields["state_of_record"] = (state or RecordState.PENDING).value
    if isinstance(created_at := row.get("created_at"), datetime | str):
        fields["created_at"] = _moment(created_at)
    return [] if state else ["status_not_understood"]


def _hours(row: Mapping[str, Any], fields: dict[str, Any], hours: Understanding) -> None:
    text = row.get("hours_of_operation")
    fields["hours_raw"] = None if is_sentinel(text) else text
    fields["hours_raw_json"] = row.get("hours_json") or None
    fields["opening_hours"] = hours.opening_hours
    fields["hours_problem"] = hours.problem
    fields["opens_after_shabbat_min"] = hours.opens_after_shabbat_min
    fields["closes_before_shabbat_min"] = hours.closes_before_shabbat_min
    fields["hours_updated_at"] = _moment(row.get("hours_last_updated"))


def _moment(value: Any) -> str | None:
    """Return a v3 time (naive UTC, or a day) as an ISO text with its offset."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()


def _record(row: Mapping[str, Any], fields: dict[str, Any], facts: KosherFacts) -> Record:
    origin = {"source": fields["source"], "sourced_on": fields["sourced_on"]}
    levels = ({"attribute": attribute.value, "level": said.level.value, "scope": said.scope, **origin}
              for attribute, said in facts.levels.items())  # fmt: skip
    return Record(
        id=row["id"],
        fields=fields,
        certificates=tuple(_certificates(row, origin)),
        levels=tuple(sorted(levels, key=lambda level: level["attribute"])),
        images=tuple(dict.fromkeys(_images(row))),
    )


def _certificates(row: Mapping[str, Any], origin: Mapping[str, str]) -> list[dict[str, Any]]:
    agency = tidy(row.get("certifying_agency"))
    if not agency:
        return []
    expires = _moment(row.get("certificate_expires"))
    return [{"agency": agency, "number": tidy(row.get("certificate_number")),
             "valid_to": expires[:10] if expires else None, **origin}]  # fmt: skip


def _images(row: Mapping[str, Any]) -> list[str]:
    listed = row.get("additional_images")
    urls = [tidy(url) for url in [row.get("image_url"), *(listed if isinstance(listed, list) else [])]]
    return [url for url in urls if url and is_url(url)]
