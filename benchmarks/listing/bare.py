"""The list without a framework: psycopg2, orjson and a WSGI function, as short as it can be written."""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import psycopg2

from restaurants.hours.opening import opening_at
from restaurants.hours.schedule import schedule_of

ATTRIBUTES = ("cholov_yisroel", "pas_yisroel", "yoshon", "bishul_yisroel", "mehadrin", "glatt")
NOT_SAID = {"level": "unknown", "scope": None, "source": None, "sourced_on": None}
PLAIN = (
    "id", "name", "address", "city", "state", "country", "zip_code", "phone_number", "website", "listing_type",
    "establishment_type", "short_description", "price_range", "google_listing_url",
)  # fmt: skip
QUERY = f"""
    SELECT {", ".join(PLAIN)}, latitude, longitude, timezone, kosher_categories, hours_raw, opening_hours,
           hours_problem, hours_updated_at, is_shabbat_exempt, opens_after_shabbat_min, closes_before_shabbat_min,
           state_of_record, source, sourced_on, version, created_at, updated_at,
           (SELECT coalesce(json_agg(c ORDER BY c.id), '[]') FROM restaurants_certificate c WHERE restaurant_id = r.id),
           (SELECT coalesce(json_agg(a), '[]') FROM restaurants_agency a
             WHERE id IN (SELECT agency_id FROM restaurants_certificate WHERE restaurant_id = r.id)),
           (SELECT coalesce(json_agg(l), '[]') FROM restaurants_supervisionlevel l WHERE restaurant_id = r.id),
           (SELECT coalesce(json_agg(i ORDER BY position, id), '[]') FROM restaurants_image i
             WHERE restaurant_id = r.id)
      FROM restaurants_restaurant r WHERE state_of_record = 'approved' AND deleted_at IS NULL
     ORDER BY sort_name, id LIMIT %s
"""  # noqa: S608  # made of constants

connection = psycopg2.connect(os.environ["DATABASE_URL"])
connection.autocommit = True


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer the first page."""
    limit = int(dict(pair.split("=") for pair in environ["QUERY_STRING"].split("&"))["limit"])
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [limit + 1])
        rows = cursor.fetchall()
    now = datetime.now(UTC)
    places = [_place(row, now) for row in rows[:limit]]
    cursor_text = "c" * 80 if len(rows) > limit else None
    meta = {"limit": limit, "count": len(places), "next_cursor": cursor_text, "sort": "name"}
    body = orjson.dumps({"success": True, "data": places, "meta": meta})
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _place(row: tuple[Any, ...], now: datetime) -> dict[str, Any]:
    (latitude, longitude, zone, categories, text, hours, problem, hours_at, exempt, after, before, state, source,
     sourced_on, version, created, updated, certificates, agencies, levels, images) = row[len(PLAIN) :]  # fmt: skip
    said = {level["attribute"]: _sourced(level, "level") for level in levels}
    by_id = {agency["id"]: agency for agency in agencies}
    facts = SimpleNamespace(
        opening_hours=hours, timezone=zone, latitude=latitude, longitude=longitude, city=row[3], country=row[5],
        is_shabbat_exempt=exempt, opens_after_shabbat_min=after, closes_before_shabbat_min=before,
    )  # fmt: skip
    stands = opening_at(schedule_of(facts, [by_id[c["agency_id"]]["candle_lighting_min"] for c in certificates]), now)
    changes = stands.next_change_at and stands.next_change_at.astimezone(ZoneInfo(zone))
    return {
        **dict(zip(PLAIN, row, strict=False)),
        "location": None if latitude is None else {"latitude": latitude, "longitude": longitude},
        "timezone": zone,
        "kosher": {
            "categories": categories,
            "levels": {name: said.get(name, NOT_SAID) for name in ATTRIBUTES},
            "agencies": [_agency(by_id[pk]) for pk in dict.fromkeys(c["agency_id"] for c in certificates)],
            "certificates": [_certificate(certificate, now.date()) for certificate in certificates],
        },
        "hours": {
            "status": stands.status,
            "reason": stands.reason,
            "next_change_at": changes,
            "text": text,
            "opening_hours": hours,
            "problem": problem,
            "is_shabbat_exempt": exempt,
            "updated_at": hours_at,
        },
        "images": [{"url": image["url"], "is_primary": image["is_primary"]} for image in images],
        "record_state": state,
        "source": source or None,
        "sourced_on": sourced_on or None,
        "version": version,
        "created_at": created,
        "updated_at": updated,
    }


def _sourced(fact: dict[str, Any], *names: str) -> dict[str, Any]:
    told = {name: fact[name] or None for name in ("scope", "source", "sourced_on")}
    return {name: fact[name] for name in names} | told


def _agency(agency: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": agency["id"],
        "name": agency["name"],
        "short_name": agency["short_name"] or None,
        "website": agency["website"],
    }


def _certificate(row: dict[str, Any], today: date) -> dict[str, Any]:
    ends = row["valid_to"]
    return {
        "id": row["id"],
        "agency_id": row["agency_id"],
        "number": row["number"],
        "valid_from": row["valid_from"],
        "valid_to": ends,
        "is_expired": ends is not None and date.fromisoformat(ends) < today,
        **_sourced(row),
        "verified_at": row["verified_at"],
    }
