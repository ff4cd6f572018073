"""Guards that are killed, frozen, cut off and doubled: no half move, no double step, and another one goes on."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from django.db import DatabaseError, connection

from rollout import ledger, pulse, snapshot
from rollout.eligibility import Arm
from rollout.guard import Evaluator
from rollout.guard.evaluator import LEASE
from rollout.models import (
    Failure,
    FailureReport,
    Flag,
    Guard,
    Judgement,
    Look,
    Measurement,
    Sighting,
    SightingReport,
    StageChange,
    Step,
    Worker,
)
from rollout.propagation import control_version
from rollout.services import RolloutService
from tests.rollout.control import TERMS
from tests.rollout.guard.guards import guard, until
from tests.rollout.guard.traffic import FEATURE, Guarded, devices, under_way

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROOT = "api_v4_enabled"
IN_A_LOOK = ("leading", "measured", "received", "judged", "recorded", "acted", "before_commit")

KILLED = """
import os, signal, time
from datetime import datetime
from rollout.guard import Evaluator
from rollout.guard.loop import know_operations
know_operations()
now = datetime.fromisoformat(sys.argv[1])
for point in sys.argv[2:]:
    child = os.fork()
    if not child:
        evaluator = Evaluator(lambda passed: passed == point and os.kill(os.getpid(), signal.SIGKILL))
        while not evaluator.tick(now).leads:  # PostgreSQL has not noticed yet that the one before is gone
            time.sleep(0.02)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    print(point, os.WTERMSIG(status), flush=True)
"""

FROZEN = """
import os, signal
from datetime import datetime, timedelta
from django.db import DatabaseError, connection
from rollout.guard import Evaluator
from rollout.guard.loop import know_operations
know_operations()
now = datetime.fromisoformat(sys.argv[1])
def freeze(passed):
    if passed == "acted" and not frozen:
        frozen.append(print("frozen", flush=True))
        os.kill(os.getpid(), signal.SIGSTOP)
frozen = []
evaluator = Evaluator(freeze)
try:
    evaluator.tick(now)
except DatabaseError as error:
    connection.close()
    print("ended by the database", flush=True)
again = evaluator.tick(now + timedelta(minutes=1))
print("again", again.leads, len(again.moves), flush=True)
"""

DOUBLED = """
from datetime import datetime, timedelta
from rollout.guard import Evaluator
from rollout.guard.loop import know_operations
from rollout.models import Guard
know_operations()
evaluator, base, most, led = Evaluator(), datetime.fromisoformat(sys.argv[1]), int(sys.argv[2]), 0
while (ticks := Guard.objects.get().ticks) < most:
    led += evaluator.tick(base + (ticks + 1) * timedelta(seconds=4)).leads
print("led", led, flush=True)
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["rollback", "advance"])
def due(request: pytest.FixtureRequest) -> tuple[Guarded, str]:
    """A guard that has looked, and reports that make the next look move."""
    move: str = request.param
    Step.objects.update(dwell=timedelta(0), min_requests=10)
    guarded = under_way(NOW, ROOT, FEATURE, percentage=25)
    people = [(who, snapshot.current().decide(FEATURE, who).arm) for who in islice(devices(), 600)]
    guarded.serve(who for who, arm in people if arm is Arm.CONTROL)
    guarded.serve((who for who, arm in people if arm is Arm.CANDIDATE), failed=move == "rollback")
    guarded.now += timedelta(seconds=20)
    pulse.beat(guarded.now)
    return guarded, move


def state() -> dict[str, Any]:
    """Everything that a look may change."""
    return {
        "flags": list(Flag.objects.order_by("id").values_list("name", "stage", "percentage", "version", "entered_at")),
        "ledger": list(StageChange.objects.order_by("id").values_list("id", "hash")),
        "judgements": list(Judgement.objects.order_by("id").values_list("flag", "at", "verdict", "sentence")),
        "measurements": list(
            Measurement.objects.order_by("id").values_list("attempt", "share", "changes", "slow_since")
        ),
        "guard": list(Guard.objects.values_list("leader", "ticks", "ticked_at")),
        "rows": [model._base_manager.count() for model in (Failure, Sighting, FailureReport, SightingReport, Look)],
        "version": control_version(),
    }


