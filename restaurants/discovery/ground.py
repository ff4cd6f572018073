"""Where a place is: conditions and distances, over the point that PostgreSQL keeps and orders by index.

`r.spot` lies on the unit sphere; `<->` is the chord between two spots, which grows as the way on the ground does.
"""

from collections.abc import Iterator
from typing import Final

from restaurants.discovery.fragments import Fragment
from restaurants.filters import PlaceFilter
from restaurants.geometry import EARTH_RADIUS_M, Box, Point, chord_of

CHORD: Final = "r.spot <-> %(spot)s::cube"
# Rounding may bring a chord past the diameter; `least` would take an unknown chord for one.
_METRES: Final = """CASE WHEN {chord} IS NOT NULL THEN
    round((2 * {radius} * asin(least(1.0, {chord} / 2)))::numeric, 1) END"""


def metres(chord: str) -> str:
    """Return the great-circle metres that a chord spans, to a decimetre; NULL where it is not known."""
    return _METRES.format(chord=f"({chord})", radius=EARTH_RADIUS_M)


DISTANCE_M: Final = metres(CHORD)
"""Great-circle metres from the point, to a decimetre; NULL where the place is not known."""
KNOWN: Final = Fragment("r.spot IS NOT NULL")


def around(asked: PlaceFilter) -> Iterator[Fragment]:
    """Yield the conditions that a place lies within the radius of the point; none without a radius."""
    if asked.point is not None and asked.radius_m is not None:
        # The cube that encloses the circle is what the index answers; the chord then decides exactly.
        sql = f"r.spot <@ cube_enlarge(%(spot)s::cube, %(chord)s, 3) AND {CHORD} <= %(chord)s AND {KNOWN.sql}"
        yield Fragment(sql, {"spot": asked.point.spot, "chord": chord_of(asked.radius_m)})


def from_point(point: Point) -> Fragment:
    """Return the chord from `point` to the place."""
    return Fragment(CHORD, {"spot": point.spot})


def inside(box: Box) -> Fragment:
    """Lies in the box, edges included."""
    joined = "AND" if box.west <= box.east else "OR"
    sql = f"""r.latitude BETWEEN %(south)s AND %(north)s
              AND (r.longitude >= %(west)s {joined} r.longitude <= %(east)s)"""
    return Fragment(sql, {"west": box.west, "south": box.south, "east": box.east, "north": box.north})
