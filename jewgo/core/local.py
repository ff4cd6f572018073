"""Local mode: any command with PostgreSQL and Valkey up, and with an environment that names them.

    python -m jewgo.core.local COMMAND …

A client holds a shared lock, its *lease*, on each service that it needs. The supervisor (`jewgo.core.supervisor`, a
process of its own, started by whoever finds none) keeps a service running while there is a lease, and ends a moment
after the last one. The kernel gives a lease back however its holder ends: nothing is told, counted or cleaned up.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from jewgo.core.keeper import lease_of
from jewgo.core.places import LocalError, Place
from jewgo.core.servers import SERVERS

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60.0
POLL_S = 0.03
SUPERVISORS_TO_TRY = 3

LOCAL_DEFAULTS = {
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "BIND_HOST": "127.0.0.1",
    "JEWGO_LOCAL": "on",
    "RATE_LIMITS": "off",  # whoever measures asks more often than anybody else
    "ROLLOUT_DRILLS": "on",
}


class Lease:
    """The right to some services of a place, for as long as this process lives or until `release`."""

    def __init__(self, place: Place, names: Collection[str]) -> None:
        """Ask for the services `names`; waits while a supervisor that found nobody is stopping them."""
        self.place = place
        self.names = tuple(names)
        place.path.mkdir(parents=True, exist_ok=True)
        place.read_secrets()
        self._handles = [_locked(lease_of(place, name), fcntl.LOCK_SH) for name in self.names]

    def wait(self) -> dict[str, Any]:
        """Return the state of the services once all of them serve; starts a supervisor if there is none.

        Raises `LocalError` when one of them cannot run here, or does not serve within `START_LIMIT_S`.
        """
        until, started = time.monotonic() + START_LIMIT_S, 0
        while time.monotonic() < until and started <= SUPERVISORS_TO_TRY:
            started += self.ensure_supervisor()
            state = self.place.read_state()
            wanted = [state.get(name, {}) for name in self.names]
            if problem := next((entry["problem"] for entry in wanted if entry.get("problem")), None):
                raise LocalError(problem)
            if all(entry.get("serves") for entry in wanted):
                return state
            time.sleep(POLL_S)
        raise LocalError(f"the local services do not come up; {self.place.log} says why:\n{_tail(self.place.log)}")

    def ensure_supervisor(self) -> bool:
        """Start a supervisor if none runs; says whether it did. Its lock passes from us to it without a gap."""
        try:
            lock = _locked(self.place.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            _forget_claims(self.place)
            options = ["--throwaway"] if self.place.is_throwaway else []
            subprocess.run(
                [sys.executable, "-m", "jewgo.core.supervisor", str(self.place.path.resolve()), *options],
                pass_fds=(lock,),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                check=True,
            )
        finally:
            os.close(lock)
        return True

    def keep_over_exec(self) -> None:
        """Let the program that replaces this one hold the lease."""
        for handle in self._handles:
            os.set_inheritable(handle, True)

    def release(self) -> None:
        for handle in self._handles:
            os.close(handle)
        self._handles = []


def attach(place: Place, given: Mapping[str, str]) -> tuple[Lease, dict[str, str]]:
    """Return a lease on the services that `given` names no other server for, and the variables that reach them."""
    wanted = [kind for kind in SERVERS if not given.get(kind.variable)]
    lease = Lease(place, [kind.name for kind in wanted])
    state = lease.wait()
    return lease, {kind.variable: kind(place).url(state[kind.name]["port"]) for kind in wanted}


def enter(environment: MutableMapping[str, str]) -> Lease:
    """Bring the local services up and complete `environment`; what it says already stands. Keep the lease.

    Secrets are this clone's own, made once and kept in `var/`.
    """
    place = Place(Path(environment.get("JEWGO_VAR") or ROOT / "var"))
    lease, urls = attach(place, environment)
    own = {name: value for name, value in place.read_secrets().items() if name in ("SECRET_KEY", "ROLLOUT_SECRET")}
    for name, value in {**LOCAL_DEFAULTS, **own, **urls}.items():
        if not environment.get(name):
            environment[name] = value
    return lease


def enter_or_exit(environment: MutableMapping[str, str]) -> Lease:
    """Do as `enter`, or end the process with status 2 and the reason."""
    try:
        return enter(environment)
    except LocalError as error:
        sys.stderr.write(
            f"The local services cannot start: {error}\n"
            "They are for development. Elsewhere set DATABASE_URL, REDIS_URL,"
            " SECRET_KEY, ROLLOUT_SECRET and ALLOWED_HOSTS.\n"
        )
        raise SystemExit(2) from None


def is_meant_by(environment: Mapping[str, str]) -> bool:
    """Say whether `environment` leaves the choice of a database to us, or asks for local mode by name."""
    return not environment.get("DATABASE_URL") or environment.get("JEWGO_LOCAL") == "on"


def _locked(path: Path, operation: int) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, operation)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _forget_claims(place: Place) -> None:
    """Say that nothing serves: the last word of a killed supervisor is not true any more. Keeps ports and pids."""
    state = place.read_state()
    for kind in SERVERS:
        state[kind.name] = {**state.get(kind.name, {}), "serves": False, "problem": None}
    place.write_state(state)


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""


def main(command: Sequence[str]) -> None:
    """Become `command`: the same process, so signals, terminal and exit code are its own. 127 if there is none such."""
    if not command:
        sys.exit("usage: python -m jewgo.core.local COMMAND [ARGUMENT…]")
    enter_or_exit(os.environ).keep_over_exec()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        os.execvp(command[0], list(command))  # noqa: S606 -- the command is what the caller typed
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
