"""Repair: what it makes good, what it leaves alone, and how it fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from handler import settings
from handler.budget import Budget
from handler.cloud.api import Api
from handler.cloud.vpc import Vpc
from handler.cover.batch import Batch
from handler.model import Interface, Outcome
from localcloud.core.errors import ApiError
from localcloud.core.faults import drop_after_effect, error, throttle
from tests.support.clock import Clock
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import Function, environment, outcomes
from tests.support.place import break_all

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Incoming, Proceed, Reply

CREATE, DELETE, ENABLE, DESCRIBE = "CreateFlowLog", "DeleteFlowLog", "EnableFlowLogs", "DescribeFlowLogs"
REPAIR, SWEEP, STATUS = {"command": "repair"}, {"command": "sweep"}, {"command": "status"}
OURS = "managed-by=eni-flowlog"


@pytest.fixture
def repairing(unpaced: Function) -> Function:
    """The function, allowed to recreate."""
    unpaced.set(FLOWLOG_REPAIR="recreate")
    return unpaced


def logs(cloud: LocalCloud, interface: str) -> list[str]:
    return [each.flow_log_id for each in cloud.flow_logs_of(HOME, interface)]


class TestWhatIsRepaired:
    def test_enable_switches_on_what_is_disabled(self, unpaced: Function) -> None:
        """One call, and the flow log is the same; what would have to be made anew stays."""
        unpaced.set(FLOWLOG_REPAIR="enable")
        ids = break_all(unpaced.cloud)
        before = {each: logs(unpaced.cloud, each) for each in ids.values()}
        report = unpaced(REPAIR)
        assert outcomes(report) == {"repaired": 1, "impaired": 3}
        assert unpaced.cloud.calls.by_action()[ENABLE] == 1
        assert {each: logs(unpaced.cloud, each) for each in ids.values()} == before
        assert next(item for item in report["items"] if item["outcome"] == "repaired") == {
            "region": HOME,
            "interface_id": ids["disabled"],
            "outcome": "repaired",
            "state": "covered",
            "reason": "was disabled: switched on",
            "flow_log_id": before[ids["disabled"]][0],
        }

    def test_recreate_makes_all_good(self, repairing: Function) -> None:
        """Each has one flow log, which is as the settings say; what was only disabled is the same as before."""
        cloud = repairing.cloud
        repairing.set(FLOWLOG_TOPIC_ID=json.dumps({HOME: cloud.topic_id}))
        ids = break_all(cloud)
        cloud.seed_interfaces(HOME, 1, attached=False)
        before = {name: logs(cloud, each) for name, each in ids.items()}
        report = repairing(REPAIR)
        assert outcomes(report) == {"repaired": 4}
        assert {item["state"] for item in report["items"]} == {"covered"}
        after = {name: logs(cloud, each) for name, each in ids.items()}
        assert [len(each) for each in after.values()] == [1] * 4
        assert {name for name in ids if after[name] == before[name]} == {"disabled"}
        report = repairing(STATUS)
        assert outcomes(report) == {"covered": 4, "missing": 1, "waiting": 1}
        assert report["drift"] == []

    @pytest.mark.parametrize(("setting", "calls"), [("recreate", {DELETE: 1, CREATE: 1}), ("enable", {ENABLE: 1})])
    def test_what_is_disabled_and_differs(self, unpaced: Function, setting: str, calls: dict[str, int]) -> None:
        """Switched on, it would still not be as the settings say: it is made anew, where that is allowed."""
        cloud = unpaced.cloud
        unpaced.set(FLOWLOG_REPAIR=setting)
        (interface,) = cloud.seed_interfaces(HOME, 1)
        cloud.seed_flow_log(HOME, interface, topic_id=cloud.add_topic(), enabled=False, description=OURS)
        assert outcomes(unpaced(REPAIR)) == {"repaired": 1}
        done = cloud.calls.by_action()
        assert {action: done[action] for action in (DELETE, CREATE, ENABLE) if done[action]} == calls

    def test_somebody_elses_are_left_alone(self, repairing: Function) -> None:
        """Unless all is asked for; then they are ours."""
        cloud = repairing.cloud
        ids = break_all(cloud, description="a colleague's")
        before = {each: logs(cloud, each) for each in ids.values()}
        assert outcomes(repairing(REPAIR)) == {"covered": 1, "impaired": 3}  # theirs may go to a topic of their own
        assert {each: logs(cloud, each) for each in ids.values()} == before
        assert outcomes(repairing({**REPAIR, "all": True})) == {"covered": 1, "repaired": 3}
        assert outcomes(repairing(STATUS))["covered"] == 4

    def test_ours_by_tags(self, repairing: Function) -> None:
        """With FLOWLOG_TAGS, what bears all of them is ours."""
        cloud = repairing.cloud
        repairing.set(FLOWLOG_TAGS='{"team": "network"}')
        (interface,) = cloud.seed_interfaces(HOME, 1)
        tags = (("team", "network"),)
        cloud.seed_flow_log(HOME, interface, topic_id=cloud.topic_id, enabled=False, tags=tags, description="")
        assert outcomes(repairing(REPAIR)) == {"repaired": 1}

    def test_only_some_vpcs(self, repairing: Function) -> None:
        """And only so many."""
        break_all(repairing.cloud)
        assert outcomes(repairing({**REPAIR, "vpc_ids": ["vpc-00000000"]})) == {}
        assert outcomes(repairing({**REPAIR, "limit": 1})) == {"repaired": 1, "impaired": 3}

    def test_an_interface_without_an_instance_loses_nothing(self, repairing: Function) -> None:
        """It could have no new one."""
        cloud = repairing.cloud
        (interface,) = cloud.seed_interfaces(HOME, 1, attached=False)
        cloud.seed_flow_log(HOME, interface, topic_id=cloud.add_topic(), description=OURS)
        assert outcomes(repairing(REPAIR)) == {"impaired": 1}
        assert cloud.calls.count(DELETE) == 0

    def test_without_a_topic_for_the_region_nothing_is_deleted(self, repairing: Function) -> None:
        """Nothing could be made in its place."""
        break_all(repairing.cloud)
        repairing.set(FLOWLOG_TOPIC_ID=json.dumps({"ap-tokyo": repairing.cloud.topic_id}))
        repairing(REPAIR)
        assert repairing.cloud.calls.count(DELETE) == 0


class TestWhoMay:
    @pytest.mark.parametrize(
        ("allowed", "mode"), [("off", None), ("off", "enable"), ("off", "recreate"), ("enable", "recreate")]
    )
    def test_a_mode_above_the_setting_is_refused(self, unpaced: Function, allowed: str, mode: str | None) -> None:
        """In a sentence that says what to do; a dry run may always be made."""
        break_all(unpaced.cloud)
        unpaced.set(FLOWLOG_REPAIR=allowed)
        command = {**REPAIR, **({"mode": mode} if mode else {})}
        report = unpaced(command)
        assert f"FLOWLOG_REPAIR of this function is {allowed}" in report["stopped"]
        assert report["items"] == [{"outcome": "ignored", "reason": report["stopped"]}]
        planned = unpaced({**command, "dry_run": True})
        assert planned["outcomes"]["planned"] == (4 if mode == "recreate" else 1)
        assert {call.action for call in unpaced.cloud.calls} & {CREATE, DELETE, ENABLE} == set()

    def test_a_dry_run_says_how(self, repairing: Function) -> None:
        """By interface and flow log."""
        ids = break_all(repairing.cloud)
        report = repairing({**REPAIR, "dry_run": True})
        said = {item["interface_id"]: (item["reason"], item["state"]) for item in report["items"]}
        assert said == {
            ids["disabled"]: ("disabled: would be switched on", "broken"),
            ids["topic deleted"]: ("topic deleted: would be deleted and made anew", "broken"),
            ids["another topic"]: ("another topic: would be deleted and made anew", "differs"),
            ids["another traffic type"]: ("another traffic type: would be deleted and made anew", "differs"),
        }
        assert all(item["region"] == HOME and item["flow_log_id"] for item in report["items"])
        assert repairing.letters() == []


class TestSweep:
    @pytest.mark.parametrize(("setting", "repaired"), [("", 0), ("off", 0), ("enable", 1), ("recreate", 4)])
    def test_it_repairs_as_far_as_the_setting_says(self, unpaced: Function, setting: str, repaired: int) -> None:
        """Beside what it creates; what is left is in its log, for an alarm."""
        unpaced.set(FLOWLOG_REPAIR=setting)
        break_all(unpaced.cloud)
        report = unpaced(SWEEP)
        counted = {"created": 1, "repaired": repaired, "impaired": 4 - repaired}
        assert outcomes(report) == {name: number for name, number in counted.items() if number}
        logged = [line["reason"] for line in unpaced.lines() if line["message"] == "flow log impaired"]
        assert len(logged) == 4 - repaired

    def test_it_costs_no_further_listing(self, repairing: Function) -> None:
        """One pass finds what is missing and what is wrong."""
        break_all(repairing.cloud)
        repairing.set(FLOWLOG_REGIONS=HOME)
        repairing(SWEEP)
        assert repairing.cloud.calls.count(DESCRIBE) == 1


class TestFailure:
    def test_what_stands_as_it_was_is_one_letter_for_each_region_and_code(self, repairing: Function) -> None:
        """Redriven, it repairs what is left."""
        cloud = repairing.cloud
        for interface in cloud.seed_interfaces(HOME, 20):
            cloud.seed_flow_log(HOME, interface, topic_id=cloud.topic_id, enabled=False, description=OURS)
        down = cloud.faults.add(ENABLE, error("FailedOperation", "no"))
        report = repairing(REPAIR)
        assert outcomes(report) == {"impaired": 20, "dead_lettered": 1}
        item = report["items"][0]
        assert (item["reason"], item["state"]) == ("disabled; not repaired: FailedOperation: no", "broken")
        assert [item["flow_log_id"]] == logs(cloud, item["interface_id"])
        (letter,) = repairing.letters()
        assert letter["event"] == {**REPAIR, "regions": [HOME]}
        told = "20 flow logs of ap-guangzhou could not be repaired, the last with FailedOperation: no"
        assert (letter["error"]["message"], letter["error"]["retryable"]) == (told, True)
        down.off()
        cloud.clock.advance(60)
        assert repairing({"command": "redrive"})["outcomes"]["repaired"] == 20
        assert repairing.letters() == []

    def test_a_sweep_says_it_and_tries_again_next_time(self, repairing: Function) -> None:
        """It writes no letter."""
        break_all(repairing.cloud)
        repairing.cloud.faults.add(ENABLE, error("FailedOperation", "no"), times=1)
        report = repairing(SWEEP)
        assert "1 flow logs of ap-guangzhou could not be repaired" in report["stopped"]
        assert repairing.letters() == []
        assert repairing(SWEEP)["outcomes"]["repaired"] == 1

    def test_a_create_that_fails_behind_a_deletion_ends_the_deletions(self, repairing: Function) -> None:
        """One flow log is lost at the most; the interface is kept as a letter, and the next sweep covers it."""
        cloud = repairing.cloud
        ids = cloud.seed_interfaces(HOME, 30)
        other = cloud.add_topic()
        for interface in ids:
            cloud.seed_flow_log(HOME, interface, topic_id=other, description=OURS)
        down = cloud.faults.add(CREATE, error("UnauthorizedOperation", "no"))
        report = repairing(REPAIR)
        assert cloud.calls.count(DELETE) == 1
        assert outcomes(report) == {"impaired": 29, "dead_lettered": 1}
        assert "no more are deleted" in report["stopped"]
        (letter,) = repairing.letters()
        lost = {"region": HOME, "interface_id": min(ids), "vpc_id": cloud.vpc_id}
        assert letter["interface"] == lost
        down.off()
        repairing({"command": "backfill"})
        assert all(len(logs(cloud, each)) == 1 for each in ids)

    def test_a_deletion_whose_answer_is_lost(self, repairing: Function) -> None:
        """It is asked for again, and then the create comes."""
        ids = break_all(repairing.cloud)
        repairing.cloud.faults.add(DELETE, drop_after_effect(), times=2)
        assert outcomes(repairing(REPAIR)) == {"repaired": 4}
        assert [len(logs(repairing.cloud, each)) for each in ids.values()] == [1] * 4

    def test_nothing_is_deleted_when_there_is_no_time_to_make_it_anew(self, repairing: Function) -> None:
        """It is left to the next invocation."""
        cloud, clock = repairing.cloud, Clock()
        ids = sorted(cloud.seed_interfaces(HOME, 3))
        other = cloud.add_topic()
        for interface in ids:
            cloud.seed_flow_log(HOME, interface, topic_id=other, description=OURS)

        def slow(_call: Incoming, proceed: Proceed) -> Reply:
            clock.now += 40  # of 60, of which 15 are kept for letters
            return proceed()

        cloud.faults.add(DELETE, slow)
        report = repairing(REPAIR, clock=clock)
        assert (cloud.calls.count(DELETE), cloud.calls.count(CREATE)) == (1, 1)
        assert report["outcomes"]["repaired"] == 1
        (call,) = cloud.calls.of("Invoke")
        assert json.loads(call.params["ClientContext"]) == {**REPAIR, "regions": [HOME], "after": ids[0]}

    def test_what_there_was_no_time_for_is_left(self, repairing: Function) -> None:
        """It has not failed: to another invocation, or of a sweep, to the next one."""
        cloud, clock = repairing.cloud, Clock()
        for interface in cloud.seed_interfaces(HOME, 3):
            cloud.seed_flow_log(HOME, interface, topic_id=cloud.topic_id, enabled=False, description=OURS)

        def too_late(call: Incoming, proceed: Proceed) -> Reply:
            clock.now += 46  # of 60, of which 15 are kept for letters
            return throttle()(call, proceed)

        cloud.faults.add(ENABLE, too_late)
        report = repairing(SWEEP, clock=clock)
        assert "3 flow logs of ap-guangzhou are left to be repaired" in report["stopped"]
        assert report["outcomes"]["impaired"] == 3
        assert repairing.letters() == []
        repairing({**REPAIR, "limit": 2}, clock=clock)
        (call,) = cloud.calls.of("Invoke")
        assert json.loads(call.params["ClientContext"]) == {**REPAIR, "regions": [HOME], "limit": 2, "hop": 1}

    def test_a_region_that_cannot_be_listed_is_a_letter(self, repairing: Function) -> None:
        """The others are repaired. A dry run only says it."""
        cloud = repairing.cloud
        break_all(cloud)
        cloud.faults.add(DESCRIBE, error("UnauthorizedOperation"), region="ap-tokyo")
        command = {**REPAIR, "regions": [HOME, "ap-tokyo"]}
        assert repairing({**command, "dry_run": True})["stopped"].startswith("ap-tokyo could not be listed")
        assert repairing.letters() == []
        report = repairing(command)
        assert outcomes(report) == {"repaired": 4, "dead_lettered": 1}
        (letter,) = repairing.letters()
        assert letter["event"] == {**REPAIR, "regions": ["ap-tokyo"]}


@pytest.mark.parametrize(("wrong", "calls"), [("disabled", [ENABLE]), ("another topic", [DELETE, CREATE])])
def test_it_keeps_to_the_pace_of_the_creates(repairing: Function, wrong: str, calls: list[str]) -> None:
    """Nine calls of each kind at ten a second: the last comes 0.8 seconds after the first."""
    cloud, clock = repairing.cloud, Clock()
    repairing.set(FLOWLOG_CREATE_RATE="10")
    change = {"enabled": False, "topic_id": cloud.topic_id} if wrong == "disabled" else {"topic_id": cloud.add_topic()}
    for interface in cloud.seed_interfaces(HOME, 9):
        cloud.seed_flow_log(HOME, interface, description=OURS, **change)
    sent: dict[str, list[float]] = {each: [] for each in calls}

    def note(call: Incoming, proceed: Proceed) -> Reply:
        sent[call.action].append(clock.now)
        return proceed()

    for action in calls:
        cloud.faults.add(action, note)
    assert repairing(REPAIR, clock=clock)["outcomes"]["repaired"] == 9
    assert all(max(times) - min(times) > 0.79 for times in sent.values())


def test_one_that_fails_does_not_stop_the_others(repairing: Function) -> None:
    """Whatever stands in its way."""
    cloud = repairing.cloud
    ids = sorted(cloud.seed_interfaces(HOME, 40))
    for interface in ids:
        cloud.seed_flow_log(HOME, interface, topic_id=cloud.topic_id, enabled=False, description=OURS)
    bad = {each for interface in ids[:20] for each in logs(cloud, interface)}

    def refuse(call: Incoming, proceed: Proceed) -> Reply:
        if call.params["FlowLogIds"][0] in bad:
            raise ApiError("FailedOperation", "no")
        return proceed()

    cloud.faults.add(ENABLE, refuse)
    assert outcomes(repairing(REPAIR)) == {"repaired": 20, "impaired": 20, "dead_lettered": 1}


def test_the_flow_log_that_was_found_goes_no_further_than_its_repair(cloud: LocalCloud) -> None:
    """An event may name ten thousand interfaces, and the function is small."""
    (interface,) = cloud.seed_interfaces(HOME, 1)
    cloud.seed_flow_log(HOME, interface, topic_id=cloud.topic_id, enabled=False)
    values = environment(cloud)
    vpc = Vpc(Api(cloud.endpoint, lambda: settings.credentials(values), Budget(20.0)), settings.load(values))
    (((_, result),),) = Batch(vpc).run([Interface(HOME, interface, cloud.vpc_id, attached=True)])
    assert (result.outcome, result.flow_log) == (Outcome.IMPAIRED, None)
