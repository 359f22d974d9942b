"""A backfill that cannot finish in its time goes on in another invocation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.commands.creates import RegionRun
from handler.commands.inventory import Inventory
from handler.model import Failure, Outcome, Result
from localcloud.core.faults import delay, drop_before_effect, error, throttle
from tests.support.client import Client
from tests.support.clock import Clock
from tests.support.deployed import make_function, make_role
from tests.support.deployment import small_package
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import Function, by_clock, covered_once, outcomes

if TYPE_CHECKING:
    from pathlib import Path


CREATE, LOGS, INTERFACES = "CreateFlowLog", "DescribeFlowLogs", "DescribeNetworkInterfaces"
BACKFILL = {"command": "backfill"}


class TestContinuation:
    def test_out_of_time_with_progress(self, function: Function) -> None:
        """It stops cleanly before its limit, and says what it could not do: here there is no function to invoke."""
        function.cloud.seed_interfaces(HOME, 99)
        clock = Clock()
        report = function({**BACKFILL, "limit": 90}, seconds=4, clock=clock)
        assert clock.now - 1_000 < 4
        assert 40 < report["outcomes"]["created"] < 80
        assert "could not invoke its next hop" in report["stopped"]
        (letter,) = function.letters()
        assert letter["kind"] == "command"
        done = sorted(item["interface_id"] for item in report["items"] if item["outcome"] == "created")
        assert letter["event"]["after"] in done
        assert "hop" not in letter["event"]  # which counts what got nothing done
        assert letter["event"]["regions"] == [HOME]
        # What is done behind a gap may be called for again: at most the creates that were in flight.
        assert 0 <= letter["event"]["limit"] - (90 - len(done)) <= 16

    def test_the_next_hop_does_only_what_is_left(self, function: Function) -> None:
        """Run to the end by its own commands, all is covered and nothing is made twice."""
        interfaces = function.cloud.seed_interfaces(HOME, 79)
        command: dict[str, Any] = BACKFILL
        hops = 0
        while True:
            report = function(command, seconds=4, clock=Clock())
            hops += 1
            if "stopped" not in report:
                break
            command = function.letters()[-1]["event"]
            assert "hop" not in command
        assert 1 < hops < 8
        assert covered_once(function.cloud, interfaces)

    def test_the_next_hop_is_invoked(self, function: Function, tmp_path: Path) -> None:
        """Asynchronously, with what is left; the report says that it goes on."""
        call = Client(function.cloud)
        make_role(call)
        make_function(call, small_package(tmp_path).read_bytes(), {}, DeadLetterConfig=None)
        function.cloud.seed_interfaces(HOME, 59)
        report = function(BACKFILL, seconds=3, clock=Clock())
        assert report["continued"]
        assert "stopped" not in report
        assert function.letters() == []
        assert function.cloud.background.wait_until_idle(60)
        (hop,) = [json.loads(run.event) for run in function.cloud.scf.invocations]
        assert hop == {"command": "backfill", "regions": [HOME], "after": hop["after"]}
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
        report = function(BACKFILL, seconds=5, clock=Clock())
        assert switch.hits == 1
        assert "could not invoke its next hop: ClientNetworkError" in report["stopped"]

    def test_a_hop_without_progress_counts_itself(self, function: Function) -> None:
        """The next one is invoked all the same: a throttle of others may be over by then."""
        function.cloud.seed_interfaces(HOME, 9)
        function.cloud.faults.add(CREATE, throttle())
        function({**BACKFILL, "hop": 1}, seconds=4, clock=Clock())
        (call,) = function.cloud.calls.of("Invoke")
        assert json.loads(call.params["ClientContext"]) == {**BACKFILL, "regions": [HOME], "hop": 2}

    def test_progress_sets_the_count_back(self, function: Function) -> None:
        """What counts is hops in a row."""
        function.cloud.seed_interfaces(HOME, 60)
        function.set(FLOWLOG_CREATE_RATE="5")
        function({**BACKFILL, "hop": 2}, seconds=4, clock=Clock())
        (call,) = function.cloud.calls.of("Invoke")
        assert "hop" not in json.loads(call.params["ClientContext"])

    def test_no_progress_ends_the_chain(self, function: Function) -> None:
        """The third hop in a row that cannot do one interface leaves a dead letter, and does not invoke itself."""
        vpc_id, subnet_id = function.cloud.seed_vpc(HOME)
        after = min(function.cloud.seed_interfaces(HOME, 9, subnet_id=subnet_id))
        function.cloud.faults.add(CREATE, throttle())  # tried until the time ends, however often that is
        command = {**BACKFILL, "regions": [HOME], "vpc_ids": [vpc_id], "after": after, "hop": 2}
        report = function(command, seconds=4, clock=Clock())
        assert not report["continued"]
        assert "the chain ends here" in report["stopped"]
        (letter,) = function.letters()
        assert [letter["error"][key] for key in ("class", "code", "retryable")] == ["stopped", "NoProgress", True]
        assert letter["event"] == {**command, "hop": 3}
        assert report["items"][-1]["reason"].startswith("backfill: NoProgress: ")
        assert function.cloud.calls.count("Invoke") == 0

    def test_one_that_hangs_does_not_end_the_chain(self, function: Function) -> None:
        """What was done behind it is progress: the next hop finds it covered."""
        ids = function.cloud.seed_interfaces(HOME, 79)
        function.cloud.faults.add(CREATE, delay(20), times=1)
        report = function(BACKFILL, seconds=8)
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
        function.cloud.faults.add(CREATE, error("InvalidParameterValue"))
        report = function(BACKFILL, seconds=4, clock=Clock())
        assert set(outcomes(report)) == {"dead_lettered"}
        letters = {letter["event"]["command"]: letter for letter in function.letters()}
        assert letters["backfill"]["error"]["code"] != "NoProgress"
        refused = {each["interface_id"] for each in letters["ensure"]["event"]["interfaces"]}
        assert letters["backfill"]["event"]["after"] in refused

    def test_the_limit_is_that_of_the_whole_chain(self, function: Function) -> None:
        """However often it is continued, and however many were made behind one that was not."""
        interfaces = function.cloud.seed_interfaces(HOME, 120)
        function.cloud.faults.add(CREATE, delay(20), times=3)
        command: dict[str, Any] = {**BACKFILL, "limit": 60}
        while True:
            report = function(command, seconds=8)
            if "stopped" not in report:
                break
            command = function.letters()[-1]["event"]
        assert sum(len(function.cloud.flow_logs_of(HOME, each)) for each in interfaces) in (59, 60)

    def test_without_a_function_it_only_says_so(self, function: Function) -> None:
        """On an operator's machine there is nothing to invoke."""
        function.cloud.seed_interfaces(HOME, 79)
        given = {"time_limit_in_ms": 2500}
        report = function.run(BACKFILL, given, by_clock(given, Clock()))
        assert "the time ran out with" in report["stopped"]
        assert function.letters() == []


def test_what_was_made_counts_however_the_last_one_ended() -> None:
    """Behind a gap, too: that is the progress of a hop."""
    run = RegionRun(Inventory(HOME, missing=[(f"eni-0000000{number}", "vpc-00000000") for number in range(4)]))
    for index, outcome in enumerate((Outcome.CREATED, Outcome.SKIPPED, Outcome.DEAD_LETTERED), start=1):
        run.note(index, Result(outcome))
    assert (run.tried, run.made, run.after, len(run.undone)) == (3, 1, "", 1)


def test_a_region_that_refuses_all_is_probed_to_its_end_and_left() -> None:
    """Five in a row, then one in about each eighth of the rest: no more is tried once it is sure."""
    run = RegionRun(Inventory(HOME, missing=[(f"eni-{number:08}", "vpc-00000000") for number in range(200)]))
    tried = []
    while taken := run.take():
        run.note(taken[0], Result(Outcome.DEAD_LETTERED, failure=Failure("refused", "UnauthorizedOperation", "no")))
        tried.append(taken[0])
    assert tried == [0, 1, 2, 3, 4, 199, 175, 151, 127, 103, 79, 55, 31, 7]
    assert run.cause is not None
