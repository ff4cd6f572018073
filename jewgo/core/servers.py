"""PostgreSQL and Valkey as programs of this machine: where they and their files lie, how they start, when they serve."""

import importlib.util
import os
import platform
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import psycopg2

SHELTER = Path("/var/lib/jewgo")
"""Where root keeps what the servers' unprivileged user could not reach below the clone."""

OLDEST_POSTGRES = 17
"""The built-in locale provider, which gives Hebrew its trigrams without ICU, came with PostgreSQL 17."""

KEPT_PORTS = range(20_000, 32_000)
"""Below Linux's ephemeral range: a port kept over restarts is not taken meanwhile by somebody's outgoing connection."""

PLAIN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that a server sees: the caller's locale may not be installed, and PGDATA or PGPORT would mislead it."""


class LocalError(Exception):
    """The local services cannot run here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user that the servers run as: ourselves, or an unprivileged one when we are root."""

    uid: int
    gid: int

    @classmethod
    def for_servers(cls) -> "Account":
        """Return our own account, or `nobody` for root, because PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def popen_arguments(self) -> dict[str, Any]:
        """Arguments of `Popen` that start a program as this user, away from any directory that it may not enter."""
        switch = {} if self.is_ours else {"user": self.uid, "group": self.gid, "extra_groups": []}
        return {**switch, "cwd": "/", "env": PLAIN_ENVIRONMENT}

    def reaches(self, path: Path) -> bool:
        """Say whether this user may enter `path` (a directory) or run it (a program), by asking as this user."""
        if self.is_ours:
            return os.access(path, os.X_OK)
        return subprocess.run(["test", "-x", str(path)], check=False, **self.popen_arguments).returncode == 0

    def own(self, path: Path) -> None:
        if not self.is_ours:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True, slots=True)
class Place:
    """The directory that the local services live in, and the rules for what lies outside it.

    A throwaway place (a test run's) is quick and forgets: nothing is synced to disk, and all of it goes with its supervisor.
    """

    path: Path
    account: Account
    is_throwaway: bool = False

    def directory(self, name: str) -> Path:
        """Return the real directory `name` of this place, made for the servers' user if there is none."""
        wanted = self.path / name
        if not wanted.exists():
            self._make(wanted)
        return wanted.resolve()

    def _make(self, wanted: Path) -> None:
        real = wanted
        if not self.account.reaches(self.path):
            real = _shelter(sha256(bytes(self.path.resolve())).hexdigest()[:12]) / wanted.name
            wanted.unlink(missing_ok=True)
            wanted.symlink_to(real)
        real.mkdir(mode=0o700, exist_ok=True)
        self.account.own(real)

    def discard(self, directory: Path) -> None:
        """Remove a server's directory for good, and the shelter made for it."""
        shutil.rmtree(directory, ignore_errors=True)
        if directory.parent.parent == SHELTER:
            with suppress(OSError):
                directory.parent.rmdir()

    def program(self, source: Path, *roots: Path) -> Path:
        """Return `source`, or its twin in a copy of `roots` where the servers' user cannot run `source` itself.

        `roots` are siblings that belong together, the first one an ancestor of `source`.
        """
        if self.account.reaches(source):
            return source
        copy = _shelter(f"{source.name}-{sha256(bytes(roots[0]) + _age(source)).hexdigest()[:12]}")
        for root in roots:
            _copy_once(root, copy / root.relative_to(roots[0].parents[1] if len(roots) > 1 else roots[0].parent))
        return copy / source.relative_to(roots[0].parents[1] if len(roots) > 1 else roots[0].parent)
