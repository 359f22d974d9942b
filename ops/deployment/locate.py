"""The topics of a deployment, found before anything is made for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from handler import settings
from handler.errors import CloudError, SettingsError
from ops.deployment import topic
from ops.deployment.step import Step, Verb

if TYPE_CHECKING:
    from ops.deployment.cloud import Cloud
    from ops.deployment.topic import Topic
    from ops.deployment.wanted import Deployment

REGION = "FLOWLOG_TOPIC_REGION"
_DEFAULT = "default"


def topics(deployment: Deployment, cloud: Cloud) -> tuple[Deployment, list[Step]]:
    """Find the topics of a deployment.

    Args:
        deployment: what serverless.yml says.
        cloud: the account.

    Returns:
        The deployment with FLOWLOG_TOPIC_REGION, where it was not given and the topic for all regions was found; and a
        line of the plan for each topic: found, a conflict where it is nowhere, unknown where that could not be seen.
    """
    try:
        wanted = settings.load(deployment.environment)
    except SettingsError:  # `preflight.check` says what is wrong
        return deployment, []
    steps = []
    for key, topic_id in wanted.topics.items() if wanted.storage == "cls" else ():
        region = wanted.topic_region if key == _DEFAULT else key
        found, step = _located(cloud, topic_id, region)
        steps.append(step)
        if found and key == _DEFAULT:
            deployment = replace(deployment, variables={**deployment.variables, REGION: found.region})
    return deployment, steps


def _located(cloud: Cloud, topic_id: str, region: str) -> tuple[Topic | None, Step]:
    try:
        found = topic.look(cloud, topic_id, region) if region else topic.find(cloud, topic_id)
    except CloudError as error:
        note = f"could not be looked for ({error.code}): check by hand that it is there"
        return None, Step("topic", topic_id, Verb.UNKNOWN, note=note)
    if found is None:
        where = f"in {region}" if region else "in any region of the account"
        note = f"there is no such topic {where}: create it in CLS, or correct FLOWLOG_TOPIC_ID"
        return None, Step("topic", topic_id, Verb.CONFLICT, note=note)
    return found, Step("topic", topic_id, Verb.FOUND, note=found.trouble, detail=f"in {found.region}")
