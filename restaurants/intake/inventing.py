"""Places that do not exist, like those that do: for measuring and trying out. Pure: the same seed invents the same."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

GENERATED: Final = "generated"
"""The source of every invented place; what bears it is nobody's restaurant."""


class City(NamedTuple):
    """Where places are invented, and how many of them."""

    name: str
    state: str | None
    country: str
    timezone: str
    latitude: float
    longitude: float
    weight: int


CITIES: Final = (
    City("New York", "NY", "US", "America/New_York", 40.7128, -74.0060, 30),
    City("Brooklyn", "NY", "US", "America/New_York", 40.6501, -73.9496, 25),
    City("Miami", "FL", "US", "America/New_York", 25.7617, -80.1918, 12),
    City("Los Angeles", "CA", "US", "America/Los_Angeles", 34.0522, -118.2437, 10),
    City("Chicago", "IL", "US", "America/Chicago", 41.8781, -87.6298, 5),
    City("Lakewood", "NJ", "US", "America/New_York", 40.0978, -74.2176, 6),
    City("Toronto", "ON", "CA", "America/Toronto", 43.6532, -79.3832, 6),
    City("London", None, "GB", "Europe/London", 51.5072, -0.1276, 8),
    City("Antwerp", None, "BE", "Europe/Brussels", 51.2194, 4.4025, 3),
    City("Paris", None, "FR", "Europe/Paris", 48.8566, 2.3522, 9),
    City("ירושלים", None, "IL", "Asia/Jerusalem", 31.7683, 35.2137, 22),
    City("תל אביב", None, "IL", "Asia/Jerusalem", 32.0853, 34.7818, 22),
    City("בני ברק", None, "IL", "Asia/Jerusalem", 32.0849, 34.8352, 10),
    City("חיפה", None, "IL", "Asia/Jerusalem", 32.7940, 34.9896, 6),
    City("Melbourne", "VIC", "AU", "Australia/Melbourne", -37.8136, 144.9631, 3),
    City("Johannesburg", None, "ZA", "Africa/Johannesburg", -26.2041, 28.0473, 3),
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAMILIES: Final = _words(
    "Abrams Adler Azoulay Bendavid Berger Biton Cohen Dahan Edri Elbaz Feldman Friedman Gabai Goldberg "
    "Gross Haddad Hirsch Kaplan Katz Klein Levi Levine Malka Mizrahi Nissim Ohana Peretz Rosen Roth Rubin "
    "Sasson Schwartz Segal Shapiro Sharabi Stern Tal Toledano Vaknin Weiss Yosef Zalman Zilber"
)
HEBREW_FAMILIES: Final = _words(
    "אבוטבול אדרי אוחנה אזולאי ביטון בן דוד ברגר גבאי גולדברג דהן הירש ויצמן זילבר חדד טולדנו כהן כץ לוי "
    "מזרחי מלכה ניסים סגל פרץ צברי קפלן רוזן שפירא שרעבי ששון"
)
DISHES: Final = _words(
    "Grill Bagels Pizza Falafel Shawarma Sushi Deli Bakery Cafe Steakhouse Burger Hummus Schnitzel "
    "Noodles Pancakes Waffles Salads Kitchen Bistro Catering Dairy Fish Gelato Pita Tacos Wok BBQ "
    "Creamery Market Rotisserie"
)
HEBREW_DISHES: Final = _words(
    "פלאפל שווארמה פיצה חומוס בורקס גריל סושי קפה מאפייה בשרים דגים סלטים שניצל גלידה מטבח סטקייה"
)
STREETS: Final = _words(
    "Main Maple Ocean Harding Collins Kings Avenue-J Central Cedar Park Lake Hill Station Market Church "
    "High Broadway River Elm Pine Garden Mill Orchard Union"
)
HEBREW_STREETS: Final = _words("הרצל ויצמן אלנבי דיזנגוף יפו רוטשילד ביאליק סוקולוב אבן גבירול הנביאים")
KINDS: Final = ("restaurant", "restaurant", "restaurant", "cafe", "bakery", "catering", "store", "pizzeria")
SERVED: Final = (("meat",), ("meat",), ("dairy",), ("dairy",), ("pareve",), ("fish", "dairy"), ("meat", "dairy"), ())
HOURS: Final = (
    "Mo-Th 11:00-22:00; Fr 09:00-14:00; Su 11:00-22:00",
    "Su-Th 08:00-20:00; Fr 08:00-13:00",
    "Mo-Th,Su 12:00-15:00,17:00-23:00; Fr 10:00-14:00",
    None,
)
ATTRIBUTES: Final = ("cholov_yisroel", "pas_yisroel", "yoshon", "bishul_yisroel", "mehadrin", "glatt")
LEVELS: Final = ("all", "some", "available", "none", "not_applicable")
SPREAD_KM: Final = 6.0
KM_PER_DEGREE: Final = 111.2


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented place: its columns, the number of its agency (None: nobody certifies it), its levels."""

    columns: dict[str, Any]
    agency: int | None
    levels: dict[str, str]


def invent(count: int, seed: int, agencies: int) -> Iterator[Invented]:
    """Yield `count` places; certifiers are numbers below `agencies`."""
    dice = random.Random(seed)
    cities = dice.choices(CITIES, weights=[city.weight for city in CITIES], k=count)
    for city in cities:
        agency = dice.randrange(agencies) if agencies and dice.random() < 0.85 else None
        levels = {name: dice.choice(LEVELS) for name in ATTRIBUTES if dice.random() < 0.3}
        yield Invented(_columns(dice, city), agency, levels)


def _columns(dice: random.Random, city: City) -> dict[str, Any]:
    hebrew = city.country == "IL" and dice.random() < 0.7
    return {
        "name": _name(dice, hebrew=hebrew),
        "address": _address(dice, hebrew=hebrew),
        "city": city.name,
        "state": city.state,
        "country": city.country,
        "timezone": city.timezone,
        "listing_type": dice.choice(KINDS),
        "price_range": dice.choice(("$", "$$", "$$", "$$$", "$$$$", None)),
        "kosher_categories": dice.choice(SERVED),
        "opening_hours": dice.choice(HOURS),
        **_spot(dice, city),
    }


def _name(dice: random.Random, *, hebrew: bool) -> str:
    families, dishes = (HEBREW_FAMILIES, HEBREW_DISHES) if hebrew else (FAMILIES, DISHES)
    if hebrew:
        return f"{dice.choice(dishes)} {dice.choice(families)}"
    one = dice.choice(families)
    return dice.choice((f"{one}'s {dice.choice(dishes)}", f"{one} & {dice.choice(families)} {dice.choice(dishes)}"))


def _address(dice: random.Random, *, hebrew: bool) -> str:
    number = dice.randrange(1, 400)
    return f"{dice.choice(HEBREW_STREETS)} {number}" if hebrew else f"{number} {dice.choice(STREETS)} St"


def _spot(dice: random.Random, city: City) -> dict[str, float | None]:
    if dice.random() < 0.05:
        return {"latitude": None, "longitude": None}
    north, east = (dice.gauss(0, SPREAD_KM) / KM_PER_DEGREE for _ in range(2))
    return {"latitude": round(city.latitude + north, 6), "longitude": round(city.longitude + east * 1.3, 6)}


def terms_of(columns: dict[str, Any], agency: Sequence[str]) -> list[str | None]:
    """Return the texts that an invented place is found by."""
    return [columns["name"], columns["address"], columns["city"], columns["listing_type"], *agency]
