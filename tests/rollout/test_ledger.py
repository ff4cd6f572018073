"""The ledger's chain: complete, in one line whoever writes, and unforgiving of any later change."""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from rollout import ledger
from rollout.models import StageChange
from rollout.services import RolloutService
from tests.rollout.control import TERMS, Clock, python

numbers = st.one_of(st.integers(-(2**80), 2**80), st.floats(allow_nan=False, allow_infinity=False))
documents = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.recursive(
        st.none()
        | st.booleans()
        | numbers
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)

APPEND = """
from django.db import transaction
from django.utils import timezone
from rollout import ledger
from rollout.models import StageChange
for number in range(25):
    with transaction.atomic():
        ledger.append([StageChange(at=timezone.now(), feature=sys.argv[1], move="pause", actor="cli:test",
            reason=str(number), from_stage="full", from_percentage=100, from_holdout=1, to_stage="full",
            to_percentage=100, to_holdout=1, attempt=1, flag_version=number)])
"""


@pytest.fixture
def three_lines(db: None) -> list[StageChange]:
    service = RolloutService(Clock())
    service.start("api_v4_enabled", evidence={"e_value": 1e16, "nothing": -0.0, "p": 0.1}, **TERMS)
    service.advance("api_v4_enabled", **TERMS)
    service.pause("api_v4_enabled", **TERMS)
    return list(StageChange.objects.order_by("id"))


def tamper(statement: str, *values: str | int) -> None:
    """Change rows as somebody could who owns the database and disables the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_ledger_as_it_was_written_holds(three_lines: list[StageChange]) -> None:
    found = ledger.verify()

    assert (found.holds, found.lines, found.head) == (True, 3, three_lines[-1].hash)


def test_an_empty_ledger_holds(db: None) -> None:
    found = ledger.verify()

    assert (found.holds, found.lines, found.head) == (True, 0, ledger.GENESIS)
    assert ledger.verify(ledger.GENESIS).holds


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'nothing to see'",
        "actor = 'cli:somebody'",
        "to_percentage = 99",
        "at = at + interval '1 microsecond'",
        "evidence = '{\"e_value\": 1}'",
        "details = '{}'",
        "flag_version = 7",
        "attempt = 9",
        "request_id = 'other'",
    ],
)
def test_a_line_that_was_changed_by_sql_is_found(three_lines: list[StageChange], change: str) -> None:
    tamper(f"UPDATE rollout_stagechange SET {change} WHERE id = %s", three_lines[1].pk)

    found = ledger.verify()

    assert not found.holds
    assert (found.lines, found.broken_at) == (1, three_lines[1].pk)
    assert "was changed after it was written" in found.problem


def test_a_line_that_was_removed_is_found(three_lines: list[StageChange]) -> None:
    tamper("DELETE FROM rollout_stagechange WHERE id = %s", three_lines[1].pk)

    found = ledger.verify()

    assert found.broken_at == three_lines[2].pk
    assert "removed" in found.problem


def test_an_end_that_was_cut_off_is_found_by_the_published_head(three_lines: list[StageChange]) -> None:
    tamper("DELETE FROM rollout_stagechange WHERE id = %s", three_lines[2].pk)

    assert ledger.verify().holds
    assert "cut off" in ledger.verify(three_lines[2].hash).problem


def test_an_earlier_head_is_still_in_the_ledger(three_lines: list[StageChange]) -> None:
    assert ledger.verify(three_lines[0].hash).holds


@pytest.mark.django_db(transaction=True)
def test_four_processes_write_one_chain() -> None:
    writers = [python(APPEND, f"feature-{number}") for number in range(4)]

    ended = [(writer.communicate(timeout=60)[1], writer.returncode) for writer in writers]

    assert ended == [("", 0)] * 4
    found = ledger.verify()
    assert (found.problem, found.lines) == ("", 100)
    order = list(StageChange.objects.order_by("id").values_list("feature", flat=True))
    assert order != sorted(order), "the writers did not overlap"


@given(documents)
def test_a_document_is_hashed_alike_before_and_after_the_database(document: dict[str, Any]) -> None:
    stored = json.loads(json.dumps(document))

    assert ledger._canonical(stored) == ledger._canonical(document)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value", [1e16, 1e300, -0.0, 0.1, 1e-10, 2**70, 5e-324, 1.0, 123456789.125, [1e22, {"a": 1e15}]]
)
def test_numbers_that_jsonb_writes_otherwise_keep_the_chain(value: Any) -> None:
    RolloutService().start("api_v4_enabled", evidence={"value": value}, **TERMS)

    assert ledger.verify().holds
