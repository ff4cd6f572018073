"""What OpenAPI says about the two contracts: envelopes, problems, strict parameters, headers.

A view's method says with `@operation(...)` what goes in and what comes out; whatever every operation of a contract does
(its envelope, its errors, its headers) is said here once.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, force_instance, is_serializer, resolve_type_hint
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from jewgo.core.api.v4 import V4View
from jewgo.core.errors import JewgoError
from jewgo.core.idempotency import IdempotencyInProgress, IdempotencyKeyReused, InvalidIdempotencyKey

Method = TypeVar("Method", bound=Callable[..., Any])
Schema = dict[str, Any]
Shape = Any
"""A serializer (class or instance, `many=True` too), a type (TypedDict, list[…], int …) or a schema as a dict."""

COMMON: Final[Schema] = {
    "OAS_VERSION": "3.1.0",
    "SORT_OPERATION_PARAMETERS": False,
    "LICENSE": {},
}
V3: Final[Schema] = COMMON | {
    "TITLE": "JewGo v3",
    "VERSION": "3",
    "DESCRIPTION": "What the apps in the field speak; frozen. Each answer has Deprecation and Link to what follows.",
}
V4: Final[Schema] = COMMON | {
    "TITLE": "JewGo v4",
    "VERSION": "4",
    "DESCRIPTION": "For new apps. Unknown parameters and members are refused; every failure is a problem (RFC 9457).",
}


SECURITY: Final[dict[str, Schema]] = {
    "serviceKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "A machine's service key: `Authorization: Bearer jwg_…`",
    },
    "sessionToken": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Session-Token",
        "description": "A person's session, as `POST /accounts/app/v1/auth/login` gives it",
    },
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of one view takes and gives."""

    query: type[serializers.Serializer[Any]] | None = None
    body: type[serializers.Serializer[Any]] | None = None
    data: Shape | None = None
    status: int = 200
    errors: Sequence[type[JewgoError]] = ()
    bare: bool = False
    top_level: Schema | None = None
    meta: Shape | None = None
    conditional: bool = False
    """The answer carries an ETag; with GET it may be 304, a change needs If-Match."""


def operation(**said: Any) -> Callable[[Method], Method]:
    """Describe the method of a view; takes the fields of `Operation`.

    `bare` is for the v3 routes that answer without an envelope; `top_level` names the copies that v3 puts beside it.
    """
    described = Operation(**said)

    def decorate(method: Method) -> Method:
        method.operation = described  # type: ignore[attr-defined]
        return method

    return decorate


class ContractSchema(AutoSchema):
    """Describes an operation the way its contract answers."""

    @property
    def said(self) -> Operation:
        found: Operation = getattr(getattr(self.view, self.method.lower()), "operation", Operation())
        return found

    @property
    def is_v4(self) -> bool:
        return isinstance(self.view, V4View)

    @property
    def is_limited(self) -> bool:
        return bool(self.view.throttle_classes)

    @property
    def is_repeatable(self) -> bool:
        return self.is_v4 and self.method == "POST"

    @property
    def errors(self) -> list[type[JewgoError]]:
        """What the method says may go wrong, and what may with every operation of its kind."""
        repeated = [InvalidIdempotencyKey, IdempotencyInProgress, IdempotencyKeyReused] if self.is_repeatable else []
        return [*self.said.errors, *repeated]

    def get_operation_id(self) -> str:
        return "_".join([self.method.lower(), *re.findall(r"\w+", self.path)])

    def get_tags(self) -> list[str]:
        words = [word for word in re.findall(r"[\w-]+", re.sub(r"{.*?}", "", self.path)) if word not in {"api", "v4"}]
        return words[:1]

    def get_summary(self) -> str:
        return str(self.get_description()).strip().partition("\n")[0].rstrip(".").replace("`", "")

    def get_auth(self) -> list[Schema]:
        if not self.view.get_authenticators():
            return []
        for name, scheme in SECURITY.items():
            self._component(name, scheme, kind=ResolvedComponent.SECURITY_SCHEMA)
        needs_caller = self.method != "GET" or any(error.status == 401 for error in self.said.errors)
        return [*({name: []} for name in SECURITY), *([] if needs_caller else [{}])]

    def get_override_parameters(self) -> list[Any]:
        said = self.said
        parameters: list[Any] = [said.query] if said.query and said.query().fields else []
        if said.conditional:
            name = "If-None-Match" if self.method == "GET" else "If-Match"
            parameters.append(
                OpenApiParameter(name, str, "header", required=name == "If-Match", description="An ETag.")
            )
        if self.is_repeatable:
            parameters.append(OpenApiParameter("Idempotency-Key", str, "header", description=_KEY))
        return parameters

    def get_request_serializer(self) -> Any:
        return self.said.body

    def get_response_serializers(self) -> Any:
        return {}

    def _get_response_bodies(self, direction: str = "response") -> Schema:
        said = self.said
        bodies = {str(said.status): self._success(said)}
        if said.conditional and self.method == "GET":
            bodies["304"] = {"description": "The ETag that was sent still holds"}
        for status in sorted({error.status for error in self.errors}):
            bodies[str(status)] = self._failure(", ".join(f"`{e.code}`" for e in self.errors if e.status == status))
        if self.is_limited:
            bodies["429"] = self._refusal()
        bodies["default"] = self._failure("Any other failure")
        return bodies

    def _success(self, said: Operation) -> Schema:
        headers = {"X-Request-ID": _header("The request's id, yours if it was well formed")}
        if said.conditional:
            headers["ETag"] = _header("The version of what is shown")
        if self.is_repeatable:
            headers["Idempotency-Replayed"] = _header(
                "`true`: this is what the first request with the key was answered"
            )
        if self.is_limited:
            headers |= self._standing()
        answer: Schema = {"description": "Success", "headers": headers}
        if said.status != 204:
            answer["content"] = {"application/json": {"schema": self._wrapped(said)}}
        return answer

    def _wrapped(self, said: Operation) -> Schema:
        data = self._shape(said.data)
        if said.bare:
            return data
        meta = self._shape(said.meta) if said.meta is not None else {"type": "object"}
        if self.is_v4:
            return _object(success={"const": True}, data=data, meta=meta)
        copies = {name: self._shape(shape) for name, shape in (said.top_level or {}).items()}
        return _object(**_V3_HEAD, data=data, meta=meta, **copies) | {
            "properties": {**_V3_HEAD, "data": data, "message": _TEXT, "meta": meta, **copies}
        }

    def _refusal(self) -> Schema:
        refusal = self._failure("`too_many_requests`")
        refusal["headers"] = self._standing() | {"Retry-After": _header("When to ask again, in seconds")}
        is_bare = not self.is_v4 and getattr(self.view, "error_style", "envelope") == "bare"
        name = "BareTooManyRequests" if is_bare else "TooManyRequests"
        return self._component(name, refusal, kind=ResolvedComponent.RESPONSE)

    def _standing(self) -> Schema:
        return {name: self._component(name, header, ResolvedComponent.HEADER) for name, header in _STANDING.items()}

    def _failure(self, description: str) -> Schema:
        if self.is_v4:
            schema, media_type = self._component("Problem", PROBLEM), "application/problem+json"
        elif getattr(self.view, "error_style", "envelope") == "bare":
            schema, media_type = self._component("BareError", BARE_ERROR), "application/json"
        else:
            schema, media_type = self._component("Error", ENVELOPED_ERROR), "application/json"
        return {"description": description, "content": {media_type: {"schema": schema}}}

    def _shape(self, shape: Shape | None) -> Schema:
        if shape is None:
            return {}
        if isinstance(shape, dict):
            return {"type": "object", "properties": {name: self._shape(inner) for name, inner in shape.items()}}
        if is_serializer(shape):
            return self._unwrap_list_serializer(force_instance(shape), "response") or {}  # type: ignore[no-untyped-call]
        resolved: Schema = _with_null(resolve_type_hint(shape))  # type: ignore[no-untyped-call]
        return resolved

    def _component(self, name: str, schema: Schema, kind: str = ResolvedComponent.SCHEMA) -> Schema:
        component = ResolvedComponent(name=name, type=kind, schema=schema, object=name)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)
        ref: Schema = {} if kind == ResolvedComponent.SECURITY_SCHEMA else component.ref
        return ref


