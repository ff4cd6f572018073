"""What a question means, in plain Python over rows that the ORM read: no SQL of ours is asked."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from restaurants.filters import Choice, PlaceFilter, Question
from restaurants.geometry import Point
from restaurants.kosher import Attribute
from restaurants.models import Rating, Restaurant
from restaurants.spelling import normalise


class Oracle:
    """Answers questions by looking at every place."""

    def __init__(self) -> None:
        self.places = list(Restaurant.objects.published().whole())
        self.certificates = {place.pk: list(place.certificates.all()) for place in self.places}
        self.ratings = {rating.pk: rating for rating in Rating.objects.all()}

    def ids(self, question: Question) -> list[int]:
        """Return the ids of what is found, in order."""
        found = [place for place in self.places if self._meets(place, question.filter)]
        if question.sort == "distance":
            found = [place for place in found if place.latitude is not None]
        key, reverse = self._order(question)
        return [place.pk for place in sorted(found, key=key, reverse=reverse)]

    def facet(self, name: str, question: Question) -> Counter[str]:
        """Return how many of what is found have each value."""
        ids = set(self.ids(question))
        found = [place for place in self.places if place.pk in ids]
        return Counter(value for place in found for value in (self._values(place, name) or {"unknown"}))

    def _meets(self, place: Restaurant, asked: PlaceFilter) -> bool:
        choices = [name for name in PlaceFilter.__dataclass_fields__ if isinstance(getattr(asked, name), Choice)]
        chosen = self._singles(place, asked) and all(
            self._chosen(place, name, getattr(asked, name), asked.certified_on) for name in choices if name != "agency"
        )
        return chosen and self._certified(place, asked)

    def _chosen(self, place: Restaurant, name: str, choice: Choice, on: date | None) -> bool:
        fold: Callable[[str], str] = normalise if name == "city" else str.casefold
        if choice == Choice():
            return True
        has = {fold(value) for value in self._values(place, name)}
        keeps = ("unknown" in choice.wanted and not has) or has & {fold(value) for value in choice.wanted}
        loses = ("unknown" in choice.unwanted and not has) or has & {fold(value) for value in choice.unwanted}
        return bool(not choice.wanted or keeps) and not loses

    def _values(self, place: Restaurant, name: str) -> set[str]:
        if name == "kosher_category":
            return set(place.kosher_categories)
        if name == "agency":
            return {certificate.agency.name for certificate in place.certificates.all()}
        if name in Attribute.values:
            return {level.level for level in place.levels.all() if level.attribute == name}
        return {value for value in [getattr(place, name)] if value is not None}

    def _certified(self, place: Restaurant, asked: PlaceFilter) -> bool:
        if asked.agency == Choice() and asked.certified_on is None:
            return True
        valid = [
            row for row in self.certificates[place.pk] if asked.certified_on is None or _valid(row, asked.certified_on)
        ]
        names = {key for row in valid for key in row.agency.keys}
        wanted, unwanted = (set(map(normalise, values)) for values in (asked.agency.wanted, asked.agency.unwanted))
        anybody = asked.certified_on is None or bool(valid)
        return bool(names & wanted if wanted else anybody) and not names & unwanted

    def _singles(self, place: Restaurant, asked: PlaceFilter) -> bool:
        rating = self.ratings.get(place.pk)
        count, total = (rating.count, rating.total) if rating else (0, 0)
        point = None if place.latitude is None else Point(place.latitude, place.longitude or 0)
        return all(
            (
                asked.min_rating is None or (count > 0 and total / count >= asked.min_rating),
                asked.has_reviews is None or (count > 0) == asked.has_reviews,
                asked.has_hours is None or (place.opening_hours is not None) == asked.has_hours,
                not asked.ids or place.pk in asked.ids,
                asked.box is None or (point is not None and asked.box.holds(point)),
                asked.radius_m is None or (point is not None and _distance(asked, point) <= asked.radius_m),
            )
        )

    def _order(self, question: Question) -> tuple[Callable[[Restaurant], Any], bool]:
        if question.sort == "distance":
            return lambda place: (self.distance_key(question, place), place.pk), False
        if question.sort == "-rating":
            return lambda place: (-self.bayesian(place), place.pk), False
        if question.sort == "newest":
            return lambda place: (place.created_at, place.pk), True
        return lambda place: (place.sort_name, place.pk), question.sort == "-name"

    def distance_key(self, question: Question, place: Restaurant) -> float:
        """Return the distance; places on one spot are at one distance whatever the rounding of a formula."""
        return round(_distance(question.filter, Point(place.latitude or 0, place.longitude or 0)), 4)

    def bayesian(self, place: Restaurant) -> Decimal:
        """Return the mean of a place's stars and one review of each number of stars more."""
        rating = self.ratings.get(place.pk)
        count, total = (rating.count, rating.total) if rating else (0, 0)
        return (Decimal(total + 15) / (count + 5)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _valid(certificate: Any, on: date) -> bool:
    begun = certificate.valid_from is None or certificate.valid_from <= on
    return begun and (certificate.valid_to is None or certificate.valid_to >= on)


def _distance(asked: PlaceFilter, point: Point) -> float:
    assert asked.point is not None
    return asked.point.distance_m(point)
