"""From validated parameters to a question; what cannot be meant is refused with what to do about it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

from jewgo.core.errors import InvalidInput, Problem
from restaurants.filters import Choice, Hour, PlaceFilter, Question, Sort
from restaurants.geometry import FARTHEST_M, Box, Point
from restaurants.openings import require_foreseen
from restaurants.spelling import normalise

CHOICES: Final = tuple(field.name for field in fields(PlaceFilter) if isinstance(field.default, Choice))
PLAIN: Final = ("certified_on", "min_rating", "has_reviews", "has_hours", "q")
LARGEST_RADIUS_M: Final = math.ceil(FARTHEST_M)


def question_of(query: Mapping[str, Any], now: datetime) -> Question:
    """Return the question that validated parameters ask at an aware moment.

    Raises `InvalidInput`, naming every fault and its cure, and `BeyondHorizon`.
    """
    point, box = _point_of(query), _box_of(query)
    choices: dict[str, Any] = {name: Choice.of(query[name]) for name in CHOICES if name in query}
    sort = query.get("sort") or _default_sort(query, point)
    if faults := [*_faults_of(query, choices, point), *_faults_of_sort(query, sort, point)]:
        raise InvalidInput(problems=faults)
    plain = {name: query[name] for name in PLAIN if name in query}
    return Question(
        filter=PlaceFilter(
            **choices,
            **plain,
            **_hours_of(query, now.replace(second=0, microsecond=0)),
            point=point,
            radius_m=query.get("radius_m"),
            box=box,
            ids=tuple(sorted(set(query.get("ids", ())))),
        ),
        sort=sort,
        facets=tuple(query.get("facets", ())),
        include=tuple(query.get("include", ())),
    )


def _hours_of(query: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    hours = {name: Hour(now, query[name]) for name in ("open_now", "open_before_shabbat") if name in query}
    if "open_at" in query:
        moment = query["open_at"].astimezone(UTC).replace(second=0, microsecond=0)
        require_foreseen(moment, now)
        hours["open_at"] = Hour(moment)
    return hours


def _default_sort(query: Mapping[str, Any], point: Point | None) -> Sort:
    return "relevance" if query.get("q") else "distance" if point is not None else "name"


def _point_of(query: Mapping[str, Any]) -> Point | None:
    given = [name for name in ("lat", "lng") if name in query]
    if "near" in query:
        if given:
            hint = "Give near=lat,lng, or lat and lng."
            raise _fault("near", "contradictory", "The point is given twice", hint)
        return _checked(*_numbers("near", query["near"], "lat,lng"), names=("near", "near"))
    if len(given) == 1:
        missing = "lng" if given == ["lat"] else "lat"
        raise _fault(missing, "required", f"{given[0]} came without {missing}", f"Give {missing}, too.")
    return _checked(query["lat"], query["lng"], names=("lat", "lng")) if given else None


def _checked(latitude: float, longitude: float, *, names: tuple[str, str]) -> Point:
    """Return the point, or refuse it; a latitude that only a longitude can be was probably given in its place."""
    swapped = 90 < abs(latitude) <= 180 and abs(longitude) <= 90
    faults = []
    if not abs(latitude) <= 90:
        hint = f"lat comes first: did you mean {longitude:g},{latitude:g}?" if swapped else "It is degrees north."
        faults.append(Problem("out_of_range", "A latitude lies within -90 and 90", parameter=names[0], hint=hint))
    if not abs(longitude) <= 180:
        hint = "It is degrees east; west is negative."
        faults.append(Problem("out_of_range", "A longitude lies within -180 and 180", parameter=names[1], hint=hint))
    if faults:
        raise InvalidInput(problems=faults)
    return Point(latitude, longitude)


def _box_of(query: Mapping[str, Any]) -> Box | None:
    if "bbox" not in query:
        return None
    west, south, east, north = _numbers("bbox", query["bbox"], "west,south,east,north")
    order = "The order is west,south,east,north."
    if not (abs(west) <= 180 and abs(east) <= 180 and abs(south) <= 90 and abs(north) <= 90):
        raise _fault("bbox", "out_of_range", "Longitudes lie within -180 and 180, latitudes within -90 and 90", order)
    if south > north:
        raise _fault("bbox", "inverted", f"The south edge {south:g} lies north of the north edge {north:g}", order)
    return Box(west, south, east, north)


def _numbers(name: str, text: str, form: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != form.count(",") + 1 or not all(map(math.isfinite, numbers)):
        raise _fault(name, "invalid", f"{text[:60]!r} is not {form}", f"Give {name}={form} as decimal degrees.")
    return numbers


def _faults_of(query: Mapping[str, Any], choices: Mapping[str, Choice], point: Point | None) -> Iterator[Problem]:
    for name, choice in choices.items():
        if both := _folded(choice.wanted) & _folded(choice.unwanted):
            detail, hint = f"{min(both)!r} is wanted and unwanted", "Nothing can meet both: leave one out."
            yield Problem("contradictory", detail, parameter=name, hint=hint)
    radius = query.get("radius_m")
    if radius is not None and not 1 <= radius <= LARGEST_RADIUS_M:
        detail = f"A radius lies within 1 and {LARGEST_RADIUS_M} metres"
        yield Problem("out_of_range", detail, parameter="radius_m", hint="Leave it out for the nearest anywhere.")
    if radius is not None and point is None:
        hint = "Say around what: lat and lng, or near."
        yield Problem("point_required", "A radius needs a point", parameter="radius_m", hint=hint)


def _faults_of_sort(query: Mapping[str, Any], sort: str, point: Point | None) -> Iterator[Problem]:
    if sort == "relevance" and not query.get("q"):
        hint = "Give q, or sort by name."
        yield Problem("text_required", "Relevance needs a text to be relevant to", parameter="sort", hint=hint)
    if sort == "distance" and point is None:
        hint = "Say from where: lat and lng, or near."
        yield Problem("point_required", "Distance needs a point", parameter="sort", hint=hint)


def _folded(values: tuple[str, ...]) -> set[str]:
    return {normalise(value) or value for value in values}


def _fault(parameter: str, code: str, detail: str, hint: str) -> InvalidInput:
    return InvalidInput(problems=[Problem(code, detail, parameter=parameter, hint=hint)])
