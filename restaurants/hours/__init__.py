"""What a place's sources say of its hours, understood or refused with a reason; never a guess."""

from dataclasses import dataclass
from typing import Any

from restaurants.hours.periods import parse_json, zone_of
from restaurants.hours.text import is_sentinel, parse_text
from restaurants.hours.week import Unparsed, Week

__all__ = ["Understanding", "Unparsed", "Week", "is_sentinel", "parse_json", "parse_text", "understand", "zone_of"]


@dataclass(frozen=True, slots=True)
class Understanding:
    """Hours as we store them: `opening_hours` None means unknown, `problem` says what was not understood and why."""

    opening_hours: str | None = None
    opens_after_shabbat_min: int | None = None
    closes_before_shabbat_min: int | None = None
    problem: str | None = None
    flags: tuple[str, ...] = ()


def understand(text: str | None, data: Any) -> Understanding:
    """Bring the text and the structured form of one place's hours together; where they disagree the latter wins.

    Flags: `hours_disagree`, `hours_text_unparsed`, `hours_json_unparsed`. Shabbat offsets stand in texts only, so they
    are kept from there whichever form wins.
    """
    said = None if is_sentinel(text) else parse_text(text or "")
    listed = parse_json(data) if data else None
    flags = [flag for flag, form in _UNPARSED.items() if isinstance({"text": said, "json": listed}[form], Unparsed)]
    problems = [form.reason for form in (said, listed) if isinstance(form, Unparsed)]
    weeks = [form for form in (listed, said) if isinstance(form, Week)]
    if len(weeks) == 2 and not weeks[0].agrees_with(weeks[1]):
        flags.append("hours_disagree")
    offsets = weeks[-1] if weeks else Week()
    return Understanding(
        opening_hours=weeks[0].opening_hours() if weeks else None,
        opens_after_shabbat_min=offsets.opens_after_shabbat_min,
        closes_before_shabbat_min=offsets.closes_before_shabbat_min,
        problem="; ".join(problems)[:200] or None,
        flags=tuple(flags),
    )


_UNPARSED = {"hours_text_unparsed": "text", "hours_json_unparsed": "json"}
