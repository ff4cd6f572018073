"""Valkey, PostgreSQL and a worker are killed under load: what people see, and that service comes back."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.journeys.client import Answer, Client
from tests.journeys.service import Service
from tests.journeys.test_share import DEVICES

PATHS = [
    "/api/restaurants?limit=5",
    "/api/restaurants/search?q=pizza+{turn}",
    "/api/v4/restaurants?limit=5",
    "/api/v4/restaurants?q=pizza+{turn}",
    "/api/kosher-types",
    "/api/restaurants/1001",
]
"""Some are answered from the cache, those with a turn are new each time."""
MET = 5
"""So many answers have to be 503 before PostgreSQL may come back: a server is started again within half a second."""


@contextmanager
def load(client: Client, *, threads: int = 6) -> Iterator[list[tuple[float, str, Answer]]]:
    """Keep asking on some threads while the block runs; yields the growing list of (when, path, answer)."""
    seen: list[tuple[float, str, Answer]] = []
    is_over = threading.Event()

    def ask(number: int) -> None:
        turn = number
        while not is_over.is_set():
            turn += 1
            path = PATHS[turn % len(PATHS)].format(turn=turn)
            answer = client.get(path, device=DEVICES[turn % 200])
            seen.append((time.monotonic(), path, answer))

    crew = [threading.Thread(target=ask, args=(number,)) for number in range(threads)]
    for member in crew:
        member.start()
    try:
        yield seen
    finally:
        is_over.set()
        for member in crew:
            member.join()


def until(condition: Callable[[], bool], *, timeout_s: float) -> float:
    """Wait for the condition and return how long that took; fails when it never comes."""
    start = time.monotonic()
    while time.monotonic() - start < timeout_s:
        if condition():
            return time.monotonic() - start
        time.sleep(0.02)
    raise AssertionError(f"not so within {timeout_s} s")


def decisions(client: Client) -> dict[str, str]:
    """Which engine each of 60 devices gets."""
    return {device: client.get("/api/kosher-types", device=device).engine for device in DEVICES[:60]}


def test_killing_valkey_costs_no_answer_and_changes_no_decision(service: Service) -> None:
    service.put_all_at("50")
    client = service.client
    before = decisions(client)

    with load(client) as seen:
        time.sleep(0.5)
        service.kill_valkey()
        time.sleep(2.5)
    after = decisions(client)

    assert {answer.status for _, path, answer in seen if "/v4/" not in path} == {200}
    assert {answer.status for _, path, answer in seen if "/v4/" in path} <= {200, 404}
    assert after == before


def test_killing_postgresql_gives_503_in_each_contract_and_service_returns(service: Service) -> None:
    service.put_all_at("full")
    client = service.client

    with load(client) as seen:
        time.sleep(0.5)
        with service.without_postgresql():
            until(lambda: sum(answer.status == 503 for _, _, answer in seen) >= MET, timeout_s=5)
        service.await_postgresql()
        back_at = time.monotonic()
        until(lambda: time.monotonic() > back_at + 2, timeout_s=5)

    failed = [(path, answer) for _, path, answer in seen if answer.status != 200]
    assert {answer.status for _, answer in failed} == {503}
    assert all(answer.json["success"] is False for _, answer in failed)
    assert all(answer.json["code"] == "unavailable" for path, answer in failed if "/v4/" in path)
    assert all("status_code" in answer.json for path, answer in failed if "/v4/" not in path)
    assert {answer.status for at, _, answer in seen if at > back_at + 1} == {200}


def test_killing_one_worker_leaves_the_others_serving(service: Service) -> None:
    service.put_all_at("10")
    client = service.client
    victim, *others = service.worker_pids()

    with load(client, threads=4) as seen:
        time.sleep(0.3)
        os.kill(victim, signal.SIGKILL)
        killed_at = time.monotonic()
        until(lambda: service.wake() == service.worker_count, timeout_s=20)
        time.sleep(0.5)

    assert set(others) <= set(service.worker_pids())
    assert {answer.status for at, _, answer in seen if at > killed_at + 1} <= {200, 404}
    assert sum(answer.status == 0 for _, _, answer in seen) <= 8
