"""At a terminal: questions, the progress bar, and Ctrl-C."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from ops.errors import Exit
from ops.session import Stop
from tests.support.function import QUEUE
from tests.support.records import own_letter

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.operator import Operator

REGION = "ap-guangzhou"


def test_it_asks_and_takes_no_for_an_answer(cloud: LocalCloud, operator: Operator) -> None:
    """The plan, the question, n: nothing was done, exit code 1."""
    cloud.seed_interfaces(REGION, 2)
    with operator.terminal("backfill") as terminal:
        terminal.read_until("Create 3 flow logs? [y/N] ")
        terminal.type("n")
        assert terminal.end() == Exit.FAILED
        assert "Declined: nothing was done." in terminal.shown
    assert cloud.calls.count("CreateFlowLog") == 0


def test_it_asks_and_takes_yes_for_an_answer(cloud: LocalCloud, operator: Operator) -> None:
    """A progress bar, and then the outcome."""
    cloud.seed_interfaces(REGION, 2)
    with operator.terminal("backfill") as terminal:
        terminal.read_until("[y/N] ")
        terminal.type("y")
        assert terminal.end() == Exit.OK, terminal.shown
        assert "Creating flow logs" in terminal.shown
        assert "3/3" in terminal.shown
        assert "3 created" in terminal.shown


def test_purge_asks(cloud: LocalCloud, operator: Operator) -> None:
    """With the number of records; Enter alone means no."""
    operator.put(own_letter(), own_letter())
    with operator.terminal("dlq", "purge", "--all") as terminal:
        terminal.read_until(f"Delete all 2 records of {QUEUE} for good? [y/N] ")
        terminal.type("")
        assert terminal.end() == Exit.FAILED, terminal.shown
        assert "Declined: nothing was done." in terminal.shown
    assert len(cloud.messages(QUEUE)) == 2


def test_interrupted_at_the_question(cloud: LocalCloud, operator: Operator) -> None:
    """Ctrl-C is no answer: exit code 130, one sentence, no traceback."""
    cloud.seed_interfaces(REGION, 2)
    with operator.terminal("backfill") as terminal:
        terminal.read_until("[y/N] ")
        terminal.interrupt_at_a_question()
        assert terminal.end() == Exit.INTERRUPTED
        assert "Interrupted: what was done is done" in terminal.shown
        assert "Traceback" not in terminal.shown


def test_interrupted_while_creating(cloud: LocalCloud, operator: Operator) -> None:
    """What is in flight is finished and counted, what is left is said, and nothing is lost: exit code 130."""
    cloud.seed_interfaces(REGION, 200)
    with operator.terminal("backfill", "--yes", FLOWLOG_CREATE_RATE="5") as terminal:
        terminal.read_until("Creating flow logs")
        terminal.read_until("2/201")
        terminal.interrupt()
        assert terminal.end() == Exit.INTERRUPTED
        created = cloud.calls.count("CreateFlowLog")
        assert "Stopping after the calls in flight; Ctrl-C again stops at once." in terminal.shown
        assert f"{created} created" in terminal.shown
        assert f"Interrupted: {201 - created} in {REGION} are left." in terminal.shown
        assert "Traceback" not in terminal.shown


def test_interrupted_while_listing(cloud: LocalCloud, operator: Operator) -> None:
    """The work ends with the call in flight: exit code 130."""
    cloud.latency_s = 0.5
    cloud.seed_interfaces(REGION, 500)
    with operator.terminal("status") as terminal:
        terminal.read_until("Listing interfaces and flow logs")
        terminal.interrupt()
        assert terminal.end() == Exit.INTERRUPTED
        assert "Interrupted" in terminal.shown
        assert "Traceback" not in terminal.shown


def test_a_stop_ends_every_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """The first Ctrl-C uses the budget up, whoever waits; the second raises at once; then it is as it was before."""
    stop, before = Stop(), signal.getsignal(signal.SIGINT)
    budget = stop.budget()
    assert budget.left() > 0
    with stop.on_interrupt():
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        assert budget.left() < 0
        assert not budget.wait(3600)
        assert capsys.readouterr().err == "Stopping after the calls in flight; Ctrl-C again stops at once.\n"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
