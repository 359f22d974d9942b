"""One flow log for each interface, also where the v2 rules hold: two are allowed, and names are unique."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from handler.cover.ensure import names
from localcloud.core.faults import Reply, drop_after_effect, error_after_effect
from tests.support.clock import Clock
from tests.support.function import Function, outcomes
from tests.support.records import REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Incoming, Proceed
    from tests.support.place import Place

CREATE, LOGS = "CreateFlowLog", "DescribeFlowLogs"
LAG_S = 3.0


@dataclass
class BothClocks(Clock):
    """The function's time and the cloud's pass together."""

    cloud: LocalCloud | None = None

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        assert self.cloud is not None
        self.cloud.clock.advance(seconds)


def bad_gateway_after_effect() -> Fault:
    """A proxy in between loses the answer."""

    def fault(_call: Incoming, proceed: Proceed) -> Reply:
        proceed()
        return Reply(b"<html>502 Bad Gateway</html>", 502, "text/html")

    return fault


def another_process(cloud: LocalCloud, eni: str) -> Fault:
    """Somebody handles the same event, and is a moment quicker."""

    def fault(_call: Incoming, proceed: Proceed) -> Reply:
        cloud.seed_flow_log(REGION, eni)
        return proceed()

    return fault


TROUBLES: dict[str, Callable[[LocalCloud, str], Fault] | None] = {
    "the same event again": None,
    "another process": another_process,
    "connection lost": lambda _cloud, _eni: drop_after_effect(),
    "502": lambda _cloud, _eni: bad_gateway_after_effect(),
    "InternalError": lambda _cloud, _eni: error_after_effect("InternalError"),
}


LISTED = pytest.mark.parametrize("lag_s", [0.0, LAG_S], ids=["listed at once", "listed later"])


@LISTED
@pytest.mark.parametrize("trouble", TROUBLES)
def test_there_is_never_a_second_one(
    function: Function, cloud: LocalCloud, place: Place, trouble: str, lag_s: float
) -> None:
    """A create whose answer was lost is looked for, and sent again under the same name only, which is refused."""
    cloud.behaviour.flow_logs_per_interface = 2
    cloud.behaviour.time_scale, cloud.behaviour.flow_log_lag_s = 1.0, lag_s
    eni = place.attached()
    event = place.created(eni)
    fault = TROUBLES[trouble]
    if fault:
        cloud.faults.add(CREATE, fault(cloud, eni), times=1)
    for _ in range(2):
        report = function(event, clock=BothClocks(cloud=cloud))
        assert set(outcomes(report)) <= {"created", "covered"}
    (flow_log,) = cloud.flow_logs_of(REGION, eni)
    assert flow_log.name == f"auto-{eni}"
    assert function.letters() == []


@LISTED
@pytest.mark.parametrize("trouble", ["connection lost", "502", "InternalError"])
def test_a_lost_answer_makes_no_second_one_where_names_are_free_too(
    function: Function, cloud: LocalCloud, place: Place, trouble: str, lag_s: float
) -> None:
    """It is looked for long enough to be listed before it is sent again (docs/reliability.md has the window)."""
    cloud.behaviour.flow_logs_per_interface, cloud.behaviour.unique_flow_log_names = 2, False
    cloud.behaviour.time_scale, cloud.behaviour.flow_log_lag_s = 1.0, lag_s
    eni = place.attached()
    fault = TROUBLES[trouble]
    assert fault is not None
    cloud.faults.add(CREATE, fault(cloud, eni), times=1)
    assert outcomes(function(place.created(eni), clock=BothClocks(cloud=cloud))) == {"covered": 1}
    assert len(cloud.flow_logs_of(REGION, eni)) == 1


def test_a_name_whose_holder_is_never_listed_ends_in_a_letter(
    function: Function, cloud: LocalCloud, place: Place
) -> None:
    """Whether it is covered is not known, and no other name is tried: a redrive settles it."""
    cloud.behaviour.flow_logs_per_interface = 2
    cloud.behaviour.flow_log_lag_s = 1_000_000
    eni = place.attached()
    cloud.seed_flow_log(REGION, eni)
    assert outcomes(function(place.created(eni), clock=BothClocks(cloud=cloud))) == {"dead_lettered": 1}
    assert {call.params["FlowLogName"] for call in cloud.calls.of(CREATE)} == {f"auto-{eni}"}
    cloud.behaviour.flow_log_lag_s = 0.0
    report = function({"command": "redrive"})
    assert (outcomes(report), function.letters()) == ({"covered": 1}, [])
    assert len(cloud.flow_logs_of(REGION, eni)) == 1


def test_nine_names_that_others_hold(function: Function, cloud: LocalCloud, place: Place) -> None:
    """There are no more to try: a letter, for a person to choose another prefix."""
    eni, other = place.attached(), place.attached()
    for name in names("auto-", eni):
        cloud.seed_flow_log(REGION, other, name=name)
    cloud.seed_interfaces(REGION, 100, flow_logs=100)  # a page full of flow logs of other names
    assert outcomes(function(place.created(eni))) == {"dead_lettered": 1}
    assert [call.params["FlowLogName"] for call in cloud.calls.of(CREATE)] == list(names("auto-", eni))
    (letter,) = function.letters()
    assert letter["error"]["class"] == "name_taken"


def test_under_v3_s_rules_nothing_is_sent_again_that_could_succeed(
    function: Function, cloud: LocalCloud, place: Place
) -> None:
    """One flow log for each interface, whatever its name: the API refuses a second call by itself."""
    cloud.behaviour.unique_flow_log_names = False
    eni = place.attached()
    cloud.faults.add(CREATE, error_after_effect("InternalError"), times=1)
    cloud.behaviour.flow_log_lag_s = 1_000_000
    report = function(place.created(eni), clock=BothClocks(cloud=cloud))
    assert outcomes(report) == {"covered": 1}
    assert function.calls() == [CREATE, LOGS, LOGS, LOGS, CREATE, LOGS]
    assert len(cloud.flow_logs_of(REGION, eni)) == 1
