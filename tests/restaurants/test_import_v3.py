"""import_v3: every row ends as created, updated, unchanged or rejected with a reason, and nothing is made up."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from restaurants.hours.validation import is_zone
from restaurants.intake import cleaning, zones
from restaurants.intake.records import Rejected
from restaurants.intake.translation import Translation, translate
from restaurants.intake.writing import BATCH
from restaurants.models import Agency, Change, Restaurant

pytestmark = pytest.mark.django_db

SHARED = Path(__file__).parents[3] / "shared" / "data" / "v3_restaurants.json"


def _row(pk: int = 1, **said: Any) -> dict[str, Any]:
    """Return a whole v3 row, with what a test is about in place of the ordinary."""
    return {
        "id": pk,
        "name": f"Place {pk}",
        "address": f"{pk} Main St",
        "city": "Miami",
        "state": "FL",
        "zip_code": "33180",
        "country": "US",
        "phone_number": f"(305) 555-{pk:04}",
        "website": "https://place.example/",
        "certifying_agency": "ORB",
        "kosher_category": "dairy",
        "listing_type": "cafe",
        "status": "active",
        "source": "A public list, 2025",
        "quality_flags": [],
    } | said


def _translated(**said: Any) -> dict[str, Any]:
    result = translate(_row(**said))
    assert isinstance(result, Translation)
    return dict(result.record.fields)


class Run:
    """One import and what it reported."""

    def __init__(self, folder: Path, *rows: dict[str, Any], source: str = "", dry_run: bool = False) -> None:
        file = folder / "v3.json"
        file.write_text(json.dumps(rows), encoding="utf-8")
        self.rejected = folder / "rejected.json"
        report = folder / "report.json"
        call_command(
            "import_v3", source or str(file), report=report, rejected=self.rejected, dry_run=dry_run, verbosity=0
        )
        self.report = json.loads(report.read_text(encoding="utf-8"))

    @property
    def counts(self) -> dict[str, int]:
        return {result: count for result, count in self.report["counts"].items() if count}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("address", "Address not provided"),
        ("phone_number", "000-000-0000"),
        ("zip_code", "00000"),
        ("city", " N/A "),
        ("listing_type", "unknown"),
        ("website", "none"),
        ("website", "not a url"),
        ("address", '5 type_text address color_link_inherit">, London, United Kingdom'),
        ("city", "Meat, Take Out"),
        ("price_range", "cheap"),
        ("country", "Atlantis"),
        ("timezone", "Mars/Olympus"),
        ("hours_raw", None),
    ],
)
def test_a_sentinel_or_a_scrap_becomes_unknown(key: str, value: Any) -> None:
    assert _translated(**{key: value, "state": "TX", "hours_of_operation": "Hours not available"})[key] is None


def test_a_zip_code_that_repeats_the_house_number_is_unknown_and_flagged() -> None:
    fields = _translated(address="19010 NE 29th Ave", zip_code="19010")

    assert fields["zip_code"] is None
    assert fields["quality_flags"] == ["zip_code_is_house_number"]


@pytest.mark.parametrize(
    ("name", "mended", "flag"),
    [
        ("Eve`s Garden Caf&eacute;", "Eve`s Garden Café", None),
        ("Bagels &#038; Co.", "Bagels & Co.", None),
        ("Leah'S Bread", "Leah's Bread", "name_case_mended"),
        ("moNSTER yoGURT", "Monster Yogurt", "name_case_mended"),
        ("KosherstandZ", "KosherstandZ", "name_case_doubtful"),
        ("pizza ella", "pizza ella", "name_case_doubtful"),
        ("BonBomb Chocolatier", "BonBomb Chocolatier", None),
        ("BREADS & CO", "BREADS & CO", None),
        ("RITA’S of Deerfield", "RITA’S of Deerfield", None),
        ("מפגש  הפלאפל\u200f", "מפגש הפלאפל", None),
    ],
)
def test_a_damaged_name_is_mended_where_that_is_certain(name: str, mended: str, flag: str | None) -> None:
    fields = _translated(name=name)

    assert fields["name"] == mended
    assert fields["quality_flags"] == ([flag] if flag else [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "(305) 555-1234"}, "is a phone number"),
        ({"name": "Tel: 03-5551234"}, "is a phone number"),
        ({"name": "Name not provided"}, "the name is missing"),
        ({"name": None}, "the name is missing"),
        ({"id": "7"}, "is not a positive integer"),
        ({"id": True}, "is not a positive integer"),
        ({"id": 0}, "is not a positive integer"),
    ],
)
def test_a_row_that_cannot_be_a_place_is_rejected_with_a_reason(row: dict[str, Any], reason: str) -> None:
    result = translate(_row() | row)

    assert isinstance(result, Rejected)
    assert reason in result.reason


@pytest.mark.parametrize(
    ("where", "zone"),
    [
        ({"latitude": 26.33, "longitude": -80.13}, "America/New_York"),
        ({"latitude": 32.05, "longitude": 34.79, "country": "IL"}, "Asia/Jerusalem"),
        ({"country": "IL", "state": None}, "Asia/Jerusalem"),
        ({"state": "NY"}, "America/New_York"),
        ({"state": "FL"}, None),
        ({"country": "CA", "state": "ON"}, None),
        ({"timezone": "America/Chicago"}, "America/Chicago"),
        ({"hours_json": {"hours": {"mon": {"is_open": False}}, "timezone": "America/Denver"}}, "America/Denver"),
    ],
)
def test_a_zone_is_known_only_where_there_is_one(where: dict[str, Any], zone: str | None) -> None:
    assert _translated(**where)["timezone"] == zone


def test_every_zone_of_the_tables_exists() -> None:
    assert all(map(is_zone, [*zones.COUNTRIES.values(), *(zone for _, zone in zones.STATES)]))


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(None, 1.0), (91.0, 1.0), (0.0, 0.0), ("x", 1.0), (float("nan"), 1.0), (1.0, 181)]
)
def test_coordinates_that_cannot_be_are_unknown_and_flagged(latitude: Any, longitude: Any) -> None:
    fields = _translated(latitude=latitude, longitude=longitude)

    assert (fields["latitude"], fields["longitude"]) == (None, None)
    assert fields["quality_flags"] == ["coordinates_damaged"]


@pytest.mark.parametrize(
    ("status", "state", "flags"),
    [("active", "approved", []), ("inactive", "suspended", []), (None, "pending", ["status_not_understood"])],
)
def test_only_an_active_row_is_approved(status: str | None, state: str, flags: list[str]) -> None:
    fields = _translated(status=status)

    assert (fields["state_of_record"], fields["quality_flags"]) == (state, flags)


@pytest.mark.parametrize(("text", "answer"), [("00000", True), ("000-000-0000", True), ("0", True), ("100", False)])
def test_zeros_stand_for_nothing(text: str, answer: bool) -> None:
    assert cleaning.is_nothing(text) is answer


def test_a_place_keeps_its_id_and_everything_said_of_it_with_its_source(tmp_path: Path) -> None:
    row = _row(
        1001,
        certifying_agency="Kosher Miami (KM)",
        certificate_expires="2026-04-19",
        supervision={"pas_yisroel": "Bread Only"},
        hours_of_operation="Sun-Thu 11am-10pm, Fri 11am-3pm",
        hours_last_updated="2025-08-12",
        image_url="https://img.example/1.jpg",
        additional_images=["https://img.example/2.jpg", "https://img.example/1.jpg", "nothing"],
    )

    run = Run(tmp_path, row)

    place = Restaurant.objects.get(pk=1001)
    certificate, level = place.certificates.get(), place.levels.get()
    assert run.counts == {"created": 1}
    assert (certificate.agency.name, str(certificate.valid_to)) == ("Kosher Miami", "2026-04-19")
    assert (level.attribute, level.level, level.scope) == ("pas_yisroel", "some", "Bread Only")
    assert {place.sourced_on, certificate.sourced_on, level.sourced_on} == {"2025"}
    assert place.opening_hours == "Mo-Th,Su 11:00-22:00; Fr 11:00-15:00"
    assert [image.url[-5] for image in place.images.all()] == ["1", "2"]
    assert place.changes.get().actor == "import_v3"
    assert place.search_text == "place 1001 1001 main st miami cafe kosher miami km"


def test_the_same_input_twice_changes_nothing(tmp_path: Path) -> None:
    rows = [_row(pk, supervision={"yoshon": "Available"}, hours_of_operation="Sun 9am-5pm") for pk in (1, 2)]
    Run(tmp_path, *rows)
    before = list(Restaurant.objects.values())

    run = Run(tmp_path, *rows)

    assert run.counts == {"unchanged": 2}
    assert list(Restaurant.objects.values()) == before
    assert Change.objects.count() == 2


def test_a_changed_row_updates_what_changed_and_leaves_what_staff_settled(tmp_path: Path) -> None:
    Run(tmp_path, _row(supervision={"yoshon": "Available", "pas_yisroel": "No"}, phone_number="(305) 555-0000"))
    settled = Restaurant.objects.get(pk=1)
    settled.name = "Settled by staff"
    Restaurant.objects.store(settled, actor="u:1", action="update")
    settled.certificates.create(agency=Agency.objects.get(name="OU"))

    run = Run(tmp_path, _row(supervision={"yoshon": "All Items"}, phone_number=None, certifying_agency="OK"))

    place = Restaurant.objects.get(pk=1)
    assert run.counts == {"updated": 1}
    assert (place.name, place.phone_number, place.version) == ("Settled by staff", None, 3)
    assert list(place.levels.values_list("attribute", "level")) == [("yoshon", "all")]
    assert {certificate.agency.name for certificate in place.certificates.all()} == {"OU", "OK"}
    change = place.changes.first()
    assert change is not None
    assert set(change.fields) == {"phone_number", "levels", "certificates"}


def test_a_place_that_staff_made_is_not_overwritten(tmp_path: Path) -> None:
    Restaurant.objects.store(Restaurant(id=1, name="Ours"), actor="u:1", action="create")

    run = Run(tmp_path, _row(1))

    assert run.counts == {"rejected": 1}
    assert "belongs to 'Ours'" in run.report["rows"][0]["reason"]
    assert Restaurant.objects.get(pk=1).name == "Ours"


def test_a_row_that_the_database_refuses_is_rejected_alone(tmp_path: Path) -> None:
    run = Run(tmp_path, _row(1), _row(2, city="x" * 101), _row(3), _row(4, listing_type="y" * 51))

    assert run.counts == {"created": 2, "rejected": 2}
    assert "city" in next(row["reason"] for row in run.report["rows"] if row["id"] == 2)


def test_a_rejected_row_is_mended_and_imported_again(tmp_path: Path) -> None:
    first = Run(tmp_path, _row(1, name="(305) 555-1234"), _row(2))
    rows = json.loads(first.rejected.read_text(encoding="utf-8"))
    rows[0]["name"] = "Mended Deli"

    second = Run(tmp_path, *rows)

    assert second.counts == {"created": 1}
    assert second.report["keys_ignored"] == []
    assert Restaurant.objects.get(pk=1).name == "Mended Deli"


def test_an_id_that_occurs_twice_is_rejected_the_second_time(tmp_path: Path) -> None:
    run = Run(tmp_path, _row(1), _row(1, name="Another"))

    assert run.counts == {"created": 1, "rejected": 1}
    assert Restaurant.objects.get().name == "Place 1"


def test_a_dry_run_reports_everything_and_stores_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path, _row(1), _row(2, certifying_agency="New Vaad"), dry_run=True)

    assert run.counts == {"created": 2}
    assert run.report["agencies_added"] == ["New Vaad"]
    assert not Restaurant.objects.exists()
    assert not Agency.objects.filter(name="New Vaad").exists()


def test_the_next_place_gets_the_next_id(tmp_path: Path) -> None:
    Run(tmp_path, _row(5000))

    made = Restaurant.objects.store(Restaurant(name="New"), actor="u:1", action="create")

    assert made.pk == 5001


def test_unparsed_hours_are_kept_and_reported(tmp_path: Path) -> None:
    run = Run(tmp_path, _row(1, hours_of_operation="by appointment"))

    place = Restaurant.objects.get()
    assert run.report["hours"]["unparsed"][0]["text"] == place.hours_raw == "by appointment"
    assert place.opening_hours is None
    assert place.hours_problem


def test_probable_duplicates_are_reported_and_branches_of_a_chain_are_not(tmp_path: Path) -> None:
    here, across, far = ((25.88000, -80.12), (25.88030, -80.12), (25.99, -80.12))
    rows = [
        _row(1, name="Bagel Boss Surfside", latitude=here[0], longitude=here[1]),
        _row(2, name="Bagel Boss (Surfside)", latitude=across[0], longitude=across[1]),
        _row(3, name="Bagel Boss Aventura", latitude=far[0], longitude=far[1], phone_number="(305) 555-0001"),
        _row(4, name="Something Else", phone_number="305.555.0002"),
        _row(5, name="Harbour Grill", latitude=here[0], longitude=here[1]),
    ]

    run = Run(tmp_path, *rows)

    assert [(pair["id"], pair["other_id"], pair["reason"]) for pair in run.report["duplicates"]] == [
        (1, 2, "similar names side by side"),
        (2, 4, "same phone"),
    ]
    assert Restaurant.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_a_second_run_after_a_crash_continues(tmp_path: Path) -> None:
    rows = [_row(pk) for pk in range(1, BATCH + 11)]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.id = 205 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$; "
            "CREATE TRIGGER crash BEFORE INSERT ON restaurants_restaurant FOR EACH ROW EXECUTE FUNCTION pg_temp.crash()"
        )
    with pytest.raises(Exception, match="terminat"):
        Run(tmp_path, *rows)
    connection.close()  # the killed one; with it goes the temporary trigger

    stored = Restaurant.objects.count()
    run = Run(tmp_path, *rows)

    assert stored == BATCH
    assert run.counts == {"created": 10, "unchanged": BATCH}


@pytest.fixture
def v3_database() -> Iterator[str]:
    """A database as a live v3 system has it, beside the test's own."""
    own = connection.get_connection_params()
    reach = {key: own[key] for key in ("host", "port", "user", "password") if own.get(key)}
    name = f"{own['dbname']}_v3"
    with closing(psycopg2.connect(dbname="postgres", **reach)) as admin:
        admin.autocommit = True
        admin.cursor().execute(f'DROP DATABASE IF EXISTS "{name}"')
        admin.cursor().execute(f'CREATE DATABASE "{name}"')
        with closing(psycopg2.connect(dbname=name, **reach)) as v3:
            v3.cursor().execute(V3_TABLES)
            v3.commit()
        login = reach["user"] + (f":{reach['password']}" if "password" in reach else "")
        yield f"postgres://{login}@{reach.get('host', 'localhost')}:{reach.get('port', 5432)}/{name}"
        admin.cursor().execute(f'DROP DATABASE "{name}" WITH (FORCE)')


