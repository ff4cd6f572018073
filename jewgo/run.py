"""`make run`: the whole guide on this machine, from nothing; the second time it finds everything as it was left.

python -m jewgo.run [--end-with-parent]
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from io import TextIOWrapper
from pathlib import Path
from types import FrameType

from jewgo.core import local
from jewgo.core.processes import is_free, tied_to
from jewgo.greeting import greeting

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT_S = 60.0
STOP_LIMIT_S = 15.0
LOOK_EVERY_S = 0.25
BESIDE = (("manage.py", "rollout_guard"), ("manage.py", "openings", "--every", "3600"))
"""What runs beside the server, as in the Procfile."""
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(Exception):
    """Somebody asked us to end (a signal), or nobody is left who would: the process that started us has gone."""


def main(arguments: Sequence[str]) -> int:
    """Start everything, serve until asked to end, and return the exit code."""
    parser = argparse.ArgumentParser(prog="jewgo.run", description="Serve the guide on this machine.")
    parser.add_argument(
        "--end-with-parent", action="store_true", help="end when the process that started this one ends"
    )
    parent = os.getppid() if parser.parse_args(arguments).end_with_parent else None
    for name in ENDINGS:
        signal.signal(name, _end)
    if parent is not None:
        tied_to(parent, signal.SIGTERM)()
    _write_lines_at_once()
    port = int(os.environ.setdefault("PORT", "8000"))
    if not is_free(port):
        sys.stderr.write(f"Port {port} is in use. Take another: make run PORT={port + 1}\n")
        return 1
    with suppress(Ended):
        return run(port, lambda: parent in (None, os.getppid()))
    return 0


def run(port: int, is_wanted: Callable[[], bool]) -> int:
    """Bring up services, data and server, say what there is, and keep it running while it is wanted.

    Returns the server's exit code when that ends by itself; raises `Ended` when it is to end.
    """
    _say("Starting PostgreSQL and Valkey …")
    lease = local.enter_or_exit(os.environ)
    _say("Bringing the database up to date …")
    told = prepare(lease.place.path, port)
    children = [server := _started("-m", "gunicorn", "-c", "python:jewgo.serving")]
    try:
        if _answers(server, port):
            _say(told)
        children += [_started(*command) for command in BESIDE]
        while server.poll() is None:
            time.sleep(LOOK_EVERY_S)
            lease.ensure_supervisor()
            for place, command in enumerate(BESIDE, start=1):
                if children[place].poll() is not None:  # whatever ended it, somebody has to watch
                    children[place] = _started(*command)
            if not is_wanted():
                raise Ended
        return server.returncode
    finally:
        _stop(*children)


def prepare(var: Path, port: int) -> str:
    """Bring tables and data up to date, and return what to tell the newcomer."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jewgo.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from jewgo import demo

    call_command("migrate", interactive=False, verbosity=0)
    demo.load_guide()
    staff = demo.staff(var / "admin.json")
    key = demo.service_key(var / "service_key")
    demo.open_features(staff.email)
    devices = demo.example_devices()
    connections.close_all()
    password = staff.password if staff.is_new else f"in {var / 'admin.json'}"
    mail = f"go to {settings.EMAIL_HOST}" if settings.EMAIL_HOST else f"are files in {settings.EMAIL_FILE_PATH}"
    base = f"http://127.0.0.1:{port}"
    return greeting(base, email=staff.email, password=password, key=key, mail=mail, devices=devices)


def _started(*arguments: str) -> "subprocess.Popen[bytes]":
    """Start a Python of ours, which ends with us."""
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, cwd=ROOT, preexec_fn=tied_to(os.getpid(), signal.SIGTERM))


def _answers(server: "subprocess.Popen[bytes]", port: int) -> bool:
    """Wait until the server answers a probe; False when it takes too long, or ended and so has said why itself."""
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until and server.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        with suppress(OSError, HTTPException):
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return True
        connection.close()
        time.sleep(0.1)
    return False


def _stop(*children: "subprocess.Popen[bytes]") -> None:
    """End the children: orderly, or for good if that takes too long. A second signal does not interrupt it."""
    for name in ENDINGS:
        signal.signal(name, signal.SIG_IGN)
    for child in children:
        child.terminate()
    until = time.monotonic() + STOP_LIMIT_S
    for child in children:
        try:
            child.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _write_lines_at_once() -> None:
    """Keep the order of our lines and the server's when both go to a file."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _end(_: int, __: FrameType | None) -> None:
    raise Ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
