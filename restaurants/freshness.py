"""What was read of the catalogue, cached until somebody changes it by whatever door."""

from typing import Any, Final

from django.db.models.signals import post_delete, post_save

from jewgo.core.cache import Namespace

CATALOGUE: Final = Namespace("restaurants", ttl_s=300)
"""The v4 engine reads through it. Writes in bulk send no signal: whoever makes one calls `invalidate`."""

WATCHED: Final = ("Restaurant", "Agency", "Certificate", "SupervisionLevel", "Image", "Special")


def watch() -> None:
    """Invalidate the cache on commit whenever a row of the catalogue is saved or deleted, also in the admin."""
    for signal in (post_save, post_delete):
        for model in WATCHED:
            signal.connect(_forget, sender=f"restaurants.{model}", dispatch_uid=f"freshness.{model}")


def _forget(**_: Any) -> None:
    CATALOGUE.invalidate()
