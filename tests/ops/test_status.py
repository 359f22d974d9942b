"""`eni-flowlog status`: is every interface covered, and if not, why not."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from localcloud.core import faults
from ops.errors import Exit
from tests.support.function import valid
from tests.support.operator import words

if TYPE_CHECKING:
    from collections.abc import Callable

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
    assert "All covered: every interface that can have a flow log has one that logs." in result.stdout
    reason = "not attached to an instance yet; its attach event or the sweep brings it back"
    assert f"waiting, {reason} (1): {waiting}" in words(result.stdout)


def test_missing(cloud: LocalCloud, operator: Operator) -> None:
    """Exit code 3, how many, the first few, the next step, and which option lists them all."""
    cover_all(cloud)
    missing = cloud.seed_interfaces(HOME, 7)
    result = operator("status")
    assert result.exit_code == Exit.UNCOVERED
    assert "Not all covered: 7 interfaces have no flow log: run `eni-flowlog backfill`." in result.stdout
    assert f"missing (7): {', '.join(sorted(missing)[:5])} …" in result.stdout
    assert "`eni-flowlog status --csv` lists every interface" in result.stdout


def test_impaired(cloud: LocalCloud, operator: Operator) -> None:
    """A flow log that writes nothing, or elsewhere, is not what the settings say: exit code 3."""
    cover_all(cloud)
    ours, other = {"topic_id": cloud.topic_id}, {"topic_id": cloud.add_topic()}
    changes: list[dict[str, object]] = [{**ours, "enabled": False}, {**ours, "traffic_type": "REJECT"}, {**other}]
    for interface_id, change in zip(cloud.seed_interfaces(HOME, 3), changes, strict=True):
        cloud.seed_flow_log(HOME, interface_id, **change)
    result = operator("status")
    assert result.exit_code == Exit.UNCOVERED
    assert "1 flow log logs nothing: run `eni-flowlog repair`." in words(result.stdout)
    assert "2 flow logs are not as the settings say: see `eni-flowlog repair`." in words(result.stdout)
    for reason in ("broken, disabled (1):", "differs, another traffic type (1):", "differs, another topic (1):"):
        assert reason in result.stdout


def test_excluded(cloud: LocalCloud, operator: Operator) -> None:
    """What FLOWLOG_RULES exclude does not count against it, and is said."""
    cover_all(cloud)
    cloud.seed_interfaces(HOME, 2, tags={"flowlog": "off"})
    rule = '{"exclude": {"tags": {"flowlog": "off"}, "reason": "load test", "until": "2099-12-31"}}'
    result = operator("status", FLOWLOG_RULES=rule)
    assert result.exit_code == Exit.OK
    said = "excluded, excluded by FLOWLOG_RULES, exclude.tags (load test, until 2099-12-31) (2): eni-"
    assert said in words(result.stdout)


def test_no_interfaces(operator: Operator) -> None:
    """That is not "all covered"."""
    result = operator("status", "--region", "ap-nanjing")
    assert result.exit_code == Exit.OK
    assert "No interfaces in ap-nanjing." in result.stdout
    assert "All covered" not in result.stdout


def test_csv_has_a_line_for_each_interface(cloud: LocalCloud, operator: Operator) -> None:
    """With all that is known of it and of its flow log; the same lines are the items of the JSON."""
    cover_all(cloud)
    [disabled] = cloud.seed_interfaces(HOME, 1)
    flow_log = cloud.seed_flow_log(HOME, disabled, enabled=False)
    [waiting] = cloud.seed_interfaces(HOME, 1, attached=False)
    rows = {row["interface_id"]: row for row in csv.DictReader(io.StringIO(operator("status", "--csv").stdout))}
    assert len(rows) == 3
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", rows[disabled].pop("seen_at"))
    assert rows[disabled] == {
        "account": cloud.uin,
        "region": HOME,
        "vpc_id": cloud.vpc_id,
        "subnet_id": cloud.subnet_id,
        "instance_id": rows[disabled]["instance_id"],
        "interface_id": disabled,
        "state": "broken",
        "reason": "disabled",
        "flow_log_id": flow_log,
        "topic_id": cloud.topic_id,
        "traffic_type": "ALL",
        "enabled": "no",
    }
    assert rows[disabled]["instance_id"].startswith("ins-")
    assert (rows[waiting]["state"], rows[waiting]["instance_id"], rows[waiting]["enabled"]) == ("waiting", "", "")
    report = operator.json("status")
    assert [item["interface_id"] for item in report["items"]] == list(rows)
    assert {item["outcome"] for item in report["items"]} == {"covered", "impaired", "waiting"}
    assert report["drift"] == [
        {"region": HOME, "interface_id": disabled, "flow_log_id": flow_log, "drift": "disabled"},
    ]


def test_five_thousand_interfaces_in_three_regions(cloud: LocalCloud, operator: Operator) -> None:
    """On a terminal of 80 columns the answer fits a screen; JSON and CSV are whole."""
    seeded = {HOME: 3_000, AWAY: 1_500, "ap-beijing": 500}
    for region, number in seeded.items():
        cloud.seed_interfaces(region, number, flow_logs=number - number // 5)
    regions = [option for region in seeded for option in ("--region", region)]
    with operator.terminal("status", *regions, COLUMNS="80", LINES="24") as terminal:
        assert terminal.end() == Exit.UNCOVERED
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.shown).replace("\r\n", "\n").split("\n")
    lines = [line.rpartition("\r")[2] for line in shown]  # a spinner draws its line again and again
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)
    report = valid("report", operator.json("status", *regions))
    missing = sum(row["missing"] for row in report["coverage"])
    assert missing >= 1_000
    assert sum(item["state"] == "missing" for item in report["items"]) == missing
    assert len(report["items"]) == sum(row["interfaces"] for row in report["coverage"]) >= 5_000
    assert "truncated" not in report
    assert operator("status", *regions, "--csv").stdout.count("\n") == len(report["items"]) + 1


def test_with_many_vpcs_a_row_for_each_region(cloud: LocalCloud, operator: Operator) -> None:
    """The VPCs are in CSV and JSON."""
    for _ in range(15):
        cloud.seed_instance(HOME, subnet_id=cloud.seed_vpc(HOME)[1])
    result = operator("status")
    assert "VPC" not in result.stdout
    assert HOME in result.stdout
    assert len(operator.json("status")["coverage"]) >= 15


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


@pytest.mark.parametrize("more", [(), ("--arrivals",)])
def test_half_a_region_is_none(cloud: LocalCloud, operator: Operator, more: tuple[str, ...]) -> None:
    """Where the listing breaks off, what was listed before is not shown as the region: the numbers add up."""
    cover_all(cloud)
    cloud.seed_interfaces(AWAY, 1_701, attached=False)
    refused = faults.error("UnauthorizedOperation", "no")

    def refused_at_the_last_page(call: faults.Incoming, proceed: Callable[[], faults.Reply]) -> faults.Reply:
        return refused(call, proceed) if call.params.get("Offset") == 1_700 else proceed()

    cloud.faults.add("DescribeNetworkInterfaces", refused_at_the_last_page, region=AWAY)
    result = operator("status", *BOTH, "--json", *more)
    assert result.exit_code == Exit.FAILED
    assert f"{AWAY} could not be listed" in result.stderr
    report = json.loads(result.stdout)
    assert {item["region"] for item in report["items"]} == {HOME}
    assert report["received"] == len(report["items"]) == sum(row["interfaces"] for row in report["coverage"])


def test_what_is_known_is_said_beside_what_is_not(cloud: LocalCloud, operator: Operator) -> None:
    """Something is missing here, and another region could not be listed: both are said."""
    cloud.faults.add("DescribeFlowLogs", faults.error("UnauthorizedOperation", "no"), region=AWAY)
    shown = words(operator("status", *BOTH).stdout)
    assert "Not all covered: 1 interface has no flow log: run `eni-flowlog backfill`. Not known whether" in shown


def test_keys_that_may_not_ask_whose_they_are(cloud: LocalCloud, operator: Operator) -> None:
    """The lines lack the account's id, and nothing else."""
    cloud.faults.add("GetCallerIdentity", faults.error("UnauthorizedOperation", "no"))
    [line] = csv.DictReader(io.StringIO(operator("status", "--region", HOME, "--csv").stdout))
    assert (line["account"], line["state"]) == ("", "missing")


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
