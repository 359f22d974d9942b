"""A backfill's pace, and what it does and leaves alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import delay, error
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import Function, covered_once, environment, functions, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.faults import Incoming, Proceed, Reply


CREATE, LOGS, INTERFACES = "CreateFlowLog", "DescribeFlowLogs", "DescribeNetworkInterfaces"
BACKFILL = {"command": "backfill"}
STATUS = {"command": "status"}


@pytest.fixture
def limited() -> Iterator[Function]:
    """The function against a cloud with the documented limits and 150 ms latency."""
    from localcloud import LocalCloud  # noqa: PLC0415

    with LocalCloud(latency_s=0.15) as cloud:
        cloud.seed_queue("eni-flowlog-dlq")
        yield from functions(cloud, environment(cloud))


class TestPace:
    def test_keeps_just_under_the_documented_limit(self, limited: Function) -> None:
        """400 interfaces, 100 covered: 18 to 20 creates a second, no call more than needed, none throttled."""
        cloud = limited.cloud
        interfaces = cloud.seed_interfaces(HOME, 399, flow_logs=100)
        report = limited({**BACKFILL, "regions": [HOME]}, seconds=300)
        creates = cloud.calls.of(CREATE)
        assert outcomes(report) == {"created": 300, "covered": 100}
        assert covered_once(cloud, interfaces)
        assert 18 <= (len(creates) - 1) / (creates[-1].time - creates[0].time) <= 20
        assert cloud.calls.by_action() == {CREATE: 300, INTERFACES: 5, LOGS: 2}  # each list ends with a closing one

    def test_shares_the_limit_with_somebody_else(self, limited: Function) -> None:
        """Half of the limit is used up: it finishes, with under 2 % of calls throttled after the first two seconds."""
        cloud = limited.cloud
        cloud.limits.others_use(CREATE, HOME, 10)
        interfaces = cloud.seed_interfaces(HOME, 149)
        assert outcomes(limited(BACKFILL, seconds=300)) == {"created": 150}
        assert covered_once(cloud, interfaces)
        creates = cloud.calls.of(CREATE)
        late = [call for call in creates if call.time > creates[0].time + 2]
        assert sum(call.code == "RequestLimitExceeded" for call in late) < 0.02 * len(late)

    def test_regions_run_side_by_side(self, limited: Function) -> None:
        """Three regions of 19 take the second that one of them takes, since the limits are per region."""
        for region in ("ap-shanghai", "ap-beijing", "eu-frankfurt"):
            limited.cloud.seed_interfaces(region, 18)  # and the instance's own
        report = limited({**BACKFILL, "regions": ["ap-shanghai", "ap-beijing", "eu-frankfurt"]})
        assert outcomes(report) == {"created": 57}
        spans = {}
        for region in ("ap-shanghai", "ap-beijing", "eu-frankfurt"):
            times = [call.time for call in limited.cloud.calls.of(CREATE, region=region)]
            spans[region] = (times[0], times[-1])
        latest_start = max(start for start, _ in spans.values())
        first_end = min(end for _, end in spans.values())
        assert latest_start < first_end


class TestWhatIsDone:
    def test_in_order_of_interface_id(self, unpaced: Function) -> None:
        """The order is what `after` relies on. With one worker's worth of interfaces it shows in the names."""
        cloud = unpaced.cloud
        cloud.seed_interfaces(HOME, 40)
        report = unpaced({**BACKFILL, "limit": 10})
        done = {item["interface_id"] for item in report["items"]}
        status = unpaced(STATUS)
        left = {item["interface_id"] for item in status["items"] if item["outcome"] == "missing"}
        assert len(done) == 10
        assert max(done) < min(left)

    def test_dry_run_names_what_the_real_run_does(self, unpaced: Function) -> None:
        """The same code stops before the calls."""
        cloud = unpaced.cloud
        cloud.seed_interfaces(HOME, 30, flow_logs=10)
        cloud.seed_interfaces(HOME, 5, attached=False)
        planned = unpaced({**BACKFILL, "dry_run": True})
        assert cloud.calls.count(CREATE) == 0
        created = unpaced(BACKFILL)
        assert _named(planned, "planned") == _named(created, "created")
        assert {(item["region"], item["state"]) for item in planned["items"] if item["outcome"] == "planned"} == {
            (HOME, "missing")
        }
        assert outcomes(planned) == {"planned": 21, "covered": 10, "waiting": 5}
        assert outcomes(created) == {"created": 21, "covered": 10, "waiting": 5}

    @pytest.mark.parametrize("limit", [1, 7])
    def test_limit_is_of_all_regions_together(self, unpaced: Function, limit: int) -> None:
        """At most so many are created."""
        for region in (HOME, "ap-shanghai"):
            unpaced.cloud.seed_interfaces(region, 5)
        report = unpaced({**BACKFILL, "limit": limit, "regions": [HOME, "ap-shanghai"]})
        assert report["outcomes"]["created"] == limit
        assert unpaced.cloud.calls.count(CREATE) == limit

    def test_after_begins_behind_an_id(self, unpaced: Function) -> None:
        """Nothing at or before it is counted or called for."""
        ids = sorted(unpaced.cloud.seed_interfaces(HOME, 10))
        report = unpaced({**BACKFILL, "after": ids[4]})
        created = _named(report, "created")
        assert set(ids[5:]) <= created
        assert all(each > ids[4] for each in created)

    def test_only_some_vpcs(self, unpaced: Function) -> None:
        """Seven VPCs take two filters of at most five values."""
        cloud = unpaced.cloud
        places = [cloud.seed_vpc(HOME) for _ in range(7)]
        wanted = [
            cloud.seed_interface(HOME, instance_id=cloud.seed_instance(HOME, subnet_id=each)) for _, each in places
        ]
        report = unpaced({**BACKFILL, "regions": [HOME], "vpc_ids": [vpc_id for vpc_id, _ in places]})
        assert set(wanted) <= _named(report, "created")
        assert report["received"] == 14  # and the instances' own
        assert cloud.calls.count(INTERFACES) == 2

    def test_rules_decide(self, unpaced: Function) -> None:
        """What is opted out is skipped, with the reason."""
        cloud = unpaced.cloud
        out = cloud.seed_interfaces(HOME, 2, tags={"flowlog": "off"})
        unpaced.set(FLOWLOG_RULES='{"exclude":{"tags":{"flowlog":"off"}}}')
        report = unpaced(BACKFILL)
        assert _named(report, "skipped") == set(out)
        assert {item["reason"] for item in report["items"] if item["outcome"] == "skipped"} == {
            "excluded by FLOWLOG_RULES, exclude.tags"
        }
        assert outcomes(report) == {"created": 1, "skipped": 2}

    @pytest.mark.parametrize("what", ["tags", "subnet_ids", "vpc_ids"])
    def test_what_is_included_is_created(self, unpaced: Function, what: str) -> None:
        """As the dry run says: rules may ask for what CreateFlowLog does not need to know."""
        cloud = unpaced.cloud
        vpc_id, subnet_id = cloud.seed_vpc(HOME)
        cloud.seed_interfaces(HOME, 3, subnet_id=subnet_id, tags={"team": "x"})
        wanted = {"tags": {"team": "x"}, "subnet_ids": [subnet_id], "vpc_ids": [vpc_id]}[what]
        unpaced.set(FLOWLOG_RULES=json.dumps({"include": {what: wanted}}))
        planned = unpaced({**BACKFILL, "dry_run": True})
        assert planned["outcomes"]["planned"] >= 3
        done = unpaced(BACKFILL)
        assert _named(done, "created") == _named(planned, "planned")
        assert outcomes(done)["skipped"] == outcomes(planned)["skipped"]
        assert unpaced(STATUS)["outcomes"]["missing"] == 0

    def test_a_region_that_cannot_be_listed(self, unpaced: Function) -> None:
        """It is a dead letter of its own; the other region is done."""
        unpaced.cloud.seed_interfaces("ap-shanghai", 3)
        unpaced.cloud.faults.add(LOGS, error("UnauthorizedOperation"), region=HOME)
        report = unpaced({**BACKFILL, "regions": [HOME, "ap-shanghai"], "limit": 50})
        assert outcomes(report) == {"created": 4, "dead_lettered": 1}
        (letter,) = unpaced.letters()
        assert letter["kind"] == "command"
        assert letter["event"] == {**BACKFILL, "regions": [HOME], "limit": 46}  # what the other region has left of it

    def test_a_region_that_cannot_be_listed_when_the_limit_is_used_up(self, unpaced: Function) -> None:
        """There is nothing to be made there: it is only said."""
        unpaced.cloud.seed_interfaces("ap-shanghai", 3)
        unpaced.cloud.faults.add(LOGS, error("UnauthorizedOperation", "no"), region=HOME)
        report = unpaced({**BACKFILL, "regions": [HOME, "ap-shanghai"], "limit": 4})
        assert outcomes(report) == {"created": 4}
        assert report["stopped"] == f"{HOME} could not be listed: UnauthorizedOperation: no"
        assert unpaced.letters() == []

    def test_a_region_that_does_not_answer_leaves_time_for_the_others(self, unpaced: Function) -> None:
        """Half of the time at the most goes into listing."""
        interfaces = unpaced.cloud.seed_interfaces(HOME, 20)
        unpaced.cloud.faults.add(LOGS, delay(30), region="ap-shanghai")
        report = unpaced({**BACKFILL, "regions": [HOME, "ap-shanghai"]}, seconds=4)
        assert covered_once(unpaced.cloud, interfaces)
        assert outcomes(report) == {"created": 21, "dead_lettered": 1}

    def test_a_dry_run_writes_nothing_not_even_a_letter(self, unpaced: Function) -> None:
        """A region that cannot be listed is said in the report."""
        unpaced.cloud.seed_interfaces("ap-shanghai", 3)
        unpaced.cloud.faults.add(LOGS, error("UnauthorizedOperation", "no"), region=HOME)
        report = unpaced({**BACKFILL, "regions": [HOME, "ap-shanghai"], "dry_run": True})
        assert report["stopped"] == f"{HOME} could not be listed: UnauthorizedOperation: no"
        assert unpaced.letters() == []

    def test_pages_that_shift(self, unpaced: Function) -> None:
        """Interfaces come and go while it lists: a second pass settles what the first has missed."""
        cloud = unpaced.cloud
        first = cloud.seed_interfaces(HOME, 350, attached=True)
        late: list[str] = []

        def shift(_call: Incoming, proceed: Proceed) -> Reply:
            late.extend(cloud.seed_interfaces(HOME, 3))
            return proceed()

        cloud.faults.add(INTERFACES, shift, times=3)
        unpaced(BACKFILL)
        report = unpaced(BACKFILL)
        assert not report["outcomes"]["dead_lettered"]
        assert covered_once(cloud, first + late)
        assert unpaced.letters() == []

    def test_deleted_while_it_runs(self, unpaced: Function) -> None:
        """An interface that goes between list and create is gone, not a failure."""
        cloud = unpaced.cloud
        interface = cloud.seed_interface(HOME, instance_id=cloud.instance_id)

        def deleted(_call: Incoming, proceed: Proceed) -> Reply:
            reply = proceed()
            cloud.terminate_instance(HOME, cloud.instance_id)
            return reply

        cloud.faults.add(INTERFACES, deleted, times=1)
        report = unpaced({**BACKFILL, "regions": [HOME]})
        assert interface in _named(report, "gone")
        assert not unpaced.letters()


def _named(report: dict[str, Any], outcome: str) -> set[str]:
    return {item["interface_id"] for item in report["items"] if item["outcome"] == outcome}
