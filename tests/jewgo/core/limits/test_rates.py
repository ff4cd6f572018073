"""Limits as words, a process's share of one, and what a caller is told."""

import pytest

from jewgo.core.limits.headers import headers_of
from jewgo.core.limits.rates import Decision, Limit, Rate, Standing


@pytest.mark.parametrize(
    ("text", "rate"), [("5/s", Rate(5, 1)), ("600/min", Rate(600, 60)), ("1000000/h", Rate(1_000_000, 3600))]
)
def test_a_limit_is_written_as_a_number_per_time(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate


def test_off_is_no_limit() -> None:
    assert Rate.parse("off") is None


@pytest.mark.parametrize("text", ["", "0/s", "5", "5/day", "-1/s", "5/S", " 5/s", "1e3/s", "1000001/h", "٣/s", "5/s\n"])
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="N/s, N/min or N/h"):
        Rate.parse(text)


@pytest.mark.parametrize(("processes", "share"), [(1, 20), (3, 6), (20, 1), (50, 1)])
def test_the_shares_of_all_processes_are_no_more_than_the_limit_but_each_has_one(processes: int, share: int) -> None:
    assert Rate(20, 60).shared_by(processes) == Rate(share, 60)


def standing(name: str, count: int, used: int, frees_in_s: float) -> Standing:
    return Standing(Limit(name, "u:7", Rate(count, 60)), used, frees_in_s)


def test_headers_name_every_limit_and_the_older_ones_the_tightest() -> None:
    decision = Decision(True, [standing("user", 1200, 1, 60), standing("write", 120, 60, 29.2)])

    assert headers_of(decision) == {
        "RateLimit-Policy": '"user";q=1200;w=60, "write";q=120;w=60',
        "RateLimit": '"user";r=1199;t=60, "write";r=60;t=30',
        "x-ratelimit-limit": "120",
        "x-ratelimit-remaining": "60",
        "x-ratelimit-reset": "30",
    }


def test_a_refused_caller_waits_for_the_limit_that_takes_longest() -> None:
    decision = Decision(False, [standing("user", 10, 10, 3.1), standing("write", 5, 6, 40.5)])

    told = headers_of(decision)

    assert told["Retry-After"] == "41"
    assert told["x-ratelimit-remaining"] == "0"
    assert told["RateLimit"] == '"user";r=0;t=4, "write";r=0;t=41'


def test_nobody_is_told_to_ask_again_at_once() -> None:
    assert Decision(False, [standing("user", 10, 10, 0.0)]).retry_after_s == 1
