"""Answers of the v4 contract that are kept as text: a hit is put into its envelope, and neither read nor rendered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from jewgo.core.api.wire import dumps
from jewgo.core.cache import Namespace
from jewgo.core.conditional import etag_for, list_etag, not_modified


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer shows, ready for JSON.

    `lasts_s` says for how many seconds it stays right though nothing is stored (a place closes, a certificate ends);
    None: for as long as nothing is. With `version` its tag is a detail's, which If-Match accepts.
    """

    data: Any
    meta: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    lasts_s: Callable[[], float] | None = None


def v4_kept(
    request: Request, show: Callable[[], Answer], *, within: Namespace | None, key: Callable[[], str]
) -> HttpResponse:
    """Answer what `show` returns, from `within` where it is kept there under `key()` (None: shown anew).

    `key()` has to name everything that the answer depends on; not the caller, nor the arm. 304 without a body where the
    caller holds exactly that.
    """
    text, meta, tag = _rendered(show()) if within is None else _through(within, key(), show)
    if not_modified(request._request, tag):
        return HttpResponse(status=304, headers={"ETag": tag})
    body = f'{{"success":true,"data":{text},"meta":{meta}}}'
    return HttpResponse(body.encode(), content_type="application/json", headers={"ETag": tag})


def _through(within: Namespace, key: str, show: Callable[[], Answer]) -> list[str]:
    kept = within.get_or_compute(key, lambda: _lasting(show()), lasts_s=lambda lasting: lasting[1])
    rendered: list[str] = kept[0]
    return rendered


def _lasting(answer: Answer) -> tuple[list[str], float]:
    """Return the rendered answer, and for how many seconds it is right."""
    return _rendered(answer), FOREVER_S if answer.lasts_s is None else answer.lasts_s()


def _rendered(answer: Answer) -> list[str]:
    """Return data and meta as JSON text, and the entity tag."""
    data, meta = dumps(answer.data), dumps(answer.meta)
    whole = b"[" + data + b"," + (meta if answer.meta else b"null") + b"]"  # as v4_conditional has it
    tag = list_etag(whole) if answer.version is None else etag_for(answer.version, whole)
    return [data.decode(), meta.decode(), tag]


FOREVER_S = 10.0**9
"""Longer than any namespace keeps anything."""
