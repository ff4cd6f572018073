"""Drafts and rows: what somebody proposes, as the tables hold it, and back."""

from dataclasses import asdict, fields, replace
from typing import Any, Final

from restaurants.models import Agency, Certificate, Image, SupervisionLevel
from restaurants.parts import Parts
from restaurants.spelling import normalise
from restaurants.values import Draft, LevelFact, Place

RELATED: Final = frozenset({"agency", "levels", "images"})
"""What a draft says that hangs on the row instead of standing in it."""


def columns_of(draft: Draft) -> dict[str, Any]:
    """Return what the draft says of the row itself, as the model holds it."""
    columns = {field.name: getattr(draft, field.name) for field in fields(draft) if field.name not in RELATED}
    return columns | {"kosher_categories": list(draft.kosher_categories)}


def draft_of(place: Place) -> Draft:
    """Return the stored place as the draft that would make it; agency and images have doors of their own."""
    named = {field.name for field in fields(Draft)} - {"agency", "images"}
    return Draft(**{name: getattr(place, name) for name in named})


def parts_of(draft: Draft) -> Parts:
    """Return what hangs on the row: the one certificate, the levels, the images in their order."""
    certificates = [_certificate(draft)] if draft.agency else []
    images = [Image(url=url, position=at, is_primary=at == 0) for at, url in enumerate(draft.images)]
    return Parts(certificates=certificates, levels=levels_of(draft), images=images)


def levels_of(draft: Draft) -> list[SupervisionLevel]:
    """Return the levels, each with a source."""
    return [SupervisionLevel(**asdict(_sourced(fact, draft))) for fact in draft.levels]


def _sourced(fact: LevelFact, draft: Draft) -> LevelFact:
    """A fact without a source of its own has the draft's."""
    return fact if fact.source else replace(fact, source=draft.source, sourced_on=draft.sourced_on)


def _certificate(draft: Draft) -> Certificate:
    name = draft.agency or ""
    Agency.objects.ensure([{"name": name}])
    agency = Agency.objects.by_key()[normalise(name)]
    return Certificate(agency=agency, source=draft.source, sourced_on=draft.sourced_on)
