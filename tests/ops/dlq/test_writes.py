"""`eni-flowlog dlq redrive` and `purge`: run the records again, or throw them away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core import faults
from ops.errors import Exit
from tests.support.function import QUEUE, valid
from tests.support.records import ckafka, cls, cmq, created, letter_of, platform_letter

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.operator import Operator

REGION = "ap-guangzhou"


def letters_of(cloud: LocalCloud, number: int) -> list[dict[str, Any]]:
    """Dead letters of interfaces that can be covered now."""
    return [letter_of(each, cloud.vpc_id) for each in cloud.seed_interfaces(REGION, number)]


# redrive --------------------------------------------------------------------------------------------------------------


def test_redrive_makes_good_and_empties_the_queue(cloud: LocalCloud, operator: Operator) -> None:
    """Our records and the platform's; the report is valid; exit code 0."""
    native = platform_letter(
        {"event": "interface.created", "region": REGION, "interface_id": cloud.seed_interfaces(REGION, 1)[0]}
    )
    operator.put(*letters_of(cloud, 18), native)
    result = operator("dlq", "redrive", "--yes", "--json")
    report = valid("report", json.loads(result.stdout))
    assert result.exit_code == Exit.OK, result.stderr
    assert report["outcomes"]["created"] == 19
    assert cloud.messages(QUEUE) == []


def test_redrive_dry_run_names_what_the_real_run_runs(cloud: LocalCloud, operator: Operator) -> None:
    """The same interfaces, nothing created or deleted; the real run takes what the dry run has hidden."""
    operator.put(*letters_of(cloud, 3))
    dry = operator.json("dlq", "redrive", "--dry-run")
    assert cloud.calls.count("CreateFlowLog") == 0
    assert len(cloud.messages(QUEUE)) == 3
    real = operator.json("dlq", "redrive", "--yes")

    def named(report: dict[str, Any]) -> set[str]:
        return {item["interface_id"] for item in report["items"]}

    assert named(dry) == named(real)
    assert (dry["outcomes"]["planned"], real["outcomes"]["created"]) == (3, 3)


def test_redrive_of_what_fails_again(cloud: LocalCloud, operator: Operator) -> None:
    """It is put back with its count raised; exit code 3."""
    cloud.faults.add("CreateFlowLog", faults.error("UnauthorizedOperation", "not you"))
    operator.put(*letters_of(cloud, 1))
    result = operator("dlq", "redrive", "--yes")
    assert result.exit_code == Exit.UNCOVERED
    assert "1 dead-lettered" in result.stdout
    [back] = cloud.messages(QUEUE)
    assert json.loads(back)["attempts"] == 3


def test_redrive_where_nothing_can_be_put_back(cloud: LocalCloud, operator: Operator) -> None:
    """The report is shown, then the error with what failed first; the record stays."""
    cloud.faults.add("CreateFlowLog", faults.error("UnauthorizedOperation", "not you"))
    for action in ("SendMessage", "BatchSendMessage"):
        cloud.faults.add(action, faults.error(4100, "no"))
    operator.put(*letters_of(cloud, 1))
    result = operator("dlq", "redrive", "--yes")
    assert result.exit_code == Exit.FAILED
    assert "1 dead-lettered" in result.stdout
    assert "The first failure: UnauthorizedOperation: not you" in result.stderr
    assert len(cloud.messages(QUEUE)) == 1


def test_redrive_leaves_the_exhausted(cloud: LocalCloud, operator: Operator) -> None:
    """Not tried, not deleted, said, exit code 3."""
    operator.put(letter_of(attempts=5, exhausted=True))
    result = operator("dlq", "redrive", "--yes")
    assert result.exit_code == Exit.UNCOVERED
    assert "1 record on the queue: see `eni-flowlog dlq list`." in result.stderr
    assert cloud.calls.count("CreateFlowLog") == 0


def test_redrive_up_to_a_limit(cloud: LocalCloud, operator: Operator) -> None:
    """The rest stays, which was asked for: exit code 0."""
    operator.put(*letters_of(cloud, 5))
    result = operator("dlq", "redrive", "--limit", "2", "--yes")
    assert result.exit_code == Exit.OK
    assert "2 created" in result.stdout
    assert len(cloud.messages(QUEUE)) == 3


def test_redrive_of_an_empty_queue(operator: Operator) -> None:
    """Nothing to ask, nothing to do."""
    result = operator("dlq", "redrive")
    assert (result.exit_code, result.stdout.strip()) == (Exit.OK, "No records: nothing to run again.")


# purge ----------------------------------------------------------------------------------------------------------------


def test_purge_without_a_terminal_needs_yes(cloud: LocalCloud, operator: Operator) -> None:
    """Wrong usage, and nothing deleted."""
    operator.put(letter_of())
    result = operator("dlq", "purge", "--all")
    assert result.exit_code == Exit.USAGE
    assert "There is no terminal to ask at: give --yes" in result.stderr
    assert len(cloud.messages(QUEUE)) == 1


@pytest.mark.parametrize("arguments", [(), ("--limit", "3"), ("abc", "--all"), ("--exhausted", "--all")])
def test_purge_must_be_told_what(cloud: LocalCloud, operator: Operator, arguments: tuple[str, ...]) -> None:
    """Ids, --exhausted or --all: exactly one of them."""
    operator.put(letter_of())
    result = operator("dlq", "purge", *arguments, "--yes")
    assert result.exit_code == Exit.USAGE
    assert "say which records: their ids, --exhausted, or --all" in result.stderr
    assert len(cloud.messages(QUEUE)) == 1


