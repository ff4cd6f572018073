"""The doors to the catalogue's tables: query words for those who keep it, and the one way to write a place."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from django.db import connections, models, transaction
from django.db.models import Q
from django.utils.timezone import now

from jewgo.core.errors import NotFound, PreconditionFailed
from jewgo.core.repository import Repository
from restaurants.lifecycle import RecordState
from restaurants.parts import KEYS, UNCHANGED, Parts, carry, plain, replace, told
from restaurants.spelling import normalise

if TYPE_CHECKING:
    from restaurants.models import (
        Agency,
        Attention,
        Certificate,
        Change,
        Favourite,
        Image,
        Origin,
        Ownership,
        Rating,
        Restaurant,
        Special,
        SupervisionLevel,
    )


class UnknownRestaurant(NotFound):
    """No place has this id, or it was deleted."""

    code, title = "unknown_restaurant", "There is no such restaurant"


class StaleRestaurant(PreconditionFailed):
    """The place changed between reading and writing it."""

    code, title = "stale_restaurant", "The restaurant changed since you read it"


class RestaurantQuerySet(models.QuerySet["Restaurant"]):
    """The words in which one asks for places; they chain."""

    DERIVED: ClassVar[tuple[str, ...]] = ("search_text", "sort_name", "city_key")
    SEARCHED: ClassVar[frozenset[str]] = frozenset({"name", "address", "city", "listing_type"})

    SCHEDULED: ClassVar[frozenset[str]] = frozenset(
        {"opening_hours", "timezone", "latitude", "longitude", "country", "is_shabbat_exempt"}
        | {"opens_after_shabbat_min", "closes_before_shabbat_min"}
    )

    def existing(self) -> Self:
        """Only places that are not deleted."""
        return self.filter(deleted_at=None)

    def published(self) -> Self:
        """Only places that the public sees."""
        return self.existing().filter(state_of_record=RecordState.APPROVED)

    def matching(self, q: str) -> Self:
        """Only places whose search text holds every word of `q`, or holds words like it (a typo)."""
        wanted = normalise(q)
        if not wanted:
            return self.none()
        every_word = Q(*(Q(search_text__contains=word) for word in wanted.split()))
        return self.filter(every_word | Q(search_text__trigram_word_similar=wanted))

    def in_record_state(self, state: str) -> Self:
        """Only places whose record stands so."""
        return self.filter(state_of_record=state)

    def whole(self) -> Self:
        """With certificates, agencies, levels and images, in a constant number of queries."""
        return self.prefetch_related("certificates__agency", "levels", "images")

    def bulk_create(self, objs: Iterable["Restaurant"], *args: Any, **kwargs: Any) -> list["Restaurant"]:
        """As Django's, with the search columns set; agencies join them through `reindex` or `add_all`."""
        places = list(objs)
        for place in places:
            if not place.search_text:
                place.refresh_search(())
        return super().bulk_create(places, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        """As Django's, but refuses the fields that search reads: those change through `store` only."""
        if behind := self.SEARCHED & kwargs.keys():
            raise ValueError(f"update() would leave search behind {sorted(behind)}; change them with objects.store()")
        if self.SCHEDULED & kwargs.keys():
            kwargs["spans_until"] = None  # not known until `manage.py openings` has computed them anew
        return super().update(**kwargs)


UNTRACKED: Final = frozenset(
    {"id", "version", "created_at", "updated_at", "spans_since", "spans_until", *RestaurantQuerySet.DERIVED}
)


NEXT_ID_FOLLOWS: Final = """
SELECT setval(pg_get_serial_sequence(%s, 'id'), GREATEST(max(id), 1), max(id) IS NOT NULL) FROM restaurants_restaurant
"""


@dataclass(slots=True)
class Entry:
    """A place that is to be added, with its parts and what its source said; see `add_all`."""

    restaurant: "Restaurant"
    parts: Parts = field(default=UNCHANGED)


class RestaurantRepository(Repository["Restaurant"]):
    """Restaurants. `store` and `add_all` are the writing door: row, parts, version, search text, history at once."""

    DERIVED: ClassVar[tuple[str, ...]] = RestaurantQuerySet.DERIVED

    def get_queryset(self) -> RestaurantQuerySet:
        return RestaurantQuerySet(self.model, using=self._db)

    def published(self) -> RestaurantQuerySet:
        """Ask for what the public sees, ordered by id."""
        return self.get_queryset().published()

    def locked(self, pk: int) -> "Restaurant":
        """Return the place, locked until the transaction ends, ready for `store`. Raises `UnknownRestaurant`."""
        place = self.get_queryset().existing().select_for_update().filter(pk=pk).first()
        if place is None:
            raise UnknownRestaurant(f"There is no restaurant {pk}.", meta={"resource_type": "Restaurant"})
        return place

    def locked_with_deleted(self, pk: int) -> "Restaurant":
        """Return the place as `locked` does, also when it was deleted."""
        place = self.get_queryset().select_for_update().filter(pk=pk).first()
        if place is None:
            raise UnknownRestaurant(f"There is no restaurant {pk}.", meta={"resource_type": "Restaurant"})
        return place

    def store(
        self, restaurant: "Restaurant", *, actor: str, action: str, request_id: str = "", parts: Parts = UNCHANGED
    ) -> "Restaurant":
        """Write a new or changed place, whole or not at all, and return it.

        Raises the version by one and leaves one Change with every field's old and new value; writes nothing when
        nothing differs. Raises `StaleRestaurant` when somebody else stored the place since it was read.
        """
        with transaction.atomic(using=self.db):
            is_new = restaurant._state.adding
            if is_new:
                restaurant.save(force_insert=True)
            changed = _described(restaurant) if is_new else self._differences(restaurant)
            changed |= self._replace_parts(restaurant, parts)
            if changed and not is_new:
                restaurant.version += 1
                restaurant.updated_at = now()
                restaurant.save(force_update=True)
            if changed:
                restaurant.changes.create(actor=actor, action=action, fields=changed, request_id=request_id)
        return restaurant

    def add_all(self, entries: Sequence[Entry], *, actor: str, action: str) -> None:
        """Write new places with their parts and one Change each, in a constant number of statements."""
        with transaction.atomic(using=self.db):
            for entry in entries:
                agencies = [certificate.agency for certificate in entry.parts.certificates or ()]
                entry.restaurant.refresh_search(agencies)
            self.bulk_create([entry.restaurant for entry in entries])
            changes: list[dict[str, Any]] = [_described(entry.restaurant) for entry in entries]
            for name in KEYS:
                rows = []
                for entry, change in zip(entries, changes, strict=True):
                    given = entry.parts.given().get(name, [])
                    for row in given:
                        row.restaurant = entry.restaurant  # type: ignore[attr-defined]
                    if given:
                        change[name] = [[], [told(name, row) for row in given]]
                    rows += given
                self._related(name).bulk_create(rows)
            history = self._related("changes")
            history.bulk_create(
                history.model(restaurant=entry.restaurant, actor=actor, action=action, fields=change)
                for entry, change in zip(entries, changes, strict=True)
            )
            self.foretell([entry.restaurant.pk for entry in entries])

    def foretell(self, ids: Collection[int]) -> None:
        """Compute the opening spans of these places anew, in the caller's transaction."""
        spans: Any = self.model._meta.get_field("opening_spans").related_model
        spans.objects.db_manager(self.db).refresh(ids, now())

    def reindex(self, **lookup: Any) -> int:
        """Bring search columns and opening spans of the places that meet `lookup` up to date.

        Returns how many places' search columns were behind.
        """
        behind = []
        places = self.filter(**lookup).distinct().prefetch_related("certificates__agency")
        self.foretell([place.pk for place in places])
        for place in places:
            stored = [getattr(place, name) for name in self.DERIVED]
            place.refresh_search(place.certifying_agencies())
            if stored != [getattr(place, name) for name in self.DERIVED]:
                behind.append(place)
        return self.bulk_update(behind, self.DERIVED, batch_size=500)

    def reset_sequence(self) -> None:
        """Let the next id follow the highest one, after rows that brought their own ids."""
        with connections[self.db].cursor() as cursor:
            cursor.execute(NEXT_ID_FOLLOWS, [self.model._meta.db_table])

    def _differences(self, restaurant: "Restaurant") -> dict[str, list[Any]]:
        stored = self.select_for_update().filter(pk=restaurant.pk).first()
        if stored is None or stored.version != restaurant.version:
            raise StaleRestaurant(f"Restaurant {restaurant.pk} was stored by somebody else meanwhile; read it again.")
        before, after = _tracked(stored), _tracked(restaurant)
        return {name: [before[name], after[name]] for name in after if before[name] != after[name]}

    def _replace_parts(self, restaurant: "Restaurant", parts: Parts) -> dict[str, list[Any]]:
        changed: dict[str, list[Any]] = {}
        for name, wanted in parts.given().items():
            stored = list(getattr(restaurant, name).order_by("pk"))
            carry(name, stored, wanted)
            before = [told(name, row) for row in stored]
            if before != (after := [told(name, row) for row in wanted]):
                replace(name, restaurant, stored, wanted)
                restaurant._prefetched_objects_cache = {}  # type: ignore[attr-defined]
                restaurant.refresh_from_db(fields=self.DERIVED)
                changed[name] = [before, after]
        return changed

    def _related(self, name: str) -> Any:
        return self.model._meta.get_field(name).related_model.objects.using(self.db)  # type: ignore[union-attr]


def _tracked(restaurant: "Restaurant") -> dict[str, Any]:
    """Return what the history follows: every column but bookkeeping, as JSON holds it."""
    fields = (column for column in restaurant._meta.concrete_fields if column.name not in UNTRACKED)
    return {column.name: plain(column.value_from_object(restaurant)) for column in fields}


def _described(restaurant: "Restaurant") -> dict[str, list[Any]]:
    return {name: [None, value] for name, value in _tracked(restaurant).items() if value not in (None, "", [])}


class AgencyRepository(Repository["Agency"]):
    """Agencies by name or alias."""

    def by_key(self) -> "dict[str, Agency]":
        """Return every agency under each of its names, as search compares them."""
        return {key: agency for agency in self.order_by("-pk") for key in agency.keys}

    def called(self, name: str) -> "models.QuerySet[Agency]":
        """Ask for the agency that is called so, in any spelling."""
        return self.filter(keys__contains=[normalise(name)]).order_by("pk")

    def ensure(self, names: Iterable[Mapping[str, Any]]) -> int:
        """Add the agencies that are not there under any of their names; return how many. The rest stay as they are.

        Two that add the same one at once both succeed: the first one's row stands.
        """
        known, added = self.by_key(), 0
        for fields in names:
            agency = self.model(**fields)
            agency.refresh_keys()
            if not known.keys() & set(agency.keys):
                self.bulk_create([agency], ignore_conflicts=True)
                known |= dict.fromkeys(agency.keys, agency)
                added += 1
        return added


class CertificateRepository(Repository["Certificate"]):
    """Certificates of a restaurant."""


class LevelRepository(Repository["SupervisionLevel"]):
    """Supervision levels of a restaurant."""


class ImageRepository(Repository["Image"]):
    """Images of a restaurant, in order."""


class RatingRepository(Repository["Rating"]):
    """What reviews add up to; PostgreSQL writes it."""


class SpecialRepository(Repository["Special"]):
    """Specials of a restaurant, the active ones and the others."""


class OwnershipRepository(Repository["Ownership"]):
    """Who owns which place."""

    def holds(self, user_id: int | None, restaurant_id: int) -> bool:
        """Say whether a person owns a place; nobody (None) owns none."""
        return user_id is not None and self.filter(user_id=user_id, restaurant_id=restaurant_id).exists()


class ChangeRepository(Repository["Change"]):
    """The history; PostgreSQL itself refuses to change or delete a row."""


class OriginRepository(Repository["Origin"]):
    """What imports last said of each place."""

    def remember(self, records: Mapping[int, Mapping[str, Any]]) -> None:
        """Keep what an import said, by restaurant, in place of what the one before said."""
        self.bulk_create(
            [self.model(restaurant_id=pk, record=dict(record)) for pk, record in records.items()],
            update_conflicts=True,
            unique_fields=["restaurant"],
            update_fields=["record", "imported_at"],
        )


class FavouriteRepository(Repository["Favourite"]):
    """Places that people keep for later."""


class AttentionRepository(Repository["Attention"]):
    """How often places are looked at and shared, by day."""
