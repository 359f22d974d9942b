"""Backfill and status: what was there before, and what never arrived (design.md, "The sweep")."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from handler.commands.backfill import RegionRun
from handler.commands.coverage import Inventory
from handler.model import Outcome, Result
from localcloud.core.faults import delay, delay_after_effect, drop_before_effect, error, throttle
from tests.support.deployed import Signed, make_function, make_role, wait_until
from tests.support.deployment import small_package
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import Function, environment, functions, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from localcloud import LocalCloud
    from localcloud.core.faults import Incoming, Proceed, Reply

CREATE, LOGS, INTERFACES = "CreateFlowLog", "DescribeFlowLogs", "DescribeNetworkInterfaces"
BACKFILL = {"command": "backfill"}
STATUS = {"command": "status"}


@pytest.fixture
def unpaced(function: Function) -> Function:
    """The function with a pace that no test waits for."""
    function.set(FLOWLOG_CREATE_RATE="100000")
    return function


@pytest.fixture
def limited() -> Iterator[Function]:
    """The function against a cloud with the documented limits and 150 ms latency."""
    from localcloud import LocalCloud  # noqa: PLC0415

    with LocalCloud(latency_s=0.15) as cloud:
        cloud.seed_queue("eni-flowlog-dlq")
        yield from functions(cloud, environment(cloud))


def covered_once(cloud: LocalCloud, interfaces: list[str], region: str = HOME) -> bool:
    """Whether each of the interfaces has one flow log."""
    return all(len(cloud.flow_logs_of(region, each)) == 1 for each in interfaces)


class TestPace:
    def test_keeps_just_under_the_documented_limit(self, limited: Function) -> None:
        """400 interfaces, 100 covered: 18 to 20 creates a second, no call more than needed, none throttled."""
        cloud = limited.cloud
        interfaces = cloud.seed_interfaces(HOME, 399, flow_logs=100)
        report = limited(BACKFILL, seconds=300)
        creates = cloud.calls.of(CREATE)
        assert outcomes(report) == {"created": 300, "covered": 100}
        assert covered_once(cloud, interfaces)
        assert 18 <= (len(creates) - 1) / (creates[-1].time - creates[0].time) <= 20
        assert cloud.calls.by_action() == {CREATE: 300, INTERFACES: 4, LOGS: 1}

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
        left = {item["interface_id"] for item in status["items"] if item["outcome"] == "planned"}
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
        report = unpaced({**BACKFILL, "vpc_ids": [vpc_id for vpc_id, _ in places]})
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
            "excluded by FLOWLOG_RULES"
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
        assert unpaced(STATUS)["outcomes"]["planned"] == 0

    def test_one_failure_is_one_dead_letter(self, unpaced: Function) -> None:
        """It does not stop the rest."""
        unpaced.cloud.seed_interfaces(HOME, 29)
        unpaced.cloud.faults.add(CREATE, error("InvalidParameterValue"), times=1)
        assert outcomes(unpaced(BACKFILL)) == {"created": 29, "dead_lettered": 1}
        assert [letter["kind"] for letter in unpaced.letters()] == ["interface"]

    def test_many_failures_stop_the_run(self, unpaced: Function) -> None:
        """When more than the share of the settings has failed, the topic or the role is wrong: it says so and ends."""
        unpaced.cloud.seed_interfaces(HOME, 199)
        unpaced.cloud.faults.add(CREATE, error("UnauthorizedOperation", "no permission"))
        report = unpaced(BACKFILL)
        assert 20 <= report["outcomes"]["dead_lettered"] < 60
        assert "UnauthorizedOperation" in report["stopped"]
        assert "FLOWLOG_MAX_FAILURE_SHARE" in report["stopped"]
        assert not report["continued"]

    def test_every_region_that_stopped_is_named(self, unpaced: Function) -> None:
        """With its own reason."""
        for region in (HOME, "ap-beijing"):
            unpaced.cloud.seed_interfaces(region, 60)
        unpaced.cloud.faults.add(CREATE, error("UnauthorizedOperation", "no permission"))
        report = unpaced({**BACKFILL, "regions": [HOME, "ap-beijing"]})
        assert f"creates in {HOME} failed" in report["stopped"]
        assert "creates in ap-beijing failed" in report["stopped"]

    def test_share_of_failures_is_settable(self, unpaced: Function) -> None:
        """With a share of 1, everything is tried."""
        unpaced.cloud.seed_interfaces(HOME, 59)
        unpaced.set(FLOWLOG_MAX_FAILURE_SHARE="1")
        unpaced.cloud.faults.add(CREATE, error("UnauthorizedOperation"))
        assert outcomes(unpaced(BACKFILL)) == {"dead_lettered": 60}

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

    @pytest.mark.parametrize(("total", "covered"), [(None, 120), (0, 100), ("x", 120), (3, 100)])
    def test_a_total_that_says_nothing(self, unpaced: Function, total: Any, covered: int) -> None:
        """The pages are read to the end all the same, be the last one full or not."""
        interfaces = unpaced.cloud.seed_interfaces(HOME, 249, flow_logs=covered)

        def without_total(_call: Incoming, proceed: Proceed) -> Reply:
            reply = proceed()
            body = json.loads(reply.body)
            body["Response"].pop("TotalCount", None)
            body["Response"].pop("TotalNum", None)
            body["Response"] |= {} if total is None else {"TotalCount": total, "TotalNum": total}
            return replace(reply, body=json.dumps(body).encode())

        for action in (LOGS, INTERFACES):
            unpaced.cloud.faults.add(action, without_total)
        assert outcomes(unpaced(BACKFILL)) == {"created": 250 - covered, "covered": covered}
        assert covered_once(unpaced.cloud, interfaces)

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
            _terminate(cloud)
            return reply

        cloud.faults.add(INTERFACES, deleted, times=1)
        report = unpaced(BACKFILL)
        assert interface in _named(report, "gone")
        assert not unpaced.letters()

    def test_killed_again_and_again(self, cloud: LocalCloud) -> None:
        """The cloud's state is the checkpoint: killed twenty times, each flow log is made once, calls stay few."""
        interfaces = cloud.seed_interfaces(HOME, 399)
        cloud.faults.add(CREATE, delay_after_effect(0.01))
        chance = random.Random(7)
        for _ in range(20):
            goal = cloud.calls.count(CREATE) + chance.randint(1, 15)
            process = _backfill_process(cloud)
            _until_created(cloud, goal, process)
            process.kill()
            process.wait()
        assert _backfill_process(cloud).wait(60) == 0
        assert covered_once(cloud, interfaces)
        assert cloud.calls.count(CREATE) <= 1.1 * 400


