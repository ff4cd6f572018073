"""Points, circles and boxes on the ground. The earth is a sphere of the mean radius: at most 0.6 % off."""

import math
from dataclasses import dataclass
from typing import Final

EARTH_RADIUS_M: Final = 6_371_008.8
"""The mean radius R₁ of WGS 84 (IUGG; Moritz, Geodetic Reference System 1980)."""
FARTHEST_M: Final = math.pi * EARTH_RADIUS_M
"""Between a point and its antipode."""


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees of WGS 84."""

    latitude: float
    longitude: float

    @property
    def spot(self) -> str:
        """The point on the unit sphere, as PostgreSQL's cube reads it."""
        latitude, longitude = math.radians(self.latitude), math.radians(self.longitude)
        x, y = math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude)
        return f"({x!r}, {y!r}, {math.sin(latitude)!r})"

    def distance_m(self, other: "Point") -> float:
        """Return the great-circle distance, by the haversine formula (Sinnott, 1984)."""
        one, two = math.radians(self.latitude), math.radians(other.latitude)
        half = math.radians(other.longitude - self.longitude) / 2
        square = math.sin((two - one) / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(half) ** 2
        return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(square)))


def chord_of(distance_m: float) -> float:
    """Return the straight line through the unit sphere that spans `distance_m` on the ground."""
    return 2 * math.sin(min(distance_m, FARTHEST_M) / (2 * EARTH_RADIUS_M))


@dataclass(frozen=True, slots=True)
class Box:
    """Between two parallels and two meridians, edges included; west of `west` to `east` may cross the 180th."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, point: Point) -> bool:
        """Say whether `point` lies in the box."""
        east_of_west, west_of_east = point.longitude >= self.west, point.longitude <= self.east
        between = east_of_west and west_of_east if self.west <= self.east else east_of_west or west_of_east
        return self.south <= point.latitude <= self.north and between
