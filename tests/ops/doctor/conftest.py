"""A local cloud of doctor's, and the real package deployed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud import LocalCloud
from tests.support.deployment import deploy, invoke

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment
    from ops.packaging.package import Package


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A local cloud of its own, in which nothing is deployed."""
    with LocalCloud(enforce_limits=False, time_scale=0.02) as running:
        running.behaviour.function_ready_s = 0.0  # each test changes the function, and looks at it at once
        yield running


@pytest.fixture
def deployed(account: Cloud, wanted: Deployment, package: Package) -> Deployment:
    """The real package, deployed, and what was there before covered."""
    deploy(wanted, account, package.archive)
    invoke(account, "backfill")
    return wanted
