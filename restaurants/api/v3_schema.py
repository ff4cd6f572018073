"""The answers of the v3 contract as types, for its OpenAPI description. A moment is a naive ISO 8601 text in UTC."""

from typing import Any, Literal, TypedDict


class SpecialShape(TypedDict):
    """An offer that is on now."""

    id: int
    title: str
    description: str | None
    price: str | None
    starts_at: str | None
    ends_at: str | None


class RestaurantShape(TypedDict):
    """A restaurant: 39 keys in this order; null is not known."""

    id: int
    name: str
    address: str | None
    city: str | None
    state: str | None
    zip_code: str | None
    phone_number: str | None
    website: str | None
    kosher_category: str | None
    listing_type: str | None
    certifying_agency: str | None
    is_cholov_yisroel: bool | None
    is_pas_yisroel: bool | None
    cholov_stam: bool | None
    hours_of_operation: str | None
    hours_json: dict[str, Any] | None
    hours_last_updated: str | None
    hours_parsed: bool
    short_description: str | None
    price_range: str | None
    image_url: str | None
    additional_images: list[str]
    latitude: float | None
    longitude: float | None
    specials: list[SpecialShape]
    google_listing_url: str | None
    google_rating: float | None
    google_review_count: int | None
    google_reviews: str | None
    created_at: str
    updated_at: str
    current_time_local: str | None
    timezone: str | None
    status: Literal["open", "closed", "unknown"]
    is_open: bool | None
    status_reason: str | None
    next_open_time: str | None
    rating: float | None
    review_count: int | None


class HitShape(TypedDict):
    """A restaurant that a search found."""

    id: int
    name: str
    address: str | None
    city: str | None
    state: str | None
    phone: str | None
    website: str | None
    cuisine_type: str | None
    rating: float | None
    image_url: str | None
    relevance_score: float


class KosherTypeShape(TypedDict):
    """A category and how many restaurants show it."""

    name: str
    count: int


class StatisticsShape(TypedDict):
    """The catalogue in numbers."""

    total_restaurants: int
    states: list[str]
    listing_types: list[str]
    counts_by_kosher_category: dict[str, int]
    last_updated: str | None


PAGINATION: dict[str, Any] = {"limit": int, "offset": int, "count": int, "total": int}
LIST: dict[str, Any] = {
    "data": {"restaurants": list[RestaurantShape]},
    "top_level": {"restaurants": list[RestaurantShape], "pagination": PAGINATION},
    "meta": {**PAGINATION, "filters": dict[str, Any], "request_id": str},
}
SEARCH: dict[str, Any] = {
    "data": {"results": list[HitShape], "query": str, "total_results": int, "execution_time": float},
    "meta": {"query": str, "count": int, "total": int, "request_id": str},
}
DETAIL: dict[str, Any] = {"data": {"restaurant": RestaurantShape}, "top_level": {"restaurant": RestaurantShape}}
CREATED: dict[str, Any] = {"data": {"restaurant": RestaurantShape}, "status": 201}
UPDATED: dict[str, Any] = {"data": {"restaurant": RestaurantShape}}
SPECIALS: dict[str, Any] = {"data": {"restaurant_id": int, "items": list[SpecialShape]}, "bare": True}
KOSHER_TYPES: dict[str, Any] = {
    "data": {"kosher_types": list[KosherTypeShape]},
    "top_level": {"kosher_types": list[KosherTypeShape]},
}
