"""The local services, with real processes, in a directory that would trip most programs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from jewgo.core.places import SHELTER, Account, Place
from jewgo.core.processes import free_port
from jewgo.core.servers import PostgreSQL

ROOT = Path(__file__).resolve().parents[3]
GIVEN_BY_US = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ROLLOUT_SECRET", "ALLOWED_HOSTS", "JEWGO_LOCAL", "PG_BIN")
LEAVES_WITHIN_S = 5.0

PROBE = """
import os, psycopg2, redis
connection = psycopg2.connect(os.environ["DATABASE_URL"])
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
cursor.execute("CREATE TABLE IF NOT EXISTS visit (at timestamptz DEFAULT now())")
cursor.execute("INSERT INTO visit DEFAULT VALUES")
cursor.execute("SELECT show_trgm('שלום') <> '{}', lower('É'), (SELECT count(*) FROM visit), current_setting('fsync')")
redis.Redis.from_url(os.environ["REDIS_URL"]).set("a", "1")
print(*cursor.fetchone(), os.environ["DATABASE_URL"])
"""


class Clone:
    """A place for local services, and the ways in which a test uses it."""

    def __init__(self, var: Path) -> None:
        self.var = var

    def environment(self, **extra: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in GIVEN_BY_US}
        return {**inherited, "JEWGO_VAR": str(self.var), **extra}

    def run(self, *command: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jewgo.core.local", *command],
            cwd=ROOT,
            env=self.environment(**extra),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def client(self, *command: str) -> "subprocess.Popen[bytes]":
        """Start a command that goes on, and wait until its services serve."""
        process = subprocess.Popen(
            [sys.executable, "-m", "jewgo.core.local", *(command or ("sleep", "600"))],
            cwd=ROOT,
            env=self.environment(),
        )
        eventually(lambda: process_name(process.pid) == (command or ("sleep",))[0])
        return process

    def state(self) -> dict[str, dict[str, int]]:
        return dict(json.loads((self.var / "local.json").read_text()))

    def pids(self) -> list[int]:
        state = self.state()
        return [state["postgres"]["pid"], state["valkey"]["pid"], int(str(state["supervisor"]))]


def process_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return ""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(condition: Callable[[], object], within_s: float = 20.0) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.02)


def end(process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGTERM) -> int:
    process.send_signal(how)
    return process.wait(10)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    home = tmp_path_factory.mktemp("home") / "מדריך כשר"
    home.mkdir(mode=0o700)
    clone = Clone(home / "var")

    yield clone

    if (clone.var / "local.json").exists():
        eventually(lambda: not any(map(is_alive, clone.pids())))
    Place(clone.var).discard()


@pytest.fixture
def held(clone: Clone) -> Iterator[Clone]:
    """The clone with its services up for the whole test."""
    client = clone.client()

    yield clone

    end(client)


def test_services_come_up_in_a_private_directory_with_a_space_and_hebrew_under_the_c_locale(clone: Clone) -> None:
    answer = clone.run(sys.executable, "-c", PROBE, LC_ALL="C", LANG="C")

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("True é 1 on postgres://jewgo:")
    assert clone.var.parent.stat().st_mode & 0o777 == 0o700
    assert (clone.var / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_data_ports_and_secrets_are_kept_and_a_locale_that_is_not_installed_does_no_harm(clone: Clone) -> None:
    before = clone.run("sh", "-c", "echo $DATABASE_URL $REDIS_URL $SECRET_KEY $ROLLOUT_SECRET")

    answer = clone.run(sys.executable, "-c", PROBE, LC_ALL="he_IL.ISO-8859-8", LANG="xx_XX", PGPORT="1", PGDATA="/no")

    after = clone.run("sh", "-c", "echo $DATABASE_URL $REDIS_URL $SECRET_KEY $ROLLOUT_SECRET")
    assert answer.stdout.startswith("True é 2 on "), answer.stderr
    assert before.stdout == after.stdout
    assert len(before.stdout.split()) == 4


def test_the_exit_code_and_the_arguments_are_the_commands_own(held: Clone) -> None:
    answer = held.run("sh", "-c", 'echo "$1"; exit 7', "sh", "two words")

    assert (answer.returncode, answer.stdout) == (7, "two words\n")


def test_a_command_that_does_not_exist_is_127(held: Clone) -> None:
    answer = held.run("no-such-command")

    assert answer.returncode == 127
    assert "no-such-command" in answer.stderr


def test_without_a_command_the_usage_is_shown(clone: Clone) -> None:
    answer = clone.run()

    assert answer.returncode == 1
    assert "usage" in answer.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_last_client_however_it_ends(clone: Clone, how: signal.Signals) -> None:
    client = clone.client()
    pids = clone.pids()
    assert all(map(is_alive, pids))

    code = end(client, how)

    assert code == -how
    eventually(lambda: not any(map(is_alive, pids)), LEAVES_WITHIN_S)


def test_a_killed_supervisor_takes_its_servers_along(clone: Clone) -> None:
    client = clone.client()
    postgres, valkey, supervisor = clone.pids()

    os.kill(supervisor, signal.SIGKILL)

    eventually(lambda: not (is_alive(postgres) or is_alive(valkey)), LEAVES_WITHIN_S)
    end(client)


def test_the_services_stay_for_the_second_client_when_the_first_one_ends(clone: Clone) -> None:
    first = clone.client()
    pids = clone.pids()
    second = clone.client()

    end(first, signal.SIGKILL)

    time.sleep(2.0)  # longer than the services would outlive their last client
    assert clone.pids() == pids
    assert all(map(is_alive, pids))
    end(second)


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_server_that_was_killed_is_started_again_on_its_port(held: Clone, name: str) -> None:
    before = held.state()[name]

    os.kill(before["pid"], signal.SIGKILL)

    eventually(lambda: held.state()[name]["serves"] and held.state()[name]["pid"] != before["pid"], 3)
    assert held.state()[name]["port"] == before["port"]
    assert held.run(sys.executable, "-c", PROBE).returncode == 0


def test_a_strangers_process_with_a_remembered_pid_is_let_live(clone: Clone) -> None:
    stranger = subprocess.Popen(["sleep", "600"])
    eventually(lambda: not any(map(is_alive, clone.pids())))
    place = Place(clone.var)
    state = place.read_state()
    place.write_state(state | {name: state[name] | {"pid": stranger.pid} for name in ("postgres", "valkey")})
    lock = PostgreSQL(place).directory / "postmaster.pid"
    lock.write_text(f"{stranger.pid}\n{lock.parent}\n{int(time.time())}\n")
    place.account.own(lock)

    answer = clone.run(sys.executable, "-c", PROBE)

    assert answer.returncode == 0, answer.stderr
    assert stranger.poll() is None
    end(stranger)


def test_a_server_left_over_on_our_data_directory_is_ended(clone: Clone, tmp_path: Path) -> None:
    eventually(lambda: not any(map(is_alive, clone.pids())))
    place = Place(clone.var)
    server = PostgreSQL(place)
    port = free_port(None)
    left_over = subprocess.Popen(server.command(port, Path("/tmp")), **place.account.popen_arguments)
    eventually(lambda: server.serves(port))

    answer = clone.run(sys.executable, "-c", PROBE)

    assert answer.returncode == 0, answer.stderr
    assert left_over.wait(10) == 0


def test_a_database_that_is_named_is_used_and_only_the_cache_is_started(clone: Clone) -> None:
    eventually(lambda: not any(map(is_alive, clone.pids())))

    answer = clone.run(
        "sh", "-c", 'echo $DATABASE_URL $REDIS_URL; cat "$JEWGO_VAR/local.json"', DATABASE_URL="postgres://db/jewgo"
    )

    urls, _, state = answer.stdout.partition("\n")
    assert urls.startswith("postgres://db/jewgo redis://:")
    assert json.loads(state)["valkey"]["serves"]
    assert not json.loads(state)["postgres"]["serves"]


def test_pg_bin_names_another_postgresql(clone: Clone) -> None:
    eventually(lambda: not any(map(is_alive, clone.pids())))
    twin = Path(PostgreSQL(Place(clone.var)).command(1, Path("/tmp"))[0]).parent

    answer = clone.run(sys.executable, "-c", PROBE, PG_BIN=str(twin))

    assert answer.returncode == 0, answer.stderr


def test_a_postgresql_that_is_too_old_is_refused_by_name(clone: Clone, tmp_path: Path) -> None:
    eventually(lambda: not any(map(is_alive, clone.pids())))
    old = tmp_path / "postgres"
    old.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.4'\n")
    old.chmod(0o755)

    answer = clone.run("true", PG_BIN=str(tmp_path))

    assert answer.returncode == 2
    assert f"{tmp_path} holds postgres (PostgreSQL) 15.4; it has to be 17 or newer" in answer.stderr
    eventually(lambda: not is_alive(int(str(clone.state()["supervisor"]))))


def test_manage_py_brings_its_own_services(held: Clone) -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "shell",
            "-v0",
            "-c",
            "from django.db import connection as c; c.ensure_connection()",
        ],
        cwd=ROOT,
        env=held.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr


def test_a_password_is_needed_to_reach_the_database(held: Clone) -> None:
    port = held.state()["postgres"]["port"]

    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(f"postgres://jewgo:wrong@127.0.0.1:{port}/jewgo")


def test_a_program_that_the_servers_user_cannot_reach_is_copied_with_its_siblings(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name in ("server/bin/run", "server.libs/lib"):
        (site / name).parent.mkdir(parents=True)
        (site / name).write_text("#!/bin/sh\n")
        (site / name).chmod(0o700)
    site.chmod(0o700)
    place = Place(tmp_path)

    program = place.program("server/bin/run", site, ("server", "server.libs"), f"test-{os.getpid()}")

    assert place.account.reaches(program)
    assert (program.parents[2] / "server.libs" / "lib").exists()
    assert (site.stat().st_mode & 0o777) == 0o700
    assert program.is_relative_to(site if Account.for_servers().is_ours else SHELTER)
    if program.is_relative_to(SHELTER):
        shutil.rmtree(program.parents[2])


def test_a_place_that_was_removed_leaves_nothing_for_one_that_is_made_in_its_stead(tmp_path: Path) -> None:
    place = Place(tmp_path / "var")
    for _ in range(2):
        place.path.mkdir()
        directory = place.directory("data")
        assert list(directory.iterdir()) == []
        (directory / "file").touch()

        shutil.rmtree(place.path)

    place.discard()
