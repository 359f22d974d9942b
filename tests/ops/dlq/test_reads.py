"""`eni-flowlog dlq list` and `show`: what lies on the queue, and why."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from handler.cloud.queue import Message
from localcloud.core import faults
from ops import deadletters
from ops.errors import Exit
from ops.remembered import Memory
from tests.support.function import QUEUE, valid
from tests.support.records import MARKER, created, letter_of, own_letter, platform_letter

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.operator import Operator

REGION = "ap-guangzhou"


# list -----------------------------------------------------------------------------------------------------------------


def test_list_says_what_failed_and_why(cloud: LocalCloud, operator: Operator) -> None:
    """Id, kind, interface, class, code and message, attempts, exhaustion and age; the messages stay."""
    failed = letter_of(attempts=5, exhausted=True)
    operator.put(failed)
    result = operator("dlq", "list")
    assert result.exit_code == Exit.OK
    for part in (failed["id"][:8], "interface", REGION, "eni-78ysaex1", "InternalError transient", "5", "exhausted"):
        assert part in result.stdout
    assert f"1 record on {QUEUE}" in result.stdout
    assert len(cloud.messages(QUEUE)) == 1


def test_list_as_json(operator: Operator) -> None:
    """Each of our records is whole, and valid under its schema; more than a batch of 16 is read."""
    operator.put(*(letter_of() for _ in range(20)))
    listed = operator.json("dlq", "list")
    assert (listed["queue"], listed["hidden"], len(listed["records"])) == (QUEUE, 0, 20)
    for each in listed["records"]:
        valid("dead-letter", each["record"])
        assert each["id"] == each["record"]["id"]


def test_list_knows_the_platforms_records_without_their_secrets(operator: Operator) -> None:
    """SCF's native message holds the event as it came, session tokens included: they are not shown."""
    native = platform_letter(created())
    operator.put(native)
    [listed] = operator.json("dlq", "list")["records"]
    assert (listed["kind"], listed["id"], listed["attempts"]) == ("platform", native["Body"]["RequestId"], 3)
    assert listed["since"] == "2020-10-10T01:22:00Z"
    assert MARKER not in json.dumps(listed)


def test_list_says_why_the_platform_has_a_record(operator: Operator) -> None:
    """The error at the end of the stack trace, whole where it has several lines."""
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/var/user/handler/main.py", line 51, in main_handler\n'
        "    raise InvocationFailed(str(redact(message))) from None\n"
        "handler.main.InvocationFailed: the queue refused it (you are not authorized\nresource (q) has none\n): why\n"
    )
    operator.put({**platform_letter(created()), "ErrorMessage": trace})
    [listed] = operator.json("dlq", "list")["records"]
    assert listed["error"]["message"] == "the queue refused it (you are not authorized resource (q) has none ): why"


@pytest.mark.parametrize("body", ["not JSON \x1b[31m", "[1, 2]", '"text"', "{}", '{"Body": 5}', "[" * 100_000, "1e999"])
def test_list_shows_what_is_neither(operator: Operator, body: str) -> None:
    """Whatever somebody has put on the queue; no control character reaches the terminal."""
    operator.put(body)
    result = operator("dlq", "list")
    assert result.exit_code == Exit.OK, result.output
    assert "NotARecord" in result.stdout
    assert "\x1b" not in result.output
    json.loads(operator("dlq", "list", "--json").stdout)


def test_list_of_an_empty_queue(operator: Operator) -> None:
    """Says so."""
    assert operator("dlq", "list").stdout.strip() == "No records."
    assert operator.json("dlq", "list")["records"] == []


def test_a_platform_record_whose_body_is_text(operator: Operator) -> None:
    """It is what a redrive reads, and so it is the platform's."""
    native = platform_letter(created())
    operator.put({**native, "Body": json.dumps(native["Body"])})
    [listed] = operator.json("dlq", "list")["records"]
    assert (listed["kind"], listed["id"]) == ("platform", native["Body"]["RequestId"])
    assert MARKER not in json.dumps(listed)