class TestContinuation:
    def test_out_of_time_with_progress(self, function: Function) -> None:
        """It stops cleanly before its limit, and says what it could not do: here there is no function to invoke."""
        function.cloud.seed_interfaces(HOME, 99)
        started = time.monotonic()
        report = function({**BACKFILL, "limit": 90}, seconds=4)
        assert time.monotonic() - started < 4
        assert 20 < report["outcomes"]["created"] < 80
        assert "could not invoke its next hop" in report["stopped"]
        (letter,) = function.letters()
        assert letter["kind"] == "command"
        done = sorted(item["interface_id"] for item in report["items"] if item["outcome"] == "created")
        assert letter["event"]["after"] in done
        assert letter["event"]["hop"] == 1
        assert letter["event"]["regions"] == [HOME]
        # What is done behind a gap may be called for again: at most the creates that were in flight.
        assert 0 <= letter["event"]["limit"] - (90 - len(done)) <= 16

    def test_the_next_hop_does_only_what_is_left(self, function: Function) -> None:
        """Run to the end by its own commands, all is covered and nothing is made twice."""
        interfaces = function.cloud.seed_interfaces(HOME, 79)
        command: dict[str, Any] = BACKFILL
        hops = 0
        while True:
            report = function(command, seconds=4)
            hops += 1
            if "stopped" not in report:
                break
            command = function.letters()[-1]["event"]
            assert command["hop"] == hops
        assert 1 < hops < 8
        assert covered_once(function.cloud, interfaces)

    def test_the_next_hop_is_invoked(self, function: Function, tmp_path: Path) -> None:
        """Asynchronously, with what is left; the report says that it goes on."""
        call = Signed(function.cloud)
        make_role(call)
        make_function(call, small_package(tmp_path).archive.read_bytes(), {}, DeadLetterConfig=None)
        function.cloud.seed_interfaces(HOME, 59)
        report = function(BACKFILL, seconds=3)
        assert report["continued"]
        assert "stopped" not in report
        assert function.letters() == []
        assert function.cloud.background.wait_until_idle(60)
        (hop,) = [json.loads(run.event) for run in function.cloud.scf.invocations]
        assert (hop["command"], hop["hop"], hop["regions"]) == ("backfill", 1, [HOME])
        assert hop["after"] in {item["interface_id"] for item in report["items"]}

    def test_a_next_hop_that_is_not_answered_for_is_a_letter_in_time(self, function: Function) -> None:
        """Invoked again it might run twice; and whoever waits for it must leave time to say so."""
        function.cloud.seed_interfaces(HOME, 40)
        function.set(FLOWLOG_CREATE_RATE="2")
        switch = function.cloud.faults.add("Invoke", delay(30))
        report = function(BACKFILL, seconds=6)
        assert report["outcomes"]["created"] > 0
        assert [letter["kind"] for letter in function.letters()] == ["command"]
        assert switch.hits == 1

    def test_a_next_hop_whose_answer_is_lost_is_not_invoked_again(self, function: Function) -> None:
        """There is time to, but it may run already: two would do the same work."""
        function.cloud.seed_interfaces(HOME, 60)
        function.set(FLOWLOG_CREATE_RATE="5")
        switch = function.cloud.faults.add("Invoke", drop_before_effect())
        report = function(BACKFILL, seconds=5)
        assert switch.hits == 1
        assert "could not invoke its next hop: ClientNetworkError" in report["stopped"]

    def test_no_progress_ends_the_chain(self, function: Function) -> None:
        """A hop that cannot do one interface leaves a dead letter, and does not invoke itself."""
        function.cloud.seed_interfaces(HOME, 9)
        function.cloud.faults.add(CREATE, throttle())  # tried until the time ends, however often that is
        report = function(BACKFILL, seconds=4)
        assert not report["continued"]
        assert "the chain ends here" in report["stopped"]
        (letter,) = function.letters()
        assert letter["error"]["class"] == "stopped"
        assert letter["event"]["command"] == "backfill"
        assert report["items"][-1]["reason"].startswith("backfill: NoProgress: ")
        assert function.cloud.calls.count("Invoke") == 0

    def test_one_that_hangs_does_not_end_the_chain(self, function: Function) -> None:
        """What was done behind it is progress: the next hop finds it covered."""
        ids = function.cloud.seed_interfaces(HOME, 79)
        function.cloud.faults.add(CREATE, delay(20), times=1)
        report = function(BACKFILL, seconds=5)
        assert report["outcomes"]["created"] > 0
        (letter,) = function.letters()  # there is no function to invoke here
        assert letter["error"]["code"] != "NoProgress"
        assert letter["event"].get("after", "") < min(
            each for each in ids if not function.cloud.flow_logs_of(HOME, each)
        )

    def test_a_hop_that_can_do_nothing_but_fail_goes_on_behind_it(self, function: Function) -> None:
        """What has a letter is done, as far as the chain goes: it must not stand in the way of the rest."""
        function.cloud.seed_interfaces(HOME, 39)
        function.set(FLOWLOG_CREATE_RATE="5")
        function.cloud.faults.add(CREATE, error("UnauthorizedOperation"))
        report = function(BACKFILL, seconds=4)
        assert set(outcomes(report)) == {"dead_lettered"}
        letters = function.letters()
        (command,) = (letter for letter in letters if letter["kind"] == "command")
        assert command["error"]["code"] != "NoProgress"
        assert command["event"]["after"] in {letter.get("interface", {}).get("interface_id") for letter in letters}

    def test_the_limit_is_that_of_the_whole_chain(self, function: Function) -> None:
        """However often it is continued, and however many were made behind one that was not."""
        interfaces = function.cloud.seed_interfaces(HOME, 120)
        function.cloud.faults.add(CREATE, delay(20), times=3)
        command: dict[str, Any] = {**BACKFILL, "limit": 60}
        while True:
            report = function(command, seconds=4)
            if "stopped" not in report:
                break
            command = function.letters()[-1]["event"]
        assert sum(len(function.cloud.flow_logs_of(HOME, each)) for each in interfaces) in (59, 60)

    def test_without_a_function_it_only_says_so(self, function: Function) -> None:
        """On an operator's machine there is nothing to invoke."""
        function.cloud.seed_interfaces(HOME, 79)
        report = function.run(BACKFILL, {"time_limit_in_ms": 2500})
        assert "the time ran out with" in report["stopped"]
        assert function.letters() == []


