"""The v4 contract's views: strict in, `{"success", "data", "meta"}` out, problems on failure."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api.repeating import repeatable
from jewgo.core.api.strict import read_body, read_query
from jewgo.core.api.view import ContractView
from jewgo.core.api.wire import dumps
from jewgo.core.conditional import etag_for, list_etag, not_modified

Finish = Callable[[], Response]
"""Makes an answer."""


class V4View(ContractView):
    """A view of the v4 contract. Its POST may be repeated with an `Idempotency-Key`; its services must not mind being
    called inside a transaction."""

    v3_path: ClassVar[str | None] = None
    """The v3 path that answers the same question, offered to a caller whom v4 does not serve yet."""

    _finishes: list[Finish] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "post" in cls.__dict__:
            cls.post = repeatable(cls.__dict__["post"])  # type: ignore[attr-defined]

    def query(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return the parameters as `kind` declares them; raises `InvalidInput` for any other."""
        return read_query(kind, self.request.query_params)

    def body(self, kind: type[serializers.Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """Return the JSON body as `kind` declares it; raises `InvalidInput` for any other member."""
        return read_body(kind, self.request.data, partial=partial)

    def once_committed(self, now: Finish, then: Finish) -> Response:
        """Return `then()`, made when what the request did is committed: for what others have to see first.

        With an `Idempotency-Key` that is later than here; `now()` is what a repetition gets until then.
        """
        if self._finishes is None:
            return then()
        self._finishes.append(then)
        return now()

    @contextmanager
    def waiting_for_commit(self) -> Iterator[list[Finish]]:
        """Collect inside the block what `once_committed` puts off."""
        finishes: list[Finish] = []
        self._finishes = finishes
        try:
            yield finishes
        finally:
            self._finishes = None


def v4_response(
    data: Any, *, meta: Mapping[str, Any] | None = None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a success in v4's shape."""
    body = {"success": True, "data": data, "meta": dict(meta or {})}
    return Response(body, status=status, headers=dict(headers or {}))


def v4_conditional(
    request: Request, data: Any, *, version: int | None = None, meta: Mapping[str, Any] | None = None
) -> Response:
    """Return a success with its ETag, or 304 without a body when the caller holds exactly that.

    With `version` the tag is a detail's, which If-Match accepts; without it, a list's.
    """
    shown = dumps([data, meta])
    etag = list_etag(shown) if version is None else etag_for(version, shown)
    if not_modified(request, etag):
        return Response(status=304, headers={"ETag": etag})
    return v4_response(data, meta=meta, headers={"ETag": etag})
