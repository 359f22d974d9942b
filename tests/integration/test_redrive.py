"""Redrive: a record is deleted only after its own success, and no failure is lost or tried for ever."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import delay, error, http_status
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import QUEUE, Function, outcomes

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Incoming, Proceed, Reply

CREATE, RECEIVE, SEND, DELETE = "CreateFlowLog", "BatchReceiveMessage", "SendMessage", "BatchDeleteMessage"
REDRIVE = {"command": "redrive"}
ELSEWHERE = "ap-shanghai"


@pytest.fixture(autouse=True)
def unpaced(function: Function) -> None:
    """A pace that no test waits for."""
    function.set(FLOWLOG_CREATE_RATE="100000")


def put(cloud: LocalCloud, *bodies: Any) -> None:
    """Put messages on the queue."""
    cloud.seed_messages(QUEUE, *(body if isinstance(body, str) else json.dumps(body) for body in bodies))


def letter_of(cloud: LocalCloud, interface_id: str, number: int = 0, **changes: Any) -> dict[str, Any]:
    """Our own letter of an interface of the home region."""
    interface = {"region": HOME, "interface_id": interface_id, "vpc_id": cloud.vpc_id}
    ident = f"9c4b1c5e-7a0e-4b53-9a31-{number:012d}"
    return records.own_letter(interface=interface, id=ident, **changes)


def longer_than_hidden(cloud: LocalCloud) -> Fault:
    """A fault: the call takes longer than the queue hides what it has given."""

    def fault(_call: Incoming, proceed: Proceed) -> Reply:
        cloud.clock.advance(31)
        return proceed()

    return fault


class TestOwnRecords:
    def test_success_empties_the_queue(self, function: Function, cloud: LocalCloud) -> None:
        """One create each, and one delete for sixteen."""
        ids = cloud.seed_interfaces(HOME, 16)
        put(cloud, *(letter_of(cloud, each, number) for number, each in enumerate(ids)))
        assert outcomes(function(REDRIVE)) == {"created": 16}
        assert function.letters() == []
        assert cloud.calls.count(CREATE) == 16
        assert cloud.calls.count(DELETE) == 1

    def test_a_thousand_records(self, function: Function, cloud: LocalCloud) -> None:
        """A long queue is drained in one run."""
        ids = cloud.seed_interfaces(HOME, 1_000)
        put(cloud, *(letter_of(cloud, each, number) for number, each in enumerate(ids)))
        assert outcomes(function(REDRIVE, seconds=120)) == {"created": 1_000}
        assert function.letters() == []
        assert all(len(cloud.flow_logs_of(HOME, each)) == 1 for each in ids)

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
        assert outcomes(report) == {"planned": 5}
        assert {item.get("interface_id") for item in report["items"]} >= set(ids)
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

    @pytest.mark.parametrize("body", ["not JSON", "[1, 2]", '{"kind": "interface", "schema_version": 1, "error": {}}'])
    def test_what_nobody_can_read(self, function: Function, cloud: LocalCloud, body: str) -> None:
        """It becomes a record that says why."""
        put(cloud, body)
        assert outcomes(function(REDRIVE)) == {"dead_lettered": 1}
        (letter,) = function.letters()
        assert (letter["kind"], letter["error"]["class"]) == ("event", "invalid")

    def test_a_continued_backfill(self, function: Function, cloud: LocalCloud) -> None:
        """The command of a hop that could not be invoked goes on where it was."""
        ids = sorted(cloud.seed_interfaces(HOME, 6))
        command = {"command": "backfill", "regions": [HOME], "after": ids[2], "hop": 3}
        put(cloud, records.own_letter("command", event=command, error=_stopped()))
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
            records.own_letter("command", event={"command": "backfill", "regions": [ELSEWHERE]}, error=_stopped()),
        )
        report = function.run(REDRIVE, {"time_limit_in_ms": 3_000})
        assert "interfaces of ap-shanghai left" in report["stopped"]
        (letter,) = function.letters()
        assert (letter["attempts"], letter["event"]["regions"]) == (3, [ELSEWHERE])
        assert (letter["error"]["code"], letter["error"]["retryable"]) == ("OutOfTime", True)

    def test_a_backfill_that_is_stopped_again_is_put_back(self, function: Function, cloud: LocalCloud) -> None:
        """The first interfaces have letters of their own by now; the rest is named by this one only."""
        cloud.seed_interfaces(ELSEWHERE, 60)
        cloud.faults.add(CREATE, error("UnauthorizedOperation"))
        command = {"command": "backfill", "regions": [ELSEWHERE]}
        put(cloud, records.own_letter("command", event=command, error=_stopped()))
        function(REDRIVE)
        (letter,) = (letter for letter in function.letters() if letter["kind"] == "command")
        assert (letter["attempts"], letter["error"]["code"]) == (3, "TooManyFailures")
        assert letter["event"]["regions"] == [ELSEWHERE]

    @pytest.mark.parametrize("name", ["sweep", "redrive"])
    def test_a_record_of_a_sweep_does_not_start_another(self, function: Function, cloud: LocalCloud, name: str) -> None:
        """This redrive is it."""
        put(cloud, records.platform_letter({"command": name}))
        assert outcomes(function(REDRIVE)) == {"ignored": 1}
        assert cloud.messages(QUEUE) == []


class TestTheQueue:
    def test_unreadable(self, function: Function, cloud: LocalCloud) -> None:
        """The report says that the queue could not be read; a sweep goes on with its backfill."""
        cloud.faults.add(RECEIVE, error(4440, "no such queue"))
        report = function({"command": "sweep"})
        assert "eni-flowlog-dlq could not be read: queue error 4440" in report["stopped"]
        assert outcomes(report) == {"created": 1}

    def test_unwritable(self, function: Function, cloud: LocalCloud) -> None:
        """A failure that cannot be put back keeps its old message, and the invocation fails for the platform to see."""
        from handler.main import InvocationFailed  # noqa: PLC0415

        (interface,) = cloud.seed_interfaces(HOME, 1)
        put(cloud, letter_of(cloud, interface))
        cloud.faults.add(CREATE, error("UnauthorizedOperation"))
        cloud.faults.add(SEND, http_status(500))
        with pytest.raises(InvocationFailed, match="could not be put on the queue"):
            function(REDRIVE, seconds=8)
        assert [letter["attempts"] for letter in function.letters()] == [2]

    def test_out_of_time(self, function: Function, cloud: LocalCloud) -> None:
        """What could not be tried for lack of time stays as it is: that was no attempt."""
        ids = cloud.seed_interfaces(HOME, 40)
        put(cloud, *(letter_of(cloud, each, number, attempts=1) for number, each in enumerate(ids)))
        function.set(FLOWLOG_CREATE_RATE="10")
        report = function(REDRIVE, seconds=4)
        left = function.letters()
        assert report["outcomes"]["created"] + len(left) == 40
        assert {letter["attempts"] for letter in left} == {1}
        assert left

    def test_a_stale_handle_is_no_error(self, function: Function, cloud: LocalCloud) -> None:
        """Somebody else has the message by now; running it again finds it covered."""
        (interface,) = cloud.seed_interfaces(HOME, 1)
        put(cloud, letter_of(cloud, interface))
        cloud.faults.add(DELETE, error(4430, "stale handle"), times=1)
        assert outcomes(function(REDRIVE)) == {"created": 1}
        cloud.clock.advance(60)
        assert outcomes(function(REDRIVE)) == {"covered": 1}
        assert function.letters() == []

    def test_a_batch_that_takes_longer_than_the_queue_hides_it(self, function: Function, cloud: LocalCloud) -> None:
        """Its handles are stale by then. What is settled is met again and deleted, not left with its old count."""
        ids = cloud.seed_interfaces(HOME, 2)
        put(cloud, *(letter_of(cloud, each, number, attempts=3) for number, each in enumerate(ids)))

        cloud.faults.add(CREATE, longer_than_hidden(cloud), times=2)
        cloud.faults.add(CREATE, error("UnauthorizedOperation"), skip=1)
        report = function(REDRIVE)
        assert outcomes(report) == {"created": 1, "dead_lettered": 1}
        assert [letter["attempts"] for letter in function.letters()] == [4]

    def test_a_queue_that_gives_the_same_again_and_again_is_done(self, function: Function, cloud: LocalCloud) -> None:
        """Twenty records that nobody may try, and a queue that hides them for less time than a receive takes."""
        ids = cloud.seed_interfaces(HOME, 20)
        put(cloud, *(letter_of(cloud, each, number, attempts=5) for number, each in enumerate(ids)))

        cloud.faults.add(RECEIVE, longer_than_hidden(cloud))
        assert outcomes(function(REDRIVE, seconds=3)) == {}
        assert cloud.calls.count(RECEIVE) < 8
        assert len(function.letters()) == 20

    def test_a_command_that_there_is_no_time_for_keeps_its_attempt(self, function: Function, cloud: LocalCloud) -> None:
        """It stays as it is, like an interface's record: that was no attempt."""
        ids = cloud.seed_interfaces(HOME, 1)
        command = records.own_letter("command", event={"command": "backfill"}, error=_stopped(), attempts=4)
        put(cloud, letter_of(cloud, ids[0]), {**command, "id": "9c4b1c5e-7a0e-4b53-9a31-000000000009"})
        cloud.faults.add(CREATE, delay(30))
        report = function(REDRIVE, seconds=4)
        assert "the time ran out" in report["stopped"]
        assert [letter["attempts"] for letter in function.letters() if letter["kind"] == "command"] == [4]

    def test_a_letter_that_is_partly_done_says_so(self, function: Function, cloud: LocalCloud) -> None:
        """What it has made is in the report, though the letter stays for the rest."""
        ids = cloud.seed_interfaces(HOME, 30)
        named = [{"region": HOME, "interface_id": each, "vpc_id": cloud.vpc_id} for each in ids]
        put(cloud, records.platform_letter({"command": "ensure", "interfaces": named}))
        function.set(FLOWLOG_CREATE_RATE="5")
        report = function(REDRIVE, seconds=4)
        made = sum(len(cloud.flow_logs_of(HOME, each)) for each in ids)
        assert 0 < made < 30
        assert outcomes(report) == {"created": made}
        assert len(cloud.messages(QUEUE)) == 1

    def test_one_exhausted_record_among_others_does_not_stop_them(self, function: Function, cloud: LocalCloud) -> None:
        """The platform's letter of an event that a trigger on a queue has brought."""
        first, second = cloud.seed_interfaces(HOME, 2)
        batch = [
            json.dumps(letter_of(cloud, first, 1, attempts=5)),
            json.dumps(letter_of(cloud, second, 2, attempts=1)),
        ]
        put(cloud, records.platform_letter(records.cmq(*batch)))
        assert outcomes(function(REDRIVE)) == {"created": 2}

    def test_a_queue_that_does_not_answer_leaves_time_for_the_backfill(
        self, function: Function, cloud: LocalCloud
    ) -> None:
        """A sweep's redrive has half of its time, waiting for the queue included."""
        cloud.faults.add(RECEIVE, delay(30))
        report = function({"command": "sweep"}, seconds=4)
        assert "could not be read" in report["stopped"]
        assert outcomes(report) == {"created": 1}

    def test_an_instance_that_is_gone_is_not_waited_for(self, function: Function, cloud: LocalCloud) -> None:
        """It has had a minute to boot when its event came: here it is looked for as any interface."""
        put(cloud, {**records.own_letter(), "interface": {"region": HOME, "instance_id": "ins-00000000"}})
        assert outcomes(function(REDRIVE, seconds=60)) == {"dead_lettered": 1}
        assert cloud.calls.count("DescribeNetworkInterfaces") <= 4


