"""The v3 engine: plain SQL, one statement an operation. Nobody imports it; its operations register themselves."""

from dataclasses import asdict, fields
from typing import Any, Final

from django.db import connection
from django.utils.timezone import now
from pydantic import TypeAdapter

from jewgo.core.middleware import current_request_id
from restaurants.amendments import Amendment, effect_of
from restaurants.models import Agency, Certificate, Restaurant
from restaurants.parts import plain
from restaurants.repositories import UnknownRestaurant
from restaurants.spelling import normalise
from restaurants.values import (
    MAX_ID,
    Draft,
    Hit,
    KeptCriteria,
    KosherType,
    ListCriteria,
    Listing,
    Place,
    SearchCriteria,
    SearchResult,
    SpecialFact,
    Statistics,
)
from rollout.switch import control

Row = dict[str, Any]

_PLACES: Final = TypeAdapter(Place)

_COLUMNS: Final = tuple(
    field.name for field in fields(Draft) if field.name not in {"kosher_categories", "agency", "levels", "images"}
)

_PUBLISHED: Final = "r.state_of_record = 'approved' AND r.deleted_at IS NULL"

_PLACE: Final = """
    SELECT r.id, r.name, r.address, r.city, r.state, r.country, r.zip_code, r.phone_number, r.website, r.listing_type,
           r.establishment_type, r.short_description, r.price_range, r.google_listing_url, r.kosher_categories,
           r.latitude, r.longitude, r.timezone, r.hours_raw, r.hours_raw_json::json AS hours_raw_json, r.opening_hours,
           r.hours_problem, r.hours_updated_at, r.hours_source, r.opens_after_shabbat_min, r.closes_before_shabbat_min,
           r.is_shabbat_exempt, r.state_of_record, r.state_reason, r.source, r.sourced_on, r.version,
           r.created_at, r.updated_at,
           (SELECT coalesce(json_agg(json_build_object(
                       'id', c.id, 'number', c.number, 'valid_from', c.valid_from, 'valid_to', c.valid_to,
                       'scope', c.scope, 'source', c.source, 'sourced_on', c.sourced_on, 'verified_at', c.verified_at,
                       'agency', json_build_object('id', a.id, 'name', a.name, 'short_name', a.short_name,
                                                   'website', a.website,
                                                   'candle_lighting_min', a.candle_lighting_min)) ORDER BY c.id), '[]')
              FROM restaurants_certificate c JOIN restaurants_agency a ON a.id = c.agency_id
             WHERE c.restaurant_id = r.id) AS certificates,
           (SELECT coalesce(json_agg(json_build_object(
                       'attribute', l.attribute, 'level', l.level, 'scope', l.scope, 'source', l.source,
                       'sourced_on', l.sourced_on) ORDER BY l.attribute COLLATE "C"), '[]')
              FROM restaurants_supervisionlevel l WHERE l.restaurant_id = r.id) AS levels,
           (SELECT coalesce(json_agg(json_build_object('url', i.url, 'is_primary', i.is_primary)
                                     ORDER BY i.position, i.id), '[]')
              FROM restaurants_image i WHERE i.restaurant_id = r.id) AS images,
           (SELECT coalesce(json_agg(json_build_object(
                       'id', s.id, 'title', s.title, 'description', s.description, 'price', s.price,
                       'starts_at', s.starts_at, 'ends_at', s.ends_at) ORDER BY s.id), '[]')
              FROM restaurants_special s WHERE s.restaurant_id = r.id AND s.is_active) AS specials
"""

_MATCHING: Final = f"""
    FROM restaurants_restaurant r
    WHERE {_PUBLISHED}
      AND (%(kosher_category)s::text IS NULL OR r.kosher_categories[1] = %(kosher_category)s)
      AND (%(state)s::text IS NULL OR upper(r.state) = %(state)s)
      AND (%(city)s::text IS NULL OR (r.city IS NOT NULL AND r.city_key = %(city)s))
      AND (%(business_types)s::text[] = '{{}}' OR r.listing_type = ANY(%(business_types)s::text[]))
"""

_FOUND: Final = f"""
    FROM restaurants_restaurant r
    WHERE {_PUBLISHED}
      AND (%(q)s <%% r.search_text
           OR NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word WHERE strpos(r.search_text, word) = 0))
"""

_KEPT: Final = """
    FROM restaurants_restaurant r
    WHERE r.deleted_at IS NULL
      AND (%(state)s::text IS NULL OR r.state_of_record = %(state)s)
      AND (%(id)s::bigint IS NULL OR r.id = %(id)s)
      AND (NOT %(asks)s OR (%(words)s::text[] IS NOT NULL AND (%(q)s <%% r.search_text
           OR NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word WHERE strpos(r.search_text, word) = 0))))
"""

_RELEVANCE: Final = """,
    round(greatest(word_similarity(%(q)s, r.sort_name), word_similarity(%(q)s, r.search_text) * 0.9)::numeric, 4)
        AS relevance
    """


