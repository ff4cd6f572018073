"""A whole JewGo for a journey: servers of its own to kill, a database with the sample guide, real worker processes."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2

from jewgo.core import local
from jewgo.core.places import Place
from tests.journeys.client import Client
from tests.services import TEST_DEFAULTS
from tests.silence import search

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "restaurants" / "sample" / "guide.json"
START_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0

MINT = """
import json, uuid
from rollout.identity import sign_device
print(json.dumps([sign_device(str(uuid.uuid4())) for _ in range({count})]))
"""


class Service:
    """The processes of one installation, and its operator's hands."""

    worker_count = 4

    def __init__(self, place: Place, env: Mapping[str, str]) -> None:
        self.place = place
        self.port = _free_port()
        self.env = {**env, "PORT": str(self.port), "WORKERS": str(self.worker_count)}
        self.client = Client(self.port)
        self._server: subprocess.Popen[bytes] | None = None
        self.key = ""

    def prepare(self) -> None:
        """Make the tables, load the guide, and give ourselves a key."""
        self.manage("migrate", "--verbosity=0", check=True)
        self.manage("import_guide", str(GUIDE), check=True)
        issued = self.manage(
            "service_key", "create", "journey", "--scope", "catalog:write", "--scope", "ops", "--json", check=True
        )
        self.key = json.loads(issued.stdout)["token"]

    @property
    def mailbox(self) -> Path:
        """Where this installation's e-mails are written."""
        return self.place.path / "mail"

    @property
    def key_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def start(self) -> None:
        """Start the server and wait until every worker answers and has told its version."""
        self._server = self._started("server.log", "-m", "gunicorn", "-c", "python:jewgo.serving")
        before = set(self.worker_pids())
        until(lambda: self.client.get("/livez").status == 200)
        until(lambda: self.wake() - len(before & set(self.worker_pids())) == self.worker_count)

    def _started(self, log: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a process of this installation, which ends with ours however that ends."""
        command = [sys.executable, "-m", "tests.journeys.tied", str(os.getpid()), sys.executable, *arguments]
        with (self.place.path / log).open("ab") as told:
            return subprocess.Popen(command, env=self.env, cwd=ROOT, stdout=told, stderr=told)

    def wake(self) -> int:
        """Ask on fresh connections, since a worker's pulse begins with its first request; return how many beat."""
        for _ in range(8):
            self.client.get("/livez", fresh=True)
        return len(self.worker_pids())

    def stop(self) -> None:
        """Stop the server as an operator would."""
        self.client.close()
        if self._server is not None:
            _end(self._server)
            self._server = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def deploy(self, release: str, send_people_to: Callable[[int], None]) -> None:
        """Serve another release from a port of its own, send people there, then stop what served before.

        `send_people_to` returns once nobody asks at the old port any more.
        """
        old, self._server = self._server, None
        self.client.close()
        self.port = _free_port()
        self.env |= {"PORT": str(self.port), "JEWGO_RELEASE": release}
        self.client = Client(self.port)
        try:
            self.start()
            send_people_to(self.port)
        finally:
            if old is not None:
                _end(old)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Run a guard beside the server while the block runs; afterwards nobody waits for one."""
        guard = self._started("guard.log", "manage.py", "rollout_guard", "--json")
        try:
            until(lambda: self.query("SELECT count(*) FROM rollout_guard WHERE pid = " + str(guard.pid)) == [(1,)])
            yield
        finally:
            _end(guard)
            self.forget_guard()

    def forget_guard(self) -> None:
        """Be an installation again in which no guard ever looked: one that stopped would refuse every wider step."""
        self.query("DELETE FROM rollout_guard RETURNING id")

    def cookies(self, count: int) -> list[str]:
        """Return the device cookies of so many new people, as our answers would offer them."""
        code = MINT.format(count=count)
        minted: list[str] = json.loads(self.manage("shell", "--no-imports", "-c", code, check=True).stdout)
        return minted

    def manage(self, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a management command in this installation."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise AssertionError(
                f"manage.py {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def shell(self, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a document shows it; `manage.py`, `localhost:8000`, `var/mail` are this installation's."""
        said = command.replace("localhost:8000", f"127.0.0.1:{self.port}").replace(".venv/bin/python", sys.executable)
        said = said.replace("var/mail", str(self.mailbox))
        said = f'set -o pipefail; manage.py() {{ "{sys.executable}" manage.py "$@"; }}\n{said}'
        env = {**self.env, **variables}
        return subprocess.run(["bash", "-c", said], env=env, cwd=ROOT, capture_output=True, text=True, check=False)

    def rollout(self, *arguments: str) -> Any:
        """Run a rollout command that must succeed; returns its JSON."""
        words = arguments if "--json" in arguments else (*arguments, "--json")
        return json.loads(self.manage("rollout", *words, check=True).stdout)

    def move(self, name: str, **body: Any) -> Any:
        """Make a move over HTTP for every feature, and wait until every worker has followed; returns the report."""
        everything = {} if "features" in body else {"all": True}
        answer = self.client.request(
            "POST",
            f"/api/v4/rollout/{name}",
            body={**everything, "reason": "journey", "wait": 10, **body},
            headers=self.key_headers,
        )
        assert answer.status == 200, answer.body
        assert answer.json["data"]["confirmed"], answer.body
        return answer.json["data"]

    def put_all_at(self, place: str) -> None:
        """Send every feature to a percentage or to `full`, from wherever it stands, on every worker."""
        self.move("drill/end")
        self.move("rollback")
        self.move("start")
        self.move("percentage", percentage="100" if place == "full" else place)
        if place == "full":
            self.move("advance")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of one statement on this installation's database."""
        connection = psycopg2.connect(self.env["DATABASE_URL"], connect_timeout=2)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(self.query(f"SELECT count(*) FROM {table}")[0][0])

    def worker_pids(self) -> list[int]:
        """Return the processes that beat within the last two seconds and live."""
        rows = self.query(
            "SELECT pid FROM rollout_worker WHERE seen_at > clock_timestamp() - interval '2 s' ORDER BY pid"
        )
        return [pid for (pid,) in rows if Path(f"/proc/{pid}").exists()]

    def kill_valkey(self) -> None:
        os.kill(self.place.read_state()["valkey"]["pid"], signal.SIGKILL)

    def kill_postgresql(self) -> None:
        os.kill(self.place.read_state()["postgres"]["pid"], signal.SIGKILL)

    @contextmanager
    def without_postgresql(self) -> Iterator[None]:
        """Kill PostgreSQL and keep it from being started again while the block runs, however slow the machine is."""
        supervisor = self.place.read_state()["supervisor"]
        os.kill(supervisor, signal.SIGSTOP)
        try:
            self.kill_postgresql()
            yield
        finally:
            os.kill(supervisor, signal.SIGCONT)

    def await_postgresql(self) -> None:
        """Return once PostgreSQL answers a query again."""
        until(lambda: self._answers())

    def _answers(self) -> bool:
        try:
            return self.query("SELECT 1") == [(1,)]
        except psycopg2.OperationalError:
            return False


@contextmanager
def running_service(**variables: str) -> Iterator[Service]:
    """Yield an installation that is up, with more `variables` in its environment; all of it is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="jewgo-journey-"))
    path.chmod(0o711)
    place = Place(path, is_throwaway=True)
    lease, urls = local.attach(place, {})
    own = {"ROLLOUT_PULSE": "on", "EMAIL_DIR": str(path / "mail")}
    service = Service(place, {**os.environ, **TEST_DEFAULTS, **urls, **own, **variables})
    try:
        service.prepare()
        service.start()
        yield service
    finally:
        service.stop()
        lease.release()
        try:
            search(path)
        finally:
            shutil.rmtree(path, ignore_errors=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and end it when it does not."""
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_LIMIT_S)
    process.kill()
    process.wait()


def until(condition: Any) -> None:
    """Return once the condition holds; fails when it does not within half a minute."""
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not so within {START_LIMIT_S} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
