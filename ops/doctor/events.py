"""What brings events to the function: the timer, the rule and its target."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ops.config import ALARM_RECEIVERS, ALARM_WEBHOOK
from ops.deployment import alarm
from ops.deployment.alarm import Alarms
from ops.deployment.part import Verb
from ops.deployment.rule import Rule, Target, parse_pattern, pattern, service_bus
from ops.deployment.timer import TimerTrigger
from ops.doctor.finding import DEPLOY, Finding, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment.part import Found, Part
    from ops.doctor.case import Case


def timer(there: Case) -> Iterator[Finding]:
    """The sweep runs."""
    yield from _planned(TimerTrigger(there.wanted, there.cloud), f"{there.wanted.timer.cron}")


def rule(there: Case) -> Iterator[Finding]:
    """The rule is on the service bus, lets the right events through, and is on."""
    part = Rule(there.wanted, there.cloud)
    found = part.find()
    if found is None:
        if service_bus(there.cloud) is None:
            what = "the account has no service event bus"
            yield Finding("rule", State.FAIL, what, "Open EventBridge once in the console, which activates it; deploy.")
        else:
            yield Finding("rule", State.FAIL, f"there is no rule {part.name} on the service bus", DEPLOY)
        return
    changes = part.differences(found)
    for change in changes:
        what = (
            f"the rule {part.name} is switched off"
            if change.what == "enabled"
            else f"the rule {part.name} lets other events through: {_pattern_words(found)}"
        )
        yield Finding("rule", State.FAIL, what, DEPLOY)
    if not changes:
        yield Finding("rule", State.OK, f"{part.name} on the service bus, all five actions")


def _pattern_words(found: Found) -> str:
    """What of the pattern is missing, where that can be said; else the pattern."""
    there, wanted = parse_pattern(found.get("EventPattern")), pattern()
    try:
        names = [name for name in wanted["data"]["eventName"] if name not in there["data"]["eventName"]]
        types = [name for name in wanted["type"] if name not in there["type"]]
    except (KeyError, TypeError):
        return json.dumps(there)
    return f"without {', '.join(names + types)}" if names or types else json.dumps(there)


def target(there: Case) -> Iterator[Finding]:
    """The rule calls the function."""
    yield from _planned(Target(there.wanted, there.cloud), there.wanted.name)


def alarms(there: Case) -> Iterator[Finding]:
    """Somebody is called when it stops."""
    if alarm.notice(there.wanted):
        yield from _planned(Alarms(there.wanted, there.cloud), "somebody is called when it stops")
    else:
        what = "no alarm calls anybody when the function stops"
        todo = f"Set {ALARM_RECEIVERS} or {ALARM_WEBHOOK} in .env (docs/operations.md), and deploy."
        yield Finding("alarm", State.WARN, what, todo)


def _planned(part: Part, fine: str) -> Iterator[Finding]:
    step = part.plan()
    if step.note:
        yield Finding(part.kind, State.FAIL if step.verb is Verb.CONFLICT else State.WARN, step.note)
    elif step.verb is Verb.NOTHING:
        yield Finding(part.kind, State.OK, fine)
    if step.verb is Verb.CREATE:
        yield Finding(part.kind, State.FAIL, f"there is no {part.kind} {step.name}", DEPLOY)
    for change in step.changes if step.verb is Verb.CHANGE else ():
        what = f"{change.what} is {change.old or 'empty'}, not {change.new or 'empty'}"
        yield Finding(part.kind, State.FAIL, what, DEPLOY)
