"""The admin's door: django-allauth's login, and a second factor for whoever may enter."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode


class StaffAdminConfig(AdminConfig):
    """Takes django.contrib.admin's place in INSTALLED_APPS."""

    default_site = "users.staff_site.StaffSite"


class StaffSite(AdminSite):
    """For staff whose session has passed a second factor, where the setting STAFF_SECOND_FACTOR asks for one."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether this session may see the admin."""
        return super().has_permission(request) and (not settings.STAFF_SECOND_FACTOR or _has_proven(request))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send whoever may not enter to what is missing: a login, a second factor; nobody else has business here."""
        back = _safe(request) or reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(back)
        if not request.user.is_authenticated:
            return _to("account_login", back)
        if not super().has_permission(request):
            raise PermissionDenied
        return _to_second_factor(request, back)


def _has_proven(request: HttpRequest) -> bool:
    from users.second_factor import is_proven  # its tables are not there yet when Django loads this module

    return is_proven(request)


def _to_second_factor(request: HttpRequest, back: str) -> HttpResponse:
    """Lead to setting one up, or, when the session is older than the factor, to using it."""
    from users.second_factor import is_set_up

    return _to("mfa_reauthenticate" if is_set_up(request) else "mfa_activate_totp", back)


def _to(name: str, back: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse(name)}?{urlencode({REDIRECT_FIELD_NAME: back})}")


def _safe(request: HttpRequest) -> str | None:
    """Return where the request wants to go, if that is here."""
    back = request.GET.get(REDIRECT_FIELD_NAME, "")
    is_here = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if back and is_here else None
