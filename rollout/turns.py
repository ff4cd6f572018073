"""One call of a switch: which engine is asked, what stands behind it, and what becomes of a failure."""

import logging
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Generic, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from jewgo.core.errors import JewgoError, OutcomeUnknown
from rollout import faults, plain, pulse, transactions
from rollout.breaker import breakers
from rollout.bulkhead import Bulkhead
from rollout.calls import Call
from rollout.eligibility import DrillState, Reason
from rollout.failures import Outcome, report
from rollout.recording import recorder
from rollout.served import Engine, Served, note_served

V = TypeVar("V")
D = TypeVar("D")

logger = logging.getLogger(__name__)

NEVER_REPLACED = frozenset({401, 403, 429})
"""Refusals of a read that are about the caller, not about what is stored; nobody is asked for a better answer."""


@dataclass(frozen=True, slots=True)
class Turn(Generic[V, D]):
    """One call of a switch, by one caller; what becomes of it is written into `call`."""

    request: HttpRequest
    call: Call
    writes: bool
    present: Callable[[V], D]
    drills: tuple[DrillState, ...]
    query: object
    candidate: Callable[[], V]
    control: Callable[[], V] | None

    def recorded(self) -> D:
        """Let the assigned engine answer, and note how that went and how long it took.

        What leaves as an exception and is no refusal counts against the arm, whichever engine was asked.
        """
        began = time.perf_counter()
        try:
            return self.run()
        except Exception as error:
            if not self.call.has_failed:
                self._end(error)
            raise
        finally:
            recorder.note(self.call, (time.perf_counter() - began) * 1000)

    def _end(self, error: Exception) -> None:
        if _is_refusal(error):
            self.call.is_client_error = True
        else:
            self.call.blame(error, recovered=False)

    def run(self) -> D:
        """Let the assigned engine answer; the candidate has the control behind it while there is one."""
        decision = self.call.decision
        if self.control is None or not decision.has_fallback:
            return self._run_alone()
        if decision.is_candidate:
            return self._run_protected(self.control)
        return self._run_control(self.control, decision.reason)

    def _run_alone(self) -> D:
        """Let the candidate answer where the v3 engine is retired or never called any more."""
        self._note("v4", self.call.decision.reason)
        try:
            return self._settle(partial(self._presented, self.candidate))
        except Exception as error:
            if not _is_refusal(error):
                self._report(error, Outcome.RAISED, recovered=False)
            raise

    def _run_control(self, control: Callable[[], V], reason: Reason) -> D:
        self._note("v3", reason)
        return self._settle(partial(self._presented, control))

    def _run_protected(self, control: Callable[[], V]) -> D:
        """Ask the candidate, unless it has just failed everybody here, or holds its share of the threads."""
        if not breakers.allows(self.call.operation, self.call.attempt):
            return self._run_instead(control, Reason.BREAKER)
        shared = bulkhead()
        place = shared.enter()
        if place is None:
            return self._run_instead(control, Reason.BULKHEAD)
        try:
            return self._run_guarded(control)
        finally:
            shared.leave(place)

    def _run_instead(self, control: Callable[[], V], reason: Reason) -> D:
        """Let the control answer without asking the candidate."""
        self.call.instead = reason
        return self._run_control(control, reason)

    def _run_guarded(self, control: Callable[[], V]) -> D:
        self._note("v4", self.call.decision.reason)
        try:
            answer = self._settle(self._drilled)
        except OutcomeUnknown as error:
            self._fail(error.__cause__ or error, Outcome.OUTCOME_UNKNOWN, recovered=False)
            raise
        except JewgoError as error:
            if _is_refusal(error) and (self.writes or error.status in NEVER_REPLACED):
                self._succeed()
                raise
            failure: Exception = error
        except Exception as error:  # noqa: BLE001 the request survives whatever the candidate does
            failure = error
        else:
            self._succeed()
            return answer
        return self._fall_back(failure, control)

    def _fall_back(self, failure: Exception, control: Callable[[], V]) -> D:
        """Let the control answer in the candidate's place; a refusal that it shares was right, and stands."""
        outcome = Outcome.WRONG_REFUSAL if _is_refusal(failure) else Outcome.RAISED
        try:
            answer = self._settle(partial(self._presented, control))
        except Exception as error:
            if _is_refusal(failure) and not _contradicts(error, failure):
                self._succeed()
                raise failure from None
            self._note("v3", Reason.FALLBACK)
            self._fail(failure, outcome, recovered=_is_refusal(error))
            raise
        self._note("v3", Reason.FALLBACK)
        self._fail(failure, outcome, recovered=True)
        return answer

    def _settle(self, work: Callable[[], D]) -> D:
        if self.writes:
            return transactions.write(work, operation=self.call.operation)
        return transactions.read(work)

    def _presented(self, engine: Callable[[], V]) -> D:
        """Run one engine and present its value; nothing lazy leaves."""
        answer = self.present(engine())
        plain.written(answer)
        return answer

    def _drilled(self) -> D:
        """Run the candidate, and let the drills that are on do their harm to it."""
        answer = self._presented(self.candidate)
        if self.drills:
            call = faults.Call(
                operation=self.call.operation,
                identity=self.call.caller.key,
                writes=self.writes,
                query=repr(self.query),
                answer=plain.written(answer),
            )
            faults.strike(self.drills, call, now=timezone.now(), chance=random.random(), sleep=time.sleep)
        return answer

    def _note(self, engine: Engine, reason: str) -> None:
        note_served(self.request, Served(engine, self.call.feature, reason))

    def _fail(self, error: BaseException, outcome: Outcome, *, recovered: bool) -> None:
        """Report a failure of the candidate, and tell the breaker what nobody anticipated."""
        self._report(error, outcome, recovered=recovered)
        if outcome is Outcome.WRONG_REFUSAL:
            return
        if breakers.failed(self.call.operation, self.call.attempt, self.call.caller.key):
            logger.error("The breaker of %s is open: v3 answers at once.", self.call.operation)
            pulse.hurry()

    def _report(self, error: BaseException, outcome: Outcome, *, recovered: bool) -> None:
        report(error, outcome, feature=self.call.feature, operation=self.call.operation, recovered=recovered)
        self.call.blame(error, recovered=recovered)

    def _succeed(self) -> None:
        breakers.succeeded(self.call.operation, self.call.attempt)


@cache
def bulkhead() -> Bulkhead:
    """Return this process's bulkhead, for as many threads as the settings say it serves with."""
    return Bulkhead(settings.ROLLOUT["THREADS"])


os.register_at_fork(after_in_child=bulkhead.cache_clear)


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
