"""A deployment that doctor looks at: what there should be, and what of it is there, looked up once for all checks."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from handler import settings
from handler.errors import CloudError, SettingsError, Transient
from ops.deployment.function import Function
from ops.deployment.invoke import invoke
from ops.deployment.reply import ACTIVE, variables_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from handler.settings import Settings
    from ops.deployment.cloud import Cloud
    from ops.deployment.invoke import Answer
    from ops.deployment.part import Found
    from ops.deployment.wanted import Deployment

ANSWER_LIMIT_S = 60.0
"""How long the function may take to answer, in seconds."""


@dataclass
class Case:
    """A deployment as it should be, and what of it is there.

    Attributes:
        wanted: what serverless.yml says.
        cloud: the account.
        archive: the package that this checkout makes, or why it could not be made; None where nobody asks.
        now: the clock, in seconds since 1970.
    """

    wanted: Deployment
    cloud: Cloud
    archive: Path | str | None = None
    now: Callable[[], float] = time.time

    @cached_property
    def function(self) -> Found | None:
        """GetFunction's reply."""
        return Function(self.wanted, self.cloud).find()

    @property
    def is_active(self) -> bool:
        """Whether there is a function that can be run."""
        return self.function is not None and self.function.get("Status") == ACTIVE

    @cached_property
    def is_absent(self) -> bool:
        """Whether there is no function in this region, as far as that can be seen."""
        try:
            return self.function is None
        except CloudError:
            return False

    @cached_property
    def status(self) -> Answer | None:
        """The function's answer to a `status`; None where there was none in time, or there is no function."""
        return self.run({"command": "status"}) if self.is_active else None

    @property
    def report(self) -> dict[str, Any] | None:
        """The report in that answer; None where it is none."""
        said = self.status.returned if self.status else None
        return said if isinstance(said, dict) and "coverage" in said else None

    def run(self, command: dict[str, Any]) -> Answer | None:
        """What the function answers to a command that changes nothing; None where it does not in time.

        Raises:
            CloudError: the platform refused the call.
        """
        which = self.wanted.name, self.wanted.namespace
        try:
            return invoke(self.cloud, which, json.dumps(command), limit_s=ANSWER_LIMIT_S)
        except Transient:
            return None

    @cached_property
    def environment(self) -> dict[str, str]:
        """The settings as deployed; those of serverless.yml where nothing is."""
        variables = variables_of(self.function) if self.function else dict(self.wanted.variables)
        return {**variables, "TENCENTCLOUD_REGION": self.wanted.region}

    @cached_property
    def settings(self) -> Settings | None:
        """The same, typed; None where they are wrong, which a check of its own says."""
        try:
            return settings.load(self.environment)
        except SettingsError:
            return None
