"""The kernel as a Django app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "jewgo.core"
    label = "core"
    verbose_name = "API contracts"

    def ready(self) -> None:
        from jewgo.core import cache, retirement  # noqa: F401 -- both need the settings; cache hears `recovered`

        retirement.listen()
