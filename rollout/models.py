"""Control state of the rollout."""

from django.db import models
from waffle.models import AbstractUserFlag


class Flag(AbstractUserFlag):
    """A feature being migrated: the waffle flag, with our stage and percentage."""

    stage = models.CharField(max_length=10, default="disabled")
    percentage = models.DecimalField(max_digits=5, decimal_places=2, default=0)