@control("restaurants.list")
def list_places(criteria: ListCriteria) -> Listing:
    """Return the window of approved places that match, by id."""
    if criteria.finds_nothing:
        return Listing((), 0)
    asked = {
        "kosher_category": criteria.kosher_category,
        "state": criteria.state and criteria.state.strip().upper(),
        "city": criteria.city and normalise(criteria.city),
        "business_types": list(criteria.business_types),
        "limit": criteria.limit,
        "offset": criteria.offset,
    }
    rows = _rows(f"{_PLACE} {_MATCHING} ORDER BY r.id LIMIT %(limit)s OFFSET %(offset)s", asked)
    return Listing(tuple(map(_place, rows)), _count(_MATCHING, asked))


@control("restaurants.search")
def search(criteria: SearchCriteria) -> SearchResult:
    """Return the window of approved places in which every word occurs or nearly occurs, the best first."""
    q = normalise(criteria.text)
    if not q:
        return SearchResult((), 0)
    asked = {"q": q, "words": q.split(), "limit": criteria.limit, "offset": criteria.offset}
    order = "ORDER BY relevance DESC, r.id LIMIT %(limit)s OFFSET %(offset)s"
    rows = _rows(f"{_PLACE} {_RELEVANCE} {_FOUND} {order}", asked)
    hits = tuple(Hit(relevance=float(row.pop("relevance")), place=_place(row)) for row in rows)
    return SearchResult(hits, _count(_FOUND, asked))


@control("restaurants.detail")
def detail(restaurant_id: int) -> Place:
    """Return one approved place; raises `UnknownRestaurant`."""
    return _one(restaurant_id, f"AND {_PUBLISHED}")


@control("restaurants.hours")
def hours(restaurant_id: int) -> Place:
    """Return one approved place, of which the hours are shown; raises `UnknownRestaurant`."""
    return _one(restaurant_id, f"AND {_PUBLISHED}")


@control("restaurants.kosher_types")
def kosher_types() -> tuple[KosherType, ...]:
    """Return the categories that approved places show, the most frequent first."""
    rows = _rows(
        f"""SELECT r.kosher_categories[1] AS name, count(*) AS count FROM restaurants_restaurant r
            WHERE {_PUBLISHED} AND r.kosher_categories <> '{{}}'
            GROUP BY 1 ORDER BY 2 DESC, r.kosher_categories[1] COLLATE "C" """  # noqa: S608  # made of constants
    )
    return tuple(KosherType(**row) for row in rows)


@control("restaurants.business_types")
def business_types() -> tuple[str, ...]:
    """Return the listing types that approved places have, in the order of their letters."""
    rows = _rows(
        f"""SELECT r.listing_type AS name FROM restaurants_restaurant r
            WHERE {_PUBLISHED} AND r.listing_type IS NOT NULL GROUP BY 1 ORDER BY r.listing_type COLLATE "C" """  # noqa: S608  # made of constants
    )
    return tuple(row["name"] for row in rows)


@control("restaurants.statistics")
def statistics() -> Statistics:
    """Return the catalogue in numbers."""
    [row] = _rows(
        f"""SELECT count(*) AS total_restaurants, max(r.updated_at) AS last_updated,
                   coalesce(array_agg(DISTINCT r.state) FILTER (WHERE r.state IS NOT NULL), '{{}}') AS states,
                   coalesce(array_agg(DISTINCT r.listing_type) FILTER (WHERE r.listing_type IS NOT NULL), '{{}}')
                       AS listing_types,
                   count(*) FILTER (WHERE r.kosher_categories[1] = 'meat') AS meat,
                   count(*) FILTER (WHERE r.kosher_categories[1] = 'dairy') AS dairy,
                   count(*) FILTER (WHERE r.kosher_categories[1] = 'pareve') AS pareve
            FROM restaurants_restaurant r WHERE {_PUBLISHED}"""  # noqa: S608  # made of constants
    )
    return Statistics(
        total_restaurants=row["total_restaurants"],
        states=tuple(sorted(row["states"])),
        listing_types=tuple(sorted(row["listing_types"])),
        counts_by_kosher_category={name: row[name] for name in ("meat", "dairy", "pareve")},
        last_updated=row["last_updated"],
    )


@control("restaurants.create")
def create(draft: Draft, actor: str) -> Place:
    """Store a new pending place with what hangs on it and its history; return it."""
    columns = {name: getattr(draft, name) for name in _COLUMNS}
    restaurant = Restaurant.objects.create(**columns, kosher_categories=list(draft.kosher_categories))
    if draft.agency:
        restaurant.certificates.create(agency=_agency(draft.agency), source=draft.source, sourced_on=draft.sourced_on)
    for fact in draft.levels:
        restaurant.levels.create(**asdict(fact))
    for position, url in enumerate(draft.images):
        restaurant.images.create(url=url, position=position, is_primary=position == 0)
    said = {name: [None, value] for name, value in asdict(draft).items() if value}
    restaurant.changes.create(actor=actor, action="create", fields=said, request_id=current_request_id())
    return _one(restaurant.pk)


