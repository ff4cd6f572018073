"""What v3's PUT changes: nothing of what v3 cannot say, and in both engines the same."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jewgo.core.errors import JewgoError
from restaurants import legacy, services
from restaurants.amendments import Amendment, effect_of
from restaurants.api.v3_forms import AdminForm, read_amendment
from restaurants.api.v3_shapes import present_place
from restaurants.intake.guide import SAMPLE, import_guide
from restaurants.models import Restaurant
from restaurants.services import amending
from restaurants.values import KeptCriteria, ListCriteria, Place
from tests.restaurants.guide import CREATED, build_guide

SOURCE = "v3 API, k:1"


@pytest.mark.django_db
def test_no_place_of_the_sample_loses_a_fact_when_it_is_read_and_sent_back() -> None:
    import_guide(SAMPLE)
    places = services.list_places(ListCriteria(limit=1000)).places

    for place in places:
        shown = {name: value for name, value in present_place(place).items() if name in AdminForm().fields}
        sent = {name: value for name, value in shown.items() if value is not None and name != "status"}
        _, amendment = read_amendment(sent, source=SOURCE, form=AdminForm)
        effect = effect_of(amendment, place, CREATED)

        assert (dict(effect.columns), effect.levels, effect.image) == ({}, (), None), place.name
    assert len(places) > 500


amendments = st.builds(
    Amendment,
    source=st.just(SOURCE),
    columns=st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["Grill", "קפה"]),
            "city": st.sampled_from(["Miami", None]),
            "website": st.sampled_from(["https://x.example/", None]),
            "price_range": st.sampled_from(["$", None]),
        },
    ),
    category=st.sampled_from([None, "unknown", "meat", "dairy", "pareve", "fish"]),
    levels=st.dictionaries(st.sampled_from(["cholov_yisroel", "pas_yisroel"]), st.booleans()),
    agency=st.sampled_from([None, "ORB", "orb kosher", "Kosher Miami", "OK", "Vaad of Nowhere"]),
    image=st.sampled_from(
        [None, "https://img.example/1.jpg", "https://img.example/2.jpg", "https://img.example/9.jpg"]
    ),
    hours=st.sampled_from([None, "", "Mon-Fri 9am-5pm", "whenever", "Hours not available"]),
    record_state=st.sampled_from([None, "approved", "pending", "rejected", "suspended", "closed"]),
    reason=st.sampled_from(["", "because"]),
)


@pytest.fixture(scope="module")
def guide(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Store the small guide once, inside a transaction that is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        build_guide()
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("guide")
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=amendments, pk=st.sampled_from([7, 12, 30, 31, 40, 41, 42, 999]))
def test_both_engines_make_the_same_of_it(said: Amendment, pk: int) -> None:
    old, new = (_outcome(engine, pk, said) for engine in (legacy.amend, amending.amend))

    assert old == new


@pytest.mark.usefixtures("guide")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.builds(
        KeptCriteria,
        text=st.sampled_from(["", "pizza", "piza", "CAFÉ", "פלאפל", "!!!", "%", "surfside"]),
        record_state=st.sampled_from([None, "approved", "pending", "odd"]),
        restaurant_id=st.sampled_from([None, 0, 7, 42, 2**63 - 1]),
        limit=st.integers(0, 5),
        offset=st.integers(0, 5),
    )
)
def test_both_engines_keep_the_same_list(asked: KeptCriteria) -> None:
    assert legacy.kept(asked) == amending.kept(asked)


def _outcome(engine: Any, pk: int, said: Amendment) -> Any:
    """Return what an engine makes of it, without moments and ids, and undo it."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                place: Place = engine(pk, said, "k:1")
        except JewgoError as refusal:
            place_or_refusal: Any = (type(refusal), refusal.message, refusal.problems)
        else:
            row = Restaurant.objects.get(pk=pk)
            history = row.changes.latest("pk")
            place_or_refusal = (_timeless(place), row.search_text, row.sort_name, history.action, row.changes.count())
        transaction.set_rollback(True)
    return place_or_refusal


def _timeless(place: Place) -> Place:
    certificates = tuple(replace(fact, id=0, agency=replace(fact.agency, id=0)) for fact in place.certificates)
    moved = place.hours_updated_at is not None and place.hours_updated_at.year > 2025
    read_at = None if moved else place.hours_updated_at
    return replace(place, updated_at=place.created_at, certificates=certificates, hours_updated_at=read_at)
