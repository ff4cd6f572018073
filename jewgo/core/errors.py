"""Anticipated failures: one class a meaning, one registry of codes, no knowledge of how an answer looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

REGISTRY: dict[str, type["JewgoError"]] = {}
"""Every code that a client may meet, with the class that means it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input: where (JSON pointer of the body, or a parameter), which code, what to do."""

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    hint: str | None = None


class JewgoError(Exception):
    """A failure that we named. `message` is for people, `hint` says what to do next, `meta` is shown to the client."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        hint: str | None = None,
        problems: Sequence[Problem] = (),
        meta: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message or self.title)
        self.message = message or self.title
        self.hint = hint
        self.problems = tuple(problems)
        self.meta = dict(meta or {})
        self.headers = dict(headers or {})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" in cls.__dict__:
            known = REGISTRY.setdefault(cls.code, cls)
            if known is not cls and known.__qualname__ != cls.__qualname__:
                raise TypeError(f"error code {cls.code!r} already means {known.__qualname__}")

    @property
    def is_client_error(self) -> bool:
        """Whether the caller, not we, has to change something (4xx)."""
        return 400 <= self.status < 500


class InvalidInput(JewgoError):
    code, status, title = "invalid_input", 400, "The request is not valid"


class Unauthenticated(JewgoError):
    code, status, title = "unauthenticated", 401, "Authentication is required"


class Forbidden(JewgoError):
    code, status, title = "forbidden", 403, "This caller may not do that"


class NotFound(JewgoError):
    code, status, title = "not_found", 404, "There is no such thing here"


class MethodNotAllowed(JewgoError):
    code, status, title = "method_not_allowed", 405, "This method is not offered here"


class NotAcceptable(JewgoError):
    code, status, title = "not_acceptable", 406, "None of the accepted formats is offered"


class Conflict(JewgoError):
    code, status, title = "conflict", 409, "The request conflicts with what is stored"


class Gone(JewgoError):
    code, status, title = "gone", 410, "This is no longer served"


class PreconditionFailed(JewgoError):
    code, status, title = "precondition_failed", 412, "The thing changed since you read it"


class ContentTooLarge(JewgoError):
    code, status, title = "content_too_large", 413, "The request is too large"


class UnsupportedMediaType(JewgoError):
    code, status, title = "unsupported_media_type", 415, "This content type is not understood"


class PreconditionRequired(JewgoError):
    code, status, title = "precondition_required", 428, "Say which version you are changing"


class TooManyRequests(JewgoError):
    code, status, title, retryable = "too_many_requests", 429, "Too many requests", True


class InternalError(JewgoError):
    code, status, title, retryable = "internal_error", 500, "Something went wrong on our side", True


class Unavailable(JewgoError):
    code, status, title, retryable = "unavailable", 503, "The service is not available right now", True


class OutcomeUnknown(JewgoError):
    """The connection was lost while committing: the change may or may not be stored; nobody may repeat it blindly."""

    code, status, title = "outcome_unknown", 503, "It is not known whether the change was stored"
