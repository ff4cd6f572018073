"""The one seam between the engines: who is in, the v4 engine, and the v3 engine in the same request when that fails."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Generic, Literal, ParamSpec, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from jewgo.core.errors import JewgoError, OutcomeUnknown
from jewgo.core.middleware import current_request_id
from rollout import faults, identity, plain, pulse, registry, snapshot, transactions
from rollout.breaker import breakers
from rollout.bulkhead import Bulkhead
from rollout.calls import Call
from rollout.eligibility import NOBODY, DrillState, Reason
from rollout.failures import Outcome, fingerprint, place, report
from rollout.recording import recorder
from rollout.registry import control

__all__ = ["Served", "Switch", "Toggle", "control", "note_served"]

P = ParamSpec("P")
V = TypeVar("V")
D = TypeVar("D")

logger = logging.getLogger(__name__)

NEVER_REPLACED = frozenset({401, 403, 429})
"""Refusals of a read that are about the caller, not about what is stored; nobody is asked for a better answer."""


@dataclass(frozen=True, slots=True)
class Served:
    """Which engine answered a request, under which feature, and why."""

    engine: Literal["v3", "v4"]
    feature: str
    reason: str
    is_switched: bool = True
    """Whether a switch chose the engine (the v3 contract), not a gate (the v4 contract)."""

    def __str__(self) -> str:
        return f"{self.engine}; feature={self.feature}; reason={self.reason}"


def note_served(request: HttpRequest, served: Served) -> None:
    """Put `served` where the middleware finds it, as the answer's X-JewGo-Served-By."""
    http = identity.unwrapped(request)
    http.rollout_served = served  # type: ignore[attr-defined]


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
        turn = _Turn(
            switch=self,
            request=http,
            call=Call(self.feature, self.operation, caller, view.decide(self.feature, caller), flag),
            drills=view.drills(self.feature),
            query=(args, kwargs),
            candidate=partial(self.candidate, *args, **kwargs),
            control=_bound(registry.control_of(self.operation), args, kwargs),
        )
        turn.call.is_eligible = flag is not None and not breakers.is_open(self.operation, flag.attempt)
        with identity.bind(caller):
            return turn.recorded()


