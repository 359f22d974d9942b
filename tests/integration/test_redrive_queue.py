"""Redrive when the queue or the time fails, and as a half of the sweep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import Reply, delay, error, http_status
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import QUEUE, Function, outcomes
from tests.support.letters import letter_of, longer_than_hidden, put, stopped
from tests.support.strikes import changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Incoming, Proceed


pytestmark = pytest.mark.usefixtures("unpaced")

CREATE, RECEIVE, SEND, DELETE = "CreateFlowLog", "BatchReceiveMessage", "SendMessage", "BatchDeleteMessage"
REDRIVE = {"command": "redrive"}
ELSEWHERE = "ap-shanghai"


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
        report = function(REDRIVE, seconds=4, clock=Clock())
        left = function.letters()
        assert report["outcomes"]["created"] + len(left) == 40
        assert {letter["attempts"] for letter in left} == {1}
        assert left

    def test_a_message_that_may_not_be_deleted(self, function: Function, cloud: LocalCloud) -> None:
        """It is said, and the record stays on the queue: run again, it finds its interface covered."""
        (interface,) = cloud.seed_interfaces(HOME, 1)
        put(cloud, letter_of(cloud, interface))
        cloud.faults.add(DELETE, error(4100, "no permission"))
        report = function(REDRIVE)
        assert outcomes(report) == {"created": 1}
        assert "queue error 4100: no permission" in report["stopped"]
        assert len(function.letters()) == 1

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
        command = records.own_letter("command", event={"command": "backfill"}, error=stopped(), attempts=4)
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
        report = function(REDRIVE, seconds=4, clock=Clock())
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


def messages(change: Callable[[dict[str, Any]], object]) -> Fault:
    """A fault: each message of the reply is changed."""
    return changed(lambda reply: [change(message) for message in reply.get("msgInfoList", [])])


class TestMessagesThatAreNotAsDocumented:
    @pytest.mark.parametrize(
        "change",
        [
            lambda message: message.pop("msgId"),
            lambda message: message.update(msgId="the same"),
            lambda message: message.update(msgId=None),
            lambda message: message.update(msgBody=json.loads(message["msgBody"])),
        ],
        ids=["no id", "the same id", "null", "an object as body"],
    )
    def test_all_are_run(self, function: Function, cloud: LocalCloud, change: Callable[[dict[str, Any]], None]) -> None:
        """Each of them, and none is lost or left."""
        ids = cloud.seed_interfaces(HOME, 3)
        put(cloud, *(letter_of(cloud, each, number) for number, each in enumerate(ids)))
        cloud.faults.add(RECEIVE, messages(change))
        assert outcomes(function(REDRIVE)) == {"created": 3}
        assert function.letters() == []

    def test_one_without_a_handle_stays(self, function: Function, cloud: LocalCloud) -> None:
        """It could not be deleted after its success: run, it would be run again for ever. It is said."""
        (interface,) = cloud.seed_interfaces(HOME, 1)
        put(cloud, letter_of(cloud, interface))
        cloud.faults.add(RECEIVE, messages(lambda message: message.pop("receiptHandle")))
        report = function(REDRIVE)
        assert outcomes(report) == {"ignored": 1}
        assert "receiptHandle" in report["items"][0]["reason"]
        assert len(function.letters()) == 1

    @pytest.mark.parametrize("action", [RECEIVE, SEND, DELETE])
    def test_a_code_that_is_false_is_no_success(self, function: Function, cloud: LocalCloud, action: str) -> None:
        """No record is lost over it."""

        def false(_call: Incoming, _proceed: Proceed) -> Reply:
            return Reply(b'{"code": false, "msgInfoList": []}')

        (interface,) = cloud.seed_interfaces(HOME, 1)
        put(cloud, letter_of(cloud, interface))
        cloud.faults.add(action, false, times=2)
        cloud.faults.add(CREATE, error("InvalidParameterValue"), times=1)
        assert outcomes(function(REDRIVE)) == {"dead_lettered": 1}
        assert len(function.letters()) == 1


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
        function.set(FLOWLOG_CREATE_RATE="5", FLOWLOG_REGIONS=HOME)
        command = {"command": "backfill", "regions": [ELSEWHERE]}
        put(cloud, records.own_letter("command", event=command, error=stopped()))
        report = function({"command": "sweep"}, seconds=4, clock=Clock())
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
        assert f"creates in {HOME} were refused" in report["stopped"]

    def test_a_timer_may_hold_any_command(self, function: Function) -> None:
        """Its Message is the command."""
        report = function(records.timer('{"command":"status"}'))
        assert report["coverage"]


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
