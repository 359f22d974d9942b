"""Whatever comes in: report and dead letters are valid and add up, nothing is raised, no secret shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from handler.intake import events
from handler.model import Command
from localcloud import LocalCloud
from localcloud.core.faults import Reply, error
from tests.support import hostile
from tests.support.function import QUEUE, Function, environment, functions
from tests.support.records import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("untraced")

# The same examples each time: what a run finds another one can find again.
quick = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def function() -> Iterator[Function]:
    """One function and cloud for all examples: what they leave behind does not matter.

    The cloud answers every call at once, half of the creates with a flow log and all else with a refusal, so that no
    example waits for an interface that is not there.
    """
    created = json.dumps({"Response": {"FlowLog": [{"FlowLogId": "fl-f42uhpkj"}], "RequestId": "404428db"}})
    with LocalCloud(enforce_limits=False) as cloud:
        cloud.faults.add("DescribeNetworkInterfaces", error("UnauthorizedOperation"))
        cloud.faults.add("CreateFlowLog", lambda _call, _proceed: Reply(created.encode()), probability=0.5)
        cloud.faults.add("CreateFlowLog", error("UnauthorizedOperation"))
        yield from functions(cloud, environment(cloud))


def run(function: Function, payload: Any) -> dict[str, Any]:
    """Run one event with an empty queue and log; check all that holds for every event."""
    function.cloud.seed_queue(QUEUE)
    function.log.seek(0)
    function.log.truncate()
    items = events.read(payload)
    report = function(payload, seconds=30.0)
    if not any(isinstance(item, Command) for item in items):
        assert report["received"] == len(items) >= 1
    letters = function.letters()
    assert len(letters) <= report["outcomes"]["dead_lettered"]
    assert sorted(letter["id"] for letter in function.logged_letters()) == sorted(letter["id"] for letter in letters)
    return report


@settings(quick, max_examples=400)
@example([[]])
@example({"EventList": [{"EventList": []}, None]})
@example({"command": "ensure", "interfaces": [{"region": "ap-shanghai", "interface_id": "eni-78ysaex1\n"}]})
@given(hostile.arbitrary | hostile.mutated() | hostile.triggers())
def test_whatever_comes_in(function: Function, payload: Any) -> None:
    """Any JSON with words that readers look for; what really arrives, with faults; triggers in triggers."""
    run(function, payload)


@quick
@given(hostile.with_secrets())
def test_planted_secrets(function: Function, payload: Any) -> None:
    """Wherever they stand: not in the report, the queue or the log."""
    report = run(function, payload)
    assert MARKER not in json.dumps(report, ensure_ascii=False)
    assert MARKER not in function.output()
