"""`eni-flowlog status --arrivals`: whether records arrive, for each covered interface."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from localcloud.core import faults
from ops.errors import Exit
from tests.support.client import Client
from tests.support.function import valid

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.operator import Operator

HOME = "ap-guangzhou"
DAY_S = 24 * 3600
ASK = ("status", "--region", HOME, "--arrivals")


def covered(cloud: LocalCloud, topic: str, model: str = "S5.SMALL1") -> tuple[str, str]:
    """An instance and its interface, which has a flow log."""
    instance_id = cloud.seed_instance(HOME, model)
    interface_id = cloud.primary_interface_of(HOME, instance_id)
    cloud.seed_flow_log(HOME, interface_id, topic_id=topic)
    return instance_id, interface_id


def lines(operator: Operator) -> dict[str, dict[str, str]]:
    """The lines of CSV, by interface."""
    return {row["interface_id"]: row for row in csv.DictReader(io.StringIO(operator(*ASK, "--csv").stdout))}


def test_arriving_and_idle(cloud: LocalCloud, operator: Operator, topic: str) -> None:
    """Traffic is arriving, NODATA alone is idle; both are covered, and each has the time of its last record."""
    (_, busy), (_, idle) = covered(cloud, topic), covered(cloud, topic)
    cloud.clock.advance(DAY_S - 1800)
    cloud.send_traffic(HOME, busy)
    cloud.clock.advance(1800)
    result = operator(*ASK)
    assert result.exit_code == Exit.OK, result.output
    assert "Arrivals: 1 arriving, 1 idle" in result.stdout
    assert cloud.calls.count("SearchLog") == 1
    found = lines(operator)
    assert (found[busy]["arrival"], found[idle]["arrival"]) == ("arriving", "idle")
    assert found[busy]["state"] == found[idle]["state"] == "covered"
    assert all(found[each]["last_record_at"].endswith("Z") for each in (busy, idle))


def test_silent_is_broken(cloud: LocalCloud, operator: Operator, topic: str) -> None:
    """A flow log that is on and of which nothing comes, as on a model whose support has ended: exit code 3."""
    covered(cloud, topic)
    _, silent = covered(cloud, topic, "S1.SMALL1")
    cloud.clock.advance(DAY_S)
    result = operator(*ASK)
    assert result.exit_code == Exit.UNCOVERED, result.output
    assert f"broken, silent: no record in its topic for 60 minutes (1): {silent}" in result.stdout
    report = valid("report", operator.json(*ASK))
    assert [row["broken"] for row in report["coverage"]] == [1]
    assert report["outcomes"]["impaired"] == 1
    assert [each["interface_id"] for each in report["drift"]] == [silent]
    assert operator("status", "--region", HOME).exit_code == Exit.OK, "the API alone calls it covered"


def test_nothing_arrives_at_all(cloud: LocalCloud, operator: Operator, topic: str) -> None:
    """Cloud Monitor's count of the topic is enough to know: nothing is searched."""
    _, silent = covered(cloud, topic, "S1.SMALL1")
    cloud.clock.advance(DAY_S)
    assert lines(operator)[silent]["arrival"] == "silent"
    assert cloud.calls.count("SearchLog") == 0


def test_no_judgement_is_passed(cloud: LocalCloud, operator: Operator, topic: str) -> None:
    """On a flow log younger than 20 minutes, and on an instance that does not run."""
    stopped, of_stopped = covered(cloud, topic)
    Client(cloud)("cvm", "StopInstances", HOME, InstanceIds=[stopped])
    cloud.clock.advance(DAY_S)
    covered(cloud, topic)
    _, young = covered(cloud, topic)
    result = operator(*ASK)
    assert result.exit_code == Exit.OK, result.output
    assert "2 not judged: the flow log is younger than 20 minutes" in result.stdout
    found = lines(operator)
    assert found[young]["arrival"] == "the flow log is younger than 20 minutes"
    assert found[of_stopped]["arrival"] == "the instance does not run"


@pytest.mark.parametrize(
    ("fault", "todo"),
    [
        (("FailedOperation.QueryError", "no index"), "Switch the topic's index on in CLS"),
        (("UnauthorizedOperation", "not you"), "Give these keys the permission"),
    ],
)
def test_what_cannot_be_found_out(
    cloud: LocalCloud, operator: Operator, topic: str, fault: tuple[str, str], todo: str
) -> None:
    """Said with what to do, and never green: exit code 1."""
    covered(cloud, topic)
    cloud.clock.advance(DAY_S)
    cloud.faults.add("SearchLog", faults.error(*fault))
    result = operator(*ASK)
    assert result.exit_code == Exit.FAILED
    assert f"What arrives in topic {topic} is not known ({fault[0]}). " in " ".join(result.stderr.split())
    assert todo in " ".join(result.stderr.split())
    assert "All covered" not in result.stdout


def test_a_topic_with_more_interfaces_than_a_query_gives(
    cloud: LocalCloud, operator: Operator, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are asked for page by page, in the order of their ids."""
    monkeypatch.setattr("ops.coverage.arrivals.GROUPS", 2)
    interfaces = [covered(cloud, topic)[1] for _ in range(5)]
    cloud.clock.advance(DAY_S)
    found = lines(operator)
    assert {found[each]["arrival"] for each in interfaces} == {"idle"}
    assert cloud.calls.count("SearchLog") == 3


@pytest.mark.parametrize("command", [ASK, ("logs",)])
@pytest.mark.parametrize("since", ["", "1", "90s", "-1h", "0h"])
def test_how_far_to_look_back(cloud: LocalCloud, operator: Operator, command: tuple[str, ...], since: str) -> None:
    """Wrong usage is said before any call."""
    result = operator(*command, "--since", since)
    assert result.exit_code == Exit.USAGE
    assert "is not a time such as 30m, 1h or 2d" in result.stderr
    assert len(cloud.calls) == 0
