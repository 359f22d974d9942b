"""What is wrong with a deployment or an account, before it fails, and what to do about it, check by check."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from handler import settings
from handler.errors import CloudError, SettingsError, Transient
from ops import advice
from ops.deployment import documents
from ops.deployment.cloud import CAM, CLS, SCF, Cloud
from ops.deployment.function import ACTIVE, Function, reasons, variables_of
from ops.deployment.part import Verb
from ops.deployment.preflight import unknown_settings
from ops.deployment.queue import RETENTION_S, Queue, messages
from ops.deployment.role import Policy, Role
from ops.deployment.rule import Rule, Target, parse_pattern, pattern, service_bus
from ops.deployment.timer import TimerTrigger
from ops.errors import OperatorError
from ops.traces import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from handler.settings import Settings
    from ops.config import Deployment
    from ops.deployment.part import Found, Resource

FLOW_LOG_ROLE = "FlowLogClsRole"
"""The service role with which VPC writes flow logs to CLS (doc 682/18934)."""
ANSWER_LIMIT_S = 20.0
CALL_LIMIT_S = 20.0
_REASON = 500
_DEPLOY = "Run `eni-flowlog deploy`."


class State(str, Enum):
    """How a finding counts: only `fail` makes the exit code 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    state: State
    what: str
    todo: str = ""


@dataclass
class Examination:
    """A deployment, and what of it several checks look at."""

    deployment: Deployment
    cloud: Cloud
    answers: Cloud = field(repr=False)

    @cached_property
    def role(self) -> Found | None:
        """GetRole's RoleInfo."""
        return Role(self.deployment, self.cloud).find()

    @cached_property
    def function(self) -> Found | None:
        """GetFunction's reply."""
        return Function(self.deployment, self.cloud).find()

    @cached_property
    def environment(self) -> dict[str, str]:
        """The settings as deployed; those of serverless.yml where nothing is."""
        variables = variables_of(self.function) if self.function else dict(self.deployment.variables)
        return {**variables, "TENCENTCLOUD_REGION": self.deployment.region}

    @cached_property
    def settings(self) -> Settings | None:
        """The same, typed; None where they are wrong, which a check of its own says."""
        try:
            return settings.load(self.environment)
        except SettingsError:
            return None


def examine(deployment: Deployment, cloud: Cloud) -> list[Finding]:
    """Look at everything, and stop at nothing but keys that do not work.

    Args:
        deployment: what there should be.
        cloud: the account.

    Returns:
        At least one finding a check, in the order of the checks.
    """
    quick = cloud.within(CALL_LIMIT_S)
    exam = Examination(deployment, quick, cloud.within(ANSWER_LIMIT_S))
    findings = _guarded("credentials", credentials, exam)
    if findings[0].state is State.FAIL:
        return findings
    for name, check in CHECKS.items():
        findings += _guarded(name, check, exam)
    return findings


def _guarded(name: str, check: Callable[[Examination], Iterator[Finding]], exam: Examination) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(exam))
    except CloudError as error:
        what = f"could not be looked at: {error.code}: {error.message}"
        found.append(Finding(name, State.FAIL, what, advice.step(error.code)))
    except OperatorError as error:
        found.append(Finding(name, State.FAIL, str(error)))
    return found


# The checks -----------------------------------------------------------------------------------------------------------


def credentials(exam: Examination) -> Iterator[Finding]:
    """The operator's keys work."""
    yield Finding("credentials", State.OK, f"account {exam.cloud.uin}")


def role(exam: Examination) -> Iterator[Finding]:
    """The role is there, and SCF may take it."""
    name, found = exam.deployment.role, exam.role
    if found is None:
        yield Finding("role", State.FAIL, f"there is no role {name}", _DEPLOY)
        return
    missing = documents.trusted(documents.trust()) - documents.trusted(documents.parse(found.get("PolicyDocument")))
    if missing:
        yield Finding("role", State.FAIL, f"the role {name} does not trust {', '.join(sorted(missing))}", _DEPLOY)
    else:
        yield Finding("role", State.OK, f"{name}, which SCF may take")


def permissions(exam: Examination) -> Iterator[Finding]:
    """The role may do each thing that the reviewed policy lists, by whatever policies it has."""
    if exam.role is None:
        return
    attached = Policy(exam.deployment, exam.cloud).attached()
    replies = [exam.cloud.find(CAM, "GetPolicy", {"PolicyId": policy["PolicyId"]}) for policy in attached]
    given = [documents.parse(reply.get("PolicyDocument")) for reply in replies if reply]
    needed = documents.role_policy(exam.deployment, exam.cloud.uin)
    missing = documents.lacking(needed, given)
    for action in dict.fromkeys(grant.action for grant in missing):
        where = ", ".join(grant.resource for grant in missing if grant.action == action)
        what = f"the role {exam.deployment.role} may not {action} on {where}"
        yield Finding("permission", State.FAIL, what, _DEPLOY)
    if not missing:
        number = len({grant.action for grant in documents.grants(needed)})
        yield Finding("permission", State.OK, f"all {number} actions of ops/policies/role-policy.json")


