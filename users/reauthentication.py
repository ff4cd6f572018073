"""How long ago a person proved who they are, and asking them again."""

import json
import time
from typing import Final

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.core.internal.httpkit import serialize_request
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

RECENT_S: Final = 900


def is_recent(request: HttpRequest, within_s: float = RECENT_S) -> bool:
    """Say whether this session's person gave a password or a second factor within so many seconds."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - float(records[-1]["at"]) < within_s


def ask_again(request: HttpRequest, *, without: str = "") -> HttpResponse | None:
    """Return the way to a page that asks for the password or the second factor again; None when that was recent.

    Afterwards the request is answered as it was sent, a form less its member `without`. Nobody is asked where staff
    need no second factor: on a developer's own machine.
    """
    if not settings.STAFF_SECOND_FACTOR or is_recent(request):
        return None
    back = request.get_full_path()
    if request.method == "POST":
        back = request.path  # django-allauth finds what it kept by this, and keeps the query with it
        request.session[STATE_SESSION_KEY] = {"request": _kept(request, without)}
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


def _kept(request: HttpRequest, without: str) -> str:
    """Return the request as django-allauth keeps one, but for the cookies and the member `without`."""
    kept = json.loads(serialize_request(request))
    sent = request.POST.copy()
    sent.pop(without, None)
    kept["POST"] = sent.urlencode()
    kept["META"].pop("HTTP_COOKIE", None)
    return json.dumps(kept)
