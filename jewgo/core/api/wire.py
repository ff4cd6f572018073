"""JSON in and out: fast, strict about what is not JSON, bounded in size and depth."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import IO, Any, Final

import orjson
from django.conf import settings
from django.utils.functional import Promise
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from jewgo.core.errors import ContentTooLarge, InvalidInput, Problem

MAX_DEPTH: Final = 32


class MalformedBody(InvalidInput):
    """The body is not JSON (RFC 8259), is nested too deep, or holds a NUL, which no text column can store."""

    code, status, title = "malformed_body", 400, "The body is not JSON that we can read"


def dumps(value: Any) -> bytes:
    """Return `value` as JSON; a Decimal becomes a number, a lazy text its text."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here; present it as plain data")


class JsonRenderer(BaseRenderer):
    """Answers as UTF-8 JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else dumps(data)


class JsonParser(BaseParser):
    """Bodies as JSON: `NaN`, lone surrogates, NUL and bottomless nesting are refused with 400, size with 413."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = _read(stream)
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise MalformedBody(f"The body is not JSON: line {error.lineno}, column {error.colno}") from None
        _check(value)
        return value


def _read(stream: IO[Any]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    raw: bytes = stream.read(limit + 1)
    if len(raw) > limit:
        raise ContentTooLarge(f"A body may hold {limit} bytes")
    return raw


def _check(value: Any) -> None:
    for pointer, depth, text in _texts(value):
        if depth > MAX_DEPTH:
            raise MalformedBody(f"The body is nested deeper than {MAX_DEPTH} levels")
        if "\0" in text:
            problem = Problem("not_text", "A text cannot contain the character NUL", pointer=pointer)
            raise MalformedBody("A text in the body contains the character NUL", problems=[problem])


def _texts(value: Any) -> Iterator[tuple[str, int, str]]:
    """Yield every text of a JSON value with its pointer and depth ("" stands for any container); no recursion."""
    waiting: list[tuple[str, int, Any]] = [("", 0, value)]
    while waiting:
        pointer, depth, item = waiting.pop()
        if isinstance(item, str):
            yield pointer, depth, item
        elif isinstance(item, (dict, list)):
            yield pointer, depth, "".join(item) if isinstance(item, dict) else ""
            members = item.items() if isinstance(item, dict) else enumerate(item)
            waiting.extend((f"{pointer}/{name}", depth + 1, member) for name, member in members)
