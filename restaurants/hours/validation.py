"""What may be stored as hours and zone, for forms and imports alike."""

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from opening_hours import validate


def validate_opening_hours(text: str) -> None:
    """Raise `ValidationError` unless `text` is OpenStreetMap opening_hours."""
    if not validate(text):
        raise ValidationError(
            "%(text)r is not OpenStreetMap opening_hours, such as Mo-Th,Su 11:00-22:00; Fr 11:00-15:00",
            code="invalid_opening_hours",
            params={"text": text},
        )


def validate_timezone(name: str) -> None:
    """Raise `ValidationError` unless `name` is a zone of the IANA database."""
    if not is_zone(name):
        raise ValidationError("%(name)r is not an IANA time zone", code="invalid_timezone", params={"name": name})


def is_zone(name: str) -> bool:
    """Whether `name` is a zone of the IANA database."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    """Read the list once: `available_timezones` opens six hundred files each time."""
    return frozenset(available_timezones())
