"""How an engine meets the database: reads in autocommit, writes in a durable transaction whose end is never guessed."""

from collections.abc import Callable
from typing import TypeVar

from django.db import connection, transaction
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS

from jewgo.core.errors import OutcomeUnknown
from rollout.failures import Outcome, report

T = TypeVar("T")
Hook = Callable[[], object]

_HEALTHY = frozenset({TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS})


class SwallowedDatabaseError(Exception):
    """The work hid a database error, so that the COMMIT would silently have become a ROLLBACK: a lost write."""


class NestedWrite(RuntimeError):
    """A write was called inside a transaction, whose end it could not know."""


def read(work: Callable[[], T]) -> T:
    """Do `work` in autocommit, without a savepoint; when it fails, leave a connection that the next reader can use."""
    try:
        return work()
    except Exception:
        if not connection.in_atomic_block:  # a transaction around us (a test case's) ends its connection itself
            connection.close_if_unusable_or_obsolete()
        raise


def write(work: Callable[[], T], *, operation: str) -> T:
    """Do `work` in a durable transaction and commit it.

    Whatever is raised before COMMIT has been rolled back with its hooks, and travels on; from COMMIT on every error is
    `OutcomeUnknown`. Work that waits for the commit is run afterwards and cannot fail the answer any more.
    """
    _refuse_nesting()
    at_commit = False
    try:
        with transaction.atomic(durable=True):
            older = len(connection.run_on_commit)
            answer = work()
            _refuse_swallowed_error()
            hooks = _set_aside_hooks(older)
            at_commit = True  # from here on the outcome may be unknown
    except Exception as error:
        if not connection.in_atomic_block:  # a transaction around us (a test case's) ends its connection itself
            connection.close_if_unusable_or_obsolete()  # else the next engine meets a dead connection
        if at_commit:
            raise OutcomeUnknown from error
        raise
    _run_robustly(hooks, operation)
    return answer


def _refuse_nesting() -> None:
    if connection.in_atomic_block and not getattr(connection.atomic_blocks[-1], "_from_testcase", False):
        raise NestedWrite("A switch that writes owns its transaction; call it outside of any other.")


def _refuse_swallowed_error() -> None:
    """Raise when the transaction can no longer be committed, though nobody said so."""
    driver = connection.connection
    is_healthy = driver is not None and driver.info.transaction_status in _HEALTHY
    if connection.needs_rollback or not is_healthy:
        raise SwallowedDatabaseError("the transaction was broken, and the error that broke it was not raised")


def _set_aside_hooks(older: int) -> list[Hook]:
    """Take this transaction's on-commit hooks, so that one that raises is not taken for a failure of the COMMIT."""
    waiting = connection.run_on_commit
    connection.run_on_commit = waiting[:older]
    return [hook for _, hook, *_ in waiting[older:]]


def _run_robustly(hooks: list[Hook], operation: str) -> None:
    for hook in hooks:
        try:
            hook()
        except Exception as error:  # noqa: BLE001 the change is stored; its answer survives what follows it
            report(error, Outcome.HOOK, operation=operation)
