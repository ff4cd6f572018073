"""Input that is checked whole: nothing unknown, nothing repeated, no number that cannot be stored."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from django.http import QueryDict
from rest_framework import serializers

from jewgo.core.errors import InvalidInput, Problem
from jewgo.core.paging import DEFAULT_LIMIT

_HINTS: Final[Mapping[str, str]] = {
    "max_length": "Send less: a shorter text, or fewer values in several requests.",
    "min_length": "Send more.",
    "max_value": "Send a smaller number.",
    "min_value": "Send a larger number.",
    "max_string_length": "Send fewer digits.",
    "required": "Add it.",
    "null": "Leave it out, or give it a value.",
    "blank": "Leave it out, or give it a value.",
    "empty": "Leave it out, or give it a value.",
    "out_of_range": "Send a number that 64 bits hold.",
}
BIGINT: Final = range(-(2**63), 2**63)


class StrictSerializer(serializers.Serializer[Any]):
    """The fields that a request may hold; any other is refused with the nearest name there is."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = {str(name): [self._unknown(str(name))] for name in data if name not in self.fields}
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)

    def _unknown(self, name: str) -> serializers.ErrorDetail:
        near = difflib.get_close_matches(name, self.fields, n=1)
        offered = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(self.fields) or 'none'}."
        return serializers.ErrorDetail(f"There is no {name[:100]!r} here; {offered}", code="unknown")


class PageQuery(StrictSerializer):
    """The parameters of a list; read them with `PageRequest.of`. A limit above the maximum is lowered, and said so."""

    limit = serializers.IntegerField(
        min_value=1, default=DEFAULT_LIMIT, help_text="At most 100; more is lowered to it."
    )
    cursor = serializers.CharField(required=False, help_text="`meta.next_cursor` of the answer before.")
    include_total = serializers.BooleanField(default=False, help_text="Count the whole list.")


def read_query(kind: type[serializers.Serializer[Any]], query: QueryDict) -> dict[str, Any]:
    """Return the validated parameters, or raise `InvalidInput` whose problems name each parameter at fault."""
    reader = _reader(kind)
    listed = _listed(kind)
    found = [*_repeated(query, listed), *_not_text(query)]
    if found:
        raise InvalidInput(problems=found)
    plain = {name: query.getlist(name) if name in listed else query[name] for name in query}
    return _validated(reader, plain, in_body=False)


def read_body(kind: type[serializers.Serializer[Any]], data: Any, *, partial: bool = False) -> dict[str, Any]:
    """Return the validated body, or raise `InvalidInput` whose problems point at each member at fault.

    With `partial` any of its own members may be absent; a member that is there has to be whole.
    """
    return _validated(_reader(kind, partial=partial), data, in_body=True)


@cache
def _reader(kind: type[serializers.Serializer[Any]], *, partial: bool = False) -> serializers.Serializer[Any]:
    """Return the one serializer of a kind that validates for everybody.

    Making one copies every field: a sixth of the cost of a page. Validating changes nothing in it.
    """
    reader = kind()
    if partial:
        _let_members_be_absent(reader)
    return reader


@cache
def _listed(kind: type[serializers.Serializer[Any]]) -> frozenset[str]:
    """Return the names of the parameters that may be given several times."""
    lists = (serializers.ListField, serializers.MultipleChoiceField)
    return frozenset(name for name, field in _reader(kind).fields.items() if isinstance(field, lists))


def _let_members_be_absent(serializer: serializers.Serializer[Any]) -> None:
    """Require and default nothing. The framework's own `partial` would let members of members be absent, too."""
    for member in serializer.fields.values():
        member.required, member.default = False, serializers.empty


def _validated(reader: serializers.Serializer[Any], data: Any, *, in_body: bool) -> dict[str, Any]:
    """Also refuse integers beyond PostgreSQL's bigint wherever a field let them through (NaN, none lets through)."""
    try:
        read: dict[str, Any] = reader.run_validation(data)
    except serializers.ValidationError as refusal:
        raise InvalidInput(problems=problems_of(refusal.detail, in_body=in_body)) from None
    unstorable = {name: [reason] for name, item in read.items() if (reason := _unstorable(item))}
    if unstorable:
        raise InvalidInput(problems=problems_of(unstorable, in_body=in_body))
    return dict(read)


def _repeated(query: QueryDict, listed: Collection[str]) -> Iterator[Problem]:
    for name, values in query.lists():
        if len(values) > 1 and name not in listed:
            yield Problem("repeated_parameter", f"{name!r} may be given once", parameter=name)


def _not_text(query: QueryDict) -> Iterator[Problem]:
    """Find NUL, which no column can hold, and U+FFFD, which Django puts in place of bytes that are not UTF-8."""
    for name, values in query.lists():
        if any(wrong in text for text in (name, *values) for wrong in ("\0", "\ufffd")):
            shown = name.replace("\0", "\ufffd")
            yield Problem("not_text", "This is not UTF-8 text, or contains the character NUL", parameter=shown)


def problems_of(detail: Any, *, in_body: bool, path: tuple[str, ...] = ()) -> list[Problem]:
    """Return what a serializer found, flat: with JSON pointers (RFC 6901) in a body, else the parameters' names."""
    if isinstance(detail, Mapping):
        return [
            problem
            for name, inner in detail.items()
            for problem in problems_of(
                inner, in_body=in_body, path=path if name == "non_field_errors" else (*path, str(name))
            )
        ]
    if isinstance(detail, (list, tuple)):
        plain = all(isinstance(inner, str) for inner in detail)
        return [
            problem
            for index, inner in enumerate(detail)
            for problem in problems_of(inner, in_body=in_body, path=path if plain else (*path, str(index)))
        ]
    return [_problem(detail, in_body=in_body, path=path)]


def _problem(detail: Any, *, in_body: bool, path: tuple[str, ...]) -> Problem:
    code = getattr(detail, "code", None) or "invalid"
    hint = _hint(code, str(detail))
    if in_body:
        code = "unknown_field" if code == "unknown" else code
        return Problem(code, str(detail), pointer=_pointer(path), hint=hint)
    code = "unknown_parameter" if code == "unknown" else code
    return Problem(code, str(detail), parameter=path[0] if path else None, hint=hint)


def _hint(code: str, detail: str) -> str | None:
    """Return what to do about a problem: what is offered in place of an unknown word stands behind its semicolon."""
    offered = detail.partition("; ")[2] if code in {"unknown", "unknown_value"} else ""
    return f"{offered[0].upper()}{offered[1:]}" if offered else _HINTS.get(code)


def _pointer(path: Iterable[str]) -> str:
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path)


def _unstorable(value: Any) -> serializers.ErrorDetail | None:
    if isinstance(value, Mapping):
        return _unstorable(list(value.values()))
    if isinstance(value, (list, tuple)):
        return next((reason for item in value if (reason := _unstorable(item))), None)
    if isinstance(value, int) and value not in BIGINT:
        return serializers.ErrorDetail("This number lies beyond 64 bits.", code="out_of_range")
    return None
