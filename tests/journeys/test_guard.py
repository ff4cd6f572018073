"""A v4 that fails is sent back by the guard alone: nobody meets an error, and every call is counted on its arm."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.journeys.client import Answer
from tests.journeys.service import Service
from tests.journeys.test_drill import READS

FEATURE = "api_v4_restaurants"
HANG_S = 60.0
"""By then something hangs; how fast the guard is, is measured by `make drill`."""
INSTEAD = {"fallback", "breaker", "bulkhead"}
OPERATIONS = dict(
    zip(READS, ("list", "search", "detail", "kosher_types", "business_types"), strict=True),
)


@contextmanager
def people(service: Service) -> Iterator[list[tuple[str, Answer]]]:
    """Let some hundred people with our cookie ask while the block runs; yields the growing list of answers."""
    cookies, turns, is_over = service.cookies(300), itertools.count(), threading.Event()
    heard: list[tuple[str, Answer]] = []

    def ask() -> None:
        while not is_over.is_set():
            turn = next(turns)
            path, cookie = READS[turn % len(READS)], cookies[turn * 7 % len(cookies)]
            answer = service.client.request(
                "GET", path, headers={"Cookie": f"jewgo_device={cookie}"}, fresh=turn % 8 == 0
            )
            heard.append((path, answer))

    crew = [threading.Thread(target=ask) for _ in range(6)]
    for member in crew:
        member.start()
    try:
        yield heard
    finally:
        is_over.set()
        for member in crew:
            member.join()


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + HANG_S
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def counted(service: Service) -> Counter[tuple[str, str]]:
    """What the workers have counted by now, of restaurants."""
    rows = service.query(
        "SELECT operation, arm, sum(calls)::bigint FROM rollout_healthsample"
        f" WHERE feature = '{FEATURE}' AND arm <> 'contract' AND resolution_s = 1 GROUP BY 1, 2"
    )
    return Counter({(operation, arm): int(calls) for operation, arm, calls in rows})


def at_rest(service: Service) -> Counter[tuple[str, str]]:
    """What they have counted when nothing more arrives."""
    before = counted(service)
    time.sleep(2)
    now = counted(service)
    return now if now == before else at_rest(service)


def heard_on(answer: Answer) -> str:
    return "candidate" if answer.engine == "v4" or answer.reason in INSTEAD else "control"


def rollbacks(service: Service) -> list[tuple[str, str]]:
    return service.query(
        f"SELECT actor, evidence->>'reason' FROM rollout_stagechange WHERE feature = '{FEATURE}' AND move = 'rollback'"
        f" AND attempt = (SELECT attempt FROM rollout_flag WHERE name = '{FEATURE}')"
    )


def test_a_v4_that_always_fails_is_rolled_back_by_the_guard(service: Service) -> None:
    service.put_all_at("25")
    before = at_rest(service)

    with service.guarded(), people(service) as heard:
        service.move("drill", features=[FEATURE], fault="error", lasts_s=90)
        was_rolled_back = eventually(lambda: bool(rollbacks(service)))
        everybody_is_back = eventually(
            lambda: (
                {answer.engine for _, answer in heard[-200:]} == {"v3"}
                and not any(answer.reason in INSTEAD for _, answer in heard[-200:])
            )
        )
    expected = before + Counter((f"restaurants.{OPERATIONS[path]}", heard_on(answer)) for path, answer in heard)

    assert was_rolled_back
    assert everybody_is_back
    assert {answer.status for _, answer in heard} == {200}
    assert {actor for actor, _ in rollbacks(service)} == {"guard"}
    assert {reason for _, reason in rollbacks(service)} <= {"hard_fault", "regressed", "slo"}
    assert eventually(lambda: counted(service) == expected), (expected, counted(service))
    assert service.manage("rollout", "verify").returncode == 0
