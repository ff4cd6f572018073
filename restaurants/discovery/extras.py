"""What a list shows of a place only when it is asked for."""

from collections.abc import Iterable, Mapping
from typing import Final

from restaurants.discovery.orders import BAYESIAN

EXTRAS: Final[Mapping[str, str]] = {
    "rating": f"""(SELECT json_build_object('count', coalesce(max(s.count), 0),
                        'average', max(round(s.total::numeric / nullif(s.count, 0), 2)), 'bayesian', {BAYESIAN})
                   FROM restaurants_rating s WHERE s.restaurant_id = r.id)""",  # noqa: S608  # made of constants
    "quality_flags": "to_json(r.quality_flags)",
    "shabbat_hours": """json_build_object('opens_after_shabbat_min', r.opens_after_shabbat_min,
                                          'closes_before_shabbat_min', r.closes_before_shabbat_min)""",
}
"""By its name in `include=`: the JSON of it, over `r`."""


def shown(names: Iterable[str]) -> str:
    """Return the SQL of a JSON object with each extra."""
    members = ", ".join(f"'{name}', {EXTRAS[name]}" for name in names)
    return f"json_build_object({members})"
