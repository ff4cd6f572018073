"""How v4 answers a change of a restaurant: as it now stands, with the tag that a GET of it has."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework.response import Response

from jewgo.core.api import etag_for, v4_response
from jewgo.core.api.wire import dumps
from restaurants.api.v4.shapes import present
from restaurants.values import Place


def shown(place: Place) -> dict[str, Any]:
    """Return the restaurant as it stands now."""
    return present(place, at=timezone.now())


def tag_of(place: Place) -> str:
    """Return the tag that a GET of the whole restaurant has."""
    return etag_for(place.version, dumps([shown(place), None]))


def stored(place: Place, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer a change with the place, and the tag that a GET of it has."""
    return v4_response(shown(place), status=status, headers={"ETag": tag_of(place), **(headers or {})})


def answer_change(place: Place, *, dry_run: bool) -> Response:
    """Answer a change, or what it would have done."""
    return v4_response(shown(place), meta={"dry_run": True}) if dry_run else stored(place)


def part_answer(place: Place, data: Any, *, dry_run: bool, status: int = 200) -> Response:
    """Answer a change of something that hangs on a restaurant: that part, and the restaurant's new tag."""
    if dry_run:
        return v4_response(data, meta={"dry_run": True})
    return v4_response(data, status=status, headers={"ETag": tag_of(place)}, meta={"version": place.version})


def part_gone(place: Place, *, dry_run: bool) -> Response:
    """Answer that a part is gone, or would be."""
    if dry_run:
        return v4_response(None, meta={"dry_run": True})
    return Response(status=204, headers={"ETag": tag_of(place)})
