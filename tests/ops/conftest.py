"""An operator with a local cloud, and the function's logger left as it was."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from handler.log import logger
from handler.redaction import hide
from tests.support.deployment import account_of, deployment_to, shell
from tests.support.operator import Operator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from localcloud import LocalCloud
    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment


@pytest.fixture(autouse=True)
def _logger_as_it_was() -> Iterator[None]:
    """A command sets the logger's level and stream, and hides its keys, for its process; tests share theirs."""
    handler: Any = logger.registered_handler
    level, stream = logging.getLogger("eni-flowlog").level, handler.stream
    yield
    hide()
    logger.setLevel(level)
    handler.setStream(stream)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, without any profile of tccli."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def operator(cloud: LocalCloud, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """An operator with keys and settings in the environment."""
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Operator(cloud, folder, {**shell(cloud, FLOWLOG_TOPIC_REGION=cloud.region), "HOME": str(home)})


@pytest.fixture
def account(cloud: LocalCloud) -> Cloud:
    """The account of the test's local cloud, as the operator's command calls it."""
    return account_of(cloud)


@pytest.fixture
def wanted(cloud: LocalCloud) -> Deployment:
    """What serverless.yml says there should be in the test's local cloud."""
    return deployment_to(cloud)
