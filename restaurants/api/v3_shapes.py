"""Restaurants as v3 shows them: the 39 keys and the other shapes, from the values of either engine."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from restaurants.hours.opening import next_open_at, opening_at
from restaurants.kosher import boolean_of, is_cholov_stam
from restaurants.rules import zone
from restaurants.values import Hit, KosherType, Listing, Place, SearchResult, SpecialFact, Statistics

Plain = dict[str, Any]


def naive(moment: datetime | None) -> str | None:
    """Return a moment as v3 writes it: ISO 8601 in UTC, without its offset."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def present_place(place: Place, at: datetime | None = None) -> Plain:
    """Return the 39 keys of a restaurant, in their order, at the aware moment `at`, now if it is not given."""
    moment = _moment(place, at or timezone.now())
    return {**_identity(place), **_kosher(place), **_hours(place), **_details(place), **moment}


def present_list(listing: Listing) -> Plain:
    """Return the restaurants of a list, and how many there are in all."""
    at = timezone.now()
    return {"restaurants": [present_place(place, at) for place in listing.places], "total": listing.total}


def present_search(result: SearchResult) -> Plain:
    """Return the hits of a search, and how many there are in all."""
    return {"results": [_hit(hit) for hit in result.hits], "total": result.total}


def present_specials(specials: Iterable[SpecialFact]) -> list[Plain]:
    """Return specials as v3 shows them."""
    return [
        {
            "id": special.id,
            "title": special.title,
            "description": special.description or None,
            "price": special.price or None,
            "starts_at": naive(special.starts_at),
            "ends_at": naive(special.ends_at),
        }
        for special in specials
    ]


def present_kosher_types(types: tuple[KosherType, ...]) -> list[Plain]:
    """Return the categories with their counts."""
    return [{"name": kind.name, "count": kind.count} for kind in types]


def present_statistics(numbers: Statistics) -> Plain:
    """Return the catalogue in numbers."""
    return {
        "total_restaurants": numbers.total_restaurants,
        "states": list(numbers.states),
        "listing_types": list(numbers.listing_types),
        "counts_by_kosher_category": dict(numbers.counts_by_kosher_category),
        "last_updated": naive(numbers.last_updated),
    }


def _identity(place: Place) -> Plain:
    return {
        "id": place.id,
        "name": place.name,
        "address": place.address,
        "city": place.city,
        "state": place.state,
        "zip_code": place.zip_code,
        "phone_number": place.phone_number,
        "website": place.website,
    }


def _kosher(place: Place) -> Plain:
    return {
        "kosher_category": place.kosher_category,
        "listing_type": place.listing_type,
        "certifying_agency": place.certificates[0].agency.name if place.certificates else None,
        "is_cholov_yisroel": boolean_of(place.level("cholov_yisroel")),
        "is_pas_yisroel": boolean_of(place.level("pas_yisroel")),
        "cholov_stam": is_cholov_stam(place.kosher_categories, place.level("cholov_yisroel")),
    }


def _hours(place: Place) -> Plain:
    return {
        "hours_of_operation": place.hours_raw,
        "hours_json": place.hours_raw_json,
        "hours_last_updated": naive(place.hours_updated_at),
        "hours_parsed": place.opening_hours is not None,
    }


def _details(place: Place) -> Plain:
    shown = next((image.url for image in place.images if image.is_primary), None)
    urls = [image.url for image in place.images]
    primary = shown or (urls[0] if urls else None)
    return {
        "short_description": place.short_description,
        "price_range": place.price_range,
        "image_url": primary,
        "additional_images": [url for url in urls if url != primary],
        "latitude": place.latitude,
        "longitude": place.longitude,
        "specials": present_specials(special for special in place.specials if special.is_on(timezone.now())),
        "google_listing_url": place.google_listing_url,
        "google_rating": None,
        "google_review_count": None,
        "google_reviews": None,
        "created_at": naive(place.created_at),
        "updated_at": naive(place.updated_at),
    }


def _moment(place: Place, at: datetime) -> Plain:
    local, schedule = zone(place.timezone), place.schedule
    said = opening_at(schedule, at)
    opens_at = next_open_at(schedule, at) if local and said.status != "open" else None
    return {
        "current_time_local": at.astimezone(local).isoformat() if local else None,
        "timezone": place.timezone,
        "status": said.status,
        "is_open": None if said.status == "unknown" else said.status == "open",
        "status_reason": said.reason,
        "next_open_time": opens_at.astimezone(local).isoformat() if opens_at else None,
        "rating": None,
        "review_count": None,
    }


def _hit(hit: Hit) -> Plain:
    place = present_place(hit.place)
    shown = {name: place[name] for name in ("id", "name", "address", "city", "state")}
    return shown | {
        "phone": place["phone_number"],
        "website": place["website"],
        "cuisine_type": place["listing_type"],
        "rating": place["rating"],
        "image_url": place["image_url"],
        "relevance_score": hit.relevance,
    }