def test_list_twice(operator: Operator) -> None:
    """A second look from this machine shows the same, and until when the records are hidden from the function."""
    operator.put(letter_of(), letter_of())
    first, again = operator("dlq", "list"), operator("dlq", "list")
    assert f"2 records on {QUEUE}" in first.stdout
    assert first.stdout == again.stdout
    assert re.search(r"Hidden from the function until \d\d:\d\d:\d\d;", again.stderr)


def test_a_queue_that_does_not_say_until_when(cloud: LocalCloud, operator: Operator) -> None:
    """Nothing is said of the time, nor that another command can take what cannot be kept."""
    message = {"msgBody": json.dumps(own_letter()), "msgId": "m-1", "receiptHandle": "h-1"}
    reply = {"code": 0, "message": "", "requestId": "r", "msgInfoList": [message]}
    cloud.faults.add("BatchReceiveMessage", faults.garbled_body(json.dumps(reply).encode()))
    result = operator("dlq", "list")
    assert f"1 record on {QUEUE}" in result.stdout
    assert "Hidden from the function" not in result.stderr


def test_list_says_what_another_has_hidden(operator: Operator, tmp_path: Path) -> None:
    """How many, and until when at the latest."""
    operator.put(letter_of(), letter_of())
    operator("dlq", "list", HOME=str(tmp_path))
    again = operator("dlq", "list")
    assert "No records" not in again.output
    assert "2 records of the queue hidden by another reader" in again.stderr
    assert re.search(r"until \d\d:\d\d:\d\d at the latest", again.stderr)
    assert operator.json("dlq", "list")["hidden"] == 2


def test_a_queue_in_another_region(cloud: LocalCloud, operator: Operator) -> None:
    """FLOWLOG_DLQ_REGION says where it is; it is asked there how much it holds."""
    operator("dlq", "list", FLOWLOG_DLQ_REGION="ap-shanghai")
    assert cloud.calls.of("DescribeCmqQueueDetail")[-1].region == "ap-shanghai"


def test_the_queue_needs_no_topic(operator: Operator) -> None:
    """Whoever looks at the queue does not have to know where flow logs go."""
    assert operator("dlq", "list", FLOWLOG_TOPIC_ID="").exit_code == Exit.OK


def test_without_leave_to_manage_the_queue(cloud: LocalCloud, operator: Operator) -> None:
    """The number of hidden messages is then unknown, and nothing else is lost."""
    cloud.faults.add("DescribeCmqQueueDetail", faults.error("UnauthorizedOperation", "no"))
    operator.put(letter_of())
    listed = operator.json("dlq", "list")
    assert (listed["hidden"], len(listed["records"])) == (None, 1)


def test_a_queue_that_is_not_there(operator: Operator) -> None:
    """The queue's own words, and what to do."""
    result = operator("dlq", "list", FLOWLOG_DLQ_QUEUE="nope")
    assert result.exit_code == Exit.FAILED
    assert "queue error 4440" in result.stderr
    assert "Check FLOWLOG_DLQ_QUEUE and the region; `eni-flowlog deploy` makes the queue." in result.stderr


# show -----------------------------------------------------------------------------------------------------------------


def test_show_right_after_list(operator: Operator) -> None:
    """Without waiting: what list has received is remembered; the id's beginning is enough."""
    wanted = letter_of()
    operator.put(wanted, letter_of())
    operator("dlq", "list")
    result = operator("dlq", "show", wanted["id"][:8])
    assert result.exit_code == Exit.OK, result.output
    assert json.loads(result.stdout) == wanted
    assert "eni-78ysaex1: InternalError: m" in result.stderr


def test_what_is_remembered_is_nobody_elses(cloud: LocalCloud, operator: Operator) -> None:
    """The file is its owner's alone, and holds no secret of the platform's record; a redrive needs none."""
    [interface_id] = cloud.seed_interfaces(REGION, 1)
    event = {"event": "interface.created", "region": REGION, "interface_id": interface_id}
    operator.put(platform_letter(event))
    operator("dlq", "list")
    [file] = (Path(operator.variables["HOME"]) / ".cache" / "eni-flowlog").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert MARKER not in file.read_text("utf-8")
    assert operator("dlq", "redrive", "--yes").exit_code == Exit.OK
    assert cloud.messages(QUEUE) == []


