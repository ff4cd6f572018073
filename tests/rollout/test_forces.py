"""What the environment forces: the exact spellings, and what happens to any other."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import forces
from rollout.forces import Forces

FEATURES = ("api_v4_enabled", "api_v4_restaurants")


def read(**environ: str) -> Forces:
    return forces.read(environ, FEATURES)


@pytest.mark.parametrize("word", ["off", "false", "no", "OFF", " off "])
def test_off_is_spelled_in_three_ways(word: str) -> None:
    found = read(ROLLOUT_FORCE_API_V4_ENABLED=word)

    assert found.is_off("api_v4_enabled")
    assert not found.is_off("api_v4_restaurants")


@pytest.mark.parametrize(
    ("word", "share"),
    [("on", 100), ("true", 100), ("yes", 100), ("0.01%", "0.01"), ("7%", 7), ("12.5%", "12.5"), ("100%", 100)],
)
def test_on_and_percentages_are_shares(word: str, share: object) -> None:
    assert read(ROLLOUT_FORCE_API_V4_ENABLED=word).shares == {"api_v4_enabled": Decimal(str(share))}


@pytest.mark.parametrize(
    "word",
    ["10", "0", "1", "0%", "0.001%", "100.01%", "101%", "-5%", "10 %", "%", "1e1%", "on%", "aus", "none", "٣%", "nan%"],
)
def test_any_other_value_is_not_understood(word: str) -> None:
    found = read(ROLLOUT_FORCE_API_V4_ENABLED=word)

    assert not found.shares
    assert len(found.problems) == 1
    assert f"ROLLOUT_FORCE_API_V4_ENABLED={word!r}" in found.problems[0]


@pytest.mark.parametrize(("word", "is_off"), [("off", True), ("no", True), ("on", False), ("50%", False)])
def test_everything_can_only_be_forced_off(word: str, is_off: bool) -> None:
    found = read(ROLLOUT_FORCE_ALL=word)

    assert found.is_off("api_v4_enabled") is is_off
    assert bool(found.problems) is not is_off


@pytest.mark.parametrize(("word", "is_fine"), [("1", True), ("yes", False), ("0", False)])
def test_unsafe_is_one_or_not_set(word: str, is_fine: bool) -> None:
    found = read(ROLLOUT_FORCE_UNSAFE=word)

    assert (found.unsafe, bool(found.problems)) == (is_fine, not is_fine)


def test_single_users_are_forced_either_way() -> None:
    found = read(ROLLOUT_USER_API_V4_ENABLED="u:3=on, d:3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b=off,k:1=ON")

    assert found.users == {
        "api_v4_enabled": {"u:3": True, "d:3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b": False, "k:1": True}
    }


def test_a_device_is_known_in_lower_case() -> None:
    found = read(ROLLOUT_USER_API_V4_ENABLED="d:3D0A1B1E-7D2B-4A57-9A36-0E5A1D1C9F3B=off,k:A=on")

    assert found.users["api_v4_enabled"] == {"d:3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b": False, "k:A": True}


@pytest.mark.parametrize("value", ["3=on", "u:3", "u:3=yes", "u:3=on,,", "u:3=on u:4=on", "x:1=on", "=on"])
def test_a_list_of_users_with_anything_else_in_it_is_not_understood(value: str) -> None:
    found = read(ROLLOUT_USER_API_V4_ENABLED=value)

    assert not found.users
    assert found.problems


@pytest.mark.parametrize(
    "variable",
    [
        "ROLLOUT_FORCE_API_V4_RESTARANTS",
        "ROLLOUT_USER_NOTHING",
        "ROLLOUT_FORCE_",
        "ROLLOUT_FORCE",
        "ROLLOUT_FORCEALL",
        "ROLLOUT_FORCED_API_V4_ENABLED",
    ],
)
def test_a_variable_that_names_no_feature_is_a_problem_since_it_would_do_nothing(variable: str) -> None:
    (problem,) = forces.read({variable: "off"}, FEATURES).problems

    assert "api_v4_enabled, api_v4_restaurants" in problem


def test_an_empty_value_and_other_variables_count_for_nothing() -> None:
    found = read(ROLLOUT_FORCE_ALL="", ROLLOUT_FORCE_API_V4_ENABLED=" ", ROLLOUT_SECRET="off", ROLLOUT_PULSE="on")

    assert found == Forces()


def test_a_serving_process_stops_with_every_accepted_spelling(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        forces.stop_unless_understood(read(ROLLOUT_FORCE_API_V4_ENABLED="10", ROLLOUT_FORCE_ALL="on"))

    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert "ROLLOUT_FORCE_API_V4_ENABLED='10'" in said
    assert "ROLLOUT_FORCE_ALL='on'" in said
    for spelling in ("off, false, no", "on, true, yes", "0.01% to 100%", "<identity>=on", "ROLLOUT_FORCE_UNSAFE"):
        assert spelling in said


def test_a_process_without_problems_is_not_stopped() -> None:
    forces.stop_unless_understood(read(ROLLOUT_FORCE_ALL="off"))


@given(st.dictionaries(st.sampled_from(FEATURES), st.sampled_from(["off", "on", "0.01%", "33.33%"])), st.booleans())
def test_what_a_worker_reports_can_be_read_back(shares: dict[str, str], unsafe: bool) -> None:
    environ = {f"ROLLOUT_FORCE_{name.upper()}": word for name, word in shares.items()}
    environ |= {"ROLLOUT_FORCE_UNSAFE": "1"} if unsafe else {}
    environ["ROLLOUT_USER_API_V4_ENABLED"] = "u:3=on,u:4=off"

    found = forces.read(environ, FEATURES)

    assert forces.read(found.report(), FEATURES) == found
