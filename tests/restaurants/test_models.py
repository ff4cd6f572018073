"""What the database guards, and the one door through which a place is written."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError

from jewgo.core.paging import PageRequest
from restaurants import services
from restaurants.agencies import AGENCIES
from restaurants.checks import trigram_messages
from restaurants.filters import Choice, PlaceFilter, Question
from restaurants.models import Agency, Certificate, Change, Image, Restaurant, SupervisionLevel
from restaurants.parts import Parts
from restaurants.repositories import Entry, StaleRestaurant, UnknownRestaurant
from restaurants.services.reading import whole
from restaurants.values import ListCriteria, Place, SearchCriteria

pytestmark = pytest.mark.django_db


def _store(name: str = "Beit Café", parts: Parts | None = None, **fields: Any) -> Restaurant:
    place = Restaurant(name=name, **{"state_of_record": "approved", **fields})
    return Restaurant.objects.store(place, actor="u:1", action="create", parts=parts or Parts())


def _certified(name: str = "ORB", **said: Any) -> Certificate:
    return Certificate(agency=Agency.objects.get(name=name), **said)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("coordinates_whole", {"latitude": 1.0}),
        ("coordinates_whole", {"longitude": 1.0}),
        ("coordinates_whole", {"latitude": 91.0, "longitude": 0.0}),
        ("coordinates_whole", {"latitude": float("nan"), "longitude": 0.0}),
        ("name_not_empty", {"name": ""}),
        ("unknown_is_null", {"city": ""}),
        ("unknown_is_null", {"opening_hours": ""}),
        ("categories_known", {"kosher_categories": ["treif"]}),
        ("country_code", {"country": "us"}),
        ("price_in_dollars", {"price_range": "££"}),
        ("sourced_on_date", {"sourced_on": "last year"}),
        ("record_state_known", {"state_of_record": "active"}),
        ("rejected_with_reason", {"state_of_record": "rejected"}),
        ("version_counts", {"version": 0}),
    ],
)
def test_the_database_refuses_what_must_never_be_false(constraint: str, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=f"restaurants_{constraint}"), transaction.atomic():
        _store(**{"name": "Somewhere", **fields})


@pytest.mark.parametrize(
    ("constraint", "rows"),
    [
        ("level_once", [("yoshon", "all"), ("yoshon", "none")]),
        ("attribute_known", [("organic", "all")]),
        ("level_known", [("yoshon", "mostly")]),
    ],
)
def test_the_database_refuses_levels_that_say_nothing_or_two_things(
    constraint: str, rows: list[tuple[str, str]]
) -> None:
    levels = [SupervisionLevel(attribute=attribute, level=level) for attribute, level in rows]

    with pytest.raises(IntegrityError, match=f"restaurants_{constraint}"), transaction.atomic():
        Restaurant.objects.add_all([Entry(Restaurant(name="X"), Parts(levels=levels))], actor="u:1", action="create")


def test_there_is_one_primary_picture_and_it_can_move() -> None:
    first, second = Image(url="https://a.example/1", is_primary=True), Image(url="https://a.example/2", position=1)
    place = _store(parts=Parts(images=[first, second]))
    ids = set(place.images.values_list("pk", flat=True))

    moved = [Image(url=first.url), Image(url=second.url, position=1, is_primary=True)]
    Restaurant.objects.store(place, actor="u:1", action="update", parts=Parts(images=moved))

    assert list(place.images.values_list("url", "is_primary")) == [(first.url, False), (second.url, True)]
    assert set(place.images.values_list("pk", flat=True)) == ids
    with pytest.raises(IntegrityError, match="image_one_primary"), transaction.atomic():
        place.images.update(is_primary=True)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE restaurants_change SET actor = 'me'", "DELETE FROM restaurants_change", "TRUNCATE restaurants_change"],
)
def test_the_history_can_be_neither_changed_nor_removed(statement: str) -> None:
    _store()

    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL jewgo.allow_truncate = 'off'")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)


def test_a_place_with_history_cannot_be_removed() -> None:
    place = _store()

    with pytest.raises(ProtectedError):
        place.delete()


def test_storing_writes_version_and_each_fields_old_and_new_value() -> None:
    place = _store(city="Miami")

    place.city = "Surfside"
    Restaurant.objects.store(place, actor="k:7", action="update", request_id="abc")

    place.refresh_from_db()
    change = place.changes.first()
    assert place.version == 2
    assert change is not None
    assert (change.actor, change.action, change.request_id) == ("k:7", "update", "abc")
    assert change.fields == {"city": ["Miami", "Surfside"]}
    assert place.city_key == "surfside"


def test_storing_what_is_stored_leaves_no_trace() -> None:
    place = _store(parts=Parts(levels=[SupervisionLevel(attribute="yoshon", level="all")]))

    same = Parts(levels=[SupervisionLevel(attribute="yoshon", level="all")])
    Restaurant.objects.store(place, actor="u:1", action="update", parts=same)

    assert place.version == 1
    assert place.changes.count() == 1


def test_a_place_that_somebody_else_stored_meanwhile_is_not_overwritten() -> None:
    mine = _store()
    theirs = Restaurant.objects.get(pk=mine.pk)
    theirs.city = "Miami"
    Restaurant.objects.store(theirs, actor="u:2", action="update")

    mine.city = "Paris"
    with pytest.raises(StaleRestaurant):
        Restaurant.objects.store(mine, actor="u:1", action="update")

    assert Restaurant.objects.get(pk=mine.pk).city == "Miami"


def test_replacing_a_certificate_keeps_who_verified_it_and_says_so_in_the_history(django_user_model: Any) -> None:
    keeper = django_user_model.objects.create(email="keeper@example.org")
    place = _store(parts=Parts(certificates=[_certified(number="7")]))
    place.certificates.update(verified_by=keeper)

    Restaurant.objects.store(
        place, actor="u:1", action="update", parts=Parts(certificates=[_certified(number="7", scope="kitchen")])
    )

    certificate = place.certificates.get()
    assert (certificate.verified_by, certificate.scope) == (keeper, "kitchen")
    change = place.changes.first()
    assert change is not None
    assert change.fields["certificates"][1][0]["scope"] == "kitchen"


def test_search_text_follows_name_certificate_and_agency_wherever_they_change() -> None:
    place = _store("Chalav Café")
    Certificate.objects.create(restaurant=place, agency=Agency.objects.get(name="ORB"))
    agency = Agency.objects.get(name="ORB")
    agency.name, agency.short_name = "Orthodox Rabbis", "OR"
    agency.save()
    renamed = Restaurant.objects.get(pk=place.pk)

    assert renamed.search_text == "cholov cafe orthodox rabbis or"
    renamed.certificates.get().delete()
    assert Restaurant.objects.get(pk=place.pk).search_text == "cholov cafe"


def test_search_text_is_set_in_bulk_too() -> None:
    Restaurant.objects.bulk_create([Restaurant(name="Pizza Palace", city="Côte")])
    parts = Parts(certificates=[_certified("COR")])
    Restaurant.objects.add_all([Entry(Restaurant(name="Bagel Boss"), parts)], actor="t", action="import")

    texts = list(Restaurant.objects.values_list("search_text", "city_key"))

    assert texts == [("pizza palace cote", "cote"), ("bagel boss cor", "")]


def test_a_bulk_update_that_would_leave_search_behind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"objects\.store"):
        Restaurant.objects.all().update(name="X")


def test_adding_many_places_takes_a_constant_number_of_statements(django_assert_num_queries: Any) -> None:
    entries = [
        Entry(
            Restaurant(name=f"Place {number}"),
            Parts([_certified()], [SupervisionLevel(attribute="glatt", level="all")]),
        )
        for number in range(30)
    ]

    with django_assert_num_queries(13):  # savepoint, places, certificates, levels, history, seven for spans, savepoint
        Restaurant.objects.add_all(entries, actor="t", action="import")

    assert Change.objects.count() == 30


ASKED: dict[str, tuple[Callable[[], Iterable[Place]], list[str]]] = {
    "nothing in particular": (lambda: listed(), ["Soho", "Zucca"]),
    "any state of the record": (lambda: whole_guide(), ["Soho", "Zucca", "Pending"]),
    "pending": (lambda: listed(record_state="pending"), []),
    "city": (lambda: paged(city=Choice(("BAL HARBOUR",))), ["Zucca"]),
    "state": (lambda: paged(state=Choice(("fl",))), ["Soho", "Zucca"]),
    "country": (lambda: paged(country=Choice(("il",))), []),
    "categories": (lambda: paged(kosher_category=Choice(("meat", "fish"))), ["Soho", "Zucca"]),
    "the category that v3 shows": (lambda: listed(kosher_category="meat"), ["Soho"]),
    "agency": (lambda: paged(agency=Choice(("kosher miami (km)",))), ["Soho"]),
    "no agency": (lambda: paged(agency=Choice(("nobody",))), []),
    "listing type": (lambda: listed(business_types=("cafe",)), ["Zucca"]),
    "a slip": (lambda: searched("zuca"), ["Zucca"]),
    "two words": (lambda: searched("soho miami"), ["Soho"]),
    "no word": (lambda: searched("%"), []),
    "a variant": (lambda: searched("chalav"), ["Zucca"]),
}


def listed(**asked: Any) -> Iterable[Place]:
    return services.list_places(ListCriteria(**asked)).places


def paged(**asked: Any) -> Iterable[Place]:
    page, _ = services.page(Question(filter=PlaceFilter(**asked)), PageRequest())
    return sorted((row.place for row in page.items), key=lambda place: place.id)


def searched(text: str) -> Iterable[Place]:
    return [hit.place for hit in services.search(SearchCriteria(text)).hits]


def whole_guide() -> Iterable[Place]:
    return whole(list(Restaurant.objects.values_list("pk", flat=True).order_by("pk")))


@pytest.mark.parametrize("asked", ASKED)
def test_criteria_find_the_places_that_meet_every_condition(asked: str) -> None:
    ask, names = ASKED[asked]
    miami = Parts(certificates=[_certified("Kosher Miami"), _certified("Kosher Miami", number="2")])
    _store("Soho", state="FL", city="Aventura", kosher_categories=["meat"], listing_type="restaurant", parts=miami)
    _store("Zucca", state="fl", city="Bal Harbour", kosher_categories=["dairy", "meat"], listing_type="cafe",
           address="1 Cholov Lane")  # fmt: skip
    _store("Pending", state_of_record="pending")
    _store("Gone", deleted_at="2025-01-01T00:00:00Z")

    assert [place.name for place in ask()] == names


def test_what_is_searched_for_in_the_name_ranks_before_what_is_elsewhere() -> None:
    _store("Miami Grill", address="1 Falafel Road")
    _store("Falafel King")

    found = services.search(SearchCriteria("felafel")).hits

    assert [(hit.place.name, hit.relevance) for hit in found] == [("Falafel King", 1.0), ("Miami Grill", 0.9)]


def test_a_deleted_place_cannot_be_locked() -> None:
    place = _store(deleted_at="2025-01-01T00:00:00Z")

    with pytest.raises(UnknownRestaurant):
        Restaurant.objects.locked(place.pk)


def test_every_agency_is_known_from_the_start_under_all_its_names() -> None:
    known = Agency.objects.by_key()

    assert Agency.objects.count() == len(AGENCIES)
    assert known["houston ka"].name == "Houston Kashruth Association"
    assert known["km"] == known["kosher miami km"] == Agency.objects.get(name="Kosher Miami")


def test_an_agency_that_staff_edited_stays_as_it_is() -> None:
    Agency.objects.filter(name="ORB").update(website="https://new.example/")

    added = Agency.objects.ensure(AGENCIES)

    assert added == 0
    assert Agency.objects.get(name="ORB").website == "https://new.example/"


def test_e001_is_silent_where_trigrams_know_hebrew() -> None:
    assert [message for message in run_checks(databases=["default"]) if message.id == "restaurants.E001"] == []


def test_e001_fails_where_a_word_has_no_trigrams() -> None:
    # A word without letters has none in any database, as Hebrew has none where the character type is C.
    messages = trigram_messages("default", "---")

    assert [message.id for message in messages] == ["restaurants.E001"]
    assert "C.UTF-8" in str(messages[0].hint)
