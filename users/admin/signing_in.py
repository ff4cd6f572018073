"""The admin's pages for what people signed in with: looked at and deleted, never edited."""

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    SeenBase = admin.ModelAdmin[Any]
else:
    SeenBase = admin.ModelAdmin


class SeenAdmin(SeenBase):
    """What people made themselves: staff may look at it and delete it."""

    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only its person makes one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one."""
        return False


admin.site.unregister([EmailAddress, UserSession, Authenticator])  # django-allauth's own pages let too much be edited


@admin.register(UserSession)
class SessionAdmin(SeenAdmin):
    """Who is logged in, and from where; deleting ends the session at once."""

    list_display = ("user", "created_at", "ip", "user_agent")
    fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        """End the session."""
        obj.end()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UserSession]) -> None:
        """End the sessions."""
        for session in queryset:
            session.end()


@admin.register(Authenticator)
class AuthenticatorAdmin(SeenAdmin):
    """Second factors; deleting is for whoever lost theirs."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    fields = list_display
