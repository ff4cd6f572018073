"""The users app."""

from collections.abc import Iterable
from datetime import datetime

from django.apps import AppConfig

from rollout import known_identities
from users import personal_data


class UsersConfig(AppConfig):
    name = "users"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the rollout which machines there are; people it knows by itself."""
        known_identities.register("k", service_keys)
        from users import keeping

        personal_data.register("account", export=keeping.export_account, erase=keeping.erase_account)
        personal_data.register("rollout", export=keeping.export_rollout, erase=keeping.erase_rollout)


def service_keys(at: datetime) -> Iterable[str]:
    """Return the identities of the service keys that open something at this time, oldest first."""
    from users.models import ServiceKey

    return [f"k:{key}" for key in ServiceKey.objects.usable(at).order_by("pk").values_list("pk", flat=True)]
