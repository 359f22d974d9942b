"""All parts of a deployment, in the order in which they are made; removed in the reverse order."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ops import credentials
from ops.deployment import config
from ops.deployment.cloud import Cloud
from ops.deployment.function import Code, Function
from ops.deployment.queue import Queue
from ops.deployment.role import Policy, Role
from ops.deployment.rule import Rule, Target
from ops.deployment.timer import TimerTrigger
from ops.environment import REGION_VARIABLE, regions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ops.deployment.config import Deployment
    from ops.deployment.part import Resource


def all_parts(deployment: Deployment, cloud: Cloud, code: Code | None = None) -> list[Resource]:
    """Every part. Without a package, the function's code is not looked at.

    The role comes first, for a function takes its keys from it; the target last, for with it the events begin.
    """
    return [
        Role(deployment, cloud),
        Policy(deployment, cloud),
        Queue(deployment, cloud),
        Function(deployment, cloud, code),
        TimerTrigger(deployment, cloud),
        Rule(deployment, cloud),
        Target(deployment, cloud),
    ]


def open_deployment(
    path: Path, *, profile: str = "", region: str = "", shell: Mapping[str, str] | None = None
) -> tuple[Deployment, Cloud]:
    """Read serverless.yml and the operator's keys. The region is chosen as by all commands, see `regions`.

    Args:
        path: the file.
        profile: a profile of tccli, or nothing.
        region: the function's, where the command line names it.
        shell: the environment, by default this process's.

    Raises:
        OperatorError: the file, the keys or the region cannot be read.
    """
    environment = dict(os.environ if shell is None else shell)
    account = credentials.find(environment, profile)
    variables = {**config.dotenv(path.with_name(".env")), **environment}
    said = regions(region, variables, account, profile=profile)
    deployment = config.load({**variables, REGION_VARIABLE: said.stronger or said.weaker}, path)
    if said.stronger:
        deployment = replace(deployment, region=said.stronger)
    endpoint = deployment.variables.get("FLOWLOG_API_ENDPOINT", "")
    return deployment, Cloud(lambda: credentials.find(environment, profile).keys, deployment.region, endpoint)
