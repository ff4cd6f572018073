"""Which release runs, where nobody says so: the git commit, read from the files of the checkout, without git."""

from pathlib import Path


def commit(root: Path) -> str:
    """Return the commit that `root` is checked out at, or "" where it is no checkout."""
    try:
        git = _folder(root / ".git")
        head = _line(git / "HEAD")
        return _at(git, head.removeprefix("ref: ")) if head.startswith("ref: ") else head
    except (OSError, ValueError):
        return ""


def _folder(git: Path) -> Path:
    """Return git's folder; a second working tree has a file in its place that names it."""
    return git if git.is_dir() else git.parent / _line(git).removeprefix("gitdir: ")


def _at(git: Path, reference: str) -> str:
    """Return what a branch points at: its own file says, or since git last tidied up, the packed ones."""
    shared = git / _line(git / "commondir") if (git / "commondir").exists() else git
    if (shared / reference).exists():
        return _line(shared / reference)
    packed = (line.split() for line in (shared / "packed-refs").read_text().splitlines())
    return next((words[0] for words in packed if words[1:] == [reference]), "")


def _line(path: Path) -> str:
    return path.read_text().strip()
