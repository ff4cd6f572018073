"""Where the local services keep their files, and which user they run as."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

SHELTER = Path("/var/lib/jewgo")
"""Where root keeps what the servers' unprivileged user could not reach below the clone."""

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
        """Arguments of `Popen` that start a program as this user, in a directory that everybody may enter."""
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
    """The directory that the local services live in (`var/`), with what they remember there.

    A throwaway place (a test run's) is quick and forgets: nothing is synced to disk, and all of it goes when its
    services end.
    """

    path: Path
    is_throwaway: bool = False
    account: Account = field(default_factory=Account.for_servers)

    @property
    def lock(self) -> Path:
        """Held by the one supervisor of this place for as long as it lives."""
        return self.path / "local.lock"

    @property
    def log(self) -> Path:
        return self.path / "local.log"

    def read_state(self) -> dict[str, Any]:
        """Return what the supervisor last said about each service; empty before its first word."""
        try:
            return dict(orjson.loads((self.path / "local.json").read_bytes()))
        except (FileNotFoundError, orjson.JSONDecodeError):
            return {}

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace the state in one step, so that a reader never sees half of it. Only for the holder of `lock`."""
        draft = self.path / "local.json.new"
        draft.write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2))
        draft.replace(self.path / "local.json")

    def read_secrets(self) -> dict[str, str]:
        """Return this place's own secrets, made on first use and readable by its owner only."""
        kept = self.path / "secrets.json"
        if not kept.exists():
            names = ("SECRET_KEY", "ROLLOUT_SECRET", "SERVICES_PASSWORD")
            write_private(kept, orjson.dumps({name: secrets.token_urlsafe(48) for name in names}))
        return dict(orjson.loads(kept.read_bytes()))

    def directory(self, name: str) -> Path:
        """Return the real directory `name` of this place, made for the servers' user if there is none."""
        wanted = self.path / name
        if not wanted.exists():
            real = wanted
            if not self.account.reaches(self.path):
                real = self._shelter / name
                shutil.rmtree(real, ignore_errors=True)  # of a clone that was here before: nothing links to it any more
                _open_directory(real.parent)
                wanted.unlink(missing_ok=True)
                wanted.symlink_to(real)
            real.mkdir(mode=0o700, exist_ok=True)
            self.account.own(real)
        return wanted.resolve()

    def program(self, name: str, site: Path, parts: Sequence[str], label: str) -> Path:
        """Return the program `name` below `site`, or its twin in a copy of `parts` that the servers' user can reach.

        `parts` are the directories below `site` that the program needs beside itself; `label` names their version.
        """
        if not self.account.reaches(site / name):
            copy = SHELTER / "programs" / label
            _open_directory(copy.parent)
            _copy_once(site, copy, parts)
            site = copy
        return site / name

    def discard(self) -> None:
        """Remove a throwaway place, wherever its files lie."""
        shutil.rmtree(self._shelter, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def _shelter(self) -> Path:
        return SHELTER / sha256(bytes(self.path.resolve())).hexdigest()[:12]


def _open_directory(path: Path) -> None:
    """Make `path` and the parents it lacks, open to all to enter whatever the umask; touch none that stood before."""
    if not path.is_dir():
        _open_directory(path.parent)
        with suppress(FileExistsError):
            path.mkdir()
            path.chmod(0o755)


def _copy_once(site: Path, copy: Path, parts: Sequence[str]) -> None:
    """Copy `parts` of `site` to `copy`; of two that do so at once, one wins and the other's is thrown away."""
    if copy.exists():
        return
    with tempfile.TemporaryDirectory(dir=copy.parent) as draft:
        for part in parts:
            shutil.copytree(site / part, Path(draft, "copy", part), symlinks=True)
        for path in (Path(draft, "copy"), *Path(draft, "copy").rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
        with suppress(OSError):
            Path(draft, "copy").rename(copy)


def write_private(path: Path, content: bytes) -> None:
    """Write `path` for its owner only; of two that do so at once, the first one's content stands."""
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    with suppress(FileExistsError):
        os.link(draft, path)
    Path(draft).unlink()
