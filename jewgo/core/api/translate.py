"""What the framework raises, in our own words."""

import math

from rest_framework import exceptions

from jewgo.core import errors, problems
from jewgo.core.api.strict import problems_of
from jewgo.core.errors import JewgoError

JSON_ONLY = "This service speaks application/json."
MEANINGS: dict[type[exceptions.APIException], tuple[type[JewgoError], str | None]] = {
    exceptions.NotAuthenticated: (errors.Unauthenticated, None),
    exceptions.NotFound: (errors.NotFound, None),
    exceptions.MethodNotAllowed: (errors.MethodNotAllowed, "The Allow header lists the methods that are offered."),
    exceptions.NotAcceptable: (errors.NotAcceptable, JSON_ONLY),
    exceptions.UnsupportedMediaType: (errors.UnsupportedMediaType, JSON_ONLY),
}


def translate(error: Exception) -> JewgoError | None:
    """Return what `error` means, None when nobody anticipated it; `Retry-After` travels along."""
    if isinstance(error, exceptions.Throttled):
        wait: float | None = getattr(error, "wait", None)
        headers = {} if wait is None else {"Retry-After": str(math.ceil(wait))}
        return errors.TooManyRequests(str(error.detail), headers=headers)
    if isinstance(error, exceptions.ValidationError):
        return errors.InvalidInput(problems=problems_of(error.detail, in_body=True))
    if isinstance(error, exceptions.AuthenticationFailed):
        return errors.Unauthenticated(str(error.detail))
    if isinstance(error, exceptions.PermissionDenied):
        return errors.Forbidden(hint=str(error.detail))
    for kind, (meaning, hint) in MEANINGS.items():
        if isinstance(error, kind):
            return meaning(hint=hint)
    return (
        errors.InvalidInput(str(error.detail))
        if isinstance(error, exceptions.ParseError)
        else problems.translate(error)
    )
