"""Two who change one restaurant at the same moment, on real connections."""

import threading

import pytest
from django.db import connection
from django.test import Client

from restaurants.models import Agency, Restaurant
from restaurants.services import accept
from restaurants.values import Draft
from tests.restaurants import contract
from tests.restaurants.guide import build_guide
from tests.users.credentials import sent_with

PATH = "/api/v4/restaurants/7"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_the_same_version_at_once_one_is_refused(client: Client) -> None:
    build_guide()
    with contract.served_by("v4"):
        statuses = _race(client)

    assert sorted(statuses) == [200, 412]
    assert Restaurant.objects.get(pk=7).version == 2


@pytest.mark.django_db(transaction=True)
def test_two_places_of_one_new_agency_are_both_stored() -> None:
    together = threading.Barrier(2)

    def add(name: str) -> None:
        draft = Draft(name=name, listing_type="restaurant", agency="Vaad of Nowhere")
        together.wait()
        try:
            accept(draft, "test")
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(name,)) for name in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert Restaurant.objects.filter(name__in=["One", "Two"]).count() == 2
    assert Agency.objects.filter(name="Vaad of Nowhere").count() == 1


def _race(client: Client) -> list[int]:
    """Let two threads change the same version at the same moment; return how each fared."""
    tag = client.get(PATH).headers["ETag"]
    headers = sent_with("catalog:write") | {"If-Match": tag}
    together = threading.Barrier(2)
    statuses: list[int] = []

    def change(city: str) -> None:
        together.wait()
        response = Client().patch(PATH, {"city": city}, content_type="application/json", headers=headers)
        statuses.append(response.status_code)
        connection.close()

    threads = [threading.Thread(target=change, args=(city,)) for city in ("Miami", "Surfside")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    return statuses
