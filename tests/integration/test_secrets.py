"""Secrets planted in every place that platform.md names appear in no log, report, exception or dead letter."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from handler.main import InvocationFailed
from localcloud.core.faults import error
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import QUEUE, Function
from tests.support.records import MARKER, SECRETS

if TYPE_CHECKING:
    from localcloud import LocalCloud

BROKEN: dict[str, Any] = {"responseElements": "", "resourceName": ""}
RECORDS = {
    "created": records.created(),
    "attached": records.attached(),
    "run": records.run_instances("ins-8dn9vdif"),
    "created, without an id": records.created(**BROKEN),
    "attached, without an id": records.attached(requestParameters=records.request()),
    "run, without an id": records.run_instances(**BROKEN),
    "of a wrong type": records.created(eventTime=[SECRETS]),
    "parameters as an object": records.run_instances(
        requestParameters={"LoginSettings": {"Password": SECRETS["Password"]}, "UserData": SECRETS["UserData"]},
        **BROKEN,
    ),
    "parameters cut": records.run_instances(
        requestParameters=records.run_instances()["requestParameters"][:-20], **BROKEN
    ),
    "session context as an object": records.created(
        userIdentity={"sessionContext": json.loads(SECRETS["sessionContext"])}, **BROKEN
    ),
    "long": records.run_instances(
        requestParameters=json.dumps({"UserData": SECRETS["UserData"] * 500, "Password": SECRETS["Password"]}), **BROKEN
    ),
    "another action": records.record("RunCommand"),
    "failed": records.created(errorCode="UnauthorizedOperation", errorMessage=f"Token={SECRETS['Token']}"),
}
WRAPPINGS = {
    "bare": lambda record: record,
    "event": records.cloud_event,
    "event of the wrong type": lambda record: records.cloud_event(record, time=[SECRETS]),
    "event with text": lambda record: records.cloud_event(json.dumps(record)),
    "EventList": lambda record: records.event_list(records.cloud_event(record), record),
    "CKafka": lambda record: records.ckafka(json.dumps(record), json.dumps(record)[:-2], json.dumps(record)[2:]),
    "CMQ": lambda record: records.cmq(json.dumps(records.cloud_event(record))),
    "CLS": lambda record: records.cls(json.dumps(record), json.dumps(record)[:-9]),
    "CLS without records": lambda record: records.zipped(json.dumps({"record": record}).encode()),
    "CLS that is no gzip": lambda record: {"clslogs": {"data": json.dumps(record)}},
    "timer": lambda record: records.timer(json.dumps(record)),
    "command": lambda record: {"command": "ensure", "interfaces": [record], "Token": SECRETS["Token"]},
    "interface event": lambda record: records.interface_event(record=record),
    "platform's letter": records.platform_letter,
    "platform's letter cut": lambda record: records.platform_letter(json.dumps(record)[:-1]),
    "own letter": lambda record: records.own_letter("event", event=record),
    "own letter of the wrong form": lambda record: records.own_letter("interface", event=record, x=SECRETS),
    "too deep": lambda record: records.event_list(records.event_list(records.event_list(records.event_list(
        records.event_list(records.event_list(record)))))),
    "list": lambda record: [record, json.dumps(record), json.dumps(json.dumps(record))],
    "text": lambda record: f"see {json.dumps(record)}",
    "unknown": lambda record: {"what": {"is": [json.dumps({"this": json.dumps(record)})]}},
}  # fmt: skip


@pytest.fixture
def noisy() -> Any:
    """The root logger at DEBUG, as an operator may set it to find a fault."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    yield
    root.setLevel(before)


def leaks(function: Function, report: dict[str, Any], caplog: pytest.LogCaptureFixture) -> list[str]:
    """Where a secret shows."""
    places = {
        "report": json.dumps(report, ensure_ascii=False),
        "queue": "".join(function.cloud.messages(QUEUE)),
        "log": function.log.getvalue(),
        "other loggers": "".join(record.getMessage() for record in caplog.records if record.name != "eni-flowlog"),
        "keys": "",
    }
    secrets = [MARKER, function.cloud.secret_key, function.variables["TENCENTCLOUD_SESSIONTOKEN"]]
    return [name for name, text in places.items() if any(secret in text for secret in secrets)]


@pytest.mark.usefixtures("noisy")
@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS.keys())
def test_no_secret_shows_anywhere(
    function: Function, cloud: LocalCloud, caplog: pytest.LogCaptureFixture, wrap: Any
) -> None:
    """Every record in this wrapping, with an API that refuses every call, so that all of it ends as dead letters."""
    function.take_keys()
    cloud.faults.add("*", error("UnauthorizedOperation", f"no, Token={SECRETS['Token']}"), region=records.REGION)
    for record in RECORDS.values():
        report = function(wrap(record), clock=Clock())
        assert leaks(function, report, caplog) == []
    assert function.letters()
    assert len(function.logged_letters()) == len(function.letters())


def failure(function: Function, payload: Any) -> InvocationFailed | None:
    """How a run fails, if it does."""
    try:
        function(payload, clock=Clock())
    except InvocationFailed as failed:
        return failed
    return None


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS.keys())
def test_no_secret_shows_in_an_exception(function: Function, wrap: Any) -> None:
    """The queue is not there: what is raised, and what the platform would log of it."""
    function.set(FLOWLOG_DLQ_QUEUE="nowhere")
    for record in RECORDS.values():
        payload = wrap(record)
        failed = failure(function, payload)
        assert MARKER not in str(failed)
        assert failed is None or failed.__cause__ is failed.__context__ is None
    assert MARKER not in function.log.getvalue()
