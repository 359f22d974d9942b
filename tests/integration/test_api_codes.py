"""Every row of the table of API codes, answered to CreateFlowLog: outcome, number of calls, dead letter or not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from handler import errors
from localcloud.core.faults import error
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import Function, outcomes
from tests.support.records import REGION

if TYPE_CHECKING:
    from localcloud import LocalCloud

CREATE, LOGS, LOOK = "CreateFlowLog", "DescribeFlowLogs", "DescribeNetworkInterfaces"
MANY = -1  # as often as time and attempts allow

# For each row: the outcome, the class of its dead letter or "", and how often each API action is called.
ROWS: dict[str, tuple[str, str, dict[str, int]]] = {
    "UnsupportedOperation.FlowLogInstanceExisted": ("covered", "", {CREATE: 1, LOGS: 1}),
    "UnsupportedOperation.FlowLogsNotSupportNullInstanceEni": ("waiting", "", {CREATE: 1}),
    "UnsupportedOperation.FlowLogsNotSupportKoInstanceEni": ("skipped", "", {CREATE: 1}),
    "ResourceNotFound": ("dead_lettered", "not_found", {CREATE: 4, LOOK: 1}),
    "ResourceNotFound.*": ("dead_lettered", "not_found", {CREATE: 4, LOOK: 1}),
    "InvalidNetworkInterface.NotFound": ("dead_lettered", "not_found", {CREATE: 4, LOOK: 1}),
    "InvalidVpc.NotFound": ("dead_lettered", "not_found", {CREATE: 4, LOOK: 1}),
    "InvalidSubnet.NotFound": ("dead_lettered", "not_found", {CREATE: 4, LOOK: 1}),
    "RequestLimitExceeded": ("dead_lettered", "throttled", {CREATE: MANY}),
    "RequestLimitExceeded.UinLimitExceeded": ("dead_lettered", "throttled", {CREATE: MANY}),
    "LimitExceeded.ActionLimited": ("dead_lettered", "throttled", {CREATE: MANY}),
    "InternalError": ("dead_lettered", "transient", {CREATE: MANY, LOGS: MANY}),
    "InternalError.ModuleError": ("dead_lettered", "transient", {CREATE: MANY, LOGS: MANY}),
    "ClientNetworkError": ("dead_lettered", "transient", {CREATE: MANY, LOGS: MANY}),
    "ServerNetworkError": ("dead_lettered", "transient", {CREATE: MANY, LOGS: MANY}),
    "AuthFailure.TokenFailure": ("dead_lettered", "credentials", {CREATE: 2}),
    "AuthFailure.SignatureExpire": ("dead_lettered", "credentials", {CREATE: 2}),
    "InvalidParameterValue.Duplicate": ("dead_lettered", "name_taken", {CREATE: 4, LOGS: 8}),
    "FlowLogNameDuplicate": ("dead_lettered", "name_taken", {CREATE: 4, LOGS: 8}),
    "LimitExceeded": ("dead_lettered", "refused", {CREATE: 1}),
    "LimitExceeded.FlowLogs": ("dead_lettered", "refused", {CREATE: 1}),
    "InvalidParameterValue": ("dead_lettered", "refused", {CREATE: 1}),
    "InvalidParameterValue.Range": ("dead_lettered", "refused", {CREATE: 1}),
    "UnauthorizedOperation": ("dead_lettered", "refused", {CREATE: 1}),
    "UnauthorizedOperation.CamNoAuth": ("dead_lettered", "refused", {CREATE: 1}),
    "InvalidFlowLogName": ("dead_lettered", "refused", {CREATE: 1}),
    "AuthFailure.SignatureFailure": ("dead_lettered", "refused", {CREATE: 1}),
    "SomethingNew.OfTomorrow": ("dead_lettered", "refused", {CREATE: 1}),
}


def test_every_row_of_the_table_is_here() -> None:
    """A row that is added to the table has to say here what the function does."""
    assert {code.rstrip("*") for code in errors.CODES} <= {code.rstrip(".*") for code in ROWS}


@pytest.mark.parametrize("code", ROWS)
def test_what_the_function_does_with_it(function: Function, cloud: LocalCloud, code: str) -> None:
    """The cloud answers every CreateFlowLog with this code."""
    outcome, letter_class, calls = ROWS[code]
    message = "you are not authorized to perform operation (vpc:CreateFlowLog)"
    cloud.faults.add(CREATE, error(code, message))
    eni = cloud.seed_interface(REGION, instance_id=cloud.seed_instance(REGION))
    vpc_id = cloud.network_of(REGION)[0]
    # Those that are tried again are so as long as there is time.
    report = function(records.created(eni, vpc_id), seconds=10.0, clock=Clock())
    assert outcomes(report) == {outcome: 1}
    made = Counter(function.calls())
    assert made.keys() == calls.keys()
    assert all(made[action] == number or (number == MANY and made[action] >= 2) for action, number in calls.items())
    letters = function.letters()
    assert [letter["error"]["class"] for letter in letters] == ([letter_class] if letter_class else [])
    for letter in letters:
        assert letter["kind"] == "interface"
        assert letter["interface"] == {"region": REGION, "interface_id": eni, "vpc_id": vpc_id}
        assert (letter["error"]["code"], letter["error"]["message"]) == (code, message)
        assert letter["error"]["request_id"] == cloud.calls.of(CREATE)[-1].request_id
        assert letter["error"]["retryable"] is (letter_class in {"not_found", "throttled", "transient", "credentials"})
        assert letter["attempts"] == 1
        assert letter["function"] == {
            "name": "eni-flowlog",
            "version": "$LATEST",
            "request_id": report["request_id"],
        }
        assert report["items"][0]["reason"] == f"{code}: {message}"
    assert [letter["id"] for letter in function.logged_letters()] == [letter["id"] for letter in letters]


@pytest.mark.parametrize("code", [code for code, row in ROWS.items() if MANY in row[2].values()])
def test_a_transient_error_that_passes_leaves_no_trace(function: Function, cloud: LocalCloud, code: str) -> None:
    """Twice, then it succeeds."""
    cloud.faults.add(CREATE, error(code), times=2)
    eni = cloud.seed_interface(REGION, instance_id=cloud.seed_instance(REGION))
    assert outcomes(function(records.created(eni, cloud.network_of(REGION)[0]), clock=Clock())) == {"created": 1}
    # A call that may have taken effect is looked for before it is sent again, three times at first.
    assert [action for action in function.calls() if action != LOGS] == [CREATE] * 3
    assert function.calls().count(LOGS) == (4 if ROWS[code][1] == "transient" else 0)
    assert function.letters() == []
