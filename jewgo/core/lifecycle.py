"""Legal moves by a table: what restaurants' records and reviews have in common. Knows neither."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from jewgo.core.errors import InvalidInput, JewgoError, Problem

Move = TypeVar("Move", bound=str)
State = TypeVar("State", bound=str)


@dataclass(frozen=True, slots=True)
class Rule(Generic[State]):
    """From where a move is legal, where it leads, and whether somebody has to say why."""

    sources: frozenset[State]
    target: State
    needs_reason: bool = False


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[Move, State]):
    """A table of moves, of which `offered` are those that people choose from, in that order.

    `illegal` is raised for a move that is not in the table from where the `noun` stands; `why` ends the sentence that
    asks for a reason.
    """

    noun: str
    rules: Mapping[Move, Rule[State]]
    illegal: type[JewgoError]
    offered: Sequence[Move]
    why: str = ""

    def legal_moves(self, state: str) -> tuple[Move, ...]:
        """Return the offered moves that start at `state`, in their order."""
        return tuple(move for move in self.offered if state in self.rules[move].sources)

    def move_between(self, state: str, target: str) -> Move:
        """Return the offered move from `state` to `target`; raises `illegal` when there is none."""
        for move in self.legal_moves(state):
            if self.rules[move].target == target:
                return move
        raise self.illegal(f"A {self.noun} that is {state} cannot become {target}.", hint=self._hint(state))

    def after(self, move: Move, state: str, reason: str = "") -> State:
        """Return where `move` leads from `state`; raises `illegal`, and `InvalidInput` without its reason."""
        rule = self.rules[move]
        if state not in rule.sources:
            raise self.illegal(f"A {self.noun} that is {state} cannot be moved by {move}.", hint=self._hint(state))
        if rule.needs_reason and not reason.strip():
            problem = Problem("required", f"Say why, to {move}{self.why}.", pointer="/reason")
            raise InvalidInput(problems=[problem])
        return rule.target

    def _hint(self, state: str) -> str:
        return f"Legal from {state}: {', '.join(self.legal_moves(state))}."
