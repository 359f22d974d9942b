"""What is deployed, looked up once for all checks that ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from handler import settings
from handler.errors import SettingsError
from ops.deployment.function import Function, variables_of
from ops.deployment.role import Role

if TYPE_CHECKING:
    from handler.settings import Settings
    from ops.config import Deployment
    from ops.deployment.cloud import Cloud
    from ops.deployment.part import Found


@dataclass
class Deployed:
    """A deployment as it should be, and what of it is there.

    Attributes:
        wanted: what serverless.yml says.
        cloud: the account.
    """

    wanted: Deployment
    cloud: Cloud

    @cached_property
    def role(self) -> Found | None:
        """GetRole's RoleInfo."""
        return Role(self.wanted, self.cloud).find()

    @cached_property
    def function(self) -> Found | None:
        """GetFunction's reply."""
        return Function(self.wanted, self.cloud).find()

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
