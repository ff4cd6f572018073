"""The rules of the catalogue, one by one, and that the documentation lists what v3 may newly meet."""

import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings

from restaurants.rules import EXTRA_REFUSALS, InvalidRestaurant, findings, require_sound, zone
from restaurants.values import Draft, LevelFact
from rollout import registry

SOUND = Draft(
    name="Pita Place",
    address="1 Ocean Dr",
    city="Miami",
    country="US",
    kosher_categories=("dairy",),
    source="its owner",
    latitude=25.5,
    longitude=-80.5,
    timezone="America/New_York",
    levels=(LevelFact("glatt", "all"), LevelFact("yoshon", "some")),
)


def found(**changes: object) -> set[tuple[str | None, str]]:
    """Return what the rules find in the sound draft after `changes`."""
    return {(problem.pointer, problem.code) for problem in findings(replace(SOUND, **changes))}  # type: ignore[arg-type]


def test_a_sound_draft_breaks_no_rule() -> None:
    assert findings(SOUND) == ()


@pytest.mark.parametrize("name", ["name", "address", "city", "country"])
@pytest.mark.parametrize("value", ["", "  "])
def test_a_place_needs_what_finds_it(name: str, value: str) -> None:
    assert (f"/{name}", "required") in found(**{name: value})


@pytest.mark.parametrize("name", ["(305) 555-0101", "+972 3-555-0101", "3055550101"])
def test_a_name_is_no_telephone_number(name: str) -> None:
    assert found(name=name) == {("/name", "name_is_phone_number")}


@pytest.mark.parametrize("name", ["770", "Pizza 305", "26 Sushi & Tapas", "1000", "פיצה 305"])
def test_a_name_with_digits_is_a_name(name: str) -> None:
    assert found(name=name) == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [("address", "Address not provided"), ("phone_number", "000-000-0000"), ("zip_code", "00000"), ("city", " N/A ")],
)
def test_nothing_stands_in_for_what_is_not_known(field: str, value: str) -> None:
    assert found(**{field: value}) == {(f"/{field}", "placeholder_value")}


def test_a_religious_fact_needs_a_source() -> None:
    assert found(source="") == {
        ("/source", "source_required"),
        ("/levels/0/source", "source_required"),
        ("/levels/1/source", "source_required"),
    }
    assert found(source="", kosher_categories=(), levels=(LevelFact("glatt", "all", source="a list"),)) == set()


def test_facts_are_said_in_known_words_and_once() -> None:
    assert found(kosher_categories=("dairy", "milk")) == {("/kosher_categories/1", "unknown_value")}
    assert found(kosher_categories=("dairy", "pareve", "dairy")) == {("/kosher_categories/2", "repeated_value")}
    assert found(levels=(LevelFact("glatt", "very"),)) == {("/levels/0", "unknown_value")}
    assert found(levels=(LevelFact("glatt", "all"), LevelFact("glatt", "none"))) == {
        ("/levels/1/attribute", "repeated_value")
    }


@pytest.mark.parametrize(("missing", "pointer"), [("latitude", "/latitude"), ("longitude", "/longitude")])
def test_coordinates_are_whole(missing: str, pointer: str) -> None:
    assert found(**{missing: None}) == {(pointer, "required")}


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "x" * 300, "America"])
def test_a_zone_that_does_not_exist_is_none_and_named(name: str) -> None:
    assert zone(name) is None
    assert found(timezone=name) == {("/timezone", "unknown_value")}


def test_all_findings_are_raised_together() -> None:
    with pytest.raises(InvalidRestaurant) as refusal:
        require_sound(Draft(name="(305) 555-0101", address="n/a"))

    assert len(refusal.value.problems) == 4


def test_the_migration_page_lists_every_operation_and_every_new_refusal() -> None:
    import_module("jewgo.urls")  # every switch is made while the routes are imported
    page = Path(settings.BASE_DIR, "docs", "migration.md").read_text("utf-8")

    operations = set(re.findall(r"^\| `(\w+\.\w+)` \|", page, re.MULTILINE))
    refusals = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert operations == {name for name in registry.operations() if not name.startswith("tests.")}
    assert refusals == EXTRA_REFUSALS
