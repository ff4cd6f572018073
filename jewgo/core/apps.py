"""The kernel as a Django app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "jewgo.core"
    label = "core"
    verbose_name = "API contracts"

    def ready(self) -> None:
        from jewgo.core import cache, checks, retirement  # noqa: F401 -- cache hears `recovered`, checks register

        retirement.listen()
