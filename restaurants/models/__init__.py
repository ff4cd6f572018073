"""The catalogue: a religious attribute is unknown until a source says otherwise; absence is null, not a default."""

from restaurants.models.agencies import Agency, Certificate
from restaurants.models.attention import Attention, Favourite
from restaurants.models.history import Change, Origin
from restaurants.models.opening_spans import OpeningSpan
from restaurants.models.ownership import Ownership
from restaurants.models.parts import Image, SupervisionLevel
from restaurants.models.places import Restaurant
from restaurants.models.ratings import Rating
from restaurants.models.specials import Special

__all__ = [
    "Agency",
    "Attention",
    "Certificate",
    "Change",
    "Favourite",
    "Image",
    "OpeningSpan",
    "Origin",
    "Ownership",
    "Rating",
    "Restaurant",
    "Special",
    "SupervisionLevel",
]
