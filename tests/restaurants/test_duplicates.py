"""One rule for a proposal and for the whole guide, and what it costs in a large one."""

import pytest
from django.db import connection

from restaurants.drafts import draft_of
from restaurants.duplicates import _ONE, LIMITS, MOST, _asked, duplicates_of, probable_duplicates
from restaurants.intake.guide import SAMPLE, import_guide
from restaurants.models import Restaurant
from restaurants.services import record
from restaurants.values import Draft

pytestmark = pytest.mark.django_db


def test_a_proposal_is_judged_as_the_whole_guide_is() -> None:
    import_guide(SAMPLE)
    pairs = probable_duplicates()
    asked = [pair for pair in pairs if record(pair.id).phone_number][:20] or pairs[:20]

    for pair in asked:
        found = {other.other_id for other in duplicates_of(draft_of(record(pair.id)))}

        assert {pair.id, pair.other_id} <= found
    assert asked


def test_a_proposal_is_compared_through_indexes() -> None:
    Restaurant.objects.bulk_create(
        Restaurant(
            name=f"Place {number}",
            phone_number=f"305-{number:07}",
            latitude=20 + number / 1000,
            longitude=-80 + number / 1000,
        )
        for number in range(5000)
    )
    draft = Draft(name="Place 7", phone_number="3050000007", latitude=20.007, longitude=-79.993)

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE restaurants_restaurant")
        cursor.execute(f"EXPLAIN {_ONE}", {**LIMITS, **_asked(draft), "most": MOST})
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Seq Scan" not in plan
    assert "restaurants_by_digits" in plan
    assert [pair.other_name for pair in duplicates_of(draft)] == ["Place 7"]
