"""A fresh local cloud per test, and signed clients for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from tests.support.client import Client, Cmq
from tests.support.error_codes import undocumented

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """Run a cloud, and hold each refusal that the test provokes against the list of its service."""
    with LocalCloud(enforce_limits=False) as running:
        yield running
    assert undocumented(running) == []


@pytest.fixture
def call(cloud: LocalCloud) -> Client:
    return Client(cloud)


@pytest.fixture
def cmq(cloud: LocalCloud) -> Cmq:
    return Cmq(cloud, cloud.secret_id, cloud.secret_key)


@pytest.fixture
def flow_log(cloud: LocalCloud) -> dict[str, Any]:
    """Return the parameters of a CreateFlowLog that is right in every way."""
    interface = cloud.seed_interface(cloud.region, instance_id=cloud.instance_id)
    return {
        "FlowLogName": f"auto-{interface}",
        "ResourceType": "NETWORKINTERFACE",
        "ResourceId": interface,
        "VpcId": cloud.vpc_id,
        "TrafficType": "ALL",
        "CloudLogId": cloud.topic_id,
    }
