"""The committed vectors of the judgement, read: exact values that were computed outside this code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rollout.eligibility import Arm

TEXT = (Path(__file__).parent / "evidence_vectors.txt").read_text()
LINES = TEXT.splitlines()
ARMS = {"V": Arm.CANDIDATE, "C": Arm.CONTROL}

Person = tuple[Arm, float]


@dataclass(frozen=True)
class Mixtures:
    """One of V1 to V7: failing people in order, and what the mixtures are after them."""

    name: str
    people: tuple[Person, ...]
    by_tolerance: dict[float, float]
    proven_against: dict[float, float]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Moment:
    """One line of V8: somebody failed, and E is then this much, in the process of this epoch that counts so many."""

    minute: int
    identity: str
    arm: Arm
    share: float
    evidence: float
    epoch: int
    people: int


def numbers(prefix: str, line: str) -> dict[float, float]:
    found = re.findall(rf"{prefix}([\d.]+)\) = ([\d.e+-]+)", line)
    return {float(argument): float(value) for argument, value in found}


def people(words: str) -> Iterator[Person]:
    """Read the three ways in which the file lists people."""
    if each := re.findall(r"([VC])@([\d.]+) %", words):
        yield from ((ARMS[arm], float(share) / 100) for arm, share in each)
        return
    share = float(re.search(r"at (\d+) %", words)[1]) / 100  # type: ignore[index]  # the file is committed
    counted = {
        "one candidate failure": [(1, "V")],
        "one control failure": [(1, "C")],
        "four candidate failures": [(4, "V")],
    }
    what = re.split(r",? at \d", words)[0]
    groups = counted.get(what) or [(int(n), arm) for n, arm in re.findall(r"(\d+) x ([VC])", what)]
    for count, arm in groups or [(1, arm) for arm in what.split()]:
        yield from [(ARMS[arm], share)] * count


def mixtures() -> list[Mixtures]:
    found = []
    for line in LINES:
        if re.match(r"V[1-7] ", line):
            words = line.split("|")[0]
            name, rest = words.strip().split(" ", 1)
            found.append(Mixtures(name, tuple(people(rest)), numbers(r"M\(", line), numbers(r"PROVEN\(r1=", line)))
    return found


def moments() -> list[Moment]:
    pattern = r" +(\d+) (\w) ([VC])@([\d.]+)  E = ([\d.]+)  start (\d+), (\d+)$"
    found = [re.match(pattern, line) for line in LINES]
    return [
        Moment(int(at), who, ARMS[arm], float(share), float(value), int(epoch), int(counted))
        for at, who, arm, share, value, epoch, counted in (match.groups() for match in found if match)
    ]


def late_break() -> dict[int, tuple[float, int, int]]:
    """Return of V9, after so many events: E, the epoch of the process that holds it, and the people it counts."""
    found = re.findall(r"after (\d+) events E = ([\d.]+) start (\d+) people (\d+)", TEXT)
    return {int(after): (float(value), int(epoch), int(counted)) for after, value, epoch, counted in found}


def fewest() -> dict[float, list[int]]:
    """Return, by share, the fewest failing people for E of 100, for the weights of the file's last heading."""
    found = re.findall(r"^    ([\d.]+) \[([\d, ]+)\]$", TEXT, re.MULTILINE)
    return {float(share): [int(number) for number in counts.split(",")] for share, counts in found}


def weights() -> dict[str, float]:
    line = next(line for line in LINES if line.startswith("weights:"))
    found = re.findall(r"(start|change\(\d+\)|hour\(\d+\)) (\d+)/(\d+)", line)
    return {name: int(over) / int(under) for name, over, under in found}


def thetas() -> list[tuple[float, float, float]]:
    return [
        (float(r), float(p), float(v)) for r, p, v in re.findall(r"theta\(([\d.]+),([\d.]+)\) = ([\d.]+)", LINES[0])
    ]
