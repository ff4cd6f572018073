"""Every rollback leaves a flight record of what was known, and none ever fails because of it."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from rollout import circumstances, failing, flights
from rollout.models import Drill, Flag, FlightRecord, Measurement, StageChange
from rollout.moves import MovesRefused, Selection
from rollout.plain import finite
from rollout.repositories import UnknownFeature
from rollout.services import RolloutService
from tests.rollout.control import START, TERMS, Clock, newest, worker
from tests.rollout.measured import alarmed, failure, judged, looked, sample

pytestmark = pytest.mark.django_db

ROOT, PLACES, REVIEWS = "api_v4_enabled", "api_v4_restaurants", "api_v4_reviews"


@pytest.fixture
def service() -> RolloutService:
    return RolloutService(Clock())


@pytest.fixture
def at_ten(service: RolloutService) -> RolloutService:
    service.start([ROOT, PLACES, REVIEWS], **TERMS)
    service.set_percentage(10, [ROOT, PLACES, REVIEWS], **TERMS)
    return service


def rolled_back(service: RolloutService, name: str = PLACES, **terms: Any) -> dict[str, Any]:
    """Roll a feature back and return what its flight record holds."""
    service.rollback(name, **{**TERMS, **terms})
    document: dict[str, Any] = FlightRecord.objects.get(feature=name).document
    return document


class TestWhen:
    """One record for each feature that was rolled back, and for nothing else."""

    def test_each_feature_of_a_rollback_has_its_own_with_its_line_of_the_ledger(self, at_ten: RolloutService) -> None:
        at_ten.rollback(ROOT, **TERMS)

        records = FlightRecord.objects.select_related("change").order_by("feature")
        assert [record.feature for record in records] == [ROOT, PLACES, REVIEWS]
        assert {record.change.move for record in records} == {"rollback"}
        assert [record.change.feature for record in records] == [ROOT, PLACES, REVIEWS]
        assert {record.at for record in records} == {START}

    def test_a_dry_run_and_what_is_already_so_leave_none(self, at_ten: RolloutService) -> None:
        at_ten.rollback(PLACES, dry_run=True, **TERMS)
        at_ten.rollback("api_v4_users", **TERMS)

        assert FlightRecord.objects.count() == 0

    def test_a_complete_feature_is_refused_and_leaves_none(self, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        while Flag.objects.named(ROOT).stage != "full":
            service.advance(ROOT, **TERMS)
        service.complete(ROOT, force=True, **TERMS)

        with pytest.raises(MovesRefused):
            service.rollback(ROOT, **TERMS)

        assert FlightRecord.objects.count() == 0

    def test_no_other_move_leaves_one(self, at_ten: RolloutService) -> None:
        at_ten.advance([ROOT, PLACES], **TERMS)

        assert FlightRecord.objects.count() == 0

    def test_the_ledger_s_line_says_nothing_that_its_hash_does_not_cover(self, at_ten: RolloutService) -> None:
        rolled_back(at_ten)

        assert newest().details == {}


class TestNeverInTheWay:
    """Whatever happens to the record, the rollback is made."""

    def test_a_table_that_is_missing_costs_the_record_and_nothing_else(
        self, at_ten: RolloutService, caplog: pytest.LogCaptureFixture
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE rollout_look RENAME TO rollout_lost")

        at_ten.rollback(Selection(everything=True), **TERMS)

        assert set(Flag.objects.values_list("stage", flat=True)) == {"disabled"}
        assert StageChange.objects.filter(move="rollback").count() == 3
        assert FlightRecord.objects.count() == 0
        assert "The rollback of api_v4_restaurants has no flight record." in caplog.text

    def test_a_table_that_somebody_holds_is_not_waited_for(
        self, at_ten: RolloutService, caplog: pytest.LogCaptureFixture
    ) -> None:
        other = connection.copy()
        try:
            other.set_autocommit(False)
            other.cursor().execute("LOCK TABLE rollout_failure IN ACCESS EXCLUSIVE MODE")
            at_ten.rollback(PLACES, **TERMS)
        finally:
            other.close()

        assert Flag.objects.named(PLACES).stage == "disabled"
        assert FlightRecord.objects.count() == 0
        assert "canceling statement due to statement timeout" in caplog.text

    def test_afterwards_the_transaction_s_own_limit_holds_again(self, at_ten: RolloutService) -> None:
        before = _statement_timeout()

        flights.record(newest(), START)

        assert _statement_timeout() == before

    def test_when_the_time_is_over_the_other_features_go_without(
        self, at_ten: RolloutService, caplog: pytest.LogCaptureFixture
    ) -> None:
        lines = list(StageChange.objects.order_by("id")[:3])
        ticks = iter([0.0, 0.0, 1.9, 2.1])

        records = flights.record_all(lines, START, clock=lambda: next(ticks))

        assert [record.change_id for record in records] == [lines[0].pk, lines[1].pk]
        assert f"No time for a flight record: {lines[2].feature}." in caplog.text
        assert caplog.records[-1].levelno == logging.ERROR

    @pytest.mark.parametrize("value", [float("inf"), float("nan"), float("-inf")])
    def test_evidence_beyond_all_numbers_is_stored_as_a_word(self, at_ten: RolloutService, value: float) -> None:
        looked(1)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE rollout_look SET evidence = %s", [value])

        document = rolled_back(at_ten)

        assert document["evidence_over_time"][0]["evidence"] == str(value)
        assert finite({"a": (value, 1.5)}) == {"a": [str(value), 1.5]}


class TestWhatItHolds:
    """All that explains the rollback."""

    def test_who_rolled_back_what_from_where_and_why(self, at_ten: RolloutService) -> None:
        document = rolled_back(at_ten, reason="it fails", evidence={"value": 104.2})

        line = newest()
        assert (document["feature"], document["attempt"], document["actor"]) == (PLACES, 1, "cli:dana")
        assert (document["reason"], document["evidence"]) == ("it fails", {"value": 104.2})
        assert document["from"] == {"stage": "partial", "percentage": 10.0, "holdout": 10.0}
        assert document["to"]["stage"] == "disabled"
        assert document["ledger"] == {"id": line.pk, "hash": line.hash}
        assert [move["after"] for move in document["moves"]] == ["TESTING", "PARTIAL 10 %", "DISABLED"]

    def test_the_judgement_of_this_attempt_and_how_old_it_is(self, at_ten: RolloutService) -> None:
        judged(at=START - timedelta(seconds=3), verdict="rollback", document={"evidence": {"value": 104.2}})

        document = rolled_back(at_ten)["judgement"]

        assert (document["verdict"], document["age_s"], document["evidence"]) == ("rollback", 3.0, 3.25)
        assert document["document"] == {"evidence": {"value": 104.2}}

    def test_a_judgement_of_an_older_attempt_is_not_shown_as_this_one_s(self, at_ten: RolloutService) -> None:
        judged(attempt=0)

        assert rolled_back(at_ten)["judgement"] is None

    def test_the_calls_of_the_last_five_minutes_by_ten_seconds(self, at_ten: RolloutService) -> None:
        sample(START - timedelta(minutes=6), failures=9)
        sample(START - timedelta(seconds=14), failures=4, recovered=4)
        sample(START - timedelta(seconds=12), failures=1)
        sample(START - timedelta(seconds=12), "control")

        counters = rolled_back(at_ten)["counters"]

        (point,) = counters["points"]
        assert (point["at"], counters["step_s"]) == ((START - timedelta(seconds=20)).isoformat(), 10)
        assert (point["arms"]["candidate"]["calls"], point["arms"]["candidate"]["failures"]) == (20, 5)
        assert counters["total"]["candidate"]["error_percent"] == 25.0
        assert counters["total"]["control"]["failures"] == 0

    def test_what_others_do_counts_for_the_feature_that_they_stand_on(self, at_ten: RolloutService) -> None:
        sample(START - timedelta(seconds=12))
        failure("u:1")

        document = rolled_back(at_ten, ROOT)

        assert document["counters"]["total"]["candidate"]["calls"] == 10
        assert document["failures"]["people"]["failures"]["candidate"] == 1

    def test_the_evidence_is_thinned_but_keeps_its_peak_and_its_end(self, at_ten: RolloutService) -> None:
        looked(1000)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE rollout_look SET evidence = 5000 WHERE evidence = 503")
            cursor.execute("UPDATE rollout_look SET evidence = 1 WHERE evidence = 999")

        looks = rolled_back(at_ten)["evidence_over_time"]

        assert len(looks) == circumstances.MOST_LOOKS
        assert max(look["evidence"] for look in looks) == 5000
        assert (looks[-1]["at"], looks[-1]["evidence"]) == (START.isoformat(), 1)
        assert looks == sorted(looks, key=lambda look: look["at"])

    def test_a_few_looks_are_all_there(self, at_ten: RolloutService) -> None:
        looked(5)

        assert [look["evidence"] for look in rolled_back(at_ten)["evidence_over_time"]] == [0, 1, 2, 3, 4]

    def test_exceptions_are_ordered_by_people_with_the_newest_request_ids(self, at_ten: RolloutService) -> None:
        for number in range(7):
            failure(f"u:{number}", at=START + timedelta(seconds=number))
        failure("u:0", operation="restaurants.detail", fingerprint="rare")
        failure("u:99", "control")
        failure("u:50", metric="slow", fingerprint="")

        found = rolled_back(at_ten)["failures"]

        first, second = found["exceptions"]
        assert (first["people"], first["fingerprint"]) == ({"candidate": 7, "control": 1}, "9f8e7d6c5b4a")
        assert first["request_ids"] == [f"req-u:{number}" for number in (6, 5, 4, 3, 2)]
        assert (second["fingerprint"], second["people"]) == ("rare", {"candidate": 1, "control": 0})
        assert found["people"]["failures"]["identities"] == ["u:0", "u:1", "u:2", "u:3", "u:4", "u:5", "u:6", "u:99"]
        assert found["people"]["slow"] == {"candidate": 1, "control": 0, "identities": ["u:50"]}

    def test_people_are_named_only_while_they_are_few(self, at_ten: RolloutService) -> None:
        for number in range(failing.MOST_IDENTITIES + 1):
            failure(f"u:{number}", fingerprint=f"f{number}")

        found = rolled_back(at_ten)["failures"]

        assert found["people"]["failures"] == {"candidate": 21, "control": 0, "identities": None}
        assert len(found["exceptions"]) == failing.MOST_EXCEPTIONS

    def test_failures_of_another_attempt_are_left_out(self, at_ten: RolloutService) -> None:
        failure("u:1", attempt=2)

        assert rolled_back(at_ten)["failures"]["rows_read"] == 0

    def test_workers_plan_forces_drills_and_alerts(self, at_ten: RolloutService) -> None:
        flag, serving = Flag.objects.named(PLACES), worker(1)
        type(serving).objects.update(
            seen_at=START, release="abc", breakers=["restaurants.search"], forces={"ROLLOUT_FORCE_ALL": "off"}
        )
        Measurement.objects.create(flag=flag, attempt=1, operations=["restaurants.search"], share=0.1)
        lasts = {"started_at": START, "expires_at": START + timedelta(minutes=1)}
        Drill.objects.create(flag=flag, fault="error", rate=1, actor="dana", reason="drill", **lasts)
        alarmed()
        alarmed("database", feature="")
        alarmed("slow_request", resolved_at=START)
        alarmed("high_memory", feature=REVIEWS)

        document = rolled_back(at_ten)

        (told,) = document["workers"]
        assert (told["host"], told["pid"], told["release"]) == ("web", 1, "abc")
        assert told["open_breakers"] == ["restaurants.search"]
        assert document["config"]["forces"] == {"web/1": {"ROLLOUT_FORCE_ALL": "off"}}
        assert document["config"]["step"]["max_error_percent"] == 5.0
        assert document["config"]["measurement"]["operations"] == ["restaurants.search"]
        assert [drill["fault"] for drill in document["drills"]] == ["error"]
        assert {alert["name"] for alert in document["alerts"]} == {"high_error_rate", "database"}
        assert document["parity"] == "not recorded yet"

    @pytest.mark.parametrize("count", [1, 30])
    def test_a_record_costs_the_same_queries_however_much_there_is(
        self, at_ten: RolloutService, count: int, django_assert_num_queries: Any
    ) -> None:
        looked(count)
        for number in range(count):
            sample(START - timedelta(seconds=number + 1))
            failure(f"u:{number}")

        with django_assert_num_queries(10):
            circumstances.at_rollback(newest(), START)


class TestFinding:
    """By number, by feature, or the newest."""

    def test_a_number_a_feature_or_nothing(self, at_ten: RolloutService) -> None:
        at_ten.rollback(PLACES, **TERMS)
        at_ten.rollback(REVIEWS, **TERMS)
        places, reviews = FlightRecord.objects.order_by("id")

        assert flights.find(str(places.pk)) == places
        assert flights.find(PLACES) == places
        assert flights.find(None) == reviews

    def test_nothing_was_rolled_back_yet(self) -> None:
        assert flights.find(None) is None
        assert flights.find(PLACES) is None

    def test_what_does_not_exist_is_refused(self) -> None:
        for number in ("7", str(2**70)):
            with pytest.raises(flights.UnknownFlight, match=number):
                flights.find(number)
        with pytest.raises(UnknownFeature):
            flights.find("nix")


def _statement_timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])
