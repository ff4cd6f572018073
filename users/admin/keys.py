"""The admin's pages for service keys."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from users.keys import Scope
from users.models import ServiceKey
from users.repositories import OVERLAP, NotRotatable

if TYPE_CHECKING:
    KeyForm = forms.ModelForm[ServiceKey]
    KeyAdmin = admin.ModelAdmin[ServiceKey]
else:
    KeyForm = forms.ModelForm
    KeyAdmin = admin.ModelAdmin


class ServiceKeyForm(KeyForm):
    """Asks whom a new key is for, what it may do and until when."""

    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = ServiceKey
        fields = ("label", "scopes", "expires_at")

    def clean_expires_at(self) -> Any:
        """Refuse a moment that has passed."""
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError("A key must expire later than now.")
        return expires_at


@admin.register(ServiceKey)
class ServiceKeyAdmin(KeyAdmin):
    """Machines' keys: shown once, never edited, revoked but never deleted, so that `k:<id>` keeps a meaning."""

    form = ServiceKeyForm
    list_display = ("label", "prefix", "scopes", "state", "created_at", "expires_at", "last_used_at")
    search_fields = ("label", "prefix")
    ordering = ("-pk",)
    actions = ("rotate", "revoke")

    @admin.display(description="state")
    def state(self, key: ServiceKey) -> str:
        """Say whether the key opens anything now."""
        return key.state(timezone.now())

    @admin.action(description="Rotate the selected key; the old one ends in 24 hours", permissions=["change"])
    def rotate(self, request: HttpRequest, keys: QuerySet[ServiceKey]) -> HttpResponse | None:
        """Make a key in place of the selected one and show its token; one at a time, since each is shown once."""
        if len(keys) != 1:
            self.message_user(request, "Select one key: each new token is shown once.", messages.ERROR)
            return None
        try:
            key = ServiceKey.objects.rotate(keys[0].prefix, now=timezone.now(), overlap=OVERLAP)
        except NotRotatable as refused:
            self.message_user(request, f"{refused.message} {refused.hint}", messages.ERROR)
            return None
        self.log_change(request, keys[0], f"Rotated: {key.prefix} takes its place.")
        return self._issued(request, key)

    @admin.action(description="Revoke the selected keys at once", permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ServiceKey]) -> None:
        """End the selected keys."""
        now = timezone.now()
        count = sum(ServiceKey.objects.revoke(prefix, now=now) for prefix in keys.values_list("prefix", flat=True))
        self.message_user(request, f"{count} revoked; the others were revoked before.", messages.SUCCESS)

    def get_readonly_fields(self, request: HttpRequest, obj: ServiceKey | None = None) -> tuple[str, ...]:
        """A key that exists can be read and revoked, nothing else."""
        return () if obj is None else self.get_fields(request, obj)

    def get_fields(self, request: HttpRequest, obj: ServiceKey | None = None) -> tuple[str, ...]:
        """Show what a new key needs, or all that is known of one."""
        new = ("label", "scopes", "expires_at")
        return new if obj is None else (*new, "prefix", "replaces", "created_at", "revoked_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: ServiceKey | None = None) -> bool:
        """Nobody deletes a key: the ledgers name it."""
        return False

    def save_model(self, request: HttpRequest, obj: ServiceKey, form: Any, change: bool) -> None:
        """Give a new key its token before it is stored."""
        if not change:
            obj.give_token()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: ServiceKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the token in the answer itself: a redirect would have to keep it in a cookie or in the database."""
        return self._issued(request, obj)

    def _issued(self, request: HttpRequest, key: ServiceKey) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Service key", "key": key, "token": key.token.text}
        response = TemplateResponse(request, "admin/users/servicekey/issued.html", context)
        add_never_cache_headers(response)
        return response
