"""A v4 that fails everybody is asked no more by a worker: v3 answers at once, until a probe finds v4 well again."""

from collections import Counter

from tests.journeys.client import Answer, in_parallel
from tests.journeys.service import Service, until
from tests.journeys.test_share import DEVICES

OPERATION = "restaurants.kosher_types"
PATH = "/api/kosher-types"


def ask(service: Service, count: int) -> list[Answer]:
    return in_parallel(lambda device: service.client.get(PATH, device=device), DEVICES[:count])


def counted(service: Service) -> int:
    """Return how many calls the workers have delivered."""
    rows = service.query(
        f"SELECT coalesce(sum(calls), 0) FROM rollout_healthsample WHERE operation = '{OPERATION}' AND resolution_s = 1"
    )
    return int(rows[0][0])


def settled(service: Service) -> int:
    """Return how many calls were delivered, once no more arrive."""
    seen = [-1]

    def stands() -> bool:
        seen.append(counted(service))
        service.query("SELECT pg_sleep(1.5)")
        return seen[-1] == counted(service)

    until(stands)
    return seen[-1]


def open_breakers(service: Service) -> int:
    """Return how many workers tell that theirs is open."""
    return int(service.query(f"SELECT count(*) FROM rollout_worker WHERE '{OPERATION}' = ANY(breakers)")[0][0])


def test_a_worker_stops_asking_a_v4_that_fails_everybody_and_begins_again_when_it_is_well(service: Service) -> None:
    service.put_all_at("full")
    service.move("drill", features=["api_v4_restaurants"], fault="error", lasts_s=60)

    failing = ask(service, 400)
    until(lambda: open_breakers(service) > 0)
    service.move("drill/end")
    until(lambda: {answer.reason for answer in ask(service, 40)} <= {"static", "holdout"})

    reasons = Counter(answer.reason for answer in failing)
    assert {answer.status for answer in failing} == {200}
    assert {answer.engine for answer in failing} == {"v3"}
    assert reasons["breaker"] > reasons["fallback"] >= 5, reasons
    until(lambda: open_breakers(service) == 0)


def test_every_call_is_counted_once(service: Service) -> None:
    service.put_all_at("50")
    before = settled(service)

    answers = ask(service, 1_000)

    assert {answer.status for answer in answers} == {200}
    until(lambda: counted(service) >= before + 1_000)
    assert settled(service) == before + 1_000
