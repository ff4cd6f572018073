"""`Idempotency-Key` on the POSTs of v4: read from the request, honoured around the view's own method."""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api.wire import dumps
from jewgo.core.callers import Caller, caller_of
from jewgo.core.errors import Problem
from jewgo.core.idempotency import Answered, Attempt, InvalidIdempotencyKey, prune_kept

if TYPE_CHECKING:
    from jewgo.core.api.v4 import V4View

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
TRUE: Final = frozenset({"true", "t", "yes", "y", "on", "1"})

_KEY = re.compile(r"[\x20-\x7e]{1,255}")

Post = Callable[..., HttpResponseBase]


def repeatable(post: Post) -> Post:
    """Make a view's POST one that may be repeated: with a key its effect and the kept answer are one transaction."""

    @functools.wraps(post)
    def answer(view: "V4View", request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.headers.get(HEADER)
        if key is None or _is_dry_run(request):
            return post(view, request, *args, **kwargs)
        attempt = _attempt(request, key)
        return _once(view, attempt, lambda: post(view, request, *args, **kwargs))

    return answer


def _once(view: "V4View", attempt: Attempt, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Do the work and keep its answer, or return what was kept; afterwards finish what waits for the commit.

    Whatever is raised, or fails with a status of 400 and more, is not kept: its transaction is rolled back.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        if (kept := attempt.begin(now)) is not None:
            return _response(kept, {REPLAYED: "true"})
        with view.waiting_for_commit() as finish:
            answered = _answered(work())
        if answered.status >= 400:
            transaction.set_rollback(True)
            return _response(answered)
        attempt.keep(answered)
        prune_kept(now)
    if finish:
        answered = _answered(finish[-1]())
        attempt.keep(answered)
    return _response(answered)


def _attempt(request: Request, key: str) -> Attempt:
    """Return the request as its caller, route and key name it, with what it asks. Raises `InvalidIdempotencyKey`."""
    http = request._request
    caller = caller_of(http)
    _require_usable(key, caller)
    route = http.resolver_match.route if http.resolver_match else http.path_info
    asked = (str(http.method), http.path_info, http.META.get("QUERY_STRING", ""), _content(request.data))
    return Attempt.of(caller=caller.key, route=route, key=key, asked=asked)


def _require_usable(key: str, caller: Caller) -> None:
    if not _KEY.fullmatch(key):
        raise _unusable("1 to 255 printable ASCII characters make a key.", "A UUID is a good one.")
    if not caller.is_known:
        raise _unusable("A key belongs to its caller, and nobody knows who you are.", "Authenticate, or leave it out.")


def _unusable(detail: str, hint: str) -> InvalidIdempotencyKey:
    return InvalidIdempotencyKey(detail, problems=[Problem("invalid", detail, parameter=HEADER, hint=hint)])


def _is_dry_run(request: Request) -> bool:
    """Say whether nothing is to be stored: by the parameter, or by the body's own member."""
    asked = request.query_params.get("dry_run")
    if asked is None and isinstance(request.data, Mapping):
        asked = request.data.get("dry_run")
    return str(asked).lower() in TRUE


def _content(data: Any) -> bytes:
    """Return what stands for a body: two that say the same are the same, whatever their spaces or boundaries."""
    if isinstance(data, QueryDict):
        return orjson.dumps(sorted(_parts(data)))
    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS)


def _parts(form: QueryDict) -> Iterator[tuple[str, list[str]]]:
    for name, values in form.lists():
        yield name, [_hashed(value) if isinstance(value, UploadedFile) else f"text {value}" for value in values]


def _hashed(file: "UploadedFile[bytes]") -> str:
    hashed = blake2b(digest_size=16)
    for chunk in file.chunks():
        hashed.update(chunk)
    file.seek(0)
    return f"file {hashed.hexdigest()}"


def _answered(response: HttpResponseBase) -> Answered:
    """Return an answer as it is kept; what the view put into its headers with it."""
    said = {name: value for name, value in response.headers.items() if name != "Content-Type"}
    if isinstance(response, Response):
        body = b"" if response.data is None else dumps(response.data)
    elif isinstance(response, HttpResponse):
        body = bytes(response.content)
    else:
        raise TypeError("A POST that streams its answer cannot be repeated; answer it whole.")
    return Answered(response.status_code, said, body)


def _response(answered: Answered, headers: Mapping[str, str] | None = None) -> HttpResponse:
    response = HttpResponse(answered.body, status=answered.status, content_type="application/json")
    for name, value in {**answered.headers, **(headers or {})}.items():
        response.headers[name] = value
    if not answered.body:
        del response.headers["Content-Type"]
    return response
