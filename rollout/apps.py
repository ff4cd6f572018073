"""The rollout app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RolloutConfig(AppConfig):
    name = "rollout"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """See that the declared features have their rows."""
        from rollout.features import ensure

        post_migrate.connect(ensure, sender=self, dispatch_uid="rollout.features")
