"""Taking a sheet in: looked at first, every fault by its line, nothing half-written."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from restaurants.models import Change, Restaurant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
LIST = "/admin/restaurants/restaurant/"
IMPORT = f"{LIST}import/"
GOOD = "id,name,city,address,country\n7,Soho,Miami,19004 NE 29th Ave,US\n,פיתה,Miami,1 Ocean Dr,US\n"


def sent(client: Client, text: str | bytes) -> str:
    """Upload a sheet and return the page."""
    content = text.encode() if isinstance(text, str) else text
    response = client.post(IMPORT, {"sheet": SimpleUploadedFile("x.csv", content)})
    assert response.status_code == 200
    return unescape(response.content.decode())


def token(page: str) -> str:
    """Return what the preview wants back."""
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_the_list_leads_to_the_import(client: Client) -> None:
    assert IMPORT in client.get(LIST).content.decode()
    assert 'type="file"' in client.get(IMPORT).content.decode()


def test_a_sheet_is_shown_before_anything_is_stored(client: Client) -> None:
    page = sent(client, GOOD)

    assert "1 new, 1 changed, 0 already so." in page
    assert "<strong>city</strong>: Aventura" in page
    assert Restaurant.objects.get(pk=7).city == "Aventura"


def test_what_was_shown_is_made(client: Client) -> None:
    response = client.post(IMPORT, {"token": token(sent(client, GOOD))}, follow=True)

    assert "1 added, 1 changed, 0 were so already." in response.content.decode()
    assert (Restaurant.objects.get(pk=7).city, Restaurant.objects.get(name="פיתה").state_of_record) == (
        "Miami",
        "pending",
    )
    assert Change.objects.filter(restaurant=7).latest("pk").action == "import sheet"


def test_an_export_is_taken_back_unchanged(client: Client) -> None:
    exported = client.post(LIST, {"action": "export", "_selected_action": [7, 12, 30, 31, 40, 41]}).content

    assert "0 new, 0 changed, 6 already so." in sent(client, exported)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "12,,Miami,x,US\n", "Line 4: Café Élysée: A restaurant needs name."),
        (GOOD + "999,x,x,x,US\n", "Line 4: Restaurant 999: There is no restaurant 999"),
        (GOOD + ",(305) 555-0101,x,x,US\n", "This name is a telephone number."),
        ("id,nmae\n7,x", "Line 1: There is no column 'nmae'; did you mean 'name'?"),
        ("", "empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"x" * 600_000, "more than 512 KiB"),
    ],
)
def test_every_fault_is_shown_and_nothing_can_be_made(client: Client, text: str | bytes, words: str) -> None:
    page = sent(client, text)

    assert words in page
    assert 'name="token"' not in page


def test_a_sheet_that_somebody_overtook_is_refused_whole(client: Client) -> None:
    shown = token(sent(client, "id,version,city\n7,1,Miami\n12,1,Miami\n"))
    theirs = Restaurant.objects.get(pk=12)
    theirs.state = "NY"
    Restaurant.objects.store(theirs, actor="u:2", action="update")

    response = client.post(IMPORT, {"token": shown})

    assert "Line 3: Café Élysée: Somebody changed it meanwhile" in unescape(response.content.decode())
    assert Restaurant.objects.get(pk=7).city == "Aventura"


def test_a_new_place_that_is_probably_there_is_noted(client: Client) -> None:
    text = "name,city,address,country,phone_number\nSoho,Miami,1 Ocean Dr,US,305 466 1505\n"

    assert "Probably Soho Asian Bar & Grill (7): same phone." in sent(client, text)


def test_a_token_that_is_not_ours_changes_nothing(client: Client) -> None:
    assert "too old" in client.post(IMPORT, {"token": "x"}).content.decode()
