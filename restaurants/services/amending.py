"""What v3's writes ask of the v4 engine: a place amended or deleted, and the list that v3's admin pages show."""

from django.db import transaction
from django.utils.timezone import now

from restaurants.amendments import Amendment, Effect, effect_of
from restaurants.models import Agency, Certificate, Image, Restaurant, SupervisionLevel
from restaurants.parts import Parts
from restaurants.services.images import settled
from restaurants.services.keeping import delete
from restaurants.services.reading import record, whole
from restaurants.services.writing import ANY_VERSION, locked, store
from restaurants.values import KeptCriteria, LevelFact, Listing, Place


@transaction.atomic
def amend(restaurant_id: int, amendment: Amendment, actor: str) -> Place:
    """Change what was said of a place, and return it as it then stands.

    Raises `UnknownRestaurant`, and `IllegalRecordMove` where the record cannot be moved so.
    """
    record(restaurant_id)
    restaurant = locked(restaurant_id)
    effect = effect_of(amendment, record(restaurant_id), now())
    for name, value in effect.columns.items():
        setattr(restaurant, name, value)
    return store(restaurant, actor, effect.action, _parts(restaurant, effect, amendment.source))


def discard(restaurant_id: int, actor: str) -> None:
    """Take a place away softly, in whatever version it stands; raises `UnknownRestaurant`."""
    record(restaurant_id)
    delete(restaurant_id, actor, expect=ANY_VERSION)


def kept(criteria: KeptCriteria) -> Listing:
    """Return the window of the places that are not deleted and match, the latest first."""
    places = Restaurant.objects.get_queryset().existing()
    if criteria.record_state is not None:
        places = places.in_record_state(criteria.record_state)
    if criteria.restaurant_id is not None:
        places = places.filter(pk=criteria.restaurant_id)
    if criteria.text:
        places = places.matching(criteria.text)
    window = slice(criteria.offset, criteria.offset + criteria.limit)
    ids = list(places.order_by("-pk").values_list("pk", flat=True)[window])
    return Listing(whole(ids), places.count())


def _parts(restaurant: Restaurant, effect: Effect, source: str) -> Parts:
    return Parts(
        certificates=_certificates(restaurant, effect.agency, source) if effect.agency else None,
        levels=_levels(restaurant, effect.levels) if effect.levels else None,
        images=_images(restaurant, effect.image) if effect.image else None,
    )


def _certificates(restaurant: Restaurant, name: str, source: str) -> list[Certificate]:
    """Let the agency stand for the place: in place of the one that v3 shows, unless it already does."""
    Agency.objects.ensure([{"name": name}])
    agency, rows = Agency.objects.called(name).get(), list(restaurant.certificates.order_by("pk"))
    if all(row.agency_id != agency.pk for row in rows):
        shown = rows[0].pk if rows else None
        rows[:1] = [Certificate(pk=shown, restaurant=restaurant, agency=agency, source=source)]
    return rows


def _levels(restaurant: Restaurant, said: tuple[LevelFact, ...]) -> list[SupervisionLevel]:
    anew = {fact.attribute for fact in said}
    kept_ones = [row for row in restaurant.levels.order_by("pk") if row.attribute not in anew]
    return [*kept_ones, *(SupervisionLevel(attribute=f.attribute, level=f.level, source=f.source) for f in said)]


def _images(restaurant: Restaurant, url: str) -> list[Image]:
    rows = list(restaurant.images.order_by("position", "pk"))
    row = next((row for row in rows if row.url == url), None) or Image(url=url)
    return settled(rows if row in rows else [*rows, row], primary=row)
