"""Whole v3 rows, as tests need them."""

from typing import Any


def v3_row(pk: int = 1, **said: Any) -> dict[str, Any]:
    """Return a whole v3 row, with what a test is about in place of the ordinary."""
    return {
        "id": pk,
        "name": f"Place {pk}",
        "address": f"{pk} Main St",
        "city": "Miami",
        "state": "FL",
        "zip_code": "33180",
        "country": "US",
        "phone_number": f"(305) 555-{pk:04}",
        "website": "https://place.example/",
        "certifying_agency": "ORB",
        "kosher_category": "dairy",
        "listing_type": "cafe",
        "status": "active",
        "source": "A public list, 2025",
        "quality_flags": [],
    } | said
