"""The admin's pages for people and for service keys."""

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from users.addresses import vouch_for
from users.keys import Scope
from users.models import ServiceKey, User

if TYPE_CHECKING:
    AddForm = AdminUserCreationForm[User]
    EditForm = UserChangeForm[User]
    PeopleAdmin = DjangoUserAdmin[User]
    KeyForm = forms.ModelForm[ServiceKey]
    KeyAdmin = admin.ModelAdmin[ServiceKey]
    SeenBase = admin.ModelAdmin[Any]
else:
    AddForm = AdminUserCreationForm
    EditForm = UserChangeForm
    PeopleAdmin = DjangoUserAdmin
    KeyForm = forms.ModelForm
    KeyAdmin = admin.ModelAdmin
    SeenBase = admin.ModelAdmin


class UserAddForm(AddForm):
    """Asks for the address and, when the person is to log in with one, a password."""

    class Meta:
        model = User
        fields = ("email", "name")


class UserEditForm(EditForm):
    """Everything about a person but the password, which has its own page."""

    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, type[forms.Field]] = {}


@admin.register(User)
class UserAdmin(PeopleAdmin):
    """People, by their e-mail address."""

    form = UserEditForm
    add_form = UserAddForm
    list_display = ("email", "name", "is_staff", "is_superuser", "is_active", "date_joined")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("email", "name")
    ordering = ("-pk",)
    readonly_fields = ("last_login", "date_joined", "updated_at")
    fieldsets = (
        (None, {"fields": ("email", "password", "name")}),
        ("What they may do", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Since when", {"fields": ("last_login", "date_joined", "updated_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Store a person; an address that staff wrote needs no code."""
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            vouch_for(obj)


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
    actions = ("revoke",)

    @admin.display(description="state")
    def state(self, key: ServiceKey) -> str:
        """Say whether the key opens anything now."""
        return key.state(timezone.now())

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
        return new if obj is None else (*new, "prefix", "created_at", "revoked_at", "last_used_at")

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
        context = {**self.admin_site.each_context(request), "title": "Service key", "key": obj, "token": obj.token.text}
        response = TemplateResponse(request, "admin/users/servicekey/issued.html", context)
        add_never_cache_headers(response)
        return response


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
