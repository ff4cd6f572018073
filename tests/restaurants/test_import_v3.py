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

from restaurants.intake.writing import BATCH
from restaurants.models import Agency, Change, Restaurant
from tests.restaurants.v3_rows import v3_row as _row

pytestmark = pytest.mark.django_db

SHARED = Path(__file__).parents[3] / "shared" / "data" / "v3_restaurants.json"


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
    odd = {"periods": [{"open": {"day": 9, "time": "1200"}}]}
    rows = [_row(1, hours_of_operation="by appointment"), _row(2, hours_json=odd)]

    run = Run(tmp_path, *rows)

    place = Restaurant.objects.get(pk=1)
    [structured] = run.report["hours"]["structured_unparsed"]
    assert (structured["id"], structured["structured"]) == (2, odd)
    assert structured["reason"]
    assert run.report["hours"]["unparsed"][0]["reason"] == place.hours_problem
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
