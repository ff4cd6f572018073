"""A person about themselves: never gated, since whoever may sign in may also see what is kept of them, and leave."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, V4View, v4_conditional, v4_response
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.schema import operation
from users import personal_data
from users.api.givers import giver_of, own_id
from users.api.v4.shapes import LeavingBody, OwnBody, UserShape, present_person
from users.services import UserService
from users.values import LastSuperAdmin, PersonChange

DENIALS = (InvalidInput, Unauthenticated, Forbidden)


class WrongPassword(Forbidden):
    """The password is not this person's."""

    code, title = "wrong_password", "This is not your password"


class Me(V4View):
    """`/api/v4/users/me`."""

    service: ClassVar[UserService] = UserService()

    @operation(data=UserShape, conditional=True, errors=DENIALS)
    def get(self, request: Request) -> Response:
        """Answer who you are."""
        self.query(StrictSerializer)
        return v4_conditional(request, present_person(self.service.get(own_id(request))))

    @operation(body=OwnBody, data=UserShape, errors=DENIALS)
    def patch(self, request: Request) -> Response:
        """Change your name; the address and the password change at /accounts."""
        self.query(StrictSerializer)
        change = PersonChange(name=self.body(OwnBody)["name"])
        return v4_response(present_person(self.service.change(own_id(request), change, giver_of(request))))

    @operation(body=LeavingBody, status=204, errors=[*DENIALS, WrongPassword, LastSuperAdmin])
    def delete(self, request: Request) -> Response:
        """Leave: what names you is erased at once and for good, your reviews stay without an author."""
        self.query(StrictSerializer)
        if not request.user.check_password(self.body(LeavingBody)["password"]):
            raise WrongPassword(hint="Set a new one with POST /accounts/app/v1/auth/password/request.")
        self.service.erase(own_id(request), giver_of(request))
        return Response(status=204)


class Export(V4View):
    """`/api/v4/users/me/export`."""

    cache_control: ClassVar[str] = "no-store"

    @operation(data=dict[str, Any], errors=DENIALS)
    def get(self, request: Request) -> Response:
        """Answer everything that is kept of you, by what keeps it."""
        self.query(StrictSerializer)
        headers = {"Content-Disposition": 'attachment; filename="jewgo.json"'}
        return v4_response(personal_data.export(own_id(request)), headers=headers)