def moves(name: str = FEATURE) -> list[str]:
    lines = StageChange.objects.filter(feature=name, actor="guard").order_by("id")
    return [line.move for line in lines]


def assert_made(move: str) -> None:
    """Check that the move is there once and complete: stage, ledger, judgement, evidence, and an empty inbox."""
    flag = Flag.objects.get(name=FEATURE)
    assert str(flag.position) == {"rollback": "DISABLED", "advance": "PARTIAL 50 %"}[move]
    assert moves() == [move]
    assert Judgement.objects.get(flag=flag).verdict == move
    assert Failure.objects.filter(feature=FEATURE).exists() == (move == "rollback")
    assert Sighting.objects.filter(feature=FEATURE).count() == 600
    assert not FailureReport.objects.exists()
    assert not SightingReport.objects.exists()
    assert ledger.verify().holds


def test_a_guard_that_is_killed_in_a_look_leaves_all_as_it_was_and_another_one_makes_the_move(
    due: tuple[Guarded, str],
) -> None:
    guarded, move = due
    before = state()

    with guard(str(guarded.now), *IN_A_LOOK, code=KILLED) as killed:
        assert killed.ended() == 0
    assert [line.split() for line in killed.out] == [[point, "9"] for point in IN_A_LOOK]
    assert state() == before

    until(lambda: guarded.evaluator.tick(guarded.now + LEASE).leads)
    assert_made(move)


def test_a_guard_that_is_killed_once_it_has_committed_has_made_the_move_and_nobody_repeats_it(
    due: tuple[Guarded, str],
) -> None:
    guarded, move = due

    with guard(str(guarded.now), "committed", code=KILLED) as killed:
        assert killed.ended() == 0
    assert [line.split() for line in killed.out] == [["committed", "9"]]
    assert_made(move)

    until(lambda: guarded.evaluator.tick(guarded.now + LEASE).leads)
    guarded.now += LEASE
    guarded.tick()
    assert moves() == [move]
    assert Flag.objects.get(name=FEATURE).stage == {"rollback": "disabled", "advance": "partial"}[move]


def test_a_guard_that_is_frozen_in_a_look_loses_the_lead_and_changes_nothing_when_it_thaws() -> None:
    guarded = under_way(NOW, ROOT, FEATURE)
    guarded.serve(islice(devices(Arm.CANDIDATE), 20), failed=True)
    guarded.now += timedelta(seconds=20)
    pulse.beat(guarded.now)

    with guard(str(guarded.now), code=FROZEN) as frozen:
        frozen.wait_for("frozen")
        assert not guarded.evaluator.tick(guarded.now).leads
        until(lambda: guarded.evaluator.tick(guarded.now).leads)  # PostgreSQL ended the look that stood still
        assert moves() == ["rollback"]
        frozen.send(signal.SIGCONT)
        assert frozen.ended() == 0

    assert frozen.has_said("ended by the database")
    assert frozen.has_said("again True 0")
    assert moves() == ["rollback"]


def test_a_look_whose_connection_is_ended_loses_nothing_and_the_next_one_makes_the_move(
    due: tuple[Guarded, str],
) -> None:
    guarded, move = due
    before = state()

    def end_the_connection(passed: str) -> None:
        if passed == "acted":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (pid,) = cursor.fetchone()
            _terminate(pid)

    evaluator = Evaluator(end_the_connection)
    with pytest.raises(DatabaseError):
        evaluator.tick(guarded.now + LEASE)
    connection.close()
    assert state() == before

    until(lambda: guarded.evaluator.tick(guarded.now + LEASE).leads)
    assert_made(move)


def _terminate(pid: int) -> None:
    other = psycopg2.connect(**connection.get_connection_params())
    other.autocommit = True
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()


