"""Hours as machines hold them: Google's periods (day 0 is Sunday), and a table by day on a twelve-hour clock."""

from collections.abc import Mapping
from typing import Any, Final

from restaurants.hours.text import parse_text
from restaurants.hours.week import DAY_MIN, WEEK_MIN, Refused, Span, Unparsed, Week

_TABLE_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_json(data: Any) -> Week | Unparsed:
    """Understand `{"periods": [...]}` or `{"hours": {"mon": {...}}}`."""
    try:
        if isinstance(data, Mapping) and isinstance(data.get("periods"), list):
            return _from_periods(data["periods"])
        if isinstance(data, Mapping) and isinstance(data.get("hours"), Mapping):
            return _from_table(data["hours"])
    except Refused as refused:
        return Unparsed(str(refused))
    return Unparsed("structured hours of a form we do not know")


def zone_of(data: Any) -> str | None:
    """Return the time zone that a table of hours names, if it names one."""
    zone = data.get("timezone") if isinstance(data, Mapping) else None
    return zone if isinstance(zone, str) and zone else None


def _from_periods(periods: list[Any]) -> Week:
    if not periods:
        raise Refused("an empty list of periods")
    if len(periods) == 1 and not _part(periods[0], "close") and _moment(periods[0], "open") == _sunday_midnight():
        return Week((Span(0, WEEK_MIN),))  # Google's way to say "always open"
    return Week(tuple(map(_span, periods)))


def _sunday_midnight() -> int:
    return 6 * DAY_MIN


def _span(period: Any) -> Span:
    opens = _moment(period, "open")
    if not _part(period, "close"):
        return Span(opens, DAY_MIN)
    length_min = (_moment(period, "close") - opens) % WEEK_MIN
    if not length_min:
        raise Refused("a period opens and closes at the same minute")
    return Span(opens, length_min)


def _part(period: Any, name: str) -> Any:
    if not isinstance(period, Mapping):
        raise Refused("a period is not an object")
    return period.get(name)


def _moment(period: Any, name: str) -> int:
    """Return the minute of the week (Monday 00:00 is 0) at which a period opens or closes."""
    part = _part(period, name)
    day, time = (part.get("day"), part.get("time")) if isinstance(part, Mapping) else (None, None)
    if not (type(day) is int and day in range(7) and isinstance(time, str) and _is_clock(time)):
        raise Refused(f"a period's {name} is not a day from 0 to 6 with a time such as 0930")
    return (day - 1) % 7 * DAY_MIN + int(time[:2]) * 60 + int(time[2:])


def _is_clock(time: str) -> bool:
    return len(time) == 4 and time.isascii() and time.isdigit() and time[:2] < "24" and time[2:] < "60"


def _from_table(table: Mapping[Any, Any]) -> Week:
    """Read a table by day with the text's own rules, so that both forms mean the same by the same words."""
    if unknown := [str(day) for day in table if day not in _TABLE_DAYS]:
        raise Refused(f"a table of hours with the day {unknown[0]!r}")
    lines = [f"{day}: {_table_line(day, entry)}" for day, entry in table.items()]
    week = parse_text("\n".join(lines))
    if isinstance(week, Unparsed):
        raise Refused(week.reason)
    return week


def _table_line(day: str, entry: Any) -> str:
    if not isinstance(entry, Mapping):
        raise Refused(f"the hours of {day} are not an object")
    if entry.get("is_open") is False:
        return "Closed"
    opens, closes = entry.get("open"), entry.get("close")
    if not (isinstance(opens, str) and isinstance(closes, str) and opens and closes):
        raise Refused(f"{day} is open at no stated time")
    return f"{opens} - {closes}"
