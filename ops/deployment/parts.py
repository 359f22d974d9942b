"""All parts of a deployment, in the order in which they are made; removed in the reverse order."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ops import config
from ops.deployment.cloud import Cloud
from ops.deployment.function import Code, Function
from ops.deployment.queue import Queue
from ops.deployment.role import Policy, Role
from ops.deployment.rule import Rule, Target
from ops.deployment.timer import TimerTrigger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ops.config import Deployment
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
    deployment = found.deployment
    endpoint = deployment.variables.get("FLOWLOG_API_ENDPOINT", "")
    return deployment, Cloud(lambda: found.keys, deployment.region, endpoint)
