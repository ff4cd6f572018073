"""Reads the console blocks of a document, so that what it promises can be held to what happens."""

import doctest
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """One command as the document types it, and the output it shows; `…` stands for anything."""

    document: str
    command: str
    shown: str

    def __str__(self) -> str:
        return f"{self.document}: {self.command}"


def examples(path: Path) -> Iterator[Example]:
    """Yield each `$ command` of the document's console blocks, with the lines under it, in order."""
    for block in BLOCK.findall(path.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            yield Example(path.name, command, shown)


def shows(example: Example, printed: str) -> bool:
    """Say whether the printed text is what the document shows; an empty showing promises nothing."""
    if not example.shown.strip():
        return True
    want = example.shown.rstrip().replace("…", "...")
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(want, printed.strip(), options)
