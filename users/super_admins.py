"""The database's refusal to let the last super admin go, in our own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import IntegrityError

from users.values import LastSuperAdmin

_LAST: Final = "users_user_last_super_admin"


@contextmanager
def keeping_a_super_admin() -> Iterator[None]:
    """Raise `LastSuperAdmin` for what the database refuses; put it around the transaction, not inside."""
    try:
        yield
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) == _LAST:
            raise LastSuperAdmin from error
        raise
