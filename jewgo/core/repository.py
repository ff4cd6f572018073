"""The repository is the manager: a typed door to one table."""

from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class Repository(models.Manager[M]):
    """An app's only door to a table; the query words live on its queryset, intentions on its subclasses."""

    use_in_migrations = False
