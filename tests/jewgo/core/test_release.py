"""Which release runs, as far as a checkout's own files tell it."""

import subprocess
from pathlib import Path

import pytest

from jewgo.core import release

AUTHOR = ("-c", "user.name=Dana", "-c", "user.email=dana@example.org")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *AUTHOR, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def test_it_is_the_commit_that_is_checked_out(checkout: Path) -> None:
    assert release.commit(checkout) == git(checkout, "rev-parse", "HEAD")


def test_it_is_found_when_git_has_packed_its_references(checkout: Path) -> None:
    git(checkout, "tag", "-a", "v4", "-m", "annotated")
    git(checkout, "pack-refs", "--all")

    assert release.commit(checkout) == git(checkout, "rev-parse", "HEAD")


def test_it_is_found_without_a_branch(checkout: Path) -> None:
    git(checkout, "checkout", "-q", "--detach")

    assert release.commit(checkout) == git(checkout, "rev-parse", "HEAD")


def test_a_second_working_tree_has_its_own(checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(checkout, "worktree", "add", "-q", "-b", "fix", str(other))
    git(other, "commit", "-q", "--allow-empty", "-m", "second")

    assert release.commit(other) == git(other, "rev-parse", "HEAD") != release.commit(checkout)


def test_where_there_is_no_checkout_it_is_not_known(tmp_path: Path) -> None:
    assert release.commit(tmp_path) == ""