def service_role(exam: Examination) -> Iterator[Finding]:
    """VPC may write flow logs to CLS."""
    if exam.settings and exam.settings.storage != "cls":
        yield Finding("service role", State.OK, f"not needed: flow logs go to {exam.settings.storage}")
    elif exam.cloud.find(CAM, "GetRole", {"RoleName": FLOW_LOG_ROLE}) is None:
        what = f"there is no role {FLOW_LOG_ROLE}, with which VPC writes flow logs to CLS"
        todo = "Open VPC > Flow logs once in the console and grant it when asked (docs/deploy.md)."
        yield Finding("service role", State.FAIL, what, todo)
    else:
        yield Finding("service role", State.OK, FLOW_LOG_ROLE)


def topics(exam: Examination) -> Iterator[Finding]:
    """The log topic of each region that the sweep covers, or that has one of its own, exists where it should be."""
    wanted = exam.settings
    if wanted is None or wanted.storage != "cls":
        return
    for region in dict.fromkeys((*wanted.regions, *(name for name in wanted.topics if name != "default"))):
        topic = wanted.topic_for(region)
        if topic:
            yield _topic(exam, topic, wanted.topic_region or region)
        else:
            what = f"no topic is set for {region}, and no default"
            yield Finding("topic", State.FAIL, what, "Add the region, or a default, to FLOWLOG_TOPIC_ID and deploy.")


def _topic(exam: Examination, topic: str, region: str) -> Finding:
    params = {"Filters": [{"Key": "topicId", "Values": [topic]}], "Offset": 0, "Limit": 1}
    entries = exam.cloud.call(CLS, "DescribeTopics", params, region).get("Topics") or []
    if any(entry.get("TopicId") == topic for entry in entries):
        return Finding("topic", State.OK, f"{topic} in {region}")
    todo = "Create it, or set FLOWLOG_TOPIC_ID (and FLOWLOG_TOPIC_REGION) to one that is there, and deploy."
    return Finding("topic", State.FAIL, f"there is no topic {topic} in {region}", todo)


def queue(exam: Examination) -> Iterator[Finding]:
    """The dead-letter queue is there, keeps what it holds as long as it can, and is the one the function writes to."""
    name = exam.deployment.queue
    found = Queue(exam.deployment, exam.cloud).find()
    if found is None:
        yield Finding("queue", State.FAIL, f"there is no queue {name} in {exam.deployment.region}", _DEPLOY)
        return
    held, retention, hidden = messages(found), found.get("MsgRetentionSeconds"), found.get("VisibilityTimeout")
    if exam.settings and exam.settings.dlq_queue != name:
        what = f"the function writes to {exam.settings.dlq_queue}, and SCF to {name}"
        yield Finding("queue", State.FAIL, what, "Make FLOWLOG_DLQ_QUEUE and deadLetter.name the same, and deploy.")
    elif retention != RETENTION_S:
        what = f"{name} forgets after {retention} s, not {RETENTION_S}"
        yield Finding("queue", State.FAIL, what, _DEPLOY)
    elif hidden is not None and hidden < exam.deployment.timeout:
        what = f"{name} hides what is received for {hidden} s, and a redrive may take {exam.deployment.timeout} s"
        yield Finding("queue", State.WARN, what, _DEPLOY)
    elif held:
        todo = "See `eni-flowlog dlq list`, then `eni-flowlog dlq redrive`: they are forgotten after 12 hours."
        yield Finding("queue", State.WARN, f"{name} holds {held} dead letter{'s' if held != 1 else ''}", todo)
    else:
        yield Finding("queue", State.OK, f"{name}, empty")


def function(exam: Examination) -> Iterator[Finding]:
    """The function is there, active, and set up as serverless.yml says."""
    name, found = exam.deployment.name, exam.function
    if found is None:
        yield Finding("function", State.FAIL, f"there is no function {name} in {exam.deployment.region}", _DEPLOY)
        return
    if found.get("Status") != ACTIVE:
        yield Finding("function", State.FAIL, f"{name} is {found.get('Status')}: {reasons(found)}", _DEPLOY)
        return
    part = Function(exam.deployment, exam.cloud)
    obstacle = part.obstacle(found)
    if obstacle:
        yield Finding("function", State.FAIL, obstacle, "Remove it, and deploy again.")
    # Which variables are set depends on the shell that asks, and a package was not built: both are deploy's business.
    changes = [change for change in part.differences(found) if not change.what.startswith("variable ")]
    for change in changes:
        grave = change.what in ("handler", "role", "dead letters", "public access")
        what = f"{change.what} is {change.old or 'not set'}, not {change.new}"
        yield Finding("function", State.FAIL if grave else State.WARN, what, _DEPLOY)
    remark = part.remark(found)
    if remark:
        yield Finding("function", State.WARN, remark)
    if not (obstacle or changes or remark):
        yield Finding("function", State.OK, f"{name} is active, {found.get('Runtime')}")