V3_TABLES = """
CREATE TABLE restaurants (id int, name text, latitude numeric, longitude numeric, kosher_category text, status text,
    certifying_agency text, supervision text, hours_json jsonb, created_at timestamp, google_rating numeric);
INSERT INTO restaurants VALUES (8, 'Live Café', 25.88, -80.12, 'meat', 'active', 'star k', '{"glatt": "Yes"}',
    '{"periods": [{"open": {"day": 0, "time": "1200"}, "close": {"day": 0, "time": "2300"}}]}',
    '2024-01-02 03:04', 4.5);
CREATE TABLE restaurant_images (id int, restaurant_id int, image_url text, image_order int);
INSERT INTO restaurant_images VALUES (1, 8, 'https://img.example/b.jpg', 2), (2, 8, 'https://img.example/a.jpg', 1);
CREATE TABLE reviews (id text);
INSERT INTO reviews VALUES ('r1'), ('r2');
"""


def test_a_live_v3_database_is_read_with_its_images_and_what_others_import_is_named(
    tmp_path: Path, v3_database: str
) -> None:
    run = Run(tmp_path, source=v3_database)

    place = Restaurant.objects.get(pk=8)
    assert run.counts == {"created": 1}
    assert run.report["not_imported"] == {"reviews": 2}
    assert run.report["keys_ignored"] == ["google_rating"]
    assert (place.latitude, place.timezone, place.opening_hours) == (25.88, "America/New_York", "Su 12:00-23:00")
    assert place.created_at.isoformat() == "2024-01-02T03:04:00+00:00"
    assert place.levels.get().attribute == "glatt"
    assert place.certificates.get().agency.name == "Star-K"
    assert [(image.url[-5], image.is_primary) for image in place.images.all()] == [("a", True), ("b", False)]


@pytest.mark.parametrize("content", [None, "no json", '{"places": []}', "[1, 2]"])
def test_a_source_that_holds_no_rows_ends_with_a_message(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "v3.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    with pytest.raises(CommandError, match=r"v3\.json"):
        call_command("import_v3", str(file))


if SHARED.exists():

    def test_the_real_file_comes_in_whole_and_only_once(tmp_path: Path) -> None:
        first = Run(tmp_path, source=str(SHARED))
        second = Run(tmp_path, source=str(SHARED))

        assert first.counts == {"created": 604}
        assert second.counts == {"unchanged": 604}
        assert first.report["agencies_added"] == first.report["keys_ignored"] == []
        assert first.report["hours"]["parsed"] == first.report["hours"]["texts"] == 113
        assert {place["id"] for place in first.report["hours"]["disagreements"]} == {1072, 1074}
        assert all(pair["same_phone"] for pair in first.report["duplicates"])
