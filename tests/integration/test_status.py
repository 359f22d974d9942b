"""The status of an account: coverage by region and VPC, and what differs from the settings."""

from __future__ import annotations

from typing import Any

from localcloud.core.faults import error
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import Function, outcomes

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
        lost, other = cloud.add_topic(), cloud.add_topic()
        changes: dict[str, dict[str, Any]] = {
            "disabled": {"enabled": False},
            "topic deleted": {"topic_id": lost},
            "another topic": {"topic_id": other},
            "another traffic type": {"traffic_type": "REJECT"},
            "": {},
        }
        ids = dict(zip(changes, cloud.seed_interfaces(HOME, len(changes)), strict=True))
        for name, change in changes.items():
            cloud.seed_flow_log(HOME, ids[name], **{"topic_id": cloud.topic_id, **change})
        cloud.delete_topic(lost)
        report = unpaced(STATUS)
        found = {line["interface_id"]: line["drift"] for line in report["drift"]}
        assert found == {ids[name]: name for name in changes if name}
        states = {item["interface_id"]: item["state"] for item in report["items"] if item["outcome"] == "impaired"}
        assert states == {
            ids[name]: "broken" if name in ("disabled", "topic deleted") else "differs" for name in changes if name
        }
        assert (report["outcomes"]["covered"], report["outcomes"]["impaired"]) == (1, 4)

    def test_a_region_that_cannot_be_listed(self, unpaced: Function) -> None:
        """The report says which, and why; nothing goes to the queue, for nothing was to be done."""
        unpaced.cloud.faults.add(LOGS, error("UnauthorizedOperation", "no permission"), region="ap-beijing")
        report = unpaced({**STATUS, "regions": [HOME, "ap-beijing"]})
        assert report["stopped"] == "ap-beijing could not be listed: UnauthorizedOperation: no permission"
        assert unpaced.letters() == []

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

    def test_many_pages_once_each(self, unpaced: Function) -> None:
        """2,000 interfaces are 20 pages, and 1,700 flow logs 17: none is read twice, and no empty one."""
        unpaced.cloud.seed_interfaces(HOME, 1_999, flow_logs=1_700)
        report = unpaced(STATUS)
        assert outcomes(report) == {"covered": 1_700, "missing": 300}
        assert unpaced.cloud.calls.by_action() == {INTERFACES: 20, LOGS: 17}
