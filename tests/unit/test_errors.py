"""The one table of what an API code means to us: one test a row (platform.md section 3)."""

from __future__ import annotations

import pytest

from handler import errors
from handler.errors import (
    AlreadyCovered,
    CloudError,
    NameTaken,
    NotAttached,
    NotFound,
    NotSupported,
    OutOfTime,
    Refused,
    StaleCredentials,
    Throttled,
    Transient,
    error_for,
    failure_of,
)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("ResourceNotFound.SubnetNotExists", NotFound),
        ("RequestLimitExceeded.UinLimitExceeded", Throttled),
        ("InternalError.ModuleError", Transient),
        ("InternalError.ModuleErrorOfTomorrow", Transient),
        ("LimitExceeded", Refused),
        ("LimitExceeded.FlowLogs", Refused),
        ("LimitExceeded.ActionLimitedOtherwise", Refused),
        ("InvalidParameterValue", Refused),
        ("InvalidParameterValue.Range", Refused),
        ("InvalidParameterValue.DuplicateOfSomething", Refused),
        ("UnauthorizedOperation", Refused),
        ("UnauthorizedOperation.CamNoAuth", Refused),
        ("InvalidFlowLogName", Refused),
    ],
)
def test_an_entry_with_a_star_is_a_prefix_and_the_longest_match_counts(code: str, meaning: type[CloudError]) -> None:
    """Codes below a known one mean the same; an exact entry does not stand for longer codes."""
    assert type(error_for(code, "")) is meaning


@pytest.mark.parametrize("code", ["", "AuthFailure.SignatureFailure", "UnsupportedOperation", "Nonsense", "*"])
def test_an_unknown_code_is_permanent(code: str) -> None:
    """Sending again what the cloud refuses for a reason that we do not know would not help."""
    error = error_for(code, "m")
    assert type(error) is Refused
    assert not error.retryable


@pytest.mark.parametrize("code", ["InternalErro", "LimitExceede", "ResourceNotFoun"])
def test_a_prefix_is_whole(code: str) -> None:
    """A code that is a letter short of an entry's prefix is an unknown one."""
    assert type(error_for(code, "m")) is Refused


def test_the_names_of_the_classes_in_a_dead_letter() -> None:
    """They are a contract: the dead letter's schema and the runbook list them."""
    classes = (Throttled, Transient, OutOfTime, StaleCredentials, AlreadyCovered, NotAttached, NotSupported, NotFound)
    names = {each: each.kind for each in (*classes, NameTaken, Refused)}
    assert names == {
        Throttled: "throttled",
        Transient: "transient",
        OutOfTime: "transient",
        StaleCredentials: "credentials",
        AlreadyCovered: "covered",
        NotAttached: "waiting",
        NotSupported: "unsupported",
        NotFound: "not_found",
        NameTaken: "name_taken",
        Refused: "refused",
    }


def test_out_of_time_is_no_failure_of_its_own() -> None:
    """It may be run again, and whoever can go on later does, instead of writing a dead letter."""
    error = OutOfTime("OutOfTime", "m")
    assert (error.retryable, error.unfinished) == (True, True)


def test_the_text_names_code_message_and_request() -> None:
    """What is logged of an error says what happened, with the id that support asks for."""
    assert str(error_for("InternalError", "try later", "404428db")) == "InternalError: try later (request 404428db)"
    assert str(error_for("ClientNetworkError", "cut")) == "ClientNetworkError: cut"
    assert str(OutOfTime("OutOfTime", "no time")) == "OutOfTime: no time"


def test_a_queue_error_tells_an_answer_from_none() -> None:
    """Code 0 stands for no answer at all."""
    assert str(errors.QueueError(4440, "no such queue")) == "queue error 4440: no such queue"
    assert str(errors.QueueError(0, "ReadTimeout")) == "the queue did not answer: ReadTimeout"


def test_a_fault_of_the_program_is_named_by_type_and_place_only() -> None:
    """Its text may hold a secret: only the type, the file and the line are shown."""
    with pytest.raises(ValueError, match="a secret") as caught:
        raise ValueError("a secret")
    failure = failure_of(caught.value)
    assert (failure.kind, failure.code, failure.retryable) == ("unexpected", "ValueError", True)
    assert failure.message.startswith("a fault of this program at test_errors.py:")


def test_a_fault_that_was_never_raised_has_no_place() -> None:
    """Without a trace the message says so."""
    assert failure_of(ValueError("a secret")).message == "a fault of this program at an unknown place"


def test_a_failure_keeps_the_cloud_s_words() -> None:
    """What goes into a dead letter is the class's kind, and the cloud's code, message and request id."""
    failure = failure_of(Throttled("RequestLimitExceeded", "slow down", "404428db"))
    assert (failure.kind, failure.code, failure.message) == ("throttled", "RequestLimitExceeded", "slow down")
    assert (failure.request_id, failure.retryable) == ("404428db", True)
