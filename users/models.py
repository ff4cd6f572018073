"""People and machines that call us."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property

from users.fields import AddressField
from users.keys import PREFIX_LENGTH, Scope, Token, mint
from users.repositories import RoleEventRepository, RoleGrantRepository, ServiceKeyRepository, UserRepository
from users.roles import LEVELS, TEMPORARY, Role


class User(AbstractBaseUser, PermissionsMixin):
    """A person; the e-mail address is the login."""

    email = AddressField("e-mail address", unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField("may enter the admin", default=False)
    is_superuser = models.BooleanField(
        "super admin", default=False, help_text="May do everything. The last one cannot be taken away."
    )
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[UserRepository] = UserRepository()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="users_user_email_lower_case")]

    def __str__(self) -> str:
        return f"{self.email}"

    def clean(self) -> None:
        """Bring the address to its stored case before it is checked for being unique."""
        super().clean()
        self.email = self.email.lower()

    @cached_property
    def granted_roles(self) -> frozenset[Role]:
        """The roles given to this person that have not ended: read once from the database, then remembered here."""
        granted = RoleGrant.objects.live(timezone.now()).filter(user=self.pk).values_list("role", flat=True)
        return frozenset(map(Role, granted)) | ({Role.SUPER_ADMIN} if self.is_superuser else frozenset())


def _names(roles: Iterable[Role]) -> list[tuple[str, str]]:
    return [(role.value, role.value.replace("_", " ")) for role in sorted(roles)]


_ENDING: Final = [role.value for role in sorted(TEMPORARY)]


class RoleGrant(models.Model):
    """A role that a person has, until it ends or is taken back. Being a super admin is a column of the person's own."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=_names(TEMPORARY))
    granted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it does not end by itself")

    objects: ClassVar[RoleGrantRepository] = RoleGrantRepository()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="users_rolegrant_once_per_person"),
            models.CheckConstraint(condition=Q(role__in=_ENDING), name="users_rolegrant_known_role"),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("granted_at")), name="users_rolegrant_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} (level {LEVELS[Role(self.role)]})"


class RoleEvent(models.Model):
    """That somebody was given a role, or lost one: rows are added, never changed, and outlive the person."""

    class Action(models.TextChoices):
        GRANTED = "granted"
        REVOKED = "revoked"

    user = models.ForeignKey(User, on_delete=models.DO_NOTHING, db_constraint=False, related_name="role_events")
    role = models.CharField(max_length=16, choices=_names(LEVELS))
    action = models.CharField(max_length=8, choices=Action.choices)
    actor = models.CharField(max_length=100, help_text="As the rollout's ledger names callers: u:3, k:1, cli:dana")
    at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True)

    objects: ClassVar[RoleEventRepository] = RoleEventRepository()

    class Meta:
        indexes = [models.Index(fields=["user", "-id"], name="users_roleevent_of_a_person")]

    def __str__(self) -> str:
        return f"{self.role} {self.action}"


class ServiceKey(models.Model):
    """A machine's credential. Only the SHA-256 of the token is stored; revoking or expiring takes effect at once."""

    label = models.CharField(max_length=100, help_text="Who or what uses it")
    prefix = models.CharField(max_length=PREFIX_LENGTH, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope.choices))
    replaces = models.OneToOneField(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="replaced_by"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="To the minute")

    objects: ClassVar[ServiceKeyRepository] = ServiceKeyRepository()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values) & ~Q(scopes=[]), name="users_servicekey_known_scopes"
            ),
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="users_servicekey_digest_only"),
            models.CheckConstraint(condition=~Q(label=""), name="users_servicekey_label_not_empty"),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="users_servicekey_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix})"

    _token: Token | None = None

    @property
    def token(self) -> Token:
        """The token, on the one instance that was just given it; on any other this raises `LookupError`."""
        if self._token is None:
            raise LookupError("a service key's token is known only at the moment it is issued")
        return self._token

    def give_token(self) -> None:
        """Take a newly minted token as this key's own; one that it had before opens nothing once this is saved."""
        self._token = token = mint()
        self.prefix, self.digest = token.prefix, token.digest

    @property
    def targeting_key(self) -> str:
        """The identity that the rollout sees."""
        return f"k:{self.pk}"

    def is_usable(self, now: datetime) -> bool:
        """Return whether the key opens anything at `now`: not revoked, not expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def state(self, now: datetime) -> str:
        """Return `usable`, `revoked` or `expired`, as people read it in a list."""
        if self.is_usable(now):
            return "usable"
        return "revoked" if self.revoked_at else "expired"