def test_a_guard_that_others_led_in_place_of_knows_what_a_fresh_one_knows() -> None:
    guarded = under_way(NOW, ROOT, FEATURE)
    paused, other = guarded.evaluator, Evaluator()
    failing, fine = list(islice(devices(Arm.CANDIDATE), 3)), list(islice(devices(Arm.CONTROL), 40))
    guarded.serve(islice(devices(Arm.CANDIDATE), 3, 40))
    for number, evaluator in enumerate((paused, other, other, paused)):
        guarded.serve(failing[number // 2 : number], failed=True)
        guarded.serve(fine[number * 10 : number * 10 + 10])
        guarded.now += LEASE
        pulse.beat(guarded.now)
        looked = evaluator.tick(guarded.now)
    fresh = Evaluator().tick(guarded.now + LEASE)

    (known,), (rebuilt,) = ([one for one in ticked.opinions if one.desk.name == FEATURE] for ticked in (looked, fresh))
    assert known.desk.attempt.weigh(known.desk.schedule, known.desk.limits, guarded.now) == (
        rebuilt.desk.attempt.weigh(known.desk.schedule, known.desk.limits, guarded.now)
    )
    assert known.evidence.regression.strongest is not None
    assert known.evidence.regression.strongest.candidate == 3
    assert known.desk.attempt.people == rebuilt.desk.attempt.people == {Arm.CANDIDATE: 40, Arm.CONTROL: 40}


def test_two_guards_that_race_for_a_thousand_looks_make_every_move_once() -> None:
    """Each look is four seconds later by the clock that both go by, so either may lead it."""
    most, clock = 1000, NOW + timedelta(seconds=1)
    Step.objects.update(dwell=timedelta(minutes=4), min_requests=10, automatic=True)
    guarded = under_way(NOW, ROOT, FEATURE, percentage=25)
    Worker.objects.create(
        id=uuid4(),
        host="web",
        pid=1,
        started_at=NOW,
        seen_at=NOW + timedelta(days=1),  # live by whichever clock a look comes
        version=0,
        applied_at=NOW,
    )
    everybody = devices()

    with guard(str(clock), str(most), code=DOUBLED) as one, guard(str(clock), str(most), code=DOUBLED) as other:
        served = 0
        while (ticks := Guard.objects.get().ticks) < most and one.process.poll() is other.process.poll() is None:
            if ticks > served:
                served = ticks
                for who in islice(everybody, 4):
                    is_on_v4 = snapshot.current().decide(FEATURE, who).arm is Arm.CANDIDATE
                    guarded.serve([who], failed=is_on_v4 and ticks > most / 2)
                pulse.beat(clock + (ticks + 1) * timedelta(seconds=4))
        codes = one.ended(), other.ended()

    led = [int(process.out[-1].split()[1]) for process in (one, other)]
    assert codes == (0, 0)
    assert min(led) > 0
    assert Guard.objects.get().ticks == sum(led) + 1
    of_root, of_feature = (
        [
            (line.move, str(line.after))
            for line in StageChange.objects.filter(feature=name, actor="guard").order_by("id")
        ]
        for name in (ROOT, FEATURE)
    )
    steps = [("advance", "PARTIAL 50 %"), ("advance", "FULL less 10 % holdout")]
    assert of_root == [*steps, ("holdout", "FULL less 1 % holdout")]
    assert of_feature == [*of_root, ("rollback", "DISABLED")]
    assert ledger.verify().holds


def test_the_points_are_those_that_a_look_passes() -> None:
    passed: list[str] = []

    Evaluator(passed.append).tick(NOW)

    assert passed == [*IN_A_LOOK, "committed"]


def test_a_rollback_by_hand_need_not_wait_for_a_look_that_takes_long() -> None:
    guarded = under_way(NOW, ROOT, FEATURE, percentage=25)
    service = RolloutService()
    service.set_percentage(30, [ROOT, FEATURE], force=True, **TERMS)  # the next look measures anew
    made: list[str] = []

    def rolls_back() -> None:
        try:
            made.append(service.rollback(FEATURE, **TERMS).outcomes[0].result)
        finally:
            connection.close()

    def meanwhile(passed: str) -> None:
        if passed == "judged":
            by_hand = threading.Thread(target=rolls_back)
            by_hand.start()
            by_hand.join(10)

    Evaluator(meanwhile).tick(guarded.now + LEASE)

    assert made == ["moved"]
