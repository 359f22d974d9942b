"""All parts of a deployment, in the order in which they are made; removed in the reverse order."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ops import config
from ops.deployment import locate, preflight, service_roles
from ops.deployment.alarm import Alarms
from ops.deployment.cloud import Cloud
from ops.deployment.function import Function
from ops.deployment.notice import notice
from ops.deployment.part import Part
from ops.deployment.plan import Plan
from ops.deployment.policy import Policy
from ops.deployment.queue import Queue
from ops.deployment.role import Role
from ops.deployment.rule import Rule
from ops.deployment.step import Step, Verb
from ops.deployment.target import Target
from ops.deployment.timer import TimerTrigger
from ops.deployment.wanted import deployment_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ops.deployment.wanted import Deployment


def all_parts(deployment: Deployment, cloud: Cloud, archive: Path | None = None) -> list[Part]:
    """Every part. Without a package, the function's code is not looked at.

    The role comes first, for the function takes its keys from it. The target comes after all that an event needs, for
    with it the events begin. The alarms are last, and are there only where somebody is named to be called.
    """
    parts: list[Part] = [
        Role(deployment, cloud),
        Policy(deployment, cloud),
        Queue(deployment, cloud),
        Function(deployment, cloud, archive),
        TimerTrigger(deployment, cloud),
        Rule(deployment, cloud),
        Target(deployment, cloud),
    ]
    return [*parts, Alarms(deployment, cloud)] if notice(deployment) else parts


def plan_deployment(deployment: Deployment, cloud: Cloud, archive: Path) -> Plan:
    """What deploy would do to each part.

    Raises:
        OperatorError: the package cannot be uploaded.
        CloudError: the account could not be looked at.
    """
    preflight.check_package(archive, deployment.handler)
    deployment, topics = locate.topics(deployment, cloud)
    roles = [
        Step("service role", role.name, Verb.MISSING, note=f"{role.purpose}, is not there. {role.todo}")
        for role in service_roles.lacking(deployment.variables.get("FLOWLOG_STORAGE", "cls"), cloud)
    ]
    parts = all_parts(deployment, cloud, archive)
    return Plan(deployment, parts, [part.plan() for part in parts], Part.apply, [*topics, *roles])


def plan_removal(deployment: Deployment, cloud: Cloud) -> Plan:
    """What remove would do to each part.

    Raises:
        CloudError: the account could not be looked at.
    """
    parts = all_parts(deployment, cloud)[::-1]
    alarms = Alarms(deployment, cloud)
    if not notice(deployment) and alarms.find():  # they are from a time when somebody was named
        parts = [alarms, *parts]
    return Plan(deployment, parts, [part.plan_removal() for part in parts], Part.remove)


def open_deployment(
    path: Path, *, profile: str = "", region: str = "", shell: Mapping[str, str] | None = None
) -> tuple[Deployment, Cloud]:
    """Read serverless.yml and the operator's keys. The region is chosen as by all commands, see `config.read`.

    Args:
        path: the file.
        profile: a profile of tccli, or nothing.
        region: the function's, where the command line names it.
        shell: the environment, by default this process's.

    Raises:
        OperatorError: the file, the keys or the region cannot be read.
    """
    found = config.read_file(path, os.environ if shell is None else shell, profile=profile, region=region)
    deployment = deployment_of(found)
    endpoint = deployment.variables.get("FLOWLOG_API_ENDPOINT", "")
    return deployment, Cloud(lambda: found.keys, deployment.region, endpoint)
