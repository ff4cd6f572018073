"""People and machines that call us."""

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from users.fields import AddressField
from users.keys import PREFIX_LENGTH, Scope, Token, mint
from users.repositories import ServiceKeyRepository, UserRepository


class User(AbstractBaseUser, PermissionsMixin):
    """A person; the e-mail address is the login."""

    email = AddressField("e-mail address", unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField("may enter the admin", default=False)
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


class ServiceKey(models.Model):
    """A machine's credential. Only the SHA-256 of the token is stored; revoking or expiring takes effect at once."""

    label = models.CharField(max_length=100, help_text="Who or what uses it")
    prefix = models.CharField(max_length=PREFIX_LENGTH, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope.choices))
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