@control("restaurants.amend")
def amend(restaurant_id: int, amendment: Amendment, actor: str) -> Place:
    """Change what v3's PUT says of a place, with its history; return it. Raises `UnknownRestaurant`."""
    stored = _kept(restaurant_id)
    effect = effect_of(amendment, _one(restaurant_id), now())
    changed: dict[str, Any] = {}
    for name, value in effect.columns.items():
        before = getattr(stored, name)
        if before != value:
            changed[name] = [plain(before), plain(value)]
            setattr(stored, name, value)
    for fact in effect.levels:
        stored.levels.update_or_create(attribute=fact.attribute, defaults=asdict(fact))
        changed[fact.attribute] = [None, fact.level]
    if effect.agency and _certify(stored, effect.agency, amendment.source):
        changed["certifying_agency"] = [None, effect.agency]
    if effect.image:
        _show(stored, effect.image)
        changed["image_url"] = [None, effect.image]
    if changed:
        _keep(stored, actor, effect.action, changed)
    return _one(restaurant_id)


@control("restaurants.delete")
def delete(restaurant_id: int, actor: str) -> None:
    """Mark a place deleted, with its history. Raises `UnknownRestaurant`."""
    stored = _kept(restaurant_id)
    stored.deleted_at = now()
    _keep(stored, actor, "delete", {"deleted_at": [None, plain(stored.deleted_at)]})


@control("restaurants.specials")
def specials(restaurant_id: int) -> tuple[SpecialFact, ...]:
    """Return the specials of an approved place that are on now; raises `UnknownRestaurant`."""
    at = now()
    return tuple(special for special in detail(restaurant_id).specials if special.is_on(at))


@control("restaurants.kept")
def kept(criteria: KeptCriteria) -> Listing:
    """Return the window of the places that are not deleted and match, the latest first."""
    q = normalise(criteria.text)
    asked = {
        "asks": bool(criteria.text),
        "q": q,
        "words": q.split() or None,
        "state": criteria.record_state,
        "id": criteria.restaurant_id,
        "limit": criteria.limit,
        "offset": criteria.offset,
    }
    rows = _rows(f"{_PLACE} {_KEPT} ORDER BY r.id DESC LIMIT %(limit)s OFFSET %(offset)s", asked)
    return Listing(tuple(map(_place, rows)), _count(_KEPT, asked))


def _kept(restaurant_id: int) -> Restaurant:
    """Return the row under its lock."""
    found = Restaurant.objects.select_for_update().filter(pk=restaurant_id, deleted_at=None)
    stored = found.first() if 0 < restaurant_id <= MAX_ID else None
    if stored is None:
        raise UnknownRestaurant("Restaurant not found", meta={"resource_type": "Restaurant"})
    return stored


def _keep(stored: Restaurant, actor: str, action: str, changed: dict[str, Any]) -> None:
    """Write the row as the next version, and what changed into the history."""
    stored.version, stored.updated_at = stored.version + 1, now()
    stored.save()
    stored.changes.create(actor=actor, action=action, fields=changed, request_id=current_request_id())


def _certify(stored: Restaurant, name: str, source: str) -> bool:
    """Let the agency stand for the place: in place of the one that v3 shows, unless it already does."""
    agency, held = _agency(name), stored.certificates.order_by("pk")
    if held.filter(agency=agency).exists():
        return False
    shown = held.first()
    certificate = Certificate(pk=shown.pk if shown else None, restaurant=stored, agency=agency, source=source)
    certificate.save()
    return True


def _show(stored: Restaurant, url: str) -> None:
    """Make the picture the primary one, as the last one if it is new."""
    stored.images.filter(is_primary=True).update(is_primary=False)
    last = stored.images.order_by("position").last()
    image, _ = stored.images.get_or_create(url=url, defaults={"position": last.position + 1 if last else 0})
    image.is_primary = True
    image.save()


def _agency(name: str) -> Agency:
    """Return the agency that is called `name` in any spelling, added if there is none."""
    known = Agency.objects.filter(keys__contains=[normalise(name)]).order_by("pk").first()
    return known or Agency.objects.get_or_create(name=name)[0]


def _one(restaurant_id: int, condition: str = "") -> Place:
    fits = 0 < restaurant_id <= MAX_ID
    sql = f"{_PLACE} FROM restaurants_restaurant r WHERE r.id = %(id)s {condition}"
    rows = _rows(sql, {"id": restaurant_id}) if fits else []
    if not rows:
        raise UnknownRestaurant("Restaurant not found", meta={"resource_type": "Restaurant"})
    return _place(rows[0])


def _count(found: str, asked: Row) -> int:
    [row] = _rows(f"SELECT count(*) AS total {found}", asked)
    return int(row["total"])


def _rows(sql: str, asked: Row | None = None) -> list[Row]:
    """Run a statement and return its rows by column name; values reach it as parameters only."""
    with connection.cursor() as cursor:
        cursor.execute(sql, asked or {})
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _place(row: Row) -> Place:
    return _PLACES.validate_python(row)
