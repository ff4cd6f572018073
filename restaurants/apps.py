"""The restaurants app."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.db.models.signals import post_migrate

from restaurants import freshness
from restaurants.agencies import AGENCIES
from users import personal_data


class RestaurantsConfig(AppConfig):
    name = "restaurants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register checks and what is kept of people, keep the cache true, let every database know the agencies."""
        from restaurants import checks as checks
        from restaurants.services import favourites, owning

        freshness.watch()
        personal_data.register("favourites", export=favourites.export, erase=favourites.erase)
        personal_data.register("ownerships", export=owning.export, erase=owning.erase)
        post_migrate.connect(add_known_agencies, sender=self)


def add_known_agencies(*, using: str, apps: Any = installed_apps, **_: Any) -> None:
    """Add the agencies that are missing; one that staff edited stays as it is. Does nothing before the table stands."""
    from restaurants.models import Agency

    if _is_current(apps):
        Agency.objects.db_manager(using).ensure(AGENCIES)


def _is_current(apps: Any) -> bool:
    """Whether the migrated state already has the agency's columns (migrating back to zero has not)."""
    try:
        return bool(apps.get_model("restaurants", "Agency"))
    except LookupError:
        return False
