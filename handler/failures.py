"""What a failure is called in results and dead letters."""

from __future__ import annotations

from dataclasses import replace

from handler.errors import CloudError
from handler.model import Failure, Interface, Outcome, Result, result_of


def failure_of(error: Exception) -> Failure:
    """The failure that an error stands for. One that is not ours is named by its type and place, never its text."""
    if isinstance(error, CloudError):
        return Failure(error.kind, error.code, error.message, error.request_id, error.retryable, error.unfinished)
    return Failure("unexpected", type(error).__name__, f"a fault of this program at {_place(error)}", retryable=True)


def failed(interface: Interface, failure: Failure) -> Result:
    """The result of an interface that goes to the dead-letter queue."""
    reason = f"{failure.code}: {failure.message}"
    return replace(result_of(interface, Outcome.DEAD_LETTERED, reason), failure=failure)


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "an unknown place"
