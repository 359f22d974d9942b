"""All checks of `doctor`, one after the other; one that fails or is refused does not stop the rest."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from handler.errors import CloudError
from ops.deployment.role import Role
from ops.deployment.rule import Rule
from ops.deployment.target import Target
from ops.deployment.timer import TimerTrigger
from ops.doctor import access, against_plan, arrivals, coverage, function, storage
from ops.doctor.case import Case
from ops.doctor.finding import Finding, State
from ops.errors import OperatorError, next_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment

CALL_LIMIT_S = 20.0
"""How long one call may be tried again, in seconds."""

CHECKS: dict[str, Callable[[Case], Iterator[Finding]]] = {
    "role": against_plan.as_planned(Role),
    "permission": access.permissions,
    "service role": access.granted_roles,
    "topic": storage.topics,
    "queue": storage.queue,
    "function": function.function,
    "elsewhere": function.elsewhere,
    "code": function.code,
    "settings": function.settings_as_deployed,
    "timer": against_plan.as_planned(TimerTrigger),
    "rule": against_plan.as_planned(Rule),
    "target": against_plan.as_planned(Target),
    "events": arrivals.arrivals,
    "status": function.answers,
    "coverage": coverage.coverage,
    "alarm": against_plan.alarms,
}
"""In the order in which a newcomer has to mend what they find; a check is called by the name of its findings."""


def examine(
    deployment: Deployment,
    cloud: Cloud,
    archive: Path | str | None = None,
    *,
    now: Callable[[], float] = time.time,
) -> list[Finding]:
    """Look at everything, and stop at nothing but keys that do not work, or a function that is in another region.

    Args:
        deployment: what there should be.
        cloud: the account.
        archive: the package that this checkout makes, or why it could not be made; None: the code is not looked at.
        now: the clock, in seconds since 1970.

    Returns:
        The findings, in the order of the checks; a check that does not apply has none.
    """
    there = Case(deployment, cloud.within(CALL_LIMIT_S), archive, now)
    findings = _guarded("credentials", access.credentials, there)
    if findings[0].state is State.FAIL:
        return findings
    elsewhere = _guarded("function", function.elsewhere, there)
    if there.is_absent and any(finding.state is State.FAIL for finding in elsewhere):
        return findings + elsewhere
    for name, check in CHECKS.items():
        findings += elsewhere if check is function.elsewhere else _guarded(name, check, there)
    return findings


def _guarded(name: str, check: Callable[[Case], Iterator[Finding]], there: Case) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(there))
    except CloudError as error:
        what = f"could not be looked at: {error.code}: {error.message}"
        found.append(Finding(name, State.FAIL, what, next_step(error.code)))
    except OperatorError as error:
        found.append(Finding(name, State.FAIL, str(error)))
    return found
