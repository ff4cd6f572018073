"""Several at once, and moves that fail half way."""

import threading

import pytest
from django.db import connection, connections, transaction

from rollout.models import Flag, StageChange
from rollout.services import RolloutService
from rollout.transitions import Busy
from tests.rollout.control import TERMS
from tests.rollout.services.world import ALL, ROOT, where


@pytest.mark.django_db(transaction=True)
class TestTogether:
    """Several at once, on connections of their own."""

    def test_who_meets_a_held_feature_is_told_that_it_is_busy(self) -> None:
        with self.holding(ROOT), pytest.raises(Busy) as refusal:
            RolloutService().start(ROOT, **TERMS)

        assert refusal.value.retryable
        assert where(ROOT) == "DISABLED"

    def test_of_two_at_once_both_are_in_the_ledger_and_one_attempt_is_begun(self) -> None:
        def start() -> None:
            try:
                RolloutService().start(ALL, **TERMS)
            finally:
                connections.close_all()

        both = [threading.Thread(target=start) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()

        assert set(Flag.objects.values_list("attempt", flat=True)) == {1}
        assert StageChange.objects.count() == 8

    class holding:  # noqa: N801 a context manager is named as what it does
        """Hold a feature's row from another connection."""

        def __init__(self, name: str) -> None:
            self.name = name
            self.other = connections.create_connection("default")

        def __enter__(self) -> None:
            self.other.settings_dict["NAME"] = connection.settings_dict["NAME"]
            self.other.set_autocommit(False)
            with self.other.cursor() as cursor:
                cursor.execute("SELECT 1 FROM rollout_flag WHERE name = %s FOR UPDATE", [self.name])

        def __exit__(self, *_: object) -> None:
            self.other.rollback()
            self.other.close()


def test_a_failure_while_writing_leaves_everything_as_it_was(service: RolloutService) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"), transaction.atomic():
        service.start(ROOT, evidence={"e": float("nan")}, **TERMS)

    assert (where(ROOT), StageChange.objects.count()) == ("DISABLED", 0)
