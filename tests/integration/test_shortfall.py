"""What a backfill cannot cover: no interface starves for another's sake, and the queue does not fill up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.errors import ApiError
from localcloud.core.faults import error
from tests.support import records
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import Function, outcomes
from tests.support.letters import put, stopped

if TYPE_CHECKING:
    from collections.abc import Collection

    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Incoming, Proceed, Reply

CREATE, LOGS = "CreateFlowLog", "DescribeFlowLogs"
SWEEP, BACKFILL, REDRIVE = {"command": "sweep"}, {"command": "backfill"}, {"command": "redrive"}
FOR_GOOD = [
    "InvalidParameterValue",
    "UnsupportedOperation.Whatever",
    "UnauthorizedOperation.PrimaryIp",
    "FailedOperation",
]


def refuse(interfaces: Collection[str], code: str) -> Fault:
    """A fault: CreateFlowLog is refused for these interfaces."""

    def fault(call: Incoming, proceed: Proceed) -> Reply:
        if call.params["ResourceId"] in interfaces:
            raise ApiError(code, f"not for {call.params['ResourceId']}")
        return proceed()

    return fault


def first(cloud: LocalCloud, number: int, others: int) -> tuple[list[str], list[str]]:
    """The interfaces of an account that sort first, so many of them, and the others."""
    ids = sorted([*cloud.seed_interfaces(HOME, number + others)])
    return ids[:number], ids[number:]


class TestSweep:
    @pytest.mark.parametrize("number", [40, 200])
    @pytest.mark.parametrize("code", [*FOR_GOOD, "UnauthorizedOperation", "LimitExceeded"])
    def test_what_is_refused_for_good_does_not_stand_in_the_way(
        self, unpaced: Function, number: int, code: str
    ) -> None:
        """Under any code: one sweep covers all that sort behind, and writes no letter."""
        cloud = unpaced.cloud
        refused, others = first(cloud, number, 20)
        cloud.faults.add(CREATE, refuse(refused, code))
        report = unpaced(SWEEP)
        assert outcomes(report) == {"created": 21, "missing": number}
        assert all(cloud.flow_logs_of(HOME, each) for each in others)
        assert "stopped" not in report
        assert unpaced.letters() == []
        missing = [item for item in report["items"] if item["outcome"] == "missing"]
        assert {item["interface_id"] for item in missing} == set(refused)
        assert {(item["state"], item["reason"].partition(":")[0]) for item in missing} == {("missing", code)}

    def test_a_log_line_for_each_region_and_code(self, unpaced: Function) -> None:
        """An alarm finds it: how many, why, and the first few."""
        cloud = unpaced.cloud
        refused, _ = first(cloud, 12, 3)
        cloud.faults.add(CREATE, refuse(refused[:7], "InvalidParameterValue"))
        cloud.faults.add(CREATE, refuse(refused[7:], "FailedOperation"))
        unpaced(SWEEP)
        lines = {line["code"]: line for line in unpaced.lines() if line["message"] == "missing"}
        assert {code: (line["region"], line["number"]) for code, line in lines.items()} == {
            "InvalidParameterValue": (HOME, 7),
            "FailedOperation": (HOME, 5),
        }
        assert set(lines["FailedOperation"]["interface_ids"]) == set(refused[7:])

    def test_what_concerns_the_account_ends_the_creates_and_leaves_one_letter(self, unpaced: Function) -> None:
        """Nothing has succeeded, from one end of the region to the other; sweep after sweep the queue does not grow."""
        cloud = unpaced.cloud
        unpaced.set(FLOWLOG_CREATE_RATE="100")
        cloud.seed_interfaces(HOME, 199)
        switch = cloud.faults.add(CREATE, error("UnauthorizedOperation", "no permission"))
        report = unpaced(SWEEP)
        assert outcomes(report) == {"missing": 200, "dead_lettered": 1}
        assert {(item["region"], item["state"]) for item in report["items"] if item["outcome"] == "missing"} == {
            (HOME, "missing")
        }
        assert len({item["interface_id"] for item in report["items"] if "interface_id" in item}) == 200
        assert "not tried: UnauthorizedOperation" in {item["reason"] for item in report["items"]}
        assert switch.hits < 200
        assert (
            f"creates in {HOME} were refused, the last with UnauthorizedOperation: no permission" in report["stopped"]
        )
        for _ in range(7):
            (letter,) = unpaced.letters()
            assert (letter["error"]["code"], letter["event"]["regions"]) == ("UnauthorizedOperation", [HOME])
            cloud.clock.advance(60)
            unpaced(SWEEP)
        switch.off()
        cloud.clock.advance(60)
        unpaced.set(FLOWLOG_CREATE_RATE="100000")
        assert unpaced(SWEEP)["outcomes"]["created"] == 200

    def test_a_region_that_cannot_be_listed_leaves_one_letter(self, unpaced: Function) -> None:
        """Sweep after sweep; the other region is done all the same."""
        cloud = unpaced.cloud
        unpaced.set(FLOWLOG_REGIONS=f"{HOME},ap-shanghai")
        cloud.seed_interfaces(HOME, 2)
        down = cloud.faults.add(LOGS, error("UnauthorizedOperation", "no"), region="ap-shanghai")
        for _ in range(7):
            report = unpaced(SWEEP)
            assert report["outcomes"]["created"] + report["outcomes"]["covered"] == 3
            (letter,) = unpaced.letters()
            assert letter["event"] == {**BACKFILL, "sweep": True, "regions": ["ap-shanghai"]}
            cloud.clock.advance(60)
        assert "lies on the queue already" in unpaced(SWEEP)["stopped"]
        down.off()

    def test_a_region_letter_redriven_writes_none_of_single_interfaces(self, unpaced: Function) -> None:
        """It is still the sweep's."""
        cloud = unpaced.cloud
        down = cloud.faults.add(LOGS, error("InternalError"), region=HOME)
        unpaced(SWEEP)
        down.off()
        refused, _ = first(cloud, 30, 3)
        cloud.faults.add(CREATE, refuse(refused, "InvalidParameterValue"))
        cloud.clock.advance(60)
        report = unpaced(REDRIVE)
        assert report["outcomes"]["missing"] == 30
        assert unpaced.letters() == []

    def test_a_sweep_that_lay_on_the_queue_leaves_one_letter_too(self, unpaced: Function) -> None:
        """Of a region that fails, however often the sweep has failed, and unless one lies there."""
        cloud = unpaced.cloud
        unpaced.set(FLOWLOG_REGIONS=HOME)
        cloud.faults.add(LOGS, error("UnauthorizedOperation", "no"), region=HOME)
        for attempts in (1, 2, 3):
            put(cloud, records.own_letter("command", event=SWEEP, attempts=4, error=stopped()))
            unpaced(REDRIVE)
            (letter,) = unpaced.letters()
            assert letter["event"] == {**BACKFILL, "sweep": True, "regions": [HOME]}
            assert letter["attempts"] == attempts
            cloud.clock.advance(60)

    def test_a_region_that_fails_again_after_its_letter_has_run_leaves_another(self, unpaced: Function) -> None:
        """The redrive of the same sweep has taken the first one off the queue."""
        cloud = unpaced.cloud
        unpaced.set(FLOWLOG_REGIONS=HOME)
        down = cloud.faults.add(LOGS, error("UnauthorizedOperation", "no"), region=HOME)
        unpaced(SWEEP)
        (first_letter,) = unpaced.letters()
        down.off()
        listings = iter([True])

        def once(_call: Incoming, proceed: Proceed) -> Reply:
            if next(listings, False):
                return proceed()
            raise ApiError("UnauthorizedOperation", "no more")

        cloud.faults.add(LOGS, once, region=HOME)
        cloud.clock.advance(60)
        assert outcomes(unpaced(SWEEP)) == {"created": 1, "dead_lettered": 1}
        (letter,) = unpaced.letters()
        assert (letter["error"]["code"], letter["attempts"]) == ("UnauthorizedOperation", 1)
        assert letter["id"] != first_letter["id"]


