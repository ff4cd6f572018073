"""Kosher facts: a wording means what it says and no more; contradictions become unknown."""

from typing import Any

import pytest

from restaurants.intake.supervision import read_facts
from restaurants.kosher import Attribute, Category, Level, Statement, boolean_of, is_cholov_stam, read_wording


@pytest.mark.parametrize(
    ("wording", "level", "scope"),
    [
        ("All Items", Level.ALL, ""),
        ("Yes", Level.ALL, ""),
        (True, Level.ALL, ""),
        ("Some Items", Level.SOME, ""),
        ("Available", Level.AVAILABLE, ""),
        ("Available - Contact KM", Level.AVAILABLE, "Contact KM"),
        ("Bread Only", Level.SOME, "Bread Only"),
        ("Pizza Only", Level.SOME, "Pizza Only"),
        ("Pizza & Breads", Level.SOME, "Pizza & Breads"),
        ("Except Wraps", Level.SOME, "Except Wraps"),
        ("Except Fortune Cookies, Mu Shu Wraps & Bread Crumbs", Level.SOME,
         "Except Fortune Cookies, Mu Shu Wraps & Bread Crumbs"),
        ("All Yoshon Except Muffins", Level.SOME, "Except Muffins"),
        ("Challah Rolls are Yoshon", Level.SOME, "Challah Rolls"),
        ("Pita is Yoshon", Level.SOME, "Pita"),
        ("Products Baked on Premises", Level.SOME, "Products Baked on Premises"),
        ("No", Level.NONE, ""),
        (False, Level.NONE, ""),
        ("N/A", Level.NOT_APPLICABLE, ""),
    ],
)  # fmt: skip
def test_a_wording_becomes_its_level_and_scope(wording: Any, level: Level, scope: str) -> None:
    assert read_wording(wording) == Statement(level, scope)


@pytest.mark.parametrize("wording", ["", None, "Ask the rabbi", 7, [], "Probably"])
def test_a_wording_that_we_do_not_know_says_nothing(wording: Any) -> None:
    assert read_wording(wording) is None


def test_v3_booleans_derive_from_the_ends_of_the_scale_only() -> None:
    assert {level.value: boolean_of(level) for level in Level} == {
        "all": True, "some": None, "available": None, "none": False, "not_applicable": None,
    }  # fmt: skip
    assert boolean_of(None) is None


@pytest.mark.parametrize(
    ("categories", "cholov", "stam"),
    [
        (["dairy"], "none", True),
        (["dairy"], "all", False),
        (["dairy"], "some", None),
        (["dairy"], None, None),
        (["meat"], None, False),
        (["meat"], "none", False),
        ([], "none", None),
        ([], "all", False),
    ],
)
def test_cholov_stam_is_dairy_without_any_cholov_yisroel(
    categories: list[str], cholov: str | None, stam: bool | None
) -> None:
    assert is_cholov_stam(categories, cholov) is stam


def _row(**said: Any) -> dict[str, Any]:
    return {"name": "Somewhere", "kosher_category": "dairy", **said}


def test_nothing_said_is_nothing_known() -> None:
    facts = read_facts({"name": "Somewhere", "kosher_category": "unknown"})

    assert (facts.categories, facts.levels, facts.flags) == ((), {}, ())


def test_booleans_speak_where_there_is_no_supervision() -> None:
    facts = read_facts(_row(is_cholov_yisroel=True, is_pas_yisroel=False, cholov_stam=False))

    assert facts.levels == {
        Attribute.CHOLOV_YISROEL: Statement(Level.ALL),
        Attribute.PAS_YISROEL: Statement(Level.NONE),
    }
    assert facts.flags == ()


def test_cholov_stam_of_a_dairy_place_means_no_cholov_yisroel() -> None:
    facts = read_facts(_row(cholov_stam=True))

    assert facts.levels == {Attribute.CHOLOV_YISROEL: Statement(Level.NONE)}


@pytest.mark.parametrize(
    "said",
    [
        {"is_cholov_yisroel": True, "cholov_stam": True},
        {"is_cholov_yisroel": False, "cholov_stam": False},
        {"kosher_category": "meat", "cholov_stam": True},
    ],
)
def test_booleans_that_cannot_both_be_true_become_unknown_and_are_flagged(said: dict[str, Any]) -> None:
    facts = read_facts(_row(**said))

    assert Attribute.CHOLOV_YISROEL not in facts.levels
    assert facts.flags == ("cholov_booleans_contradict",)


def test_supervision_outranks_a_boolean_against_it_and_the_boolean_is_flagged() -> None:
    facts = read_facts(_row(is_pas_yisroel=True, supervision={"pas_yisroel": "Except Wraps"}))

    assert facts.levels == {Attribute.PAS_YISROEL: Statement(Level.SOME, "Except Wraps")}
    assert facts.flags == ("is_pas_yisroel_contradicts_supervision",)


def test_a_statement_about_tuna_is_about_tuna_only() -> None:
    facts = read_facts(_row(supervision={"bishul_yisroel_tuna": "Yes"}))

    assert facts.levels == {Attribute.BISHUL_YISROEL: Statement(Level.SOME, "Tuna")}


def test_a_wording_that_is_not_understood_is_flagged_and_leaves_its_attribute_unknown() -> None:
    facts = read_facts(_row(supervision={"yoshon": "Ask inside"}))

    assert facts.levels == {}
    assert facts.flags == ("yoshon_not_understood",)


def test_several_kitchens_are_several_categories_v3s_own_first() -> None:
    listed = read_facts(_row(supervision={"categories": ["Meat", "Dairy"], "mehadrin": False}))
    typed = read_facts(_row(establishment_type="Catering, Meat, Dairy"))

    assert listed.categories == typed.categories == (Category.DAIRY, Category.MEAT)
    assert listed.levels == {Attribute.MEHADRIN: Statement(Level.NONE)}


def test_a_type_of_another_category_is_a_doubt_and_changes_nothing() -> None:
    facts = read_facts(_row(establishment_type="מסעדה בשרית"))

    assert facts.categories == (Category.DAIRY,)
    assert facts.flags == ("category_contradicts_type",)


def test_a_category_that_stands_only_in_the_name_is_a_doubt_for_people() -> None:
    facts = read_facts({"name": "Balagan (Meat)", "kosher_category": "unknown"})

    assert facts.categories == ()
    assert facts.flags == ("category_only_in_name",)
