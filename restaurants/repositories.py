"""The doors to the catalogue's tables."""

from jewgo.core.repository import Repository


class RestaurantRepository(Repository["Restaurant"]):
    """Restaurants."""


class AgencyRepository(Repository["Agency"]):
    """Agencies by name or alias."""


class ImageRepository(Repository["Image"]):
    """Images of a restaurant, in order."""
