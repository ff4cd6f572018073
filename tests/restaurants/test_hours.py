"""The hours parser: every form that occurs, read right or refused; and what it writes, read back by another program."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opening_hours import OpeningHours, State

from restaurants.hours import Unparsed, Week, is_sentinel, parse_json, parse_text, understand, zone_of
from restaurants.hours.week import DAY_MIN, WEEK_MIN, Span

SHARED = Path(__file__).parents[3] / "shared" / "data" / "v3_restaurants.json"
MONDAY = datetime(2025, 6, 2)  # noqa: DTZ001 (opening_hours without a zone counts in naive times)
NNBSP, THIN = "\u202f", "\u2009"

SEVEN_LINES = "\n".join(
    f"{day}: {hours}"
    for day, hours in {
        "Monday": f"10:30{NNBSP}AM{THIN}–{THIN}10:30{NNBSP}PM",
        "Tuesday": "10:30 AM – 10:30 PM",
        "Wednesday": "10:30 AM - 10:30 PM",
        "Thursday": "10:30 AM — 1:00 AM",
        "Friday": f"10:30{NNBSP}AM{THIN}–{THIN}3:00{NNBSP}PM",
        "Saturday": "Closed",
        "Sunday": "Open 24 hours",
    }.items()
)

TEXTS = {
    SEVEN_LINES: "Mo-We 10:30-22:30, Th 10:30-01:00, Fr 10:30-15:00, Su 00:00-24:00",
    "Monday: 12:00 – 11:00 PM": "Tu-Su unknown; Mo 12:00-23:00",
    "Monday: 11:00 – 2:00 PM": "Tu-Su unknown; Mo 11:00-14:00",
    "Monday: 9:00 – 2:00 AM": "Tu-Su unknown, Mo 09:00-02:00",
    "Monday: 12:01 – 2:00 PM": "Tu-Su unknown; Mo 12:01-14:00",
    "Monday: 12:00 – 3:30 PM, 6:00 – 11:00 PM": "Tu-Su unknown; Mo 12:00-15:30,18:00-23:00",
    "Saturday: 9:30 PM – 12:00 AM": "Mo-Fr,Su unknown; Sa 21:30-24:00",
    "Saturday: 9:30 PM – 2:00 AM": "Mo-Fr,Su unknown, Sa 21:30-02:00",
    "Sunday: 9:30 PM – 2:00 AM": "Mo-Sa unknown, Su 21:30-02:00",
    f"Mon 2:00{THIN}–{THIN}11:00{NNBSP}PM, Tue 2:00{THIN}–{THIN}11:00{NNBSP}PM": "We-Su unknown; Mo-Tu 14:00-23:00",
    "Mon 11:00 AM – 9:30 PM, Tue Closed": "We-Su unknown; Mo 11:00-21:30",
    "Sun-Thu 11am-10pm, Fri 11am-3pm": "Mo-Th,Su 11:00-22:00; Fr 11:00-15:00",
    "Mon-Thu 11am-10pm, Fri 11am-3pm, Sat-Sun Closed": "Mo-Th 11:00-22:00; Fr 11:00-15:00",
    "Sun-Sat Open 24 hours": "24/7",
    "Sun-Sat closed": "off",
    "🔴 Closed • Sunday: 11:00 AM – 10:00 PM": "Mo-Sa unknown; Su 11:00-22:00",
    "🟢 Open • Sunday: Closed • Monday: 9:00 AM – 5:00 PM": "Tu-Sa unknown; Mo 09:00-17:00",
}

REFUSED = {
    "by appointment": "does not begin with a day",
    "Mon 9-5": "does not say AM or PM",
    "Monday: 13:00 PM – 2:00 PM": "twelve-hour clock",
    "Monday: 11:00 AM – 11:75 PM": "twelve-hour clock",
    "Monday: 12:00 PM – 12:00 PM": "the same minute",
    "Monday: from noon": "is not a form we know",
    "Monday: 9:00 AM – 5:00 PM\nMonday: Closed": "listed twice",
    "Monday:\nTuesday: 9:00 AM – 5:00 PM": "no hours after",
    "Mon 9:00 AM – 5:00 PM, Wed": "no hours after Wednesday",
    "Mon-Mon 9am-5pm": "to itself",
    "Monday: 30 minutes after Shabbat – 12:00 AM": "is not a form we know",
    "Monday: 9:00 AM – 5:00 PM (kitchen closes earlier)": "is not a form we know",
    "x" * 3000: "longer than",
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_a_text_of_a_known_form_becomes_opening_hours(text: str, expected: str) -> None:
    week = parse_text(text)

    assert isinstance(week, Week)
    assert week.opening_hours() == expected
    assert str(OpeningHours(expected))


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_a_text_of_another_form_is_refused_with_a_reason(text: str, reason: str) -> None:
    week = parse_text(text)

    assert isinstance(week, Unparsed)
    assert reason in week.reason


def test_opening_after_shabbat_is_an_offset_and_a_rule_from_sunset() -> None:
    known = understand("Saturday: 30 minutes after Shabbat – 12:00 AM\nSunday: 9:00 AM – 5:00 PM", None)

    assert known.opens_after_shabbat_min == 30
    assert known.opening_hours == "Mo-Fr unknown; Sa sunset-24:00; Su 09:00-17:00"


def test_closing_before_shabbat_is_an_offset_and_a_rule_until_sunset() -> None:
    known = understand("Mon-Thu 9am-5pm, Fri 8am-1 hour before Shabbos, Sat 1 hour after Shabbos-2am, Sun Closed", None)

    assert (known.closes_before_shabbat_min, known.opens_after_shabbat_min) == (60, 60)
    assert known.opening_hours == "Mo-Th 09:00-17:00, Fr 08:00-sunset, Sa sunset-02:00"


@pytest.mark.parametrize("text", [None, "", " ", "Hours not available", "hours vary by location.", "N/A", "None"])
def test_a_sentinel_is_no_text_and_no_problem(text: str | None) -> None:
    known = understand(text, None)

    assert is_sentinel(text)
    assert (known.opening_hours, known.problem, known.flags) == (None, None, ())


def _period(opens: tuple[int, str], closes: tuple[int, str] | None) -> dict[str, object]:
    period: dict[str, object] = {"open": {"day": opens[0], "time": opens[1]}}
    return period | ({"close": {"day": closes[0], "time": closes[1]}} if closes else {})


PERIODS = [
    ([_period((0, "1200"), (0, "2300"))], "Su 12:00-23:00"),
    ([_period((6, "2130"), (0, "0200"))], "Sa 21:30-02:00"),
    ([_period((0, "0000"), (6, "0000"))], "Mo-Fr,Su 00:00-24:00"),
    ([_period((0, "0900"), (1, "2200"))], "Mo 00:00-22:00; Su 09:00-24:00"),
    ([_period((2, "0000"), None)], "Tu 00:00-24:00"),
    ([_period((0, "0000"), None)], "24/7"),
    ([_period((1, "1200"), (1, "1530")), _period((1, "1800"), (1, "2300"))], "Mo 12:00-15:30,18:00-23:00"),
]


@pytest.mark.parametrize(("periods", "expected"), PERIODS)
def test_google_periods_count_days_from_sunday(periods: list[object], expected: str) -> None:
    week = parse_json({"periods": periods})

    assert isinstance(week, Week)
    assert week.opening_hours() == expected


@pytest.mark.parametrize(
    "data",
    [
        {"periods": []},
        {"periods": ["x"]},
        {"periods": [_period((7, "1200"), (0, "2300"))]},
        {"periods": [_period((1, "2400"), (1, "2500"))]},
        {"periods": [_period((1, "1200"), (1, "1200"))]},
        {"periods": [{"open": {"day": True, "time": "1200"}}]},
        {"hours": {"mon": {"is_open": True}}},
        {"hours": {"montag": {"is_open": False}}},
        {"something": "else"},
        ["list"],
        "text",
    ],
)
def test_structured_hours_of_another_form_are_refused(data: object) -> None:
    assert isinstance(parse_json(data), Unparsed)


def test_a_table_by_day_is_read_as_the_text_is_and_names_its_zone() -> None:
    days = ("mon", "tue", "wed", "thu", "sun")
    table = {day: {"open": "11:00 AM", "close": "10:00 PM", "is_open": True} for day in days}
    data = {"hours": table | {"fri": {"is_open": False}}, "timezone": "America/New_York"}

    week = parse_json(data)

    assert isinstance(week, Week)
    assert week.opening_hours() == "Mo-Th,Su 11:00-22:00"
    assert zone_of(data) == "America/New_York"


def test_periods_win_over_a_text_that_disagrees_and_both_are_flagged() -> None:
    text = "Sun-Thu 11am-10pm, Fri 11am-3pm"

    known = understand(text, {"periods": [_period((0, "1200"), (0, "2300"))]})

    assert known.opening_hours == "Su 12:00-23:00"
    assert known.flags == ("hours_disagree",)


def test_a_text_that_says_what_the_periods_say_is_not_flagged() -> None:
    periods = [_period((day, "1100"), (day, "2200")) for day in range(5)] + [_period((5, "1100"), (5, "1500"))]

    known = understand("Sun-Thu 11am-10pm, Fri 11am-3pm", {"periods": periods})

    assert known.flags == ()


def test_a_refused_text_leaves_the_periods_and_says_why() -> None:
    known = understand("by appointment", {"periods": [_period((0, "1200"), (0, "2300"))]})

    assert known.opening_hours == "Su 12:00-23:00"
    assert known.flags == ("hours_text_unparsed",)
    assert known.problem
    assert "by appointment" in known.problem


def test_refused_periods_leave_the_text() -> None:
    known = understand("Sun-Thu 11am-10pm", {"periods": []})

    assert known.opening_hours == "Mo-Th,Su 11:00-22:00"
    assert known.flags == ("hours_json_unparsed",)


spans = st.builds(Span, st.integers(0, WEEK_MIN - 1), st.integers(1, WEEK_MIN))


@given(st.lists(spans, max_size=12))
def test_any_week_is_read_back_minute_for_minute(chosen: list[Span]) -> None:
    week = Week(tuple(chosen))

    written = OpeningHours(week.opening_hours())

    second_week = MONDAY + timedelta(weeks=1)
    open_minutes: set[int] = set()
    for start, end, state, _ in written.intervals(second_week, second_week + timedelta(weeks=1)):
        if state == State.OPEN:
            first = int((start - second_week).total_seconds() // 60)
            open_minutes.update(range(first, first + int((end - start).total_seconds() // 60)))
    assert open_minutes == {minute for start, end in week.coverage for minute in range(start, end)}


minutes = st.integers(0, DAY_MIN - 1)


def _twelve_hours(minute: int) -> str:
    return f"{(minute // 60 - 1) % 12 + 1}:{minute % 60:02} {'AM' if minute < DAY_MIN // 2 else 'PM'}"


@given(
    st.lists(st.none() | st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1]), min_size=7, max_size=7)
)
def test_what_google_writes_of_a_week_is_read_as_that_week(week: list[tuple[int, int] | None]) -> None:
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    said = ["Closed" if hours is None else "–".join(map(_twelve_hours, hours)) for hours in week]

    parsed = parse_text("\n".join(f"{name}: {hours}" for name, hours in zip(names, said, strict=True)))

    assert isinstance(parsed, Week)
    assert parsed.agrees_with(Week(tuple(Span.on(day, *hours) for day, hours in enumerate(week) if hours)))


@given(st.text(max_size=80) | st.from_regex(r"(Mon|Tue-Fri|Sat): ?[0-9:apm –,-]{0,20}", fullmatch=True))
def test_no_text_whatever_raises(text: str) -> None:
    week = parse_text(text)

    assert isinstance(week, Unparsed) or str(OpeningHours(week.opening_hours()))


if SHARED.exists():
    REAL = json.loads(SHARED.read_text(encoding="utf-8"))

    def test_of_the_real_texts_98_in_100_are_understood() -> None:
        texts = [row["hours_of_operation"] for row in REAL if not is_sentinel(row["hours_of_operation"])]

        understood = [text for text in texts if isinstance(parse_text(text), Week)]

        assert len(understood) >= 0.98 * len(texts) > 100

    def test_real_texts_and_periods_disagree_only_where_the_source_itself_does() -> None:
        both = [row for row in REAL if row["hours_json"] and not is_sentinel(row["hours_of_operation"])]

        flagged = [row["id"] for row in both if understand(row["hours_of_operation"], row["hours_json"]).flags]

        # 1072: Sunday in the text is Saturday in the periods. 1074: two days in the text, 37 hours in one period.
        assert flagged == [1072, 1074]
