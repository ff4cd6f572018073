"""Who serves, and who watches: worker processes and the guard, as they last reported themselves."""

from typing import ClassVar
from uuid import UUID, uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rollout.repositories import GuardRepository, WorkerRepository


class Worker(models.Model):
    """A serving process, as its pulse last reported it; all times are the database's clock."""

    id: "models.UUIDField[UUID, UUID]" = models.UUIDField(primary_key=True, default=uuid4)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    release = models.CharField(max_length=100, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    version = models.PositiveBigIntegerField("control version it decides by")
    applied_at = models.DateTimeField("has decided by it since")
    forces = models.JSONField("ROLLOUT_FORCE_… of its environment", default=dict)
    breakers: "models.Field[list[str], list[str]]" = ArrayField(models.CharField(max_length=100), default=list)
    """The operations whose breaker is open in it."""

    objects: ClassVar[WorkerRepository] = WorkerRepository()

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}"


class Guard(models.Model):
    """The one row of the guard: who leads, and when it last looked; every tick writes it, in its own transaction."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    leader: "models.UUIDField[UUID, UUID]" = models.UUIDField()
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    ticks = models.PositiveBigIntegerField(default=0)
    ticked_at = models.DateTimeField()

    objects: ClassVar[GuardRepository] = GuardRepository()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="rollout_guard_is_one_row")]

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}"
