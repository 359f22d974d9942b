"""The function as deployed: its configuration, its settings, and whether it answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from handler import settings
from handler.cover import rules
from handler.errors import CloudError, SettingsError
from ops.deployed import differences
from ops.deployment.function import Function, digest
from ops.deployment.preflight import unknown_settings
from ops.deployment.reply import ACTIVE, digest_of, reasons, variables_of
from ops.doctor.against_plan import planned
from ops.doctor.case import ANSWER_LIMIT_S
from ops.doctor.finding import DEPLOY, Finding, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment.invoke import Answer
    from ops.doctor.case import Case

_REASON = 500


def function(there: Case) -> Iterator[Finding]:
    """The function is there, active, and set up as serverless.yml says."""
    name, found = there.wanted.name, there.function
    if found is None:
        yield Finding("function", State.FAIL, f"there is no function {name} in {there.wanted.region}", DEPLOY)
        return
    if found.get("Status") != ACTIVE:
        yield Finding("function", State.FAIL, f"{name} is {found.get('Status')}: {reasons(found)}", DEPLOY)
        return
    # Which variables are set depends on the shell that asks: that is deploy's business.
    as_they_are = replace(there.wanted, variables=variables_of(found))
    fine = f"{name} is active, {found.get('Runtime')}"
    yield from planned(Function(as_they_are, there.cloud), fine, ("handler", "role", "dead letters", "public access"))


def settings_as_deployed(there: Case) -> Iterator[Finding]:
    """The function's own settings keep to their schema."""
    if there.function is None:
        return
    try:
        given = settings.load(there.environment)
    except SettingsError as error:
        yield Finding("settings", State.FAIL, str(error), "Correct serverless.yml or your shell, and deploy.")
        return
    wrong = [*unknown_settings(there.environment), *rules.expired(given)]
    wrong += differences(there.wanted.variables, variables_of(there.function))
    for what in wrong:
        yield Finding("settings", State.WARN, what, "Correct serverless.yml or your shell, and deploy.")
    if not wrong:
        yield Finding("settings", State.OK, "as deployed, they are those of serverless.yml, .env and this shell")


def elsewhere(there: Case) -> Iterator[Finding]:
    """There is no second deployment of ours in another region."""
    name = there.wanted.name
    try:
        regions = Function(there.wanted, there.cloud).elsewhere()
    except CloudError as error:
        what = f"whether {name} is deployed in another region could not be seen ({error.code})"
        yield Finding("function", State.UNKNOWN, what, "Give these keys cvm:DescribeRegions and scf:GetFunction.")
        return
    for region in regions:
        what = f"there is a function {name} in {region}, whose sweep goes on there by its own settings"
        todo = (
            f"If that one is meant, give --function-region {region}; if it is one too many, run `eni-flowlog remove "
            f"--function-region {region}`."
        )
        yield Finding("function", State.FAIL, what, todo)


def code(there: Case) -> Iterator[Finding]:
    """The function runs the package that this checkout makes."""
    if there.function is None or there.archive is None:
        return
    if isinstance(there.archive, str):
        yield Finding("code", State.UNKNOWN, f"whether it is this checkout's could not be told: {there.archive}")
        return
    runs, here = digest_of(there.function)[:12], digest(there.archive)[:12]
    if runs == here:
        yield Finding("code", State.OK, f"package {here}, which this checkout makes")
    else:
        what = f"it runs the package {runs or 'of somebody else'}, and this checkout makes {here}"
        yield Finding("code", State.WARN, what, DEPLOY)


def answers(there: Case) -> Iterator[Finding]:
    """The function answers a `status`, and can read its queue: by its own role, settings and network."""
    if not there.is_active:
        return
    yield _answer("status", there.status, "answers a status")
    dry_run = {"command": "redrive", "dry_run": True, "limit": 1}
    yield _answer("queue access", there.run(dry_run), "reads its queue")


def _answer(check: str, answer: Answer | None, fine: str) -> Finding:
    if answer is None:
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
    if report.get("stopped") and "coverage" not in report:  # of a status, the check of the coverage says it
        return f"stopped: {report['stopped']}"
    failed = [item for item in report["items"] if item["outcome"] == "dead_lettered"]
    return f"could not do it: {failed[0].get('reason', '')}" if failed else ""