def test_what_was_made_counts_however_the_last_one_ended() -> None:
    """Behind a gap, too: that is the progress of a hop."""
    run = RegionRun(Inventory(HOME, missing=[(f"eni-0000000{number}", "vpc-00000000") for number in range(4)]), 1.0)
    for index, outcome in enumerate((Outcome.CREATED, Outcome.SKIPPED, Outcome.DEAD_LETTERED), start=1):
        run.settle(index, Result(outcome))
    assert (run.tried, run.made, run.after, run.left) == (3, 1, "", 4)


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
            "missing": 4,  # and the instance's own
            "waiting": 2,
            "skipped": 1,
            "drift": 0,
        }
        assert outcomes(report) == {"planned": 5, "covered": 1, "waiting": 2, "skipped": 1}
        assert {item["outcome"] for item in report["items"]} == {"planned", "waiting", "skipped"}
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
        assert sum(row["drift"] for row in report["coverage"]) == 4
        assert report["outcomes"]["covered"] == 5

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
        """More than 1,000 waiting, and more than 1,000 drifted: the report lists so many of each, and counts all."""
        unpaced.cloud.seed_interfaces(HOME, 1_003, attached=False)
        for interface in unpaced.cloud.seed_interfaces(HOME, 1_002):
            unpaced.cloud.seed_flow_log(HOME, interface, topic_id=unpaced.cloud.topic_id, enabled=False)
        report = unpaced(STATUS)
        assert outcomes(report) == {"covered": 1_002, "waiting": 1_003, "planned": 1}
        assert (len(report["drift"]), len(report["items"])) == (1_000, 1_000)
        assert sum(row["drift"] for row in report["coverage"]) == 1_002

    def test_many_pages_once_each(self, unpaced: Function) -> None:
        """2,000 interfaces are 20 pages, and 1,700 flow logs 17: none is read twice, and no empty one."""
        unpaced.cloud.seed_interfaces(HOME, 1_999, flow_logs=1_700)
        report = unpaced(STATUS)
        assert outcomes(report) == {"covered": 1_700, "planned": 300}
        assert unpaced.cloud.calls.by_action() == {INTERFACES: 20, LOGS: 17}


def _named(report: dict[str, Any], outcome: str) -> set[str]:
    return {item["interface_id"] for item in report["items"] if item["outcome"] == outcome}


def _terminate(cloud: LocalCloud) -> None:
    from localcloud.cvm.instances import terminate_instances  # noqa: PLC0415

    terminate_instances(cloud._context(HOME), {"InstanceIds": [cloud.instance_id]})


def _backfill_process(cloud: LocalCloud) -> subprocess.Popen[bytes]:
    code = f"from handler.main import main_handler; main_handler({json.dumps(BACKFILL)}, {{'time_limit_in_ms': 60000}})"
    variables = {**environment(cloud, FLOWLOG_CREATE_RATE="100000"), "PYTHONPATH": ":".join(filter(None, sys.path))}
    return subprocess.Popen([sys.executable, "-c", code], env=variables, stdout=subprocess.DEVNULL)


def _until_created(cloud: LocalCloud, goal: int, process: subprocess.Popen[bytes]) -> None:
    wait_until(lambda: cloud.calls.count(CREATE) >= goal or process.poll() is not None, what="a flow log")
