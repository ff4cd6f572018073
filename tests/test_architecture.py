"""The house is as ARCHITECTURE.md draws it: who imports whom, how big a room may be, and that v3 can be taken out."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("jewgo", "restaurants", "reviews", "users", "rollout")
LARGEST_MODULE = 400
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager"}

MODULES = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]


def test_nobody_imports_whom_they_must_not() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_no_module_is_too_big_to_live_in() -> None:
    sizes = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in MODULES}

    assert {path: lines for path, lines in sizes.items() if lines > LARGEST_MODULE} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in MODULES if path.name != "__init__.py" and not path.read_text().startswith(('"""', "#!"))]

    assert silent == []


def test_no_room_is_a_lumber_room() -> None:
    assert [path for path in MODULES if path.stem in FORBIDDEN_NAMES] == []


def test_architecture_names_only_files_that_exist() -> None:
    drawn = set(re.findall(r"\b(\w+\.py)\b", (ROOT / "ARCHITECTURE.md").read_text()))
    others = (path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
    known = {path.name for path in [*MODULES, *others, ROOT / "manage.py"]}

    assert drawn - known == set()


def test_the_v3_contract_stays_whole_without_the_v3_engine(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", ".venv", "var", ".*_cache", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=ignored)
    for engine in copy.glob("*/legacy.py"):
        engine.unlink()
    contracts = [*copy.glob("tests/*/test_v3.py"), *copy.glob("tests/*/api/test_v3.py")]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-k", "complete] or v4]", "-p", "no:cacheprovider", *contracts],
        cwd=copy,
        env=_environment_of_its_own(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert {path.parent.name for path in contracts} >= {"restaurants", "api"}
    assert done.returncode == 0, done.stdout[-3000:]


def _environment_of_its_own() -> dict[str, str]:
    """Return our environment for another test run beside this one: the same servers, another test database."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**ours, "DATABASE_URL": urlsplit(ours["DATABASE_URL"])._replace(path="/without_v3").geturl()}
