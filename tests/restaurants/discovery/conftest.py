"""The whole sample guide, with ratings and certificate dates that the sample lacks, stored once a module."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from restaurants.models import Certificate, Rating, Restaurant, SupervisionLevel

SAMPLE = Path("restaurants/sample/guide.json")
ATTRIBUTES = ("glatt", "yoshon", "mehadrin", "bishul_yisroel")
LEVELS = ("all", "some", "available", "none", "not_applicable")


@pytest.fixture(scope="module")
def whole_guide(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Store the sample guide once a module, in a transaction that is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True  # writes that own their commit may nest
        call_command("import_guide", str(SAMPLE))
        _vary()
        yield
        transaction.set_rollback(True)


def _vary() -> None:
    """Give some places what the sample says of hardly any: dates, levels, prices, ratings."""
    places = list(Restaurant.objects.order_by("pk"))
    for place in places:
        place.price_range = "$" * (place.pk % 5) or None
    Restaurant.objects.bulk_update(places, ["price_range"])
    Rating.objects.bulk_create(_rated(place, place.pk % 7, 1 + place.pk % 5) for place in places[::3])
    SupervisionLevel.objects.bulk_create(
        (
            SupervisionLevel(restaurant=place, attribute=ATTRIBUTES[place.pk % 4], level=LEVELS[place.pk % 5])
            for place in places[::2]
        ),
        ignore_conflicts=True,
    )
    certificates = list(Certificate.objects.order_by("pk"))
    for certificate in certificates:
        start = date(2024, 1, 1) + timedelta(days=certificate.pk % 700)
        certificate.valid_from = start if certificate.pk % 3 else None
        certificate.valid_to = start + timedelta(days=365) if certificate.pk % 4 else None
    Certificate.objects.bulk_update(certificates, ["valid_from", "valid_to"])


def _rated(place: Restaurant, count: int, rating: int) -> Rating:
    stars = [count * (number == rating) for number in range(1, 6)]
    return Rating(restaurant=place, count=count, total=count * rating, stars=stars)
