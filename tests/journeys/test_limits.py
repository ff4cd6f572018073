"""Limits on four worker processes: exact while Valkey lives, never more than the shares once it is dead."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.jewgo.core.valkey import Valkey
from tests.journeys.client import Answer, in_parallel
from tests.journeys.service import Service, running_service

LIMIT = 22
THREADS = 16
PATH = "/api/kosher-types"

ATTEMPTS = """
import json
from concurrent.futures import ThreadPoolExecutor
from django.db import connection
from django.utils import timezone
from jewgo.core.limits.attempts import take

def hammer(_):
    passed = sum(take("login", "{key}", limit=20, window_s=600, now=timezone.now()).passed for _ in range(50))
    connection.close()
    return passed

with ThreadPoolExecutor(4) as crew:
    print(json.dumps(sum(crew.map(hammer, range(4)))))
"""


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that nobody starts again."""
    with Valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="module")
def limited(valkey: Valkey) -> Iterator[Service]:
    """An installation with limits, behind one proxy: whoever asks says from where."""
    limits = {"RATE_LIMITS": "on", "LIMIT_ANONYMOUS": f"{LIMIT}/min", "TRUSTED_PROXIES": "1"}
    with running_service(REDIS_URL=valkey.url, **limits) as running:
        yield running


def hammered(service: Service, times: int) -> list[Answer]:
    """Ask so many times on each of 16 threads, all from one address that nobody asked from before."""
    word = uuid.uuid4().hex
    headers = {"X-Forwarded-For": f"2001:db8:{word[:4]}:{word[4:8]}::1"}
    return in_parallel(
        lambda _: service.client.request("GET", PATH, headers=headers), range(times * THREADS), threads=THREADS
    )


def test_sixteen_threads_of_four_hundred_let_exactly_the_limit_pass(limited: Service) -> None:
    started = time.monotonic()
    answers = hammered(limited, 400)
    took_s = time.monotonic() - started

    assert took_s < 60, "within one window, else more may pass"
    assert Counter(answer.status for answer in answers) == {200: LIMIT, 429: 400 * THREADS - LIMIT}
    left = sorted(int(answer.headers["x-ratelimit-remaining"]) for answer in answers if answer.status == 200)
    assert left == list(range(LIMIT))
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in answers if answer.status == 429)


def test_with_valkey_dead_each_process_keeps_to_its_share(limited: Service, valkey: Valkey) -> None:
    valkey.kill()

    answers = hammered(limited, 100)

    share = LIMIT // limited.worker_count
    met = Counter(answer.status for answer in answers)
    assert set(met) == {200, 429}
    assert share <= met[200] <= share * limited.worker_count
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {f'"anonymous";q={share};w=60'}


def test_with_valkey_dead_attempts_to_log_in_are_still_exact(limited: Service, valkey: Valkey) -> None:
    valkey.kill()
    code = ATTEMPTS.format(key=uuid.uuid4().hex)

    with ThreadPoolExecutor(4) as crew:
        done = list(crew.map(lambda _: limited.manage("shell", "--no-imports", "-c", code, check=True), range(4)))

    assert sum(json.loads(process.stdout) for process in done) == 20
