"""What the kernel keeps: when a contract ends, attempts at something limited, answers that may be asked for again."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

if TYPE_CHECKING:
    from datetime import datetime


class Sunset(models.Model):
    """When a contract stops being served (RFC 8594); without a row it is served until further notice."""

    class Contract(models.TextChoices):
        V3 = "v3", "v3, /api/…"

    contract = models.CharField(max_length=8, primary_key=True, choices=Contract, default=Contract.V3)
    at = models.DateTimeField("served until", help_text="From this moment on every route of the contract answers 410.")

    class Meta:
        verbose_name = "sunset of a contract"
        verbose_name_plural = "sunsets of contracts"

    def __str__(self) -> str:
        return f"{self.contract} is served until {self.at:%Y-%m-%d %H:%M} UTC"


class Attempts(models.Model):
    """When somebody did something limited, as far as it still counts; written by `jewgo.core.limits.attempts` alone."""

    digest = models.CharField(max_length=32, primary_key=True)
    taken_at: "models.Field[list[datetime], list[datetime]]" = ArrayField(models.DateTimeField())
    passed = models.BooleanField("the latest one passed")
    ends_at = models.DateTimeField("counts until", db_index=True)

    class Meta:
        verbose_name = "attempts at something limited"
        verbose_name_plural = "attempts at what is limited"

    def __str__(self) -> str:
        return f"{len(self.taken_at)} attempts"


class KeptAnswer(models.Model):
    """What a POST with an Idempotency-Key was answered; written by `jewgo.core.idempotency` alone."""

    digest = models.CharField("caller, route and key", max_length=32, primary_key=True)
    claim = models.UUIDField("the request that has the key")
    fingerprint = models.CharField("what was asked", max_length=32)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.BinaryField()
    ends_at = models.DateTimeField("kept until", db_index=True)

    class Meta:
        verbose_name = "answer to a POST that may be repeated"
        verbose_name_plural = "answers to POSTs that may be repeated"

    def __str__(self) -> str:
        return f"{self.status} until {self.ends_at:%Y-%m-%d %H:%M} UTC"
