"""One command sends everybody back: after it returns, no worker serves v4 to anybody."""

import threading
from collections import Counter

from tests.journeys.client import Client, in_parallel
from tests.journeys.service import Service
from tests.journeys.test_share import DEVICES, PEOPLE


def test_after_rollback_wait_returns_nobody_gets_v4(service: Service) -> None:
    service.put_all_at("50")
    client, engines, is_over = service.client, Counter[str](), threading.Event()

    def load(number: int) -> None:
        while not is_over.is_set():
            number += 8
            engines[client.get("/api/kosher-types", device=DEVICES[number % PEOPLE]).engine] += 1

    threads = [threading.Thread(target=load, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    done = service.manage("rollback", "--all", "--reason", "drill", "--wait")
    after = in_parallel(lambda device: service_answer(client, device), DEVICES)
    is_over.set()
    for thread in threads:
        thread.join()

    assert done.returncode == 0, done.stderr
    assert Counter(after) == {(200, "v3"): len(DEVICES)}
    assert engines["v4"] > 0, engines


def service_answer(client: Client, device: str) -> tuple[int, str]:
    answer = client.get("/api/kosher-types", device=device)
    return answer.status, answer.engine


def test_a_second_rollback_is_already_so(service: Service) -> None:
    service.put_all_at("10")

    first = service.manage("rollback", "--all", "--reason", "drill", "--wait")
    second = service.manage("rollback", "--all", "--reason", "drill again", "--wait")

    assert (first.returncode, second.returncode) == (0, 0)
    assert "already" in second.stdout


def test_a_reader_that_stops_reading_costs_nothing(service: Service) -> None:
    done = service.shell("manage.py rollout history --json | head -c 1")

    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")
