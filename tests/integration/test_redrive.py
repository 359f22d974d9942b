"""Redrive: each kind of record is run again, and deleted after its own success only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import error
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import QUEUE, Function, by_clock, outcomes
from tests.support.letters import letter_of, put, stopped

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Incoming, Proceed, Reply


pytestmark = pytest.mark.usefixtures("unpaced")

CREATE, RECEIVE, SEND, DELETE = "CreateFlowLog", "BatchReceiveMessage", "SendMessage", "BatchDeleteMessage"
REDRIVE = {"command": "redrive"}
ELSEWHERE = "ap-shanghai"


class TestOwnRecords:
    def test_success_empties_the_queue(self, function: Function, cloud: LocalCloud) -> None:
        """One create each, and one delete for sixteen."""
        ids = cloud.seed_interfaces(HOME, 16)
        put(cloud, *(letter_of(cloud, each, number) for number, each in enumerate(ids)))
        assert outcomes(function(REDRIVE)) == {"created": 16}
        assert function.letters() == []
        assert cloud.calls.count(CREATE) == 16
        assert cloud.calls.count(DELETE) == 1

    def test_a_failure_is_put_back_with_its_count_raised(self, function: Function, cloud: LocalCloud) -> None:
        """Its id and its first failure stay; the old message is gone only after the new one is there."""
        (interface,) = cloud.seed_interfaces(HOME, 1)
        old = letter_of(cloud, interface, attempts=2)
        put(cloud, old)
        cloud.faults.add(CREATE, error("UnauthorizedOperation", "no permission"))
        assert outcomes(function(REDRIVE)) == {"dead_lettered": 1}
        (new,) = function.letters()
        assert (new["id"], new["attempts"], new["first_failed_at"]) == (old["id"], 3, old["first_failed_at"])
        assert new["error"]["code"] == "UnauthorizedOperation"
        assert new["interface"] == old["interface"]
        calls = [call.action for call in cloud.calls]
        assert calls.index(SEND) < calls.index(DELETE)

    def test_a_poison_record_ends_marked(self, function: Function, cloud: LocalCloud) -> None:
        """At its last attempt it stays, marked, and is not tried for ever; the rest go through."""
        ids = cloud.seed_interfaces(HOME, 20)
        _no_topic_elsewhere(function)
        poison = _poison(cloud, attempts=1)
        put(cloud, poison, *(letter_of(cloud, each, number) for number, each in enumerate(ids)))
        attempts = []
        for _ in range(6):
            function.run(REDRIVE, None)
            attempts.append(function.letters()[-1]["attempts"])
            cloud.clock.advance(60)
        assert attempts == [2, 3, 4, 5, 5, 5]
        (marked,) = function.letters()
        assert (marked["id"], marked["exhausted"]) == (poison["id"], True)
        assert all(cloud.flow_logs_of(HOME, each) for each in ids)

    def test_an_outage_loses_and_duplicates_nothing(self, function: Function, cloud: LocalCloud) -> None:
        """While the API is down, the records stay; once it is up, each is made good, once."""
        ids = cloud.seed_interfaces(HOME, 30)
        put(cloud, *(letter_of(cloud, each, number, attempts=1) for number, each in enumerate(ids)))
        down = cloud.faults.add(CREATE, error("InternalError"))
        function(REDRIVE, seconds=4)
        assert len({letter["id"] for letter in function.letters()}) == 30
        down.off()
        cloud.clock.advance(60)
        assert outcomes(function(REDRIVE)) == {"created": 30}
        assert function.letters() == []
        assert all(len(cloud.flow_logs_of(HOME, each)) == 1 for each in ids)

    def test_the_same_interface_twice(self, function: Function, cloud: LocalCloud) -> None:
        """Two records of one interface take one create, and both go."""
        (interface,) = cloud.seed_interfaces(HOME, 1)
        put(cloud, letter_of(cloud, interface, 1), letter_of(cloud, interface, 2))
        assert outcomes(function(REDRIVE)) == {"created": 1, "covered": 1}
        assert cloud.calls.count(CREATE) == 1
        assert function.letters() == []

    def test_the_same_interface_twice_failing(self, function: Function, cloud: LocalCloud) -> None:
        """Both records stay: neither has succeeded."""
        (interface,) = cloud.seed_interfaces(HOME, 1)
        put(cloud, letter_of(cloud, interface, 1), letter_of(cloud, interface, 2))
        cloud.faults.add(CREATE, error("UnauthorizedOperation"))
        function(REDRIVE)
        assert {letter["interface"]["interface_id"] for letter in function.letters()} == {interface}

    def test_a_record_that_becomes_several(self, function: Function, cloud: LocalCloud) -> None:
        """An instance with twenty interfaces: a record each with an id of its own, and one more redrive clears them."""
        instance_id = cloud.seed_instance(HOME)
        cloud.seed_interfaces(HOME, 19, instance_id=instance_id)
        put(cloud, records.own_letter(interface={"region": HOME, "instance_id": instance_id}, attempts=1))
        down = cloud.faults.add(CREATE, error("UnauthorizedOperation"))
        function(REDRIVE)
        letters = function.letters()
        assert len({letter["id"] for letter in letters}) == len(letters) == 20
        assert {letter["attempts"] for letter in letters} == {2}
        down.off()
        cloud.clock.advance(60)
        assert outcomes(function(REDRIVE)) == {"created": 20}
        assert function.letters() == []

    def test_copies_of_one_record(self, function: Function, cloud: LocalCloud) -> None:
        """A crash between putting back and deleting leaves two: one redrive clears both, however far apart they are."""
        ids = cloud.seed_interfaces(HOME, 20)
        letters = [letter_of(cloud, each, number) for number, each in enumerate(ids)]
        put(cloud, *letters, letter_of(cloud, ids[0], 0, attempts=3))
        assert outcomes(function(REDRIVE)) == {"created": 20, "covered": 1}
        assert function.letters() == []

    def test_exhausted_records_do_not_stand_in_the_way(self, function: Function, cloud: LocalCloud) -> None:
        """A redrive longer than the visibility time-out meets them again before the rest: it goes on behind them."""
        ids = cloud.seed_interfaces(HOME, 40)
        exhausted = [letter_of(cloud, ids[0], 900 + number, attempts=5, exhausted=True) for number in range(20)]
        put(cloud, *exhausted, *(letter_of(cloud, each, number) for number, each in enumerate(ids)))

        def slow(_call: Incoming, proceed: Proceed) -> Reply:
            reply = proceed()
            cloud.clock.advance(31)
            return reply

        cloud.faults.add(DELETE, slow)
        assert outcomes(function(REDRIVE)) == {"created": 40}
        assert {letter["attempts"] for letter in function.letters()} == {5}
        assert len(function.letters()) == 20

    def test_limit(self, function: Function, cloud: LocalCloud) -> None:
        """No more than so many are taken; the others are not even hidden."""
        ids = cloud.seed_interfaces(HOME, 40)
        put(cloud, *(letter_of(cloud, each, number) for number, each in enumerate(ids)))
        assert outcomes(function({**REDRIVE, "limit": 20})) == {"created": 20}
        assert outcomes(function(REDRIVE)) == {"created": 20}

    def test_dry_run(self, function: Function, cloud: LocalCloud) -> None:
        """It says what would be run; the records stay, and nothing is called for."""
        ids = cloud.seed_interfaces(HOME, 3)
        put(cloud, *(letter_of(cloud, each, number) for number, each in enumerate(ids)), [1], records.timer(""))
        report = function({**REDRIVE, "dry_run": True})
        assert outcomes(report) == {"planned": 4, "ignored": 1}
        said = {item.get("interface_id"): item["reason"] for item in report["items"] if item["outcome"] == "planned"}
        assert said == dict.fromkeys(ids, "would be run again") | {None: "sweep would be run again"}
        assert len(cloud.messages(QUEUE)) == 5
        assert cloud.calls.count(CREATE) == 0


class TestOtherRecords:
    def test_the_platforms_own(self, function: Function, cloud: LocalCloud) -> None:
        """SCF's native dead letter is handled as the event inside it."""
        (interface,) = cloud.seed_interfaces(HOME, 1)
        event = records.cloud_event(records.created(interface, cloud.vpc_id, HOME))
        put(cloud, records.platform_letter(event))
        assert outcomes(function(REDRIVE)) == {"created": 1}
        assert cloud.messages(QUEUE) == []

    def test_the_platforms_own_that_fails_becomes_ours(self, function: Function, cloud: LocalCloud) -> None:
        """It is replaced by a record that has its reason, without the secrets of the old one."""
        (interface,) = cloud.seed_interfaces(HOME, 1)
        event = records.cloud_event(records.created(interface, cloud.vpc_id, HOME))
        put(cloud, records.platform_letter(event))
        cloud.faults.add(CREATE, error("UnauthorizedOperation"))
        function(REDRIVE)
        (letter,) = function.letters()
        assert letter["interface"]["interface_id"] == interface
        assert records.MARKER not in function.output()

    def test_a_batch_of_the_platforms_with_one_failure(self, function: Function, cloud: LocalCloud) -> None:
        """What failed is on the queue as a record of its own before the batch is deleted."""
        (good,), bad = cloud.seed_interfaces(HOME, 1), _poison(cloud)["interface"]
        _no_topic_elsewhere(function)
        batch = records.event_list(
            records.cloud_event(records.created(good, cloud.vpc_id, HOME)),
            records.cloud_event(records.created(bad["interface_id"], bad["vpc_id"], ELSEWHERE)),
        )
        put(cloud, records.platform_letter(batch))
        assert outcomes(function(REDRIVE)) == {"created": 1, "dead_lettered": 1}
        (letter,) = function.letters()
        assert letter["interface"] == bad

    @pytest.mark.parametrize(
        "body",
        [
            "not JSON",
            "[1, 2]",
            '{"kind": "interface", "schema_version": 1, "error": {}}',
            '{"password": "x"}',
            '"\\ud800"',
        ],
    )
    def test_what_is_not_ours_stays_as_it_is(self, function: Function, cloud: LocalCloud, body: str) -> None:
        """Somebody else's message: it is said, and neither changed nor deleted, however often it is met."""
        put(cloud, body)
        for _ in range(2):
            report = function(REDRIVE)
            assert outcomes(report) == {"ignored": 1}
            assert report["items"][0]["reason"].startswith(
                "left on the queue as it is: it is no record of this function"
            )
            assert cloud.messages(QUEUE) == [body]
            cloud.clock.advance(60)

    def test_a_record_of_ours_that_is_still_invalid_goes_on_counting(
        self, function: Function, cloud: LocalCloud
    ) -> None:
        """It is ours: its attempts rise, until it is exhausted."""
        put(cloud, records.own_letter("event", event=[1, 2], attempts=3, error=stopped()))
        reason = "InvalidPayload: $: must be object, not array"
        assert function(REDRIVE)["items"] == [{"outcome": "dead_lettered", "reason": reason}]
        (letter,) = function.letters()
        assert (letter["attempts"], letter["error"]["code"]) == (4, "InvalidPayload")

    def test_a_continued_backfill(self, function: Function, cloud: LocalCloud) -> None:
        """The command of a hop that could not be invoked goes on where it was."""
        ids = sorted(cloud.seed_interfaces(HOME, 6))
        command = {"command": "backfill", "regions": [HOME], "after": ids[2], "hop": 3}
        put(cloud, records.own_letter("command", event=command, error=stopped()))
        report = function(REDRIVE)
        assert report["outcomes"]["created"] >= 3
        assert all(cloud.flow_logs_of(HOME, each) for each in ids[3:])
        assert function.letters() == []

    def test_a_backfill_that_nobody_can_go_on_with_is_put_back(self, function: Function, cloud: LocalCloud) -> None:
        """On an operator's machine there is no function to invoke: the record must not be lost with the rest of it."""
        cloud.seed_interfaces(ELSEWHERE, 60)
        function.set(FLOWLOG_CREATE_RATE="10")
        put(
            cloud,
            records.own_letter("command", event={"command": "backfill", "regions": [ELSEWHERE]}, error=stopped()),
        )
        given = {"time_limit_in_ms": 3_000}
        report = function.run(REDRIVE, given, by_clock(given, Clock()))
        assert "interfaces of ap-shanghai left" in report["stopped"]
        (letter,) = function.letters()
        assert (letter["attempts"], letter["event"]["regions"]) == (3, [ELSEWHERE])
        assert (letter["error"]["code"], letter["error"]["retryable"]) == ("OutOfTime", True)

    def test_a_backfill_that_is_stopped_again_is_put_back(self, function: Function, cloud: LocalCloud) -> None:
        """What it tried has a letter by now; the rest is named by this one only."""
        cloud.seed_interfaces(ELSEWHERE, 150)
        function.set(FLOWLOG_CREATE_RATE="200")
        cloud.faults.add(CREATE, error("UnauthorizedOperation"))
        command = {"command": "backfill", "regions": [ELSEWHERE]}
        put(cloud, records.own_letter("command", event=command, error=stopped()))
        function(REDRIVE)
        (letter,) = (letter for letter in function.letters() if letter["event"]["command"] == "backfill")
        assert (letter["attempts"], letter["error"]["code"]) == (3, "UnauthorizedOperation")
        assert letter["event"]["regions"] == [ELSEWHERE]

    @pytest.mark.parametrize("command", [REDRIVE, {"command": "sweep"}])
    def test_the_native_letter_of_a_failed_sweep_is_run(
        self, function: Function, cloud: LocalCloud, command: dict[str, Any]
    ) -> None:
        """Several at once are one sweep: what it covers is missing but once."""
        ids = cloud.seed_interfaces(HOME, 3)
        put(cloud, *(records.platform_letter(records.timer("")) for _ in range(2)))
        report = function(command)
        assert report["outcomes"]["created"] == 4
        assert [item["reason"] for item in report["items"] if item["outcome"] == "ignored"] == [
            "sweep: it has just been done"
        ]
        assert all(cloud.flow_logs_of(HOME, each) for each in ids)
        assert cloud.messages(QUEUE) == []

    @pytest.mark.parametrize("command", [{"command": "backfill", "limit": 1.0}, {"command": "repair", "limit": 2.0}])
    @pytest.mark.parametrize("carrier", ["native", "ours"])
    def test_a_whole_number_written_with_a_fraction_stops_no_sweep(
        self, function: Function, cloud: LocalCloud, command: dict[str, Any], carrier: str
    ) -> None:
        """JSON Schema's integer takes 1.0. It is run as 1, and the sweep goes on to its backfill."""
        ids = cloud.seed_interfaces(HOME, 3)
        function.set(FLOWLOG_REPAIR="recreate")
        ours = records.own_letter("command", event=command, error=stopped())
        put(cloud, records.platform_letter(command) if carrier == "native" else ours)
        function({"command": "sweep"})
        assert all(cloud.flow_logs_of(HOME, each) for each in ids)
        assert cloud.messages(QUEUE) == []

    def test_a_record_of_a_redrive_does_not_start_another(self, function: Function, cloud: LocalCloud) -> None:
        """It is under way."""
        put(cloud, records.platform_letter(REDRIVE))
        assert outcomes(function(REDRIVE)) == {"ignored": 1}
        assert cloud.messages(QUEUE) == []


