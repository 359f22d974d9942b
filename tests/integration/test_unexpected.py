"""An unexpected error, brought in by what the function's parts are given: it ends one thing, told by its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from handler.commands import dispatch, redrive, survey
from handler.commands.creates import create
from handler.invocation import Invocation
from handler.main import InvocationFailed
from handler.model import Command, Outcome
from tests.support import records
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import Function, context, environment
from tests.support.letters import put

if TYPE_CHECKING:
    from handler.model import Interface, Result
    from localcloud import LocalCloud


class Unreadable:
    """A value of an invocation's context that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("nobody expects this")


def broken(command: Command, _invocation: Invocation) -> None:
    raise RuntimeError(f"nobody expects this of {command.name}")


def test_in_what_the_platform_gives(function: Function) -> None:
    """It fails the invocation in one sentence that names its place, not its text."""
    with pytest.raises(InvocationFailed, match=r"^a fault of this program at test_unexpected\.py:\d+$"):
        function.run(records.interface_event(), {"request_id": Unreadable()})
    assert "nobody expects this" not in function.output()


def test_in_a_command_of_a_letter(function: Function, cloud: LocalCloud) -> None:
    """Each thing of the letter goes back by itself, and only then is the letter deleted."""
    event = records.event_list(records.interface_event(region=HOME), {"command": "status"}, 5)
    put(cloud, records.platform_letter(event))
    invocation = Invocation.start(environment(cloud), context())
    redrive.redrive({}, invocation, broken)
    invocation.letters.raise_if_unsent()
    kinds = [letter["kind"] for letter in function.letters()]
    assert {"interface", "command", "event"} <= set(kinds)
    assert len(cloud.messages("eni-flowlog-dlq")) == len(kinds)


def test_in_whoever_settles_what_was_created(cloud: LocalCloud) -> None:
    """What was not settled is not done: another invocation goes on with it."""
    cloud.seed_interfaces(HOME, 3)
    invocation = Invocation.start(environment(cloud), context())
    settled: list[Outcome] = []

    def settle(_interface: Interface, result: Result) -> None:
        settled.append(result.outcome)
        raise RuntimeError("nobody expects this")

    (run,) = create(invocation, survey.take(invocation, {"regions": [HOME]}), settle)
    assert (run.undone, run.made) == (run.inventory.missing, 0)
    assert settled


def test_in_a_command(function: Function, cloud: LocalCloud) -> None:
    """It becomes a dead letter, to be run again."""
    invocation = Invocation.start(environment(cloud), context())
    dispatch.run(Command("status", {"command": "status", "regions": [HOME], "limit": "many"}), invocation)
    invocation.letters.raise_if_unsent()
    (letter,) = function.letters()
    assert (letter["kind"], letter["error"]["class"]) == ("command", "unexpected")


def test_in_a_redrive(cloud: LocalCloud) -> None:
    """It is said in the report: the letters are on the queue still, and a sweep has more to do."""
    put(cloud, records.own_letter())
    invocation = Invocation.start(environment(cloud), context())
    redrive.run(Command("redrive", {"command": "redrive", "limit": "many"}), invocation, broken)
    assert invocation.report.stopped.startswith("the redrive ended early: a fault of this program at redrive.py:")
    assert len(cloud.messages("eni-flowlog-dlq")) == 1
