"""Fields of several values, and values that must be among known ones."""

import difflib
from collections.abc import Callable, Collection
from typing import Any, Final

from rest_framework import serializers

MAX_ALTERNATIVES: Final = 50


def known_in(words: Collection[str]) -> Callable[[str], None]:
    """Return the validator that takes only `words` and names the nearest one otherwise."""

    def check(value: str) -> None:
        if value not in words:
            near = difflib.get_close_matches(value, words, n=1)
            offered = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(words)}."
            raise serializers.ValidationError(f"There is no {value[:100]!r} here; {offered}", code="unknown_value")

    return check


class Words(serializers.ListField):
    """Several values, repeated or parted by commas."""

    def to_internal_value(self, data: Any) -> list[str]:
        parted = [part.strip() for text in data for part in str(text).split(",")]
        return super().to_internal_value(parted)


class Alternative(serializers.CharField):
    """One value, with `!` before it or not; `words` are the values there are, None: free text."""

    def __init__(self, words: Collection[str] | None = None, **kwargs: Any) -> None:
        super().__init__(max_length=kwargs.pop("max_length", 200), **kwargs)
        self.words = words

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        bare = text.removeprefix("!")
        if not bare:
            self.fail("blank")
        if self.words is not None:
            known_in(self.words)(bare)
        return text


def alternatives(words: Collection[str] | None, help_text: str) -> Words:
    """Return the field of a filter: any of its values will do, one that starts with `!` must not be."""
    return Words(child=Alternative(words), required=False, max_length=MAX_ALTERNATIVES, help_text=help_text)
