"""The people: a process that asks at a steady rate until it is told to end. `python -m benchmarks.drilling.load`

Its first line of input is the plan, as `benchmarks.drilling.crowd` writes it; `port N` sends people to another port;
the end of the input ends it, and so does the plan's longest time. Then it prints all answers as one line of JSON.
"""

import itertools
import json
import random
import signal
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.drilling.asking import Ask, digest, place
from tests.journeys.client import Answer, Client

FRESH_EVERY = 8
"""One request in so many comes over a new connection, so that all workers have their share of the people."""


class Load:
    """Some threads that take their turns: turn n is due n / rate seconds after the start, whoever is free."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self._plan = plan
        self._asks = [Ask(**ask) for ask in plan["asks"]]
        self._weights = list(itertools.accumulate(ask.weight for ask in self._asks))
        self._client = Client(plan["port"])
        self._turns = itertools.count()
        self._began = time.monotonic()
        self._is_over = threading.Event()
        self._crew = [threading.Thread(target=self._work) for _ in range(plan["threads"])]
        self.answers: list[list[Any]] = []

    def begin(self) -> None:
        """Begin to ask."""
        for member in self._crew:
            member.start()

    def move(self, port: int) -> None:
        """Ask at another port from now on; what is on its way arrives where it was sent."""
        self._client = Client(port)

    def end(self) -> None:
        """Ask no more, and wait for what is on its way."""
        self._is_over.set()
        for member in self._crew:
            member.join()
        self._client.close()

    def _work(self) -> None:
        for turn in self._turns:
            due = turn / self._plan["rate"]
            self._is_over.wait(max(self._began + due - time.monotonic(), 0))
            if self._is_over.is_set() or due > self._plan["longest_s"]:
                return
            self._take(turn)

    def _take(self, turn: int) -> None:
        """Make the request of a turn: always the same one for the same seed."""
        chance = random.Random(f"{self._plan['seed']} {turn}")
        number = chance.choices(range(len(self._asks)), cum_weights=self._weights)[0]
        person = chance.randrange(len(self._plan["people"]))
        ask = self._asks[number]
        at, began = time.time(), time.monotonic()
        answer = self._written(ask, turn) if ask.writes else self._read(ask, person, turn)
        took_ms = round((time.monotonic() - began) * 1000, 1)
        served = answer.headers.get("x-jewgo-served-by", "")
        stands_for = "" if ask.writes else digest(answer.body)
        self.answers.append(
            [turn, at, took_ms, number, -1 if ask.writes else person, answer.status, served, stands_for]
        )

    def _read(self, ask: Ask, person: int, turn: int) -> Answer:
        cookie = {"Cookie": f"jewgo_device={self._plan['people'][person]}"}
        return self._client.request("GET", ask.path, headers=cookie, fresh=turn % FRESH_EVERY == 0)

    def _written(self, ask: Ask, turn: int) -> Answer:
        key = {"Authorization": f"Bearer {self._plan['key']}"}
        return self._client.request("POST", ask.path, body=place(f"{self._plan['name']} {turn}"), headers=key)


def main() -> None:
    """Read the plan, ask, and print what came back."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us; then our input ends
    load = Load(json.loads(sys.stdin.readline()))
    load.begin()
    try:
        for line in sys.stdin:
            load.move(int(line.removeprefix("port ")))
    finally:
        load.end()
    json.dump(load.answers, sys.stdout)


if __name__ == "__main__":
    main()