@dataclass(frozen=True, slots=True)
class _Turn(Generic[V, D]):
    """One call of a switch, by one caller; what becomes of it is written into `call`."""

    switch: "Switch[Any, V, D]"
    request: HttpRequest
    call: Call
    drills: tuple[DrillState, ...]
    query: object
    candidate: Callable[[], V]
    control: Callable[[], V] | None

    def recorded(self) -> D:
        """Let the assigned engine answer, and note how that went and how long it took."""
        began = time.perf_counter()
        try:
            return self.run()
        except Exception as error:
            self.call.is_client_error = _is_refusal(error) and not self.call.has_failed
            raise
        finally:
            recorder.note(self.call, (time.perf_counter() - began) * 1000)

    def run(self) -> D:
        """Let the assigned engine answer; the candidate has the control behind it while there is one."""
        decision = self.call.decision
        if self.control is None or not decision.has_fallback:
            return self._run_alone()
        if decision.is_candidate:
            return self._run_protected(self.control)
        self._note("v3", decision.reason)
        return self._blaming(partial(self._presented, self.control))

    def _run_alone(self) -> D:
        """Let the candidate answer where the v3 engine is retired or never called any more."""
        self._note("v4", self.call.decision.reason)
        return self._blaming(partial(self._presented, self.candidate), reports=True)

    def _run_protected(self, control: Callable[[], V]) -> D:
        """Ask the candidate, unless it has just failed everybody here, or holds its share of the threads."""
        operation, attempt = self.switch.operation, self._attempt
        if not breakers.allows(operation, attempt):
            return self._run_instead(control, Reason.BREAKER)
        with bulkhead().entered() as has_room:
            if not has_room:
                return self._run_instead(control, Reason.BULKHEAD)
            return self._run_guarded(control)

    def _run_instead(self, control: Callable[[], V], reason: Reason) -> D:
        """Let the control answer without asking the candidate."""
        self.call.instead = reason
        self._note("v3", reason)
        return self._settle(partial(self._presented, control))

    def _run_guarded(self, control: Callable[[], V]) -> D:
        self._note("v4", self.call.decision.reason)
        try:
            answer = self._settle(self._drilled)
        except OutcomeUnknown as error:
            self._report(error.__cause__ or error, Outcome.OUTCOME_UNKNOWN, recovered=False)
            raise
        except JewgoError as error:
            if _is_refusal(error) and (self.switch.writes or error.status in NEVER_REPLACED):
                self._succeeded()
                raise
            failure: Exception = error
        except Exception as error:  # noqa: BLE001 the request survives whatever the candidate does
            failure = error
        else:
            self._succeeded()
            return answer
        return self._fall_back(failure, control)

    def _fall_back(self, failure: Exception, control: Callable[[], V]) -> D:
        """Let the control answer in the candidate's place; a refusal that it shares was right, and stands."""
        try:
            answer = self._settle(partial(self._presented, control))
        except Exception as error:
            if _is_refusal(failure) and not _contradicts(error, failure):
                self._succeeded()
                raise failure from None
            self._note("v3", Reason.FALLBACK)
            self._report(failure, recovered=_is_refusal(error))
            raise
        self._note("v3", Reason.FALLBACK)
        self._report(failure, recovered=True)
        return answer

    def _blaming(self, work: Callable[[], D], *, reports: bool = False) -> D:
        """Do the work of an engine that has none behind it; what nobody anticipated counts against its arm."""
        try:
            return self._settle(work)
        except Exception as error:
            if reports and not _is_refusal(error):
                self._report(error, recovered=False)
            elif not _is_refusal(error):
                self._blame(error, recovered=False)
            raise

    def _settle(self, work: Callable[[], D]) -> D:
        if self.switch.writes:
            return transactions.write(work, operation=self.switch.operation)
        return transactions.read(work)

    def _presented(self, engine: Callable[[], V]) -> D:
        """Run one engine and present its value; nothing lazy leaves."""
        answer = self.switch.present(engine())
        plain.written(answer)
        return answer

    def _drilled(self) -> D:
        """Run the candidate, and let the drills that are on do their harm to it."""
        answer = self._presented(self.candidate)
        if self.drills:
            call = faults.Call(
                operation=self.switch.operation,
                identity=self.call.caller.key,
                writes=self.switch.writes,
                query=repr(self.query),
                answer=plain.written(answer),
            )
            faults.strike(self.drills, call, now=timezone.now(), chance=random.random(), sleep=time.sleep)
        return answer

    def _note(self, engine: Literal["v3", "v4"], reason: str) -> None:
        note_served(self.request, Served(engine, self.switch.feature, reason))

    def _report(self, error: BaseException, outcome: Outcome | None = None, *, recovered: bool) -> None:
        """Log a failure of the candidate, count it, and tell the breaker what nobody anticipated."""
        told = outcome or (Outcome.WRONG_REFUSAL if _is_refusal(error) else Outcome.RAISED)
        report(error, told, feature=self.switch.feature, operation=self.switch.operation, recovered=recovered)
        self._blame(error, recovered=recovered)
        if told is Outcome.WRONG_REFUSAL or not self.call.decision.has_fallback:
            return
        if breakers.failed(self.switch.operation, self._attempt, self.call.caller.key):
            logger.error("The breaker of %s is open: v3 answers at once.", self.switch.operation)
            pulse.hurry()

    def _blame(self, error: BaseException, *, recovered: bool) -> None:
        self.call.has_failed, self.call.has_recovered = True, recovered
        self.call.fingerprint, self.call.place = fingerprint(error), place(error)[:200]
        self.call.request_id = current_request_id()

    def _succeeded(self) -> None:
        breakers.succeeded(self.switch.operation, self._attempt)

    @property
    def _attempt(self) -> int:
        return self.call.flag.attempt if self.call.flag else 0


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


@cache
def bulkhead() -> Bulkhead:
    """Return this process's bulkhead, for as many threads as the settings say it serves with."""
    return Bulkhead(settings.ROLLOUT["THREADS"])


def _bound(engine: Callable[..., V] | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], V] | None:
    return None if engine is None else partial(engine, *args, **kwargs)


def _is_refusal(error: BaseException) -> bool:
    """Whether the engine anticipated it and means the caller: a 4xx with a name."""
    return isinstance(error, JewgoError) and error.is_client_error


def _contradicts(second: Exception, refusal: Exception) -> bool:
    """Whether the control refused too, but for another reason; a control that broke says nothing."""
    return (
        isinstance(second, JewgoError)
        and isinstance(refusal, JewgoError)
        and second.is_client_error
        and second.code != refusal.code
    )