def test_purge_all(cloud: LocalCloud, operator: Operator) -> None:
    """Deletes everything, and with --json gives it back to be kept."""
    operator.put(*(letter_of() for _ in range(20)), "rubbish")
    purged = operator.json("dlq", "purge", "--all", "--yes")
    assert purged["deleted"] is True
    assert len(purged["records"]) == 21
    assert cloud.messages(QUEUE) == []


def test_purge_of_some(cloud: LocalCloud, operator: Operator) -> None:
    """By the beginning of their ids; a dry run names the same ones and deletes none."""
    one, other = letter_of(), letter_of()
    operator.put(one, other)
    dry = operator("dlq", "purge", one["id"][:8], "--dry-run")
    assert f"would be deleted: {one['id']}" in dry.stdout
    assert len(cloud.messages(QUEUE)) == 2
    real = operator("dlq", "purge", one["id"][:8], "--yes")
    assert f"deleted: {one['id']}" in real.stdout
    assert [json.loads(body)["id"] for body in cloud.messages(QUEUE)] == [other["id"]]


def test_purge_of_the_exhausted(cloud: LocalCloud, operator: Operator) -> None:
    """What can still be tried stays."""
    fresh = letter_of()
    operator.put(letter_of(attempts=5, exhausted=True), fresh)
    result = operator("dlq", "purge", "--exhausted", "--yes")
    assert "1 record deleted." in result.stdout
    assert [json.loads(body)["id"] for body in cloud.messages(QUEUE)] == [fresh["id"]]


def test_purge_up_to_a_limit(cloud: LocalCloud, operator: Operator) -> None:
    """No more than asked for."""
    operator.put(*(letter_of() for _ in range(5)))
    assert "2 records deleted." in operator("dlq", "purge", "--all", "--limit", "2", "--yes").stdout
    assert len(cloud.messages(QUEUE)) == 3


def test_purge_deletes_nothing_that_it_has_not_asked_about(cloud: LocalCloud, operator: Operator) -> None:
    """The queue says that it is empty, and a record comes before the receive: it stays, with or without --yes."""
    empty = {"QueueDescribe": {"ActiveMsgNum": 0, "InactiveMsgNum": 0, "VisibilityTimeout": 300}}
    cloud.faults.add("DescribeCmqQueueDetail", faults.garbled_body(json.dumps({"Response": empty}).encode()))
    operator.put(letter_of())
    for arguments in (("--all",), ("--all", "--yes"), ("--exhausted",)):
        result = operator("dlq", "purge", *arguments)
        assert (result.exit_code, result.stdout.strip()) == (Exit.OK, "0 records deleted."), result.output
    assert operator("dlq", "purge", "0000").exit_code == Exit.FAILED
    assert len(cloud.messages(QUEUE)) == 1


@pytest.mark.parametrize(
    ("arguments", "question"),
    [
        (("--all",), "Delete all 3 records of"),
        (("--all", "--limit", "2"), "Delete up to 2 records of"),
        (("--all", "--limit", "9"), "Delete all 3 records of"),
        (("--exhausted",), "Delete the exhausted records of"),
        (("--exhausted", "--limit", "1"), "Delete the exhausted records, up to 1, of"),
        (("abc", "--limit", "1"), "Delete the records that begin with abc, up to 1, of"),
    ],
)
def test_purge_asks_for_what_it_will_delete(operator: Operator, arguments: tuple[str, ...], question: str) -> None:
    """The limit is part of the question; declined, nothing is deleted."""
    operator.put(*(letter_of() for _ in range(3)))
    with operator.terminal("dlq", "purge", *arguments) as terminal:
        terminal.read_until(f"{question} {QUEUE} for good? [y/N]")
        terminal.type("n")
        assert terminal.end() == Exit.FAILED
    assert len(operator.cloud.messages(QUEUE)) == 3


def test_json_where_there_is_nothing_to_run(operator: Operator) -> None:
    """An empty report, valid under its schema."""
    assert valid("report", operator.json("dlq", "redrive"))["received"] == 0


def test_redrive_where_another_reader_is_quicker(cloud: LocalCloud, operator: Operator) -> None:
    """The record is there and cannot be received: nothing is run, what is left is said, exit code 3."""
    operator.put(letter_of())
    cloud.faults.add("BatchReceiveMessage", faults.error(7000, "no message"))
    result = operator("dlq", "redrive", "--yes")
    assert result.exit_code == Exit.UNCOVERED
    assert "nothing to do" in result.stdout
    assert "1 record on the queue: see `eni-flowlog dlq list`." in result.stderr


def test_purge_without_leave_to_manage_the_queue(cloud: LocalCloud, operator: Operator) -> None:
    """It does not know how many there are, and deletes them all the same."""
    cloud.faults.add("DescribeCmqQueueDetail", faults.error("UnauthorizedOperation", "no"))
    operator.put(letter_of(), letter_of())
    assert "2 records deleted." in operator("dlq", "purge", "--all", "--yes").stdout
    assert cloud.messages(QUEUE) == []


RECORD = json.dumps(created())


@pytest.mark.parametrize(("payload", "left"), [(cls(RECORD), 1), (ckafka(RECORD), 0), (cmq(RECORD), 0)])
def test_what_redaction_would_spoil_is_not_remembered(
    cloud: LocalCloud, operator: Operator, payload: dict[str, Any], left: int
) -> None:
    """Of a packed payload nothing would be left to run: it stays on the queue, until it can be received again."""
    operator.put(platform_letter(payload))
    operator("dlq", "list")
    report = operator.json("dlq", "redrive", "--yes")
    assert (report["received"], report["outcomes"]["dead_lettered"]) == (1 - left, 0)
    assert len(cloud.messages(QUEUE)) == left
