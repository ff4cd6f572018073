"""The agencies: listed with how many places each certifies, added and renamed; no two share a name in any spelling."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q

from jewgo.core.errors import Conflict, NotFound
from jewgo.core.paging import Cursor, Page, PageRequest
from restaurants.lifecycle import RecordState
from restaurants.models import Agency
from restaurants.services.writing import rehearsed
from restaurants.values import MAX_ID

SCOPE = "agencies"
_SEEN = Q(certificates__restaurant__state_of_record=RecordState.APPROVED, certificates__restaurant__deleted_at=None)


class UnknownAgency(NotFound):
    """No agency has this id."""

    code, title = "unknown_agency", "There is no such agency"


class AgencyExists(Conflict):
    """An agency is called so already, under one of its names."""

    code, title = "agency_exists", "An agency is called so already"


@dataclass(frozen=True, slots=True)
class AgencyEntry:
    """An agency, and how many approved places hold or held its certificate."""

    id: int
    name: str
    short_name: str
    aliases: tuple[str, ...]
    region: str
    website: str | None
    place_count: int


def page(request: PageRequest) -> Page[AgencyEntry]:
    """Return one page of the agencies, by name; raises `InvalidCursor`."""
    agencies = Agency.objects.annotate(place_count=Count("certificates__restaurant", filter=_SEEN, distinct=True))
    ordered = agencies.order_by("name", "pk")
    if request.cursor:
        name, pk = Cursor.read(request.cursor, SCOPE)
        ordered = ordered.filter(Q(name__gt=name) | Q(name=name, pk__gt=pk))
    return Page.cut(
        [_entry(row) for row in ordered[: request.limit + 1]],
        limit=request.limit,
        scope=SCOPE,
        position=lambda entry: (entry.name, entry.id),
        total=Agency.objects.count() if request.include_total else None,
    )


def one(agency_id: int) -> AgencyEntry:
    """Return one agency; raises `UnknownAgency`."""
    found = Agency.objects.annotate(place_count=Count("certificates__restaurant", filter=_SEEN, distinct=True))
    row = found.filter(pk=agency_id).first() if 0 < agency_id <= MAX_ID else None
    if row is None:
        raise UnknownAgency(f"There is no agency {agency_id}.")
    return _entry(row)


def add(said: Mapping[str, Any], *, dry_run: bool = False) -> AgencyEntry:
    """Add an agency; raises `AgencyExists` when one of its names is taken, in any spelling."""
    return rehearsed(lambda: _store(Agency(), said), dry_run=dry_run)


def amend(agency_id: int, said: Mapping[str, Any], *, dry_run: bool = False) -> AgencyEntry:
    """Change the named members of an agency; its places are found under the new names at once. Raises as `add` does."""
    return rehearsed(lambda: _amend(agency_id, said), dry_run=dry_run)


def _amend(agency_id: int, said: Mapping[str, Any]) -> AgencyEntry:
    entry = one(agency_id)
    return _store(Agency.objects.select_for_update().get(pk=entry.id), said)


@transaction.atomic
def _store(agency: Agency, said: Mapping[str, Any]) -> AgencyEntry:
    for name, value in said.items():
        setattr(agency, name, value)
    agency.refresh_keys()
    with connection.cursor() as cursor:  # two who bring one name at once wait for each other
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('restaurants.agencies'))")
    _require_own_names(agency)
    agency.save()
    return one(agency.pk)


def _require_own_names(agency: Agency) -> None:
    twin = Agency.objects.filter(keys__overlap=agency.keys).exclude(pk=agency.pk).order_by("pk").first()
    if twin is not None:
        shared = sorted(set(twin.keys) & set(agency.keys))
        raise AgencyExists(
            f"{twin.name} is called {shared[0]!r} already.",
            hint=f"Change /api/v4/agencies/{twin.pk}, for instance its aliases.",
            meta={"agency_id": twin.pk, "href": f"/api/v4/agencies/{twin.pk}"},
        )


def _entry(row: Any) -> AgencyEntry:
    return AgencyEntry(row.pk, row.name, row.short_name, tuple(row.aliases), row.region, row.website, row.place_count)
