"""Many runs of every situation, in pieces, kept as they are done: an interrupted campaign goes on where it was."""

import json
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.calibration.guard import Looks
from benchmarks.calibration.runs import Outcome, simulate
from benchmarks.calibration.situations import FAULTY, HARD, SITUATIONS

_ROOT = Path(__file__).parents[2]
_JUDGEMENT = ("evidence", "mixture", "processes", "tally", "stream", "step_limits", "situation", "verdict")
_NO_SIMULATION = ("report.py", "campaign.py", "bounds.py")
PIECE = 25
COMPARED = 400
"""In how many runs of a situation the rivals look on."""
AT_SECONDS = 20
"""How many runs of a situation are also judged every second."""
FEWER = 400
"""How many runs there are, at most, of a situation in which v4 breaks, or v3 is too small to compare with."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some runs of one situation; `code` tells results apart that other code made."""

    situation: str
    looks: Looks
    seed: int
    first: int
    runs: int
    code: str

    def seeds(self) -> Iterator[tuple[str, bool]]:
        """Yield the seed of each run, and whether the rivals look on."""
        for number in range(self.first, self.first + self.runs):
            yield f"{self.seed} {self.situation} {number}", self.is_compared and number < COMPARED

    @property
    def is_compared(self) -> bool:
        """Whether the rivals are asked: about a v4 that is fine, or that fails from the start."""
        return self.looks is Looks.SPARED and not SITUATIONS[self.situation].fault_at


def fingerprint() -> str:
    """Return a digest of the code that judges and simulates."""
    simulation = sorted(Path(__file__).parent.glob("*.py"))
    files = [file for file in simulation if file.name not in _NO_SIMULATION]
    files += [_ROOT / "rollout" / f"{name}.py" for name in _JUDGEMENT]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def plan(names: Iterable[str], runs: int, seed: int) -> list[Piece]:
    """Return all pieces of a campaign."""
    code, special = fingerprint(), {situation.name for situation in (*HARD, *FAULTY)}
    pieces = []
    for name in names:
        total = min(runs, FEWER) if name in special else runs
        each = [(Looks.SPARED, total)] + [(Looks.SECONDS, min(runs, AT_SECONDS))] * (name not in special)
        for looks, count in each:
            size = PIECE if looks is Looks.SPARED else 2
            pieces += [Piece(name, looks, seed, at, min(size, count - at), code) for at in range(0, count, size)]
    return sorted(pieces, key=_turn)


def _turn(piece: Piece) -> int:
    """All situations get on together; the long runs at every second are spread among the others, later."""
    return piece.first if piece.looks is Looks.SPARED else COMPARED + PIECE * piece.first


def done(file: Path) -> dict[Piece, list[Outcome]]:
    """Return the pieces that a file holds."""
    if not file.exists():
        return {}
    lines: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
    return {_piece(**line["piece"]): [Outcome(**outcome) for outcome in line["outcomes"]] for line in lines}


def _piece(looks: str, **fields: Any) -> Piece:
    return Piece(looks=Looks(looks), **fields)


def work(piece: Piece) -> list[Outcome]:
    """Run a piece."""
    situation = SITUATIONS[piece.situation]
    return [simulate(situation, seed, piece.looks, compare=compare) for seed, compare in piece.seeds()]


def campaign(pieces: list[Piece], file: Path, processes: int) -> dict[Piece, list[Outcome]]:
    """Run what `file` does not hold yet, add it to the file, and return all; without processes, what it holds."""
    kept = done(file)
    found = {piece: kept[piece] for piece in pieces if piece in kept}
    missing = [piece for piece in pieces if piece not in found] if processes else []
    file.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(max(processes, 1)) as pool, file.open("a") as out:
        under_way = {pool.submit(work, piece): piece for piece in missing}
        for future in as_completed(under_way):
            piece = under_way[future]
            found[piece] = future.result()
            out.write(json.dumps({"piece": asdict(piece), "outcomes": [asdict(one) for one in found[piece]]}) + "\n")
            out.flush()
            print(f"{len(found)}/{len(pieces)} {piece.situation} {piece.looks}", file=sys.stderr)  # noqa: T201
    return found