SOON = '[{"body": "{}", "handle": "h", "message_id": "m", "visible_at": "soon"}]'


@pytest.mark.parametrize("content", ["", "{", "[5]", '[{"body": 1}]', "5", SOON])
def test_a_broken_memory(operator: Operator, content: str) -> None:
    """It is passed over: what is on the queue can be received once it is not hidden any more."""
    operator.put(letter_of())
    operator("dlq", "list")
    [file] = (Path(operator.variables["HOME"]) / ".cache" / "eni-flowlog").iterdir()
    file.write_text(content, "utf-8")
    assert operator.json("dlq", "list")["hidden"] == 1


def test_a_home_that_cannot_be_written(operator: Operator) -> None:
    """Then nothing is remembered, and everything else works."""
    operator.put(letter_of())
    assert len(operator.json("dlq", "list", XDG_CACHE_HOME="/dev/null")["records"]) == 1


def test_handles_are_used_as_long_as_they_are_good(tmp_path: Path) -> None:
    """Behind its time, and a second before, a message belongs to whoever receives it next."""
    now, memory = time.time(), Memory(tmp_path / "memory.json")
    times = {"good": now + 300, "about to end": now + 0.9, "over": now - 1, "unknown": 0.0}
    memory.keep([Message("{}", handle, handle, visible_at) for handle, visible_at in times.items()])
    assert [each.handle for each in memory.messages] == ["good"]
    assert [each.handle for each in Memory(tmp_path / "memory.json").messages] == ["good"]


@pytest.mark.parametrize("arguments", [("show", ""), ("show", " "), ("purge", ""), ("purge", "abc", "")])
def test_an_empty_id(cloud: LocalCloud, operator: Operator, arguments: tuple[str, ...]) -> None:
    """Refused: it would be the beginning of every id."""
    operator.put(letter_of())
    result = operator("dlq", *arguments, *(["--yes"] if arguments[0] == "purge" else []))
    assert result.exit_code == Exit.USAGE
    assert "an id cannot be empty" in result.stderr
    assert len(cloud.messages(QUEUE)) == 1


def test_show_of_an_unknown_id(operator: Operator) -> None:
    """An error that says where the ids are; nothing is waited for."""
    operator.put(letter_of())
    result = operator("dlq", "show", "zzz")
    assert result.exit_code == Exit.FAILED
    assert "No record on the queue begins with zzz: see `eni-flowlog dlq list`." in result.stderr


def test_show_of_an_ambiguous_beginning(operator: Operator) -> None:
    """An error that names the ids."""
    ids = [f"abcd{number}000-0000-4000-8000-000000000000" for number in (1, 2)]
    operator.put(*({**letter_of(), "id": each} for each in ids))
    result = operator("dlq", "show", "abcd")
    assert result.exit_code == Exit.FAILED
    assert f"abcd is the beginning of several ids: {ids[0]}, {ids[1]}." in result.stderr


# reading a record -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter_", "what"),
    [
        (own_letter(), "ap-shanghai eni-78ysaex1"),
        (own_letter(interface={"region": REGION, "instance_id": "ins-8dn9vdif"}), f"{REGION} ins-8dn9vdif"),
        (own_letter(interface={"region": REGION, "subnet_id": "subnet-8dn9vdif"}), f"{REGION} subnet-8dn9vdif"),
        (own_letter(interface={"region": REGION, "vpc_id": "vpc-8dn9vdif"}), f"{REGION} vpc-8dn9vdif"),
        (own_letter("command", event={"command": "ensure", "interfaces": [{}, {}]}), "ensure 2 interfaces"),
        (own_letter("event", event=[1]), "event"),
        (own_letter("command", event={"command": "backfill", "regions": [REGION]}), f"backfill {REGION}"),
        (own_letter("command", event={"command": "sweep"}), "sweep"),
    ],
)
def test_a_record_says_what_it_is_about(letter_: dict[str, Any], what: str) -> None:
    """In a few words: the interface, the instance, or the command."""
    assert deadletters.record_of(Message(json.dumps(letter_), "handle", "id")).what == what
