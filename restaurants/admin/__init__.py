"""The catalogue's admin: what every page of it does is made by the services, versioned and remembered."""

from restaurants.admin.agencies import AgencyAdmin
from restaurants.admin.owners import OwnershipAdmin
from restaurants.admin.places import RestaurantAdmin

__all__ = ["AgencyAdmin", "OwnershipAdmin", "RestaurantAdmin"]
