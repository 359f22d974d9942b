"""The execution role, whose temporary keys are the function's only credentials."""

from __future__ import annotations

import json

from ops.deployment import documents, grants
from ops.deployment.cloud import CAM
from ops.deployment.part import MARK, Found, Part
from ops.deployment.step import Change


class Role(Part):
    """The role, which SCF may take (docs 598/36223, 598/36221)."""

    kind = "role"

    @property
    def name(self) -> str:
        """The name that serverless.yml gives it: `role`."""
        return self.deployment.role

    def find(self) -> Found | None:
        """GetRole's RoleInfo."""
        reply = self.cloud.find(CAM, "GetRole", {"RoleName": self.name})
        return reply and reply["RoleInfo"]

    def differences(self, found: Found) -> list[Change]:
        """Name who may take it, where that is not SCF alone."""
        there = grants.trusted(grants.parse(found.get("PolicyDocument")))
        wanted = grants.trusted(documents.trust())
        if there == wanted:
            return []
        return [Change("trusts", ", ".join(sorted(there)) or "nobody", ", ".join(sorted(wanted)))]

    def create(self) -> None:
        """Call CreateRole."""
        params = {"RoleName": self.name, "PolicyDocument": _trust(), "Description": MARK}
        self.cloud.change(CAM, "CreateRole", params)

    def update(self, _found: Found) -> None:
        """Call UpdateAssumeRolePolicy, which sets the whole trust policy anew."""
        self.cloud.change(CAM, "UpdateAssumeRolePolicy", {"RoleName": self.name, "PolicyDocument": _trust()})

    def delete(self, _found: Found) -> None:
        """Call DeleteRole."""
        self.cloud.call(CAM, "DeleteRole", {"RoleName": self.name})


def _trust() -> str:
    return json.dumps(documents.trust())
