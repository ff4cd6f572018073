"""What people ask of the guide over the v3 contract, how often, and what of an answer must always be the same."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

RESTAURANTS, REVIEWS, STATISTICS = "api_v4_restaurants", "api_v4_reviews", "api_v4_statistics"

_EACH_TIME = re.compile(rb'"(?:timestamp|request_id|current_time_local)":\s?"[^"]*"|"execution_time":\s?[0-9.e-]+')
"""What v3 says anew in every answer."""

PLACE = {
    "address": "1 Test Street",
    "city": "Miami Beach",
    "state": "FL",
    "zip_code": "33139",
    "phone_number": "(305) 555-0100",
    "kosher_category": "meat",
    "listing_type": "restaurant",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request that people make, `weight` times as often as one of weight 1; without a path it adds a place."""

    feature: str
    operation: str
    path: str
    weight: float

    @property
    def writes(self) -> bool:
        """Whether it adds a place, under a name that nobody else gives."""
        return self.operation == "restaurants.create"

    @property
    def plain(self) -> dict[str, Any]:
        """Return it as plain data, for another process."""
        return asdict(self)


def digest(body: bytes) -> str:
    """Return what stands for an answer, without what differs each time."""
    return blake2b(_EACH_TIME.sub(b"", body), digest_size=8).hexdigest()


def place(name: str) -> Mapping[str, Any]:
    """Return a new place to add."""
    return {"name": name, **PLACE}


def everyday() -> list[Ask]:
    """Return the mix of the drills: four of five ask for restaurants, in English and Hebrew, one in 100 adds one."""
    return [*_restaurants(), *_others(), Ask(RESTAURANTS, "restaurants.create", "/api/restaurants", 1)]


def reading() -> list[Ask]:
    """Return what only reads, and only restaurants."""
    return list(_restaurants())


def of_heavy_users() -> list[Ask]:
    """Return the mix of the migration: as in the drills, and some apps take the whole guide at once."""
    large = [
        Ask(RESTAURANTS, "restaurants.list", f"/api/restaurants?limit=300&offset={start}", 1) for start in (0, 300)
    ]
    return [*everyday(), *large]


def _restaurants() -> Iterator[Ask]:
    for query in ("pizza", "sushi bar", "grill", "bakery miami", "ice cream"):
        yield Ask(RESTAURANTS, "restaurants.search", f"/api/restaurants/search?q={quote(query)}", 2)
    for query in ("פיצה", "בית מאפה", "פלאפל", "קפה"):
        yield Ask(RESTAURANTS, "restaurants.search", f"/api/restaurants/search?q={quote(query)}", 2)
    for number in (1001, 1010, 1042, 1077, 1101, 1125, 1149, 1699):
        yield Ask(RESTAURANTS, "restaurants.detail", f"/api/restaurants/{number}", 2)
    for number in (1277, 1281, 1301, 1308, 1400, 1450):
        yield Ask(RESTAURANTS, "restaurants.detail", f"/api/restaurants/{number}", 2)
    for start in range(0, 100, 20):
        yield Ask(RESTAURANTS, "restaurants.list", f"/api/restaurants?limit=20&offset={start}", 3)
    yield Ask(RESTAURANTS, "restaurants.kosher_types", "/api/kosher-types", 6)
    yield Ask(RESTAURANTS, "restaurants.business_types", "/api/restaurants/business-types", 3)


def _others() -> Iterator[Ask]:
    yield Ask(STATISTICS, "restaurants.statistics", "/api/statistics", 5)
    yield Ask(REVIEWS, "reviews.list", "/api/reviews?limit=10", 5)