def settings_as_deployed(exam: Examination) -> Iterator[Finding]:
    """The function's own settings keep to their schema."""
    if exam.function is None:
        return
    try:
        settings.load(exam.environment)
    except SettingsError as error:
        yield Finding("settings", State.FAIL, str(error), "Correct serverless.yml or your shell, and deploy.")
        return
    unknown = list(unknown_settings(exam.environment))
    for what in unknown:
        yield Finding("settings", State.WARN, what, "Correct serverless.yml, and deploy.")
    if not unknown:
        yield Finding("settings", State.OK, "as deployed, they keep to schemas/settings.schema.json")


def timer(exam: Examination) -> Iterator[Finding]:
    """The sweep runs."""
    yield from _planned(TimerTrigger(exam.deployment, exam.cloud), f"{exam.deployment.timer.cron}")


def rule(exam: Examination) -> Iterator[Finding]:
    """The rule is on the service bus, lets the right events through, and is on."""
    part = Rule(exam.deployment, exam.cloud)
    found = part.find()
    if found is None:
        if service_bus(exam.cloud) is None:
            what = "the account has no service event bus"
            yield Finding("rule", State.FAIL, what, "Open EventBridge once in the console, which activates it; deploy.")
        else:
            yield Finding("rule", State.FAIL, f"there is no rule {part.name} on the service bus", _DEPLOY)
        return
    changes = part.differences(found)
    for change in changes:
        what = (
            f"the rule {part.name} is switched off"
            if change.what == "enabled"
            else f"the rule {part.name} lets other events through: {_pattern_words(found)}"
        )
        yield Finding("rule", State.FAIL, what, _DEPLOY)
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


def target(exam: Examination) -> Iterator[Finding]:
    """The rule calls the function."""
    yield from _planned(Target(exam.deployment, exam.cloud), exam.deployment.name)


def _planned(part: Resource, fine: str) -> Iterator[Finding]:
    step = part.plan()
    if step.note:
        yield Finding(part.kind, State.FAIL if step.verb is Verb.CONFLICT else State.WARN, step.note)
    elif step.verb is Verb.NOTHING:
        yield Finding(part.kind, State.OK, fine)
    if step.verb is Verb.CREATE:
        yield Finding(part.kind, State.FAIL, f"there is no {part.kind} {step.name}", _DEPLOY)
    for change in step.changes:
        what = f"{change.what} is {change.old or 'empty'}, not {change.new or 'empty'}"
        yield Finding(part.kind, State.FAIL, what, _DEPLOY)


def answers(exam: Examination) -> Iterator[Finding]:
    """The function answers a `status`, and can read its queue: by its own role, settings and network."""
    if exam.function is None or exam.function.get("Status") != ACTIVE:
        return
    yield _answer(exam, "status", {"command": "status"}, "answers a status")
    dry_run = {"command": "redrive", "dry_run": True, "limit": 1}
    yield _answer(exam, "queue access", dry_run, "reads its queue")


def _answer(exam: Examination, check: str, command: dict[str, Any], fine: str) -> Finding:
    params = {
        "FunctionName": exam.deployment.name,
        "Namespace": exam.deployment.namespace,
        "InvocationType": "RequestResponse",
        "ClientContext": json.dumps(command),
    }
    try:
        result = exam.answers.call(SCF, "Invoke", params).get("Result") or {}
    except Transient:
        what = f"no answer within {ANSWER_LIMIT_S:.0f} s"
        return Finding(check, State.WARN, what, "With very many interfaces that is normal: see `eni-flowlog status`.")
    problem = _problem(result)
    if problem:
        return Finding(check, State.FAIL, f"the function {problem}", "See its log in the console (Log query).")
    return Finding(check, State.OK, f"the function {fine}")


def _problem(result: dict[str, Any]) -> str:
    """What went wrong in a synchronous invocation; empty if nothing did."""
    try:
        report = json.loads(result.get("RetMsg") or "null")
    except ValueError:
        report = None
    if result.get("InvokeResult") or not isinstance(report, dict) or "outcomes" not in report:
        said = str(result.get("ErrMsg") or result.get("RetMsg") or "")
        return f"failed: {reason_of(said)[:_REASON] or 'no reason given'}"
    if report.get("stopped"):
        return f"stopped: {report['stopped']}"
    failed = [item for item in report["items"] if item["outcome"] == "dead_lettered"]
    return f"could not do it: {failed[0].get('reason', '')}" if failed else ""


CHECKS: dict[str, Callable[[Examination], Iterator[Finding]]] = {
    "role": role,
    "permission": permissions,
    "service role": service_role,
    "topic": topics,
    "queue": queue,
    "function": function,
    "settings": settings_as_deployed,
    "timer": timer,
    "rule": rule,
    "target": target,
    "status": answers,
}
