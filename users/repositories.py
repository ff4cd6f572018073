"""The doors to the users' tables."""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.contrib.auth.base_user import BaseUserManager
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet

from jewgo.core.errors import Conflict, NotFound
from jewgo.core.repository import Repository
from users.addresses import vouch_for
from users.keys import InvalidServiceKey, Scope, parse
from users.roles import Role
from users.values import UserCriteria

if TYPE_CHECKING:
    from users.models import RoleEvent, RoleGrant, ServiceKey, User

LAST_USED_GRAIN: Final = timedelta(minutes=1)
OVERLAP: Final = timedelta(hours=24)
"""How long the old key still opens what it opened, once a new one has taken its place."""
LIVE_GRANTS: Final = "live_grants"
"""Where a row that was fetched `with_grants` has them."""
_AT_LEAST: Final = timedelta(seconds=1)
"""A key ends later than it began."""
_NO_DIGEST: Final = "0" * 64


class UserQuerySet(QuerySet["User"]):
    """The words in which users are asked for."""

    def matching(self, criteria: UserCriteria, now: datetime) -> "UserQuerySet":
        """Keep those that the criteria name; a role counts that has not ended at `now`."""
        found = self
        if criteria.search:
            found = found.filter(Q(name__icontains=criteria.search) | Q(email__icontains=criteria.search))
        if criteria.is_active is not None:
            found = found.filter(is_active=criteria.is_active)
        if criteria.role is Role.SUPER_ADMIN:
            found = found.filter(is_superuser=True)
        elif criteria.role is not None:
            still = Q(grants__expires_at=None) | Q(grants__expires_at__gt=now)
            found = found.filter(still, grants__role=criteria.role)
        return found

    def with_grants(self, now: datetime) -> "UserQuerySet":
        """Fetch each user's roles that have not ended at `now` along with them, as `live_grants`."""
        live = apps.get_model("users", "RoleGrant").objects.live(now)
        return self.prefetch_related(Prefetch("grants", queryset=live, to_attr=LIVE_GRANTS))

    def newest_first(self) -> "UserQuerySet":
        """Order by id, the latest first; ids are given in order of joining."""
        return self.order_by("-pk")

    def after(self, pk: int) -> "UserQuerySet":
        """Keep those that come after `pk` in the order of `newest_first`."""
        return self.filter(pk__lt=pk)


class UserRepository(BaseUserManager["User"], Repository["User"]):
    """Users by their e-mail address, whose case never matters."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def matching(self, criteria: UserCriteria, now: datetime) -> UserQuerySet:
        """Return the users that the criteria name, the latest first."""
        return self.get_queryset().matching(criteria, now).newest_first()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create and return a person; without a password nobody can log in as them."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create and return a person who may do everything, and whose address is taken as proven."""
        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        vouch_for(user)
        return user


class UnknownServiceKey(NotFound):
    """No service key has this prefix."""

    code, title = "unknown_service_key", "There is no such service key"


class NotRotatable(Conflict):
    """The key opens nothing any more, or another has taken its place."""

    code, title = "service_key_not_rotatable", "This service key cannot be rotated"

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="Make a new key.")


def _unknown(prefix: str) -> UnknownServiceKey:
    hint = "`manage.py service_key list` shows the prefixes."
    return UnknownServiceKey(f"No service key has the prefix {prefix!r}.", hint=hint)


class ServiceKeyRepository(Repository["ServiceKey"]):
    """Service keys by their prefix and the digest of their token."""

    def issue(self, *, label: str, scopes: Iterable[Scope], expires_at: datetime | None = None) -> "ServiceKey":
        """Store and return a new key; its `token` can be read from this instance and never again."""
        key = self.model(label=label, scopes=sorted(set(scopes)), expires_at=expires_at)
        key.give_token()
        key.save(using=self._db)
        return key

    def authenticate(self, text: str, *, now: datetime) -> "ServiceKey":
        """Return the usable key whose token is `text`, and remember that it was used.

        Raises `InvalidServiceKey`, the same for every reason. The digests are compared in constant time, also when no
        key has the prefix, so that the time taken does not tell which prefixes exist.
        """
        token = parse(text)
        key = self.filter(prefix=token.prefix).first()
        is_right = hmac.compare_digest(token.digest, key.digest if key else _NO_DIGEST)
        if key is None or not is_right or not key.is_usable(now):
            raise InvalidServiceKey
        self._remember_use(key, now)
        return key

    def rotate(self, prefix: str, *, now: datetime, overlap: timedelta = OVERLAP) -> "ServiceKey":
        """Store and return a key that takes another's place; the old one ends after `overlap`, or when it would have.

        The new key has the label and the scopes of the old one, and as long a life from now on. Raises
        `UnknownServiceKey`, `NotRotatable` when the old one opens nothing, or has been replaced.
        """
        with transaction.atomic(using=self.db):
            old = self.select_for_update().filter(prefix=prefix).first()
            if old is None:
                raise _unknown(prefix)
            if not old.is_usable(now) or self.filter(replaces=old).exists():
                raise NotRotatable(f"The key {prefix} is {old.state(now)}, or has been replaced already.")
            life = None if old.expires_at is None else old.expires_at - old.created_at
            new = self.model(label=old.label, scopes=old.scopes, replaces=old, created_at=now)
            new.expires_at = None if life is None else now + life
            new.give_token()
            new.save(using=self.db)
            old.expires_at = min(filter(None, (old.expires_at, now + max(overlap, _AT_LEAST))))
            old.save(using=self.db, update_fields=["expires_at"])
        return new

    def usable(self, now: datetime) -> "QuerySet[ServiceKey]":
        """Return the keys that open something at `now`: neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def revoke(self, prefix: str, *, now: datetime) -> bool:
        """End the key at once; return False when it was revoked before. Raises `UnknownServiceKey`."""
        if self.filter(prefix=prefix, revoked_at=None).update(revoked_at=now):
            return True
        if not self.filter(prefix=prefix).exists():
            raise _unknown(prefix)
        return False

    def _remember_use(self, key: "ServiceKey", now: datetime) -> None:
        """Write the time of use once a minute: a write on every request would make each read a write."""
        stale = now - LAST_USED_GRAIN
        if key.last_used_at is None or key.last_used_at <= stale:
            unwritten = Q(last_used_at=None) | Q(last_used_at__lte=stale)
            self.filter(unwritten, pk=key.pk).update(last_used_at=now)


class RoleGrantRepository(Repository["RoleGrant"]):
    """Who has which role."""

    def live(self, now: datetime) -> "QuerySet[RoleGrant]":
        """Return the grants that have not ended at `now`."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))


class RoleEventRepository(Repository["RoleEvent"]):
    """What became of people's roles."""

    def note(
        self, user: "User", role: Role, *, is_given: bool, by: str, at: datetime, expires_at: datetime | None = None
    ) -> None:
        """Add the line that a role was given or taken back, by whom the ledgers call `by`."""
        action = self.model.Action.GRANTED if is_given else self.model.Action.REVOKED
        self.create(user=user, role=role, action=action, actor=by, at=at, expires_at=expires_at)
