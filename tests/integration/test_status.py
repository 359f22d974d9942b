"""The status of an account: coverage by region and VPC, and what differs from the settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from handler.commands import coverage
from localcloud.core.errors import ApiError
from localcloud.core.faults import error
from localcloud.core.regions import PUBLIC
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import Function, outcomes
from tests.support.place import break_all
from tests.support.strikes import changed

if TYPE_CHECKING:
    from localcloud.core.faults import Incoming, Proceed, Reply

CREATE, LOGS, INTERFACES = "CreateFlowLog", "DescribeFlowLogs", "DescribeNetworkInterfaces"
BACKFILL = {"command": "backfill"}
STATUS = {"command": "status"}


class TestStatus:
    def test_coverage_by_region_and_vpc(self, unpaced: Function) -> None:
        """A row for each; what is missing, waiting or skipped is listed with the reason."""
        cloud = unpaced.cloud
        vpc, subnet = cloud.seed_vpc(HOME)
        cloud.seed_interfaces(HOME, 4, flow_logs=1, subnet_id=subnet)
        cloud.seed_interfaces(HOME, 2, attached=False, subnet_id=subnet)
        cloud.seed_interfaces(HOME, 1, tags={"flowlog": "off"}, subnet_id=subnet)
        unpaced.set(FLOWLOG_RULES='{"exclude":{"tags":{"flowlog":"off"}}}')
        report = unpaced({**STATUS, "regions": [HOME, "ap-beijing"]})
        row = next(row for row in report["coverage"] if row["vpc_id"] == vpc)
        assert row == {
            "region": HOME,
            "vpc_id": vpc,
            "interfaces": 8,
            "covered": 1,
            "differs": 0,
            "broken": 0,
            "missing": 4,  # and the instance's own
            "unsupported": 0,
            "waiting": 2,
            "excluded": 1,
        }
        assert outcomes(report) == {"missing": 5, "covered": 1, "waiting": 2, "skipped": 1}
        assert {(item["outcome"], item["state"]) for item in report["items"]} == {
            ("missing", "missing"),
            ("waiting", "waiting"),
            ("skipped", "excluded"),
        }
        assert cloud.calls.count(CREATE) == 0

    def test_drift(self, unpaced: Function) -> None:
        """Disabled, without its topic, another topic, another traffic type; what fits is none."""
        cloud = unpaced.cloud
        cloud.seed_interfaces(HOME, 1, flow_logs=1)
        ids = break_all(cloud)
        report = unpaced(STATUS)
        found = {line["interface_id"]: line["drift"] for line in report["drift"]}
        assert found == {interface: name for name, interface in ids.items()}
        states = {item["interface_id"]: item["state"] for item in report["items"] if item["outcome"] == "impaired"}
        broken = {ids["disabled"], ids["topic deleted"]}
        assert states == {each: "broken" if each in broken else "differs" for each in ids.values()}
        assert (report["outcomes"]["covered"], report["outcomes"]["impaired"]) == (1, 4)

    def test_drift_to_another_ckafka_topic(self, unpaced: Function) -> None:
        """The instance and the topic count, and what is in CLS is elsewhere."""
        unpaced.cloud.seed_interfaces(HOME, 1)
        unpaced.set(FLOWLOG_STORAGE="ckafka:ckafka-8xk9dj2p/flowlogs")
        unpaced(BACKFILL)
        assert unpaced(STATUS)["drift"] == []
        for storage in ("ckafka:ckafka-8xk9dj2p/others", "ckafka:ckafka-00000000/flowlogs", "cls"):
            unpaced.set(FLOWLOG_STORAGE=storage)
            assert {line["drift"] for line in unpaced(STATUS)["drift"]} == {"another topic"}

    def test_lists_are_bounded_and_counts_are_not(self, unpaced: Function) -> None:
        """More than 1,000 waiting, and more than 1,000 disabled: it lists so many, and says how many there are."""
        unpaced.cloud.seed_interfaces(HOME, 1_003, attached=False)
        for interface in unpaced.cloud.seed_interfaces(HOME, 1_002):
            unpaced.cloud.seed_flow_log(HOME, interface, topic_id=unpaced.cloud.topic_id, enabled=False)
        report = unpaced(STATUS)
        assert outcomes(report) == {"impaired": 1_002, "waiting": 1_003, "missing": 1}
        assert (len(report["drift"]), len(report["items"])) == (1_000, 1_000)
        assert report["truncated"] == {"items": 2_006, "drift": 1_002}
        assert sum(row["broken"] for row in report["coverage"]) == 1_002

    def test_it_costs_a_call_for_a_hundred(self, unpaced: Function) -> None:
        """2,000 interfaces and 1,700 flow logs: a page each, and a closing one; a call for the regions."""
        cloud = unpaced.cloud
        cloud.seed_interfaces(HOME, 1_700, flow_logs=1_700)
        cloud.seed_interfaces(HOME, 299)
        report = unpaced(STATUS)
        assert outcomes(report) == {"covered": 1_700, "missing": 300}
        assert cloud.calls.by_action() == {
            INTERFACES: 21 + len(PUBLIC) - 1, LOGS: 18, "DescribeRegions": 1, "DescribeInstances": 1,
        }  # fmt: skip


class TestUnsupported:
    def test_the_model_tells_what_can_have_none(self, unpaced: Function) -> None:
        """What is missing on a model of the documented list is told apart, with it; a sweep tries all the same."""
        cloud = unpaced.cloud
        old = cloud.seed_instance(HOME, instance_type="S3.SMALL2")
        (interface,) = cloud.seed_interfaces(HOME, 1, instance_id=old)
        report = unpaced(STATUS)
        (row,) = report["coverage"]
        assert (row["unsupported"], row["missing"], row["interfaces"]) == (2, 1, 3)
        shown = {item["interface_id"]: item for item in report["items"] if item["state"] == "unsupported"}
        assert shown[interface]["reason"] == "S3.SMALL2 is a model that takes no flow logs"
        assert shown[interface]["outcome"] == "skipped"
        unpaced({"command": "sweep"})
        assert cloud.calls.count(CREATE) == 3

    def test_a_hundred_ids_a_call(self, unpaced: Function) -> None:
        """Each instance is asked for once, however many interfaces it has."""
        for _ in range(120):
            unpaced.cloud.seed_instance(HOME, instance_type="M1.SMALL2")
        assert outcomes(unpaced(STATUS)) == {"missing": 1, "skipped": 120}
        asked = [len(call.params["InstanceIds"]) for call in unpaced.cloud.calls.of("DescribeInstances")]
        assert sorted(asked) == [21, 100]

    def test_models_that_cannot_be_asked_for(self, unpaced: Function) -> None:
        """As with a role of before: the interface is missing, and it is said that a prediction lacks."""
        unpaced.cloud.faults.add("DescribeInstances", error("UnauthorizedOperation", "no"))
        report = unpaced(STATUS)
        assert outcomes(report) == {"missing": 1}
        assert "could not be asked for (UnauthorizedOperation)" in report["items"][0]["reason"]

    def test_models_of_which_some_cannot_be_asked_for(self, unpaced: Function) -> None:
        """What the other calls have told counts."""
        for _ in range(120):
            unpaced.cloud.seed_instance(HOME, instance_type="M1.SMALL2")

        def few(call: Incoming, proceed: Proceed) -> Reply:
            if len(call.params["InstanceIds"]) < 100:
                raise ApiError("InvalidInstanceId.NotFound", "no such instance")
            return proceed()

        unpaced.cloud.faults.add("DescribeInstances", few)
        report = unpaced(STATUS)
        assert outcomes(report) == {"missing": 21, "skipped": 100}
        assert "could not be asked for (InvalidInstanceId.NotFound)" in report["items"][0]["reason"]

    def test_more_than_are_asked_for_at_a_time(self, unpaced: Function) -> None:
        """Those that come first and those behind them; what could not be asked for once is not asked for again."""
        cloud = unpaced.cloud
        old = cloud.seed_instance(HOME, instance_type="S3.SMALL2")
        cloud.seed_interfaces(HOME, coverage.PREDICTED, instance_id=old)
        assert outcomes(unpaced(STATUS)) == {"missing": 1, "skipped": coverage.PREDICTED + 1}
        assert cloud.calls.count("DescribeInstances") == 2
        cloud.faults.add("DescribeInstances", error("UnauthorizedOperation", "no"))
        assert outcomes(unpaced(STATUS)) == {"missing": coverage.PREDICTED + 2}
        assert cloud.calls.count("DescribeInstances") == 3


class TestRegions:
    def test_all_that_hold_an_interface(self, unpaced: Function) -> None:
        """Found by the API, without a setting; one that the account has not opened is passed over."""
        cloud = unpaced.cloud
        cloud.seed_interfaces("ap-tokyo", 2)
        report = unpaced(STATUS)
        assert {row["region"] for row in report["coverage"]} == {HOME, "ap-tokyo"}
        assert "stopped" not in report
        assert unpaced({"command": "sweep"})["outcomes"]["created"] == 4

    def test_one_that_is_listed_and_not_opened(self, unpaced: Function) -> None:
        """However the region's state reads, what it answers counts."""
        unpaced.cloud.faults.add(INTERFACES, error("UnsupportedRegion", "no"), region="ap-seoul")
        assert "stopped" not in unpaced(STATUS)

    def test_one_that_fails_is_said(self, unpaced: Function) -> None:
        """Nobody knows what it holds; nothing goes to the queue, for nothing was to be done."""
        unpaced.cloud.faults.add(INTERFACES, error("UnauthorizedOperation", "no"), region="ap-seoul")
        assert unpaced(STATUS)["stopped"] == "ap-seoul could not be listed: UnauthorizedOperation: no"
        assert unpaced.letters() == []

    def test_regions_that_cannot_be_asked_for(self, unpaced: Function) -> None:
        """The function's own, and those that FLOWLOG_TOPIC_ID names, and it is said that these may not be all."""
        cloud = unpaced.cloud
        topics = {"ap-tokyo": cloud.topic_id, "default": cloud.topic_id}
        unpaced.set(FLOWLOG_TOPIC_ID=json.dumps(topics))
        cloud.seed_interfaces("ap-tokyo", 2)
        cloud.faults.add("DescribeRegions", error("UnauthorizedOperation", "no"))
        report = unpaced(STATUS)
        assert {row["region"] for row in report["coverage"]} == {HOME, "ap-tokyo"}
        assert "only ap-guangzhou, ap-tokyo were looked at" in report["stopped"]
        assert "cvm:DescribeRegions" in unpaced({"command": "sweep"})["stopped"]

    def test_interfaces_that_flowlog_regions_leaves_out(self, unpaced: Function) -> None:
        """They are counted and said: nobody may take the answer for the account's."""
        unpaced.cloud.seed_interfaces("ap-tokyo", 2)
        unpaced.set(FLOWLOG_REGIONS=HOME)
        report = unpaced(STATUS)
        assert {row["region"] for row in report["coverage"]} == {HOME}
        assert report["stopped"] == "3 interfaces in ap-tokyo are not looked at: FLOWLOG_REGIONS leaves it out"
        assert "stopped" not in unpaced({**STATUS, "regions": [HOME]})

    def test_no_interfaces_at_all(self, unpaced: Function) -> None:
        """Nothing is looked at, and nothing is covered."""
        unpaced.cloud.terminate_instance(HOME, unpaced.cloud.instance_id)
        report = unpaced(STATUS)
        assert (outcomes(report), report["coverage"]) == ({}, [])


