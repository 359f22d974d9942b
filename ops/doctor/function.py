"""The function as deployed: its configuration, its settings, and whether it answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler import settings
from handler.cover import rules
from handler.errors import SettingsError, Transient
from ops.deployed import invoke
from ops.deployment.function import ACTIVE, Function, reasons
from ops.deployment.preflight import unknown_settings
from ops.doctor.finding import DEPLOY, Finding, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployed import Answer
    from ops.doctor.deployed import Deployed

ANSWER_LIMIT_S = 20.0
"""How long the function may take to answer, in seconds."""
_REASON = 500


def function(there: Deployed) -> Iterator[Finding]:
    """The function is there, active, and set up as serverless.yml says."""
    name, found = there.wanted.name, there.function
    if found is None:
        yield Finding("function", State.FAIL, f"there is no function {name} in {there.wanted.region}", DEPLOY)
        return
    if found.get("Status") != ACTIVE:
        yield Finding("function", State.FAIL, f"{name} is {found.get('Status')}: {reasons(found)}", DEPLOY)
        return
    part = Function(there.wanted, there.cloud)
    obstacle = part.obstacle(found)
    if obstacle:
        yield Finding("function", State.FAIL, obstacle, "Remove it, and deploy again.")
    # Which variables are set depends on the shell that asks, and a package was not built: both are deploy's business.
    changes = [change for change in part.differences(found) if not change.what.startswith("variable ")]
    for change in changes:
        grave = change.what in ("handler", "role", "dead letters", "public access")
        what = f"{change.what} is {change.old or 'not set'}, not {change.new}"
        yield Finding("function", State.FAIL if grave else State.WARN, what, DEPLOY)
    remark = part.remark(found)
    if remark:
        yield Finding("function", State.WARN, remark)
    if not (obstacle or changes or remark):
        yield Finding("function", State.OK, f"{name} is active, {found.get('Runtime')}")


def settings_as_deployed(there: Deployed) -> Iterator[Finding]:
    """The function's own settings keep to their schema."""
    if there.function is None:
        return
    try:
        given = settings.load(there.environment)
    except SettingsError as error:
        yield Finding("settings", State.FAIL, str(error), "Correct serverless.yml or your shell, and deploy.")
        return
    unknown = [*unknown_settings(there.environment), *rules.expired(given)]
    for what in unknown:
        yield Finding("settings", State.WARN, what, "Correct serverless.yml, and deploy.")
    if not unknown:
        yield Finding("settings", State.OK, "as deployed, they keep to schemas/settings.schema.json")


def answers(there: Deployed) -> Iterator[Finding]:
    """The function answers a `status`, and can read its queue: by its own role, settings and network."""
    if there.function is None or there.function.get("Status") != ACTIVE:
        return
    yield _answer(there, "status", {"command": "status"}, "answers a status")
    dry_run = {"command": "redrive", "dry_run": True, "limit": 1}
    yield _answer(there, "queue access", dry_run, "reads its queue")


def _answer(there: Deployed, check: str, command: dict[str, Any], fine: str) -> Finding:
    which = there.wanted.name, there.wanted.namespace
    try:
        answer = invoke(there.cloud, which, json.dumps(command), limit_s=ANSWER_LIMIT_S)
    except Transient:
        what = f"no answer within {ANSWER_LIMIT_S:.0f} s"
        return Finding(check, State.WARN, what, "With very many interfaces that is normal: see `eni-flowlog status`.")
    problem = _problem(answer)
    if problem:
        return Finding(check, State.FAIL, f"the function {problem}", "See its log in the console (Log query).")
    return Finding(check, State.OK, f"the function {fine}")


def _problem(answer: Answer) -> str:
    """What went wrong in a run; empty if nothing did."""
    report = answer.returned
    if answer.fault or not isinstance(report, dict) or "outcomes" not in report:
        return f"failed: {(answer.fault or str(report))[:_REASON]}"
    if report.get("stopped"):
        return f"stopped: {report['stopped']}"
    failed = [item for item in report["items"] if item["outcome"] == "dead_lettered"]
    return f"could not do it: {failed[0].get('reason', '')}" if failed else ""
