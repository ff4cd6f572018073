"""The reviews app."""

from django.apps import AppConfig

from users import personal_data


class ReviewsConfig(AppConfig):
    name = "reviews"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what is kept of people here."""
        from reviews.services import leaving

        personal_data.register("reviews", export=leaving.export, erase=leaving.erase)
