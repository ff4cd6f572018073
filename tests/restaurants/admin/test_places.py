"""The catalogue's admin: constant queries, the guide's own search, and every save in the history."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from restaurants.models import Agency, Certificate, Restaurant, SupervisionLevel
from restaurants.parts import Parts
from restaurants.repositories import Entry

pytestmark = pytest.mark.django_db

LIST = "/admin/restaurants/restaurant/"


def _add(count: int, first: int = 1) -> None:
    agency = Agency.objects.get(name="ORB")
    entries = [
        Entry(
            Restaurant(id=pk, name=f"Place {pk}", quality_flags=["odd"], kosher_categories=["dairy"]),
            Parts([Certificate(agency=agency)], [SupervisionLevel(attribute="yoshon", level="all")]),
        )
        for pk in range(first, first + count)
    ]
    Restaurant.objects.add_all(entries, actor="t", action="import")


def _page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def _fields(page: str) -> dict[str, str]:
    """Return what a browser would send back of the change form."""
    sent = {}
    for tag in re.findall(r"<input[^>]+>", page):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and not re.search(r'type="(submit|checkbox)"', tag):
            sent[name[1]] = unescape(value[1]) if value else ""
    for name, body in re.findall(r'<textarea[^>]+name="([^"]+)"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL):
        sent[name] = unescape(body)
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        sent[name] = chosen[1] if chosen else ""
    return sent


def test_the_list_asks_the_same_number_of_queries_for_two_places_as_for_forty(client: Client) -> None:
    counts = []
    for first, many in ((1, 2), (3, 38)):
        _add(many, first)
        with CaptureQueriesContext(connection) as queries:
            page = _page(client, LIST)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 15
    assert "Place 40" in page


def test_the_page_of_a_place_asks_no_more_queries_for_more_certificates(client: Client) -> None:
    _add(1)
    _page(client, LIST)  # what the first page of a process reads and keeps
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            _page(client, f"{LIST}1/change/")
        counts.append(len(queries))
        for agency in Agency.objects.exclude(name="ORB")[:8]:
            Certificate.objects.create(restaurant_id=1, agency=agency, number=str(number))

    assert counts[1] <= counts[0]


def test_hebrew_is_found_without_its_points(client: Client) -> None:
    Restaurant.objects.store(Restaurant(name="שָׁלוֹם תאילנד"), actor="t", action="create")

    page = _page(client, f"{LIST}?q=שלום")

    assert "תאילנד" in page
    assert page.count('class="field-name"') == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("doubt=odd", 1), ("doubt=none", 0), ("category=dairy", 1), ("category=unknown", 0), ("country=IL", 0),
        ("state_of_record__exact=pending", 1), ("opening_hours__isempty=1", 1), ("deleted_at__isempty=0", 0),
        ("hours_problem__isempty=1", 1), ("agency=9999", 0), ("agency=x", 1),
    ],
)  # fmt: skip
def test_filters_narrow_the_list(client: Client, query: str, found: int) -> None:
    _add(1)

    page = _page(client, f"{LIST}?{query}")

    assert page.count('class="field-name"') == found


def test_saving_writes_the_change_with_its_actor_and_raises_the_version(client: Client, keeper: Any) -> None:
    _add(1)
    sent = _fields(_page(client, f"{LIST}1/change/"))
    agency = Agency.objects.get(name="OU")

    answer = client.post(
        f"{LIST}1/change/",
        sent | {"name": "New name", "city": "", "certificates-0-agency": str(agency.pk), "levels-0-DELETE": "on"},
    )

    place = Restaurant.objects.get(pk=1)
    change = place.changes.first()
    assert answer.status_code == 302
    assert (place.name, place.version, place.city) == ("New name", 2, None)
    assert place.search_text == "new name ou"
    assert change is not None
    assert change.actor == f"u:{keeper.pk}"
    assert set(change.fields) == {"name", "certificates", "levels"}
    assert change.request_id


def test_a_page_that_was_opened_before_somebody_elses_save_is_refused(client: Client) -> None:
    _add(1)
    sent = _fields(_page(client, f"{LIST}1/change/"))
    theirs = Restaurant.objects.get(pk=1)
    theirs.city = "Miami"
    Restaurant.objects.store(theirs, actor="u:2", action="update")

    answer = client.post(f"{LIST}1/change/", sent | {"name": "Mine"})

    assert "Somebody else stored this restaurant meanwhile" in answer.content.decode()
    assert Restaurant.objects.get(pk=1).name == "Place 1"


def test_hours_that_are_no_opening_hours_are_refused(client: Client) -> None:
    _add(1)
    sent = _fields(_page(client, f"{LIST}1/change/"))

    answer = client.post(f"{LIST}1/change/", sent | {"opening_hours": "whenever"})

    assert "is not OpenStreetMap opening_hours" in unescape(answer.content.decode())


def test_a_new_place_is_pending_and_remembered(client: Client, keeper: Any) -> None:
    sent = _fields(_page(client, f"{LIST}add/"))

    answer = client.post(f"{LIST}add/", sent | {"name": "Fresh"})

    place = Restaurant.objects.get()
    assert answer.status_code == 302
    assert (place.name, place.state_of_record, place.version) == ("Fresh", "pending", 1)
    assert place.changes.get().actor == f"u:{keeper.pk}"


def test_nobody_removes_a_place_or_changes_its_history(client: Client) -> None:
    _add(1)

    page = _page(client, f"{LIST}1/change/")

    assert client.post(f"{LIST}1/delete/", {"post": "yes"}).status_code == 403
    assert 'name="changes-0-actor"' not in page
    assert "import" in page


def test_agencies_are_found_by_any_of_their_names_and_count_their_places(client: Client) -> None:
    _add(3)

    page = _page(client, "/admin/restaurants/agency/?q=orthodox+rabbinical")

    assert '<td class="field-places">3</td>' in page


def test_the_history_names_each_changed_field_with_what_it_was_and_is(client: Client) -> None:
    _add(1)
    place = Restaurant.objects.get(pk=1)
    place.city, place.quality_flags = "Miami <i>", ["odd", "ספק"]
    Restaurant.objects.store(place, actor="u:2", action="update")

    page = _page(client, f"{LIST}1/change/")

    assert "<strong>city</strong> nothing → Miami &lt;i&gt;" in page
    assert '<strong>quality flags</strong> ["odd"] → ["odd", "ספק"]' in unescape(page)


def test_the_list_says_where_a_place_is_as_far_as_that_is_known(client: Client) -> None:
    Restaurant.objects.store(Restaurant(name="Here", city="Miami", country="US"), actor="t", action="create")

    page = _page(client, LIST)

    assert '<td class="field-where">Miami, US</td>' in page


def _one(**said: Any) -> Restaurant:
    return Restaurant.objects.store(Restaurant(id=1, name="Place 1", **said), actor="t", action="create")


@pytest.mark.parametrize(
    ("state", "states"),
    [
        ("pending", ["pending", "approved", "rejected"]),
        ("approved", ["approved", "suspended", "closed"]),
        ("closed", ["closed", "approved"]),
    ],
)
def test_the_page_offers_the_moves_that_are_legal(client: Client, state: str, states: list[str]) -> None:
    _one(state_of_record=state)

    page = _page(client, f"{LIST}1/change/")

    select = re.search(r'<select[^>]*name="state_of_record"[^>]*>(.*?)</select>', page, re.DOTALL)
    assert select
    assert re.findall(r'value="([^"]*)"', select[1]) == states


def test_a_move_on_the_page_is_remembered_as_that_move(client: Client) -> None:
    _one(state_of_record="rejected", state_reason="no certificate")

    client.post(f"{LIST}1/change/", _fields(_page(client, f"{LIST}1/change/")) | {"state_of_record": "pending"})

    place = Restaurant.objects.get(pk=1)
    latest = place.changes.latest("pk")
    assert (place.state_of_record, place.state_reason, latest.action) == ("pending", "", "resubmit")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"state_of_record": "rejected"}, "Say why, to reject."),
        ({"state_of_record": "closed"}, "cannot become closed"),
    ],
)
def test_a_move_that_is_not_legal_is_refused_on_the_page(client: Client, sent: dict[str, str], words: str) -> None:
    _one()

    answer = client.post(f"{LIST}1/change/", _fields(_page(client, f"{LIST}1/change/")) | sent)

    assert words in unescape(answer.content.decode())
    assert Restaurant.objects.get(pk=1).state_of_record == "pending"


def test_a_new_place_is_never_approved_at_once(client: Client) -> None:
    sent = _fields(_page(client, f"{LIST}add/"))

    client.post(f"{LIST}add/", sent | {"name": "Fresh", "state_of_record": "approved"})

    assert not Restaurant.objects.exists()


def _special(number: int, title: str, *, is_active: bool = True) -> dict[str, str]:
    prefix = f"specials-{number}"
    sent = {f"{prefix}-id": "", f"{prefix}-restaurant": "1", f"{prefix}-title": title}
    return sent | ({f"{prefix}-is_active": "on"} if is_active else {})


def test_specials_are_kept_on_the_page_three_of_them_active(client: Client) -> None:
    _one()
    sent = _fields(_page(client, f"{LIST}1/change/"))
    specials = _special(0, "A") | _special(1, "B") | _special(2, "C") | _special(3, "D", is_active=False)

    client.post(f"{LIST}1/change/", sent | specials | {"specials-TOTAL_FORMS": "4"})

    rows = Restaurant.objects.get(pk=1).specials.order_by("title").values_list("title", "slot")
    assert sorted(rows, key=lambda row: row[0]) == [("A", 1), ("B", 2), ("C", 3), ("D", None)]


def test_a_fourth_active_special_is_refused_on_the_page(client: Client) -> None:
    _one()
    sent = _fields(_page(client, f"{LIST}1/change/"))
    specials = {name: value for number in range(4) for name, value in _special(number, f"S {number}").items()}

    answer = client.post(f"{LIST}1/change/", sent | specials | {"specials-TOTAL_FORMS": "4"})

    assert "At most three specials are active" in answer.content.decode()
    assert not Restaurant.objects.get(pk=1).specials.exists()


def test_one_image_is_primary_whatever_the_page_says(client: Client) -> None:
    _one()
    sent = _fields(_page(client, f"{LIST}1/change/"))
    images = {"images-0-id": "", "images-0-restaurant": "1", "images-0-url": "https://x.example/1.jpg",
              "images-0-position": "5", "images-TOTAL_FORMS": "1"}  # fmt: skip

    client.post(f"{LIST}1/change/", sent | images)

    [image] = Restaurant.objects.get(pk=1).images.all()
    assert (image.is_primary, image.position) == (True, 0)


def test_the_map_is_a_link_that_asks_nobody_by_itself(client: Client) -> None:
    _one(latitude=25.5, longitude=-80.25)

    page = _page(client, f"{LIST}1/change/")

    assert 'href="https://www.openstreetmap.org/?mlat=25.5&amp;mlon=-80.25#map=18/25.5/-80.25"' in page
    assert not re.search(r'(src|<link[^>]+href)="https?://', page)


@pytest.mark.parametrize(("query", "found"), [("expires=expired", 1), ("expires=30", 0), ("expires=90", 1),
                                              ("expires=none", 0), ("expires=x", 1), ("duplicate=x", 1)])  # fmt: skip
def test_certificates_that_end_are_found(client: Client, query: str, found: int) -> None:
    place, agency, today = _one(), Agency.objects.get(name="ORB"), now().date()
    for days in (-1, 60):
        Certificate.objects.create(restaurant=place, agency=agency, valid_to=today + timedelta(days=days))

    assert _page(client, f"{LIST}?{query}").count('class="field-name"') == found


def test_probable_duplicates_are_found(client: Client) -> None:
    for pk, phone in ((1, "305 555 0101"), (2, "(305) 555-0101"), (3, "305 555 0103")):
        place = Restaurant(id=pk, name=f"Place {pk}", phone_number=phone)
        Restaurant.objects.store(place, actor="t", action="create")

    assert _page(client, f"{LIST}?duplicate=yes").count('class="field-name"') == 2


@pytest.mark.parametrize(("sent", "status"), [({"name": "orb KOSHER"}, 200), ({"name": "N", "aliases": "NK,O-U"}, 200),
                                              ({"name": "Nowhere K"}, 302)])  # fmt: skip
def test_no_two_agencies_are_called_the_same_in_any_spelling(client: Client, sent: dict[str, str], status: int) -> None:
    sent = {"aliases": "", "short_name": "", "region": "", "website": ""} | sent

    answer = client.post("/admin/restaurants/agency/add/", sent)

    assert answer.status_code == status
    assert ("is called so already" in answer.content.decode()) == (status == 200)


def test_the_list_says_what_is_deleted(client: Client) -> None:
    _one(state_of_record="approved", deleted_at=now())

    assert '<td class="field-standing">deleted (approved)</td>' in _page(client, LIST)
