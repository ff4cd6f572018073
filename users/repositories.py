"""The doors to the users' tables."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager

from jewgo.core.repository import Repository

if TYPE_CHECKING:
    from users.models import ServiceKey, User


class UserRepository(BaseUserManager["User"], Repository["User"]):
    """Users by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create and return a person; without a password nobody can log in as them."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create and return a person who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class ServiceKeyRepository(Repository["ServiceKey"]):
    """Service keys by the digest of their secret."""
