"""`eni-flowlog status`: is every interface covered, and if not, why not."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from localcloud.core import faults
from ops.errors import Exit
from tests.support.function import valid

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.operator import Operator

HOME, AWAY = "ap-guangzhou", "ap-shanghai"
BOTH = ("--region", HOME, "--region", AWAY)


def cover_all(cloud: LocalCloud, region: str = HOME) -> None:
    for interface_id in (cloud.primary_interface_of(region, cloud.instance_id),):
        cloud.seed_flow_log(region, interface_id)


def test_all_covered(cloud: LocalCloud, operator: Operator) -> None:
    """Exit code 0; what waits does not count against it."""
    cover_all(cloud)
    [waiting] = cloud.seed_interfaces(HOME, 1, attached=False)
    result = operator("status")
    assert result.exit_code == Exit.OK, result.output
    assert "All covered: every interface that can have a flow log has one." in result.stdout
    assert f"waiting, not attached to an instance yet; its attach event or the sweep brings it back: {waiting}" in (
        " ".join(result.stdout.split())
    )


def test_missing(cloud: LocalCloud, operator: Operator) -> None:
    """Exit code 3, the interfaces and the next step."""
    cover_all(cloud)
    missing = cloud.seed_interfaces(HOME, 7)
    result = operator("status")
    assert result.exit_code == Exit.UNCOVERED
    assert "Not all covered: 7 interfaces have no flow log: run `eni-flowlog backfill`." in result.stdout
    assert min(missing) in result.stdout
    assert "and 2 more" in result.stdout


def test_drift(cloud: LocalCloud, operator: Operator) -> None:
    """A flow log that writes nothing, or elsewhere, is not what the settings say: exit code 3."""
    cover_all(cloud)
    ours, other = {"topic_id": cloud.topic_id}, {"topic_id": cloud.add_topic()}
    changes: list[dict[str, object]] = [{**ours, "enabled": False}, {**ours, "traffic_type": "REJECT"}, {**other}]
    for interface_id, change in zip(cloud.seed_interfaces(HOME, 3), changes, strict=True):
        cloud.seed_flow_log(HOME, interface_id, **change)
    result = operator("status")
    assert result.exit_code == Exit.UNCOVERED
    assert "3 flow logs are not as the settings say." in result.stdout
    for drift in ("broken, disabled:", "differs, another traffic type:", "differs, another topic:"):
        assert drift in result.stdout


def test_skipped(cloud: LocalCloud, operator: Operator) -> None:
    """What FLOWLOG_RULES exclude does not count against it, and is said."""
    cover_all(cloud)
    cloud.seed_interfaces(HOME, 2, tags={"flowlog": "off"})
    result = operator("status", FLOWLOG_RULES='{"exclude": {"tags": {"flowlog": "off"}}}')
    assert result.exit_code == Exit.OK
    assert "excluded, excluded by FLOWLOG_RULES: eni-" in result.stdout


def test_json_is_the_report_of_the_command(cloud: LocalCloud, operator: Operator) -> None:
    """Valid under its schema, a row for each region and VPC, and the same numbers as CSV."""
    cloud.seed_interfaces(HOME, 4, flow_logs=3)
    cloud.seed_interfaces(AWAY, 2)
    report = valid("report", operator.json("status", *BOTH))
    rows = list(csv.DictReader(io.StringIO(operator("status", *BOTH, "--csv").stdout)))
    assert [{**row, **{name: int(row[name]) for name in list(row)[2:]}} for row in rows] == report["coverage"]
    assert [(row["region"], row["interfaces"], row["covered"], row["missing"]) for row in report["coverage"]] == [
        (HOME, 5, 3, 2),
        (AWAY, 3, 0, 3),
    ]


def test_json_and_csv_exclude_each_other(operator: Operator) -> None:
    """Wrong usage."""
    result = operator("status", "--json", "--csv")
    assert result.exit_code == Exit.USAGE
    assert "give either --json or --csv" in result.stderr


def test_a_region_that_cannot_be_listed(cloud: LocalCloud, operator: Operator) -> None:
    """The others are shown, the one is named with the next step, and the answer is not known: exit code 1."""
    cover_all(cloud)
    cloud.faults.add("DescribeFlowLogs", faults.error("UnauthorizedOperation", "no"), region=AWAY)
    result = operator("status", *BOTH)
    assert result.exit_code == Exit.FAILED
    assert HOME in result.stdout
    assert f"{AWAY} could not be listed: UnauthorizedOperation: no (request " in result.stderr
    assert "Give these keys the permission" in result.stderr


def test_json_tells_of_a_region_that_cannot_be_listed(cloud: LocalCloud, operator: Operator) -> None:
    """In `stopped`; the standard output stays JSON."""
    cloud.faults.add("DescribeFlowLogs", faults.error("UnauthorizedOperation", "no"), region=AWAY)
    report = valid("report", operator.json("status", *BOTH))
    assert report["stopped"] == f"{AWAY} could not be listed: UnauthorizedOperation: no"


def test_it_changes_nothing(cloud: LocalCloud, operator: Operator) -> None:
    """Reads, and no other call."""
    cloud.seed_interfaces(HOME, 3)
    operator("status")
    assert all(action.startswith(("Describe", "Get")) for action in cloud.calls.by_action())


def test_verbose_logs_to_the_standard_error(cloud: LocalCloud, operator: Operator) -> None:
    """The function's log lines never mix with JSON."""
    result = operator("--verbose", "status", "--json")
    json.loads(result.stdout)
    assert cloud.secret_key not in result.output
