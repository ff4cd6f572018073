"""A POST with an Idempotency-Key has one effect, however often it is sent and whoever dies meanwhile.

`make repeats` does it with a thousand keys instead of two hundred.
"""

import os
import signal
import threading
import time
import uuid
from collections import defaultdict
from typing import Any

from tests.journeys.client import Answer, Client, in_parallel
from tests.journeys.service import Service, until

KEYS = int(os.environ.get("JEWGO_REPEATED_KEYS", "200"))
COPIES = 8
THREADS = 16
PATIENCE_S = 30.0
PATH = "/api/v4/restaurants?force=true"


def place(name: str) -> dict[str, Any]:
    return {"name": name, "address": "1 Herzl Street", "city": "Haifa", "country": "IL"}


def post_until_answered(service: Service, name: str) -> tuple[Answer, int]:
    """Send one request as a careful client does: again, under its key, as long as the answer says so or none comes."""
    headers = {**service.key_headers, "Idempotency-Key": name}
    until, lost = time.monotonic() + PATIENCE_S, 0
    while True:
        answer = service.client.request("POST", PATH, body=place(name), headers=headers)
        if answer.status and not answer.json.get("retryable"):
            return answer, lost
        lost += not answer.status
        assert time.monotonic() < until, answer
        time.sleep(0.05)


def kill_a_worker_once(service: Service, run: str, rows: int) -> int:
    """End a worker as soon as so many rows are there; returns its process id."""
    while service.query(f"SELECT count(*) FROM restaurants_restaurant WHERE name LIKE '{run} %'")[0][0] < rows:
        time.sleep(0.02)
    victim = service.worker_pids()[0]
    os.kill(victim, signal.SIGKILL)
    return victim


def be_whole_again(service: Service, victim: int) -> None:
    """Wait for the worker in the victim's place, and for the victim no more: moves would, for a minute."""
    until(lambda: service.wake() == service.worker_count)
    service.query(f"DELETE FROM rollout_worker WHERE pid = {victim} RETURNING pid")


def test_a_move_of_the_rollout_is_made_once_and_confirmed_each_time(service: Service) -> None:
    service.put_all_at("10")
    body = {"all": True, "reason": "once", "percentage": "20", "wait": 10}
    headers = {**service.key_headers, "Idempotency-Key": uuid.uuid4().hex}
    client: Client = service.client

    first, second = (client.request("POST", "/api/v4/rollout/percentage", body=body, headers=headers) for _ in range(2))

    assert (first.status, first.json["data"]["confirmed"]) == (200, True)
    assert (second.body, second.headers["idempotency-replayed"]) == (first.body, "true")
    assert service.query(
        "SELECT DISTINCT count(*) FROM rollout_stagechange WHERE reason = 'once' GROUP BY feature"
    ) == [(1,)]


def test_eight_copies_of_each_post_and_a_killed_worker_make_one_row_each(service: Service) -> None:
    service.put_all_at("full")
    run = uuid.uuid4().hex
    names = [f"{run} {number}" for number in range(KEYS)]
    killed: list[int] = []
    killer = threading.Thread(target=lambda: killed.append(kill_a_worker_once(service, run, KEYS // 2)))

    killer.start()
    copies = [name for name in names for _ in range(COPIES)]
    answers = in_parallel(lambda name: post_until_answered(service, name), copies, threads=THREADS)
    killer.join()
    be_whole_again(service, *killed)

    told: dict[str, set[tuple[int, bytes, Any]]] = defaultdict(set)
    for name, (answer, _) in zip(copies, answers, strict=True):
        told[name].add((answer.status, answer.body, answer.headers.get("location")))
    rows = service.query(f"SELECT name, count(*) FROM restaurants_restaurant WHERE name LIKE '{run} %' GROUP BY name")
    assert {status for seen in told.values() for status, _, _ in seen} == {201}
    assert [name for name, seen in told.items() if len(seen) != 1] == []
    assert sorted(rows) == sorted((name, 1) for name in names)
    assert sum("idempotency-replayed" not in answer.headers for answer, _ in answers) <= KEYS
