"""The doors to the catalogue's tables."""

from typing import TYPE_CHECKING

from jewgo.core.repository import Repository

if TYPE_CHECKING:
    from restaurants.models import Agency, Image, Restaurant


class RestaurantRepository(Repository["Restaurant"]):
    """Restaurants."""


class AgencyRepository(Repository["Agency"]):
    """Agencies by name or alias."""


class ImageRepository(Repository["Image"]):
    """Images of a restaurant, in order."""
