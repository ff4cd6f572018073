"""The admin's pages for people: super admins give roles, everybody else changes nobody who may enter here."""

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone

from users.addresses import vouch_for
from users.models import RoleEvent, RoleGrant, User
from users.roles import Role
from users.services import RoleService, UserService
from users.super_admins import keeping_a_super_admin
from users.values import Giver, LastSuperAdmin, PersonChange

if TYPE_CHECKING:
    AddForm = AdminUserCreationForm[User]
    EditForm = UserChangeForm[User]
    PeopleAdmin = DjangoUserAdmin[User]
    GrantBase = admin.TabularInline[RoleGrant, User]
    EventBase = admin.TabularInline[RoleEvent, User]
else:
    AddForm = AdminUserCreationForm
    EditForm = UserChangeForm
    PeopleAdmin = DjangoUserAdmin
    GrantBase = EventBase = admin.TabularInline

POWERS: Final = ("is_staff", "is_superuser", "groups", "user_permissions")
"""What makes somebody more than a visitor: for super admins to give."""


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


class GrantInline(GrantBase):
    """The roles that a person has; one is given or taken back, never edited, so that each time leaves a line."""

    model = RoleGrant
    fk_name = "user"
    verbose_name, verbose_name_plural = "role", "roles"
    fields = ("role", "expires_at", "granted_by", "granted_at")
    readonly_fields = ("granted_by", "granted_at")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Super admins give roles."""
        return is_super(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Super admins take roles back."""
        return is_super(request)


class EventInline(EventBase):
    """What became of a person's roles."""

    model = RoleEvent
    verbose_name, verbose_name_plural = "change of a role", "what became of the roles"
    fields = readonly_fields = ("at", "role", "action", "expires_at", "actor")
    ordering = ("-pk",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Lines come with the changes that they tell of."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Lines stay as they are."""
        return False


@admin.register(User)
class UserAdmin(PeopleAdmin):
    """People, by their e-mail address."""

    form = UserEditForm
    add_form = UserAddForm
    list_display = ("email", "name", "roles", "is_staff", "is_superuser", "is_active", "date_joined")
    list_filter = ("is_staff", "is_superuser", "is_active", "grants__role")
    search_fields = ("email", "name")
    ordering = ("-pk",)
    readonly_fields = ("last_login", "date_joined", "updated_at")
    actions = ("deactivate", "activate")
    fieldsets = (
        (None, {"fields": ("email", "password", "name")}),
        ("What they may do", {"fields": ("is_active", *POWERS)}),
        ("Since when", {"fields": ("last_login", "date_joined", "updated_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        """Name the roles that a person was given, ended ones too."""
        return ", ".join(sorted(str(grant.role) for grant in user.grants.all())) or "–"

    @admin.action(description="Deactivate: signed in nowhere from now on", permissions=["change"])
    def deactivate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Let the chosen people sign in no more."""
        self._set_active(request, chosen, is_active=False)

    @admin.action(description="Activate: may sign in again", permissions=["change"])
    def activate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Let the chosen people sign in again."""
        self._set_active(request, chosen, is_active=True)

    def _set_active(self, request: HttpRequest, chosen: QuerySet[User], *, is_active: bool) -> None:
        mine = [user for user in chosen if self.has_change_permission(request, user)]
        for user in mine:
            UserService().change(user.pk, PersonChange(is_active=is_active), Giver.person(request.user))
        told = f"{len(mine)} changed; {len(chosen) - len(mine)} left, as super admins alone change staff."
        self.message_user(request, told, messages.SUCCESS if mine else messages.WARNING)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("grants")

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        """Show roles on the page of somebody who is there already."""
        return [GrantInline, EventInline] if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Leave powers to super admins."""
        return self.readonly_fields if is_super(request) else (*self.readonly_fields, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Staff are changed by super admins, or whoever may change people could become anybody."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or is_super(request) or not (obj.is_staff or obj.is_superuser))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only a super admin lets people go for good."""
        return is_super(request)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Store a person; an address that staff wrote needs no code, and a new super admin leaves a line."""
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            vouch_for(obj)
        if "is_superuser" in form.changed_data:
            by = Giver.person(request.user).name
            RoleEvent.objects.note(obj, Role.SUPER_ADMIN, is_given=obj.is_superuser, by=by, at=timezone.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Give and take roles as every other door does."""
        by, service = Giver.person(request.user), RoleService()
        formset.save(commit=False)
        for grant in formset.deleted_objects:
            service.revoke(grant.user_id, Role(grant.role), by)
        for grant in formset.new_objects:
            service.grant(grant.user_id, Role(grant.role), by, expires_at=grant.expires_at)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Let a person go, with all that names them."""
        UserService().erase(obj.pk, Giver.person(request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let people go, each with all that names them."""
        for user in queryset:
            self.delete_model(request, user)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._keeping(request, lambda: super(UserAdmin, self).changeform_view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._keeping(request, lambda: super(UserAdmin, self).delete_view(request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._keeping(request, lambda: super(UserAdmin, self).changelist_view(request, *args, **kwargs))

    def _keeping(self, request: HttpRequest, view: Any) -> Any:
        """Answer a change that would take the last super admin away with the reason, on the page it came from."""
        try:
            with keeping_a_super_admin():
                return view()
        except LastSuperAdmin as refused:
            self.message_user(request, f"{refused.message}. {refused.hint}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


def is_super(request: HttpRequest) -> bool:
    """Return whether a super admin asks."""
    return bool(getattr(request.user, "is_superuser", False))
