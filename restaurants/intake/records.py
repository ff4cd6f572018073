"""What a source says of one place, as a plain value: the common form of v3 rows and of the project's own guide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, cast

from restaurants.models import Agency, Certificate, Image, Restaurant, SupervisionLevel

if TYPE_CHECKING:
    from django.db.models import Field

CERTIFICATE_KEYS: Final = ("agency", "number", "valid_from", "valid_to", "scope", "source", "sourced_on")
LEVEL_KEYS: Final = ("attribute", "level", "scope", "source", "sourced_on")


@dataclass(frozen=True, slots=True)
class Record:
    """One place: its id, columns (absent or None is unknown), and parts as plain dictionaries; dates are ISO texts."""

    id: int
    fields: Mapping[str, Any]
    certificates: tuple[Mapping[str, Any], ...] = ()
    levels: tuple[Mapping[str, Any], ...] = ()
    images: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The place's name."""
        return str(self.fields["name"])

    def plain(self) -> dict[str, Any]:
        """Return the record as JSON holds it, for comparison with what the source said last time."""
        return {
            **{key: value for key, value in self.fields.items() if value not in (None, "", [])},
            "certificates": [dict(certificate) for certificate in self.certificates],
            "levels": [dict(level) for level in self.levels],
            "images": list(self.images),
        }

    def restaurant(self) -> Restaurant:
        """Return the place as an unsaved row."""
        return Restaurant(id=self.id, **columns(self.fields))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot become a place, and why; `row` is what the source held, to be mended."""

    id: Any
    name: str
    reason: str
    row: Mapping[str, Any] = field(default_factory=dict)


def columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return column values as Python holds them."""
    return {name: value if value is None else column(name).to_python(value) for name, value in fields.items()}


def column(name: str) -> "Field[Any, Any]":
    """Return a column of the restaurants' table."""
    return cast("Field[Any, Any]", Restaurant._meta.get_field(name))


def certificate_row(said: Mapping[str, Any], agency: Agency) -> Certificate:
    """Return a certificate as an unsaved row of `agency`."""
    rest = {key: said[key] for key in CERTIFICATE_KEYS[1:] if said.get(key) is not None}
    for key in ("valid_from", "valid_to"):
        if key in rest:
            rest[key] = date.fromisoformat(rest[key])
    return Certificate(agency=agency, **rest)


def level_row(said: Mapping[str, Any]) -> SupervisionLevel:
    """Return a supervision level as an unsaved row."""
    return SupervisionLevel(**{key: said[key] for key in LEVEL_KEYS if said.get(key) is not None})


def image_rows(urls: tuple[str, ...]) -> list[Image]:
    """Return pictures as unsaved rows, in order; the first is primary."""
    return [Image(url=url, position=place, is_primary=place == 0) for place, url in enumerate(urls)]
