"""The doors to the users' tables."""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.contrib.auth.base_user import BaseUserManager
from django.db.models import Prefetch, Q, QuerySet

from jewgo.core.errors import NotFound
from jewgo.core.repository import Repository
from users.keys import InvalidServiceKey, Scope, parse
from users.roles import Role
from users.values import UserCriteria

if TYPE_CHECKING:
    from users.models import RoleGrant, ServiceKey, User

LAST_USED_GRAIN: Final = timedelta(minutes=1)
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
        return self.prefetch_related(Prefetch("grants", queryset=live, to_attr="live_grants"))

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
        """Create and return a person who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class UnknownServiceKey(NotFound):
    """No service key has this prefix."""

    code, title = "unknown_service_key", "There is no such service key"


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

    def usable(self, now: datetime) -> "QuerySet[ServiceKey]":
        """Return the keys that open something at `now`: neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def revoke(self, prefix: str, *, now: datetime) -> bool:
        """End the key at once; return False when it was revoked before. Raises `UnknownServiceKey`."""
        if self.filter(prefix=prefix, revoked_at=None).update(revoked_at=now):
            return True
        if not self.filter(prefix=prefix).exists():
            raise UnknownServiceKey(
                f"No service key has the prefix {prefix!r}.", hint="`manage.py service_key list` shows the prefixes."
            )
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
