"""Starting a server process without, or with a wrong, environment."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def gunicorn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_server_refuses_to_start_and_lists_everything_that_is_missing() -> None:
    ran = gunicorn("-c", "python:jewgo.serving")

    assert ran.returncode == 2
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ROLLOUT_SECRET", "ALLOWED_HOSTS"):
        assert f"  {name}: Field required" in ran.stderr


def test_a_worker_that_cannot_start_ends_the_server_instead_of_being_respawned() -> None:
    ran = gunicorn("-b", "127.0.0.1:0", "--no-control-socket", "jewgo.wsgi:application")

    assert ran.returncode == 3
    assert ran.stderr.count("JewGo cannot start") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", "mysql://db/jewgo"), ("SECRET_KEY", "s3cret-too-short"), ("WORKERS", "none"), ("PORT", "99999")],
)
def test_a_wrong_value_is_named_but_never_shown(name: str, value: str) -> None:
    ran = gunicorn("-c", "python:jewgo.serving", **{name: value})

    assert ran.returncode == 2
    assert f"  {name}: " in ran.stderr
    assert value not in ran.stderr
