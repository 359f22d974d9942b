"""A local cloud of yesterday, in which flow logs have had time to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.operator import Operator

HOME = "ap-guangzhou"
DAY_S = 24 * 3600


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A local cloud of yesterday, without the seeded instance."""
    with LocalCloud(enforce_limits=False) as running:
        running.clock.advance(-DAY_S)
        running.terminate_instance(HOME, running.instance_id)
        yield running


@pytest.fixture
def topic(cloud: LocalCloud, operator: Operator) -> str:
    """A topic that is as old as what the test makes."""
    topic_id = cloud.add_topic()
    operator.variables["FLOWLOG_TOPIC_ID"] = topic_id
    return topic_id
