"""The rollout app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class RolloutConfig(AppConfig):
    name = "rollout"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let every v3 engine register its operations; have the declared features checked, and their rows made."""
        from rollout import checks  # noqa: F401 importing registers them
        from rollout.features import ensure

        autodiscover_modules("legacy")
        post_migrate.connect(ensure, sender=self, dispatch_uid="rollout.features")