NONSENSE = [None, 0, "x", 3, 100, 10**12, 1e300, float("nan"), "9" * 40, -5, True]


@pytest.mark.parametrize("total", NONSENSE)
@pytest.mark.parametrize("covered", [100, 120])
def test_a_total_that_says_nothing(unpaced: Function, total: Any, covered: int) -> None:
    """All pages are read, be the last one full or not, and no more than a few beyond them."""
    unpaced.cloud.seed_interfaces(HOME, 249, flow_logs=covered)

    def with_total(response: dict[str, Any]) -> None:
        name = "TotalNum" if "TotalNum" in response else "TotalCount"
        response |= {name: total}
        if total is None:
            del response[name]

    for action in (LOGS, INTERFACES):
        unpaced.cloud.faults.add(action, changed(with_total))
    assert outcomes(unpaced({**STATUS, "regions": [HOME]})) == {"covered": covered, "missing": 250 - covered}
    assert unpaced.cloud.calls.count(LOGS) + unpaced.cloud.calls.count(INTERFACES) < 45


def test_old_flow_logs_of_a_vpc_or_subnet_are_shown(unpaced: Function) -> None:
    """What has one of its own below it is collected and billed twice; they cover nothing here."""
    cloud = unpaced.cloud
    place = cloud.vpc_id

    old = {"FlowLogId": "fl-00000001", "ResourceType": "VPC", "ResourceId": place, "VpcId": place, "Enable": True}
    nat = {"FlowLogId": "fl-00000002", "ResourceType": "NAT", "ResourceId": "nat-00000001", "Enable": True}
    cloud.faults.add(LOGS, changed(lambda response: response["FlowLog"].extend([old, nat])))
    report = unpaced(STATUS)
    assert report["wider"] == [
        {"region": HOME, "flow_log_id": "fl-00000001", "resource_type": "VPC", "resource_id": place, "interfaces": 1}
    ]
    assert outcomes(report) == {"missing": 1}
