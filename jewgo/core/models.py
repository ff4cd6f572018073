"""What staff decide about a contract as a whole."""

from django.db import models


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
