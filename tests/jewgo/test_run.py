"""`make run` as a newcomer types it: a real start, a real end."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jewgo.core.places import Place
from jewgo.core.processes import free_port, is_free
from tests.jewgo.core.test_local import Clone, eventually, is_alive

ROOT = Path(__file__).resolve().parents[2]
LEAVES_WITHIN_S = 8.0


class Run:
    """One `make run` in a place of its own; its output is kept in a file."""

    def __init__(self, clone: Clone, output: Path) -> None:
        self.port = free_port(None)
        self.output = output
        with output.open("wb") as file:
            self.make = subprocess.Popen(
                ["make", "--no-print-directory", "-f", "-", "run"],
                cwd=ROOT,
                env=clone.environment(PORT=str(self.port), WORKERS="2", ROLLOUT_PULSE="on"),
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
            )
        assert self.make.stdin is not None
        with self.make.stdin as recipe:
            recipe.write(f"run:\n\t@exec {sys.executable} -m jewgo.run --end-with-parent\n".encode())

    def text(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> None:
        eventually(lambda: "Ctrl-C" in self.text() or self.make.poll() is not None, 90)
        assert self.make.poll() is None, self.text()

    def processes(self) -> list[int]:
        """Return everything below make."""
        found, below = [], [self.make.pid]
        while below:
            children = Path(f"/proc/{below.pop()}/task").glob("*/children")
            below += (new := [int(pid) for file in children for pid in file.read_text().split()])
            found += new
        return found

    def ask(self, curl: str) -> str:
        return subprocess.run(["sh", "-c", curl], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    clone = Clone(tmp_path_factory.mktemp("run") / "var")

    yield clone

    eventually(lambda: not any(map(is_alive, clone.pids())))
    Place(clone.var).discard()


def test_the_first_run_serves_real_places_with_both_engines_and_a_sigkill_of_make_leaves_nothing(
    clone: Clone, tmp_path: Path
) -> None:
    run = Run(clone, tmp_path / "out")
    run.wait_until_ready()
    started = [*run.processes(), *clone.pids()]
    rows = dict(re.findall(r"^  (\S.{0,12}\S) +(\S.*)$", run.text(), re.MULTILINE))

    assert json.loads((clone.var / "admin.json").read_text()) == {"email": rows["user"], "password": rows["password"]}
    assert "X-JewGo-Served-By: v4" in run.ask(rows["served by v4"])
    assert "X-JewGo-Served-By: v3" in run.ask(rows["served by v3"])
    assert "פיצה" in run.ask(rows["in Hebrew"])
    assert json.loads(run.ask(rows["add a place"]))["success"]

    run.make.kill()
    run.make.wait()

    eventually(lambda: not any(map(is_alive, started)), LEAVES_WITHIN_S)


def test_the_second_run_is_quick_keeps_the_data_and_ends_with_a_sigterm(clone: Clone, tmp_path: Path) -> None:
    began = time.monotonic()
    run = Run(clone, tmp_path / "out")
    run.wait_until_ready()
    took_s = time.monotonic() - began
    started = [*run.processes(), *clone.pids()]
    found = run.ask(f"curl -sG http://127.0.0.1:{run.port}/api/restaurants/search --data-urlencode 'q=Shalom Pizza'")

    run.make.terminate()
    run.make.wait(LEAVES_WITHIN_S)

    assert took_s < 30  # 10 s are promised on an idle machine; tests share theirs
    assert "created" not in run.text()
    assert (clone.var / "admin.json").name in run.text()
    assert found
    eventually(lambda: not any(map(is_alive, started)), LEAVES_WITHIN_S)
    assert is_free(run.port)


def test_a_sigkill_of_make_in_the_middle_of_the_start_leaves_nothing(clone: Clone, tmp_path: Path) -> None:
    run = Run(clone, tmp_path / "out")
    eventually(lambda: "Bringing" in run.text())
    started = [*run.processes(), *clone.pids()]

    run.make.kill()
    run.make.wait()

    eventually(lambda: not any(map(is_alive, started)), LEAVES_WITHIN_S)
    assert is_free(run.port)


def test_a_port_in_use_is_said_before_anything_is_started(clone: Clone, tmp_path: Path) -> None:
    taken = subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port := free_port(None))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: not is_free(port))

    ran = subprocess.run(
        [sys.executable, "-m", "jewgo.run"],
        cwd=ROOT,
        env=clone.environment(PORT=str(port)),
        capture_output=True,
        text=True,
        check=False,
    )

    os.kill(taken.pid, signal.SIGTERM)
    taken.wait()
    assert ran.returncode == 1
    assert ran.stderr == f"Port {port} is in use. Take another: make run PORT={port + 1}\n"
