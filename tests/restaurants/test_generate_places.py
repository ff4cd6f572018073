"""Invented places: marked, sound, the same for a seed, and gone without a trace."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from restaurants import services
from restaurants.intake.inventing import invent
from restaurants.models import Certificate, Restaurant, SupervisionLevel
from restaurants.values import SearchCriteria
from tests.restaurants.guide import build_guide


def run(*arguments: Any, **options: Any) -> str:
    """Run the command and return what it said."""
    said = StringIO()
    call_command("generate_places", *arguments, stdout=said, **options)
    return said.getvalue()


def test_a_seed_invents_the_same_places_again_and_another_seed_others() -> None:
    first, again, other = ([place.columns for place in invent(50, seed, 3)] for seed in (7, 7, 8))

    assert first == again != other


@pytest.mark.django_db
def test_invented_places_are_marked_published_and_sound() -> None:
    build_guide()

    run(300, seed=3)

    places = list(Restaurant.objects.published().filter(source="generated").whole())
    assert len(places) == 300
    assert not {place.pk for place in places} & {7, 12, 30, 31, 40, 41, 42}
    for place in places[:40]:
        place.full_clean()
        stored = (place.search_text, place.sort_name, place.city_key)
        place.refresh_search(place.certifying_agencies())
        assert (place.search_text, place.sort_name, place.city_key) == stored
    assert services.search(SearchCriteria(places[0].name)).total >= 1


@pytest.mark.django_db
def test_taking_them_away_leaves_what_is_real_and_what_somebody_changed() -> None:
    build_guide()
    run(50)
    kept = Restaurant.objects.filter(source="generated").first()
    assert kept is not None
    kept.city = "Miami"
    Restaurant.objects.store(kept, actor="test", action="update")

    said = run(remove=True)

    assert said == "49 removed\n"
    assert set(Restaurant.objects.values_list("pk", flat=True)) == {7, 12, 30, 31, 40, 41, 42, kept.pk}
    for part in (Certificate, SupervisionLevel):
        assert not part.objects.filter(source="generated").exclude(restaurant=kept).exists()


@pytest.mark.parametrize(("count", "remove"), [(None, False), (0, False), (-1, False), (5, True)])
def test_it_says_what_it_needs(count: int | None, remove: bool) -> None:
    with pytest.raises(CommandError, match="Say how many"):
        run(*([] if count is None else [count]), remove=remove)
