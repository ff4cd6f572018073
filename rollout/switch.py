"""The one seam between the engines: who is in, the v4 engine, and the v3 engine in the same request when that fails."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

from django.http import HttpRequest

from rollout import identity, registry, snapshot
from rollout.breaker import breakers
from rollout.calls import Call
from rollout.eligibility import NOBODY
from rollout.registry import control
from rollout.turns import Turn

__all__ = ["Switch", "Toggle", "control"]

P = ParamSpec("P")
V = TypeVar("V")
D = TypeVar("D")


class Switch(Generic[P, V, D]):
    """One operation that both engines offer, answered by the one that this caller is assigned to.

    `candidate` and the registered control take the same arguments and return the same kind of value; `present` makes
    it the contract's plain data. Both run inside the guard: what leaves is data that can be written as JSON. An
    operation that `writes` runs in a durable transaction of the switch's own, so it is never called inside one.
    """

    def __init__(
        self, feature: str, operation: str, *, candidate: Callable[P, V], present: Callable[[V], D], writes: bool
    ) -> None:
        registry.switched(feature, operation)
        self.feature = feature
        self.operation = operation
        self.writes = writes
        self.candidate = candidate
        self.present = present

    def __call__(self, request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> D:
        """Return the presented answer, and note on the request which engine gave it.

        Raises what the answering engine raises: an anticipated `JewgoError`, or whatever the control raised when both
        engines failed; `OutcomeUnknown` when a write was lost while committing.
        """
        http = identity.unwrapped(request)
        caller = identity.identify(http)
        view = snapshot.current()
        flag = view.flags.get(self.feature)
        turn = Turn(
            request=http,
            call=Call(self.feature, self.operation, caller, view.decide(self.feature, caller), flag),
            writes=self.writes,
            present=self.present,
            drills=view.drills(self.feature),
            query=(args, kwargs),
            candidate=partial(self.candidate, *args, **kwargs),
            control=_bound(registry.control_of(self.operation), args, kwargs),
        )
        turn.call.is_eligible = flag is not None and not breakers.is_open(self.operation, flag.attempt)
        with identity.bind(caller):
            return turn.recorded()


class Toggle:
    """A feature that chooses a way of working rather than an engine."""

    def __init__(self, feature: str) -> None:
        registry.gates(feature, "toggle")
        self.feature = feature

    def is_on(self, request: HttpRequest | None = None) -> bool:
        """Say whether it is on for the caller of `request`, by default for whoever is being served here.

        Outside a request it is on only where it is on for everybody.
        """
        caller = identity.identify(request) if request is not None else identity.current()
        return snapshot.current().decide(self.feature, caller or NOBODY).is_candidate


def _bound(engine: Callable[..., V] | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], V] | None:
    return None if engine is None else partial(engine, *args, **kwargs)