class TestSweep:
    @pytest.mark.parametrize("event", [{"command": "sweep"}, records.timer("")], ids=["command", "empty timer"])
    def test_redrives_then_backfills(self, function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
        """What lies on the queue, and what never had an event."""
        first, second = cloud.seed_interfaces(HOME, 2)
        put(cloud, letter_of(cloud, first))
        report = function(event)
        assert outcomes(report) == {"created": 3, "covered": 1}  # the redriven one is found covered
        assert cloud.flow_logs_of(HOME, second)
        assert function.letters() == []

    def test_a_redriven_backfill_goes_on_in_another_invocation(self, function: Function, cloud: LocalCloud) -> None:
        """The redrive has a share of the sweep's time; the backfill that a record holds goes on behind its end."""
        cloud.seed_interfaces(ELSEWHERE, 60)
        function.set(FLOWLOG_CREATE_RATE="5")
        command = {"command": "backfill", "regions": [ELSEWHERE]}
        put(cloud, records.own_letter("command", event=command, error=_stopped()))
        report = function({"command": "sweep"}, seconds=4)
        (call,) = cloud.calls.of("Invoke")
        assert json.loads(call.params["ClientContext"])["regions"] == [ELSEWHERE]
        assert "ResourceNotFound" in report["stopped"]  # there is no function here: the call was made

    def test_every_reason_to_stop_is_told(self, function: Function, cloud: LocalCloud) -> None:
        """The queue's, and the backfill's behind it."""
        cloud.seed_interfaces(HOME, 60)
        cloud.faults.add(RECEIVE, error(4440, "no such queue"))
        cloud.faults.add(CREATE, error("UnauthorizedOperation"))
        report = function({"command": "sweep"})
        assert "could not be read" in report["stopped"]
        assert "FLOWLOG_MAX_FAILURE_SHARE" in report["stopped"]

    def test_a_timer_may_hold_any_command(self, function: Function) -> None:
        """Its Message is the command."""
        report = function(records.timer('{"command":"status"}'))
        assert report["coverage"]


def _stopped() -> dict[str, Any]:
    return {"class": "stopped", "code": "NoProgress", "message": "m", "request_id": "", "retryable": True}


def _no_topic_elsewhere(function: Function) -> None:
    """Set a topic for the home region only: whatever is elsewhere is refused for good, without a call."""
    function.set(FLOWLOG_TOPIC_ID=json.dumps({HOME: function.cloud.topic_id}))


def _poison(cloud: LocalCloud, **changes: Any) -> dict[str, Any]:
    """A record of an interface that is elsewhere."""
    vpc_id, _ = cloud.network_of(ELSEWHERE)
    interface = {"region": ELSEWHERE, "interface_id": cloud.seed_interfaces(ELSEWHERE, 1)[0], "vpc_id": vpc_id}
    return records.own_letter(interface=interface, **changes)


def test_a_redrive_that_runs_out_of_time_says_so(function: Function, cloud: LocalCloud) -> None:
    """What it has left is not invisible, and what there is no time for is not received: it would be hidden for long.

    One create a second: those that would come too late are given up at once, which takes none of the time left.
    """
    ids = cloud.seed_interfaces(HOME, 60)
    put(cloud, *(letter_of(cloud, each, number) for number, each in enumerate(ids)))
    function.set(FLOWLOG_CREATE_RATE="1")
    assert function(REDRIVE, seconds=3)["stopped"] == "the time ran out before the queue was empty: redrive again"
    assert cloud.calls.count(RECEIVE) == 1


def test_an_empty_queue_is_no_lack_of_time(function: Function) -> None:
    """There is nothing to say."""
    assert "stopped" not in function(REDRIVE)


def test_a_redrive_whose_last_call_took_all_the_time_says_so(function: Function, cloud: LocalCloud) -> None:
    """All that it received is done, but it could not see whether that was all."""
    clock = Clock()

    def slow(_call: Incoming, proceed: Proceed) -> Reply:
        clock.now += 50  # of 60, of which 15 are kept for letters
        return proceed()

    cloud.faults.add(CREATE, slow)
    (interface,) = cloud.seed_interfaces(HOME, 1)
    put(cloud, letter_of(cloud, interface))
    report = function(REDRIVE, clock=clock)
    assert outcomes(report) == {"created": 1}
    assert report["stopped"] == "the time ran out before the queue was empty: redrive again"
    assert function.letters() == []


def test_a_native_letter_whose_body_is_text(function: Function, cloud: LocalCloud) -> None:
    """One level of JSON more than the document shows."""
    (interface,) = cloud.seed_interfaces(HOME, 1)
    letter = records.platform_letter(records.created(interface, cloud.vpc_id, HOME))
    put(cloud, {**letter, "Body": json.dumps(letter["Body"])}, {**letter, "Body": "{not JSON"})
    assert outcomes(function(REDRIVE)) == {"created": 1, "dead_lettered": 1}


def test_a_letter_of_an_event_that_is_not_ours(function: Function, cloud: LocalCloud) -> None:
    """It was invalid once; the rules of today let it pass as somebody else's. A dry run says so too."""
    letter = records.own_letter("event", event=records.record("DeleteVpc"), error=_stopped())
    put(cloud, letter)
    assert outcomes(function({**REDRIVE, "dry_run": True})) == {"ignored": 1}
    cloud.clock.advance(60)
    assert outcomes(function(REDRIVE)) == {"ignored": 1}
    assert function.letters() == []
