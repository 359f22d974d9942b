"""The parts that deploy makes, as deploy's own plan sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.deployment.alarm import Alarms
from ops.deployment.notice import notice
from ops.deployment.step import Verb
from ops.deployment.wanted import ALARM_RECEIVERS, ALARM_WEBHOOK
from ops.doctor.finding import DEPLOY, Finding, State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from ops.deployment.part import Part
    from ops.doctor.case import Case


def planned(part: Part, fine: str = "", grave: Collection[str] | None = None) -> Iterator[Finding]:
    """What deploy would say of a part, as findings.

    Args:
        part: the part.
        fine: what to say where there is nothing to do; by default the part's name.
        grave: which differences are a failure, the others being a warning; by default all.
    """
    step = part.plan()
    if step.note:
        state = State.FAIL if step.verb is Verb.CONFLICT else State.WARN
        yield Finding(part.kind, state, f"{step.name}: {step.note}")
    elif step.verb is Verb.NOTHING:
        yield Finding(part.kind, State.OK, fine or step.name)
    if step.verb is Verb.CREATE:
        yield Finding(part.kind, State.FAIL, f"there is no {part.kind} {step.name}", DEPLOY)
    for change in step.changes if step.verb is Verb.CHANGE else ():
        state = State.FAIL if grave is None or change.what in grave else State.WARN
        what = f"{step.name}: {change.what} {change.old or 'none'}, not {change.new or 'none'}"
        yield Finding(part.kind, state, what, DEPLOY)


def as_planned(part: type[Part]) -> Callable[[Case], Iterator[Finding]]:
    """The check of a part of which there is nothing more to say."""
    return lambda there: planned(part(there.wanted, there.cloud))


def alarms(there: Case) -> Iterator[Finding]:
    """Somebody is called when it stops."""
    if notice(there.wanted):
        yield from planned(Alarms(there.wanted, there.cloud), "somebody is called when it stops")
    else:
        what = "no alarm calls anybody when the function stops"
        todo = f"Set {ALARM_RECEIVERS} or {ALARM_WEBHOOK} in .env (docs/operations.md), and deploy."
        yield Finding("alarm", State.WARN, what, todo)