def _no_topic_elsewhere(function: Function) -> None:
    """Set a topic for the home region only: whatever is elsewhere is refused for good, without a call."""
    function.set(FLOWLOG_TOPIC_ID=json.dumps({HOME: function.cloud.topic_id}))


def _poison(cloud: LocalCloud, **changes: Any) -> dict[str, Any]:
    """A record of an interface that is elsewhere."""
    vpc_id, _ = cloud.network_of(ELSEWHERE)
    interface = {"region": ELSEWHERE, "interface_id": cloud.seed_interfaces(ELSEWHERE, 1)[0], "vpc_id": vpc_id}
    return records.own_letter(interface=interface, **changes)


def test_a_native_letter_whose_body_is_text(function: Function, cloud: LocalCloud) -> None:
    """One level of JSON more than the document shows."""
    (interface,) = cloud.seed_interfaces(HOME, 1)
    letter = records.platform_letter(records.created(interface, cloud.vpc_id, HOME))
    put(cloud, {**letter, "Body": json.dumps(letter["Body"])}, {**letter, "Body": "{not JSON"})
    assert outcomes(function(REDRIVE)) == {"created": 1, "ignored": 1}


def test_a_letter_of_an_event_that_is_not_ours(function: Function, cloud: LocalCloud) -> None:
    """It was invalid once; the rules of today let it pass as somebody else's. A dry run says so too."""
    event = records.run_instances(requestParameters=records.request(DryRun=True))
    put(cloud, records.own_letter("event", event=event, error=stopped()))
    [item] = function({**REDRIVE, "dry_run": True})["items"]
    assert item == {"region": records.REGION, "outcome": "ignored", "reason": "a dry run"}
    cloud.clock.advance(60)
    assert function(REDRIVE)["items"] == [item]
    assert function.letters() == []


def test_a_dry_run_says_of_an_invalid_event_why(function: Function, cloud: LocalCloud) -> None:
    """It would be read again, and refused for the same reason as today."""
    put(cloud, records.own_letter("event", event={"nothing": "known"}, error=stopped()))
    [item] = function({**REDRIVE, "dry_run": True})["items"]
    assert (item["outcome"], item["reason"][:20]) == ("planned", "would be read again:")
