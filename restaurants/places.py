"""Places as PostgreSQL writes them: a place with everything that hangs on it as one JSON object.

One text for a whole page is read into values three times as fast as columns are (`pydantic`, in Rust), and is what the
cache keeps.
"""

from typing import Final

from restaurants.values import Place

_PARTS: Final = {
    "certificates": """
        (SELECT coalesce(json_agg(json_build_object(
                    'id', c.id, 'number', c.number, 'valid_from', c.valid_from, 'valid_to', c.valid_to,
                    'scope', c.scope, 'source', c.source, 'sourced_on', c.sourced_on, 'verified_at', c.verified_at,
                    'agency', json_build_object('id', a.id, 'name', a.name, 'short_name', a.short_name,
                                                'website', a.website,
                                                'candle_lighting_min', a.candle_lighting_min)) ORDER BY c.id), '[]')
           FROM restaurants_certificate c JOIN restaurants_agency a ON a.id = c.agency_id
          WHERE c.restaurant_id = r.id)""",
    "levels": """
        (SELECT coalesce(json_agg(json_build_object(
                    'attribute', l.attribute, 'level', l.level, 'scope', l.scope, 'source', l.source,
                    'sourced_on', l.sourced_on) ORDER BY l.attribute COLLATE "C"), '[]')
           FROM restaurants_supervisionlevel l WHERE l.restaurant_id = r.id)""",
    "images": """
        (SELECT coalesce(json_agg(json_build_object('url', i.url, 'is_primary', i.is_primary)
                                  ORDER BY i.position, i.id), '[]')
           FROM restaurants_image i WHERE i.restaurant_id = r.id)""",
    "specials": """
        (SELECT coalesce(json_agg(json_build_object(
                    'id', s.id, 'title', s.title, 'description', s.description, 'price', s.price,
                    'starts_at', s.starts_at, 'ends_at', s.ends_at) ORDER BY s.id), '[]')
           FROM restaurants_special s WHERE s.restaurant_id = r.id AND s.is_active)""",
}

_COLUMNS: Final = ", ".join(
    f"{_PARTS[name]} AS {name}" if name in _PARTS else f"r.{name}" for name in Place.__dataclass_fields__
)

WHOLE: Final = f"(SELECT whole FROM (SELECT {_COLUMNS}) AS whole)"  # noqa: S608  # made of constants
"""The place in row `r` of restaurants_restaurant, in the members and order of `Place`."""
