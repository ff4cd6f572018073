"""Kosher facts: the vocabulary, and how a certifier's wording and v3's booleans become levels. Nothing is guessed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import TextChoices


class Category(TextChoices):
    """What is served; several at once is real (a meat and a dairy kitchen)."""

    MEAT = "meat"
    DAIRY = "dairy"
    PAREVE = "pareve"
    FISH = "fish"


class Attribute(TextChoices):
    """What a supervision level speaks about."""

    CHOLOV_YISROEL = "cholov_yisroel"
    PAS_YISROEL = "pas_yisroel"
    YOSHON = "yoshon"
    BISHUL_YISROEL = "bishul_yisroel"
    MEHADRIN = "mehadrin"
    GLATT = "glatt"


class Level(TextChoices):
    """How far an attribute holds; nothing stored means unknown."""

    ALL = "all"
    SOME = "some"
    AVAILABLE = "available"
    NONE = "none"
    NOT_APPLICABLE = "not_applicable"
