"""The guide's own form: what is exported is what is imported, and the sample guide loads quickly and once."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from restaurants.intake.guide import FIELDS, SAMPLE, export_guide, import_guide
from restaurants.models import Agency, Certificate, Restaurant, SupervisionLevel
from restaurants.parts import Parts

pytestmark = pytest.mark.django_db


def test_what_was_imported_is_exported_byte_for_byte() -> None:
    import_guide(SAMPLE)

    assert "".join(export_guide()) == SAMPLE.read_text(encoding="utf-8")


def test_the_sample_guide_loads_and_the_second_time_changes_nothing() -> None:
    first = import_guide(SAMPLE)

    assert {outcome.result for outcome in first} == {"created"}
    assert {outcome.result for outcome in import_guide(SAMPLE)} == {"unchanged"}
    assert len(first) == Restaurant.objects.published().count() == 604


def test_the_sample_guide_holds_facts_only_one_place_a_line() -> None:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()

    places = [json.loads(line.rstrip(",")) for line in lines[1:-1]]

    assert len(places) == 604
    assert set().union(*places) <= {"id", "certificates", "levels", *FIELDS}
    assert all(place["source"] and place["sourced_on"] for place in places)
    assert [place["id"] for place in places] == sorted(place["id"] for place in places)


def test_only_published_places_are_exported_with_what_differs_from_the_places_source(tmp_path: Path) -> None:
    certificate = Certificate(
        agency=Agency.objects.get(name="OU"), number="7", source="the certificate", sourced_on="2024"
    )
    level = SupervisionLevel(attribute="yoshon", level="all", source="a list", sourced_on="2025")
    place = Restaurant(id=9, name="Pizza", state_of_record="approved", source="a list", sourced_on="2025")
    Restaurant.objects.store(place, actor="u:1", action="create", parts=Parts([certificate], [level]))
    Restaurant.objects.store(Restaurant(name="Pending"), actor="u:1", action="create")

    call_command("export_guide", str(tmp_path / "guide.json"))

    assert json.loads((tmp_path / "guide.json").read_text(encoding="utf-8")) == [
        {
            "id": 9,
            "name": "Pizza",
            "source": "a list",
            "sourced_on": "2025",
            "certificates": [{"agency": "OU", "number": "7", "source": "the certificate", "sourced_on": "2024"}],
            "levels": [{"attribute": "yoshon", "level": "all"}],
        }
    ]


@pytest.mark.parametrize("content", ["{", '[{"id": 1}]', '[{"id": 1, "name": "A", "rating": 5}]', "[1]"])
def test_a_file_that_is_no_guide_ends_with_a_message_and_stores_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "guide.json"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(CommandError, match="is not a guide"):
        call_command("import_guide", str(file))

    assert not Restaurant.objects.exists()
