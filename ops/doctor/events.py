"""What brings events to the function: the timer, the rule and its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.config import ALARM_RECEIVERS, ALARM_WEBHOOK
from ops.deployment import alarm
from ops.deployment.alarm import Alarms
from ops.deployment.rule import Rule
from ops.deployment.target import Target
from ops.deployment.timer import TimerTrigger
from ops.doctor.finding import Finding, State, planned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.doctor.case import Case


def timer(there: Case) -> Iterator[Finding]:
    """The sweep runs."""
    yield from planned(TimerTrigger(there.wanted, there.cloud), there.wanted.timer.cron)


def rule(there: Case) -> Iterator[Finding]:
    """The rule is on the service bus, lets the right events through, and is on."""
    yield from planned(Rule(there.wanted, there.cloud), f"{there.wanted.name} on the service bus, all five actions")


def target(there: Case) -> Iterator[Finding]:
    """The rule calls the function."""
    yield from planned(Target(there.wanted, there.cloud), there.wanted.name)


def alarms(there: Case) -> Iterator[Finding]:
    """Somebody is called when it stops."""
    if alarm.notice(there.wanted):
        yield from planned(Alarms(there.wanted, there.cloud), "somebody is called when it stops")
    else:
        what = "no alarm calls anybody when the function stops"
        todo = f"Set {ALARM_RECEIVERS} or {ALARM_WEBHOOK} in .env (docs/operations.md), and deploy."
        yield Finding("alarm", State.WARN, what, todo)