class TestManualBackfill:
    def test_one_letter_for_each_region_and_code(self, unpaced: Function) -> None:
        """Of up to a hundred interfaces; run again, they go back as one, and are covered once the cause is gone."""
        cloud = unpaced.cloud
        refused, others = first(cloud, 150, 5)
        switches = [
            cloud.faults.add(CREATE, refuse(refused[:130], "InvalidParameterValue")),
            cloud.faults.add(CREATE, refuse(refused[130:], "FailedOperation")),
        ]
        report = unpaced(BACKFILL)
        assert outcomes(report) == {"created": 6, "dead_lettered": 150}
        assert all(cloud.flow_logs_of(HOME, each) for each in others)
        assert _held(unpaced) == {
            ("InvalidParameterValue", 100, 1),
            ("InvalidParameterValue", 30, 1),
            ("FailedOperation", 20, 1),
        }
        cloud.clock.advance(60)
        unpaced(REDRIVE)
        assert _held(unpaced) == {
            ("InvalidParameterValue", 100, 2),
            ("InvalidParameterValue", 30, 2),
            ("FailedOperation", 20, 2),
        }
        for switch in switches:
            switch.off()
        cloud.clock.advance(60)
        assert outcomes(unpaced(REDRIVE)) == {"created": 150}
        assert unpaced.letters() == []

    def test_what_concerns_the_account_keeps_the_rest_as_one_letter(self, unpaced: Function) -> None:
        """What was tried, and what was not."""
        cloud = unpaced.cloud
        unpaced.set(FLOWLOG_CREATE_RATE="100")
        ids = cloud.seed_interfaces(HOME, 199)
        switch = cloud.faults.add(CREATE, error("LimitExceeded", "no more"))
        report = unpaced(BACKFILL)
        assert 20 <= switch.hits < 200
        assert report["outcomes"]["dead_lettered"] == switch.hits + 1
        assert "LimitExceeded: no more" in report["stopped"]
        assert "look at the topic, the role and the account's quota" in report["stopped"]
        assert sorted(letter["event"]["command"] for letter in unpaced.letters()) == ["backfill", "ensure"]
        switch.off()
        cloud.clock.advance(60)
        unpaced.set(FLOWLOG_CREATE_RATE="100000")
        unpaced(REDRIVE)
        assert all(cloud.flow_logs_of(HOME, each) for each in ids)
        assert unpaced.letters() == []

    def test_what_concerns_the_account_and_was_tried_whole_leaves_no_rest(self, unpaced: Function) -> None:
        """Every interface has its place in the one letter; a backfill of nothing would be one too many."""
        unpaced.cloud.seed_interfaces(HOME, 4)
        unpaced.cloud.faults.add(CREATE, error("LimitExceeded", "no more"))
        report = unpaced(BACKFILL)
        assert outcomes(report) == {"dead_lettered": 5}
        assert f"all 5 creates in {HOME} were refused" in report["stopped"]
        assert _held(unpaced) == {("LimitExceeded", 5, 1)}

    def test_every_region_that_ended_is_named(self, unpaced: Function) -> None:
        """With its own reason."""
        for region in (HOME, "ap-beijing"):
            unpaced.cloud.seed_interfaces(region, 60)
        unpaced.cloud.faults.add(CREATE, error("UnauthorizedOperation", "no permission"))
        report = unpaced({**BACKFILL, "regions": [HOME, "ap-beijing"]})
        assert f"creates in {HOME} were refused" in report["stopped"]
        assert "creates in ap-beijing were refused" in report["stopped"]

    @pytest.mark.parametrize("code", FOR_GOOD)
    def test_nothing_else_ends_the_creates(self, unpaced: Function, code: str) -> None:
        """A code that says nothing of the account, however often it comes."""
        unpaced.cloud.seed_interfaces(HOME, 99)
        switch = unpaced.cloud.faults.add(CREATE, error(code))
        report = unpaced(BACKFILL)
        assert outcomes(report) == {"dead_lettered": 100}
        assert (switch.hits, "stopped" in report) == (100, False)

    def test_a_topic_that_is_gone_concerns_the_account(self, unpaced: Function) -> None:
        """The interface is there, so it is the topic that was not found."""
        unpaced.cloud.seed_interfaces(HOME, 99)
        unpaced.cloud.delete_topic(unpaced.cloud.topic_id)
        report = unpaced(BACKFILL)
        assert "the last with ResourceNotFound" in report["stopped"]
        assert report["outcomes"]["dead_lettered"] < 60


def _held(function: Function) -> set[tuple[str, int, int]]:
    letters: list[dict[str, Any]] = function.letters()
    return {(letter["error"]["code"], len(letter["event"]["interfaces"]), letter["attempts"]) for letter in letters}