def _with_null(schema: Any) -> Any:
    """Say null as OpenAPI 3.1 does: a type hint resolves to 3.0's `nullable`, which a reader of 3.1 ignores."""
    if isinstance(schema, list):
        return [_with_null(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _with_null(inner) for name, inner in schema.items() if (name, inner) != ("nullable", True)}
    if schema.get("nullable") is not True:
        return plain
    is_simple = isinstance(plain.get("type"), str) and "enum" not in plain
    return plain | {"type": [plain["type"], "null"]} if is_simple else {"oneOf": [plain, {"type": "null"}]}


def _header(description: str) -> Schema:
    return {"description": description, "schema": {"type": "string"}}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


_TEXT: Final[Schema] = {"type": "string"}
_KEY: Final = "1 to 255 printable ASCII characters of your choice, kept 24 h: repeating the request has one effect."
_STANDING: Final[Schema] = {
    "RateLimit": _header("How you stand against each limit: `r` left, more in `t` seconds"),
    "RateLimit-Policy": _header("The limits that apply: `q` requests in `w` seconds"),
}
_V3_HEAD: Final[Schema] = {
    "success": {"type": "boolean"},
    "timestamp": _TEXT | {"description": "Naive ISO 8601, UTC"},
    "status_code": {"type": "integer"},
}
ENVELOPED_ERROR: Final = _object(
    **_V3_HEAD,
    message=_TEXT,
    meta=_object(request_id=_TEXT) | {"description": "May say more, such as `validation_errors`"},
)
BARE_ERROR: Final = _object(error=_TEXT) | {
    "properties": {
        "error": _TEXT,
        "meta": {"type": "object", "properties": {"validation_errors": {"type": "array", "items": _TEXT}}},
    }
}
_FAULT: Final = _object(code=_TEXT, detail=_TEXT) | {
    "properties": {
        "pointer": _TEXT | {"description": "RFC 6901, where in the body"},
        "parameter": _TEXT,
        "code": _TEXT,
        "detail": _TEXT,
        "hint": _TEXT,
    }
}
_PROBLEM_ALWAYS: Final[Schema] = {
    "type": _TEXT | {"format": "uri-reference"},
    "title": _TEXT,
    "status": {"type": "integer"},
    "detail": _TEXT,
    "instance": _TEXT,
    "success": {"const": False},
    "code": _TEXT | {"description": "One of the registry; `type` leads to its meaning"},
    "errors": {"type": "array", "items": _FAULT},
    "request_id": _TEXT,
    "retryable": {"type": "boolean"},
}
PROBLEM: Final[Schema] = {
    "type": "object",
    "properties": {**_PROBLEM_ALWAYS, "hint": _TEXT, "meta": {"type": "object"}},
    "required": list(_PROBLEM_ALWAYS),
}
