"""What the execution role may do."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any

from ops.deployment import documents, grants
from ops.deployment.cloud import CAM
from ops.deployment.part import MARK, Found, Part
from ops.deployment.step import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE = 200
"""The most that ListPolicies and ListAttachedRolePolicies give at once."""


class Policy(Part):
    """The role's permissions: ops/policies/role-policy.json as a custom policy, attached to the role."""

    kind = "policy"

    @property
    def name(self) -> str:
        """The role's name."""
        return self.deployment.role

    def find(self) -> Found | None:
        """GetPolicy's reply, with its PolicyId and whether it is attached to the role."""
        policy_id = self._policy_id()
        if policy_id is None:
            return None
        reply = self.cloud.find(CAM, "GetPolicy", {"PolicyId": policy_id})
        if reply is None:
            return None
        attached = any(each.get("PolicyId") == policy_id for each in self.attached())
        return {**reply, "PolicyId": policy_id, "attached": attached}

    def attached(self) -> list[dict[str, Any]]:
        """The policies that are attached to the role, any kind; none where there is no role."""
        return list(self._pages("ListAttachedRolePolicies", {"RoleName": self.deployment.role}))

    def differences(self, found: Found) -> list[Change]:
        """Each permission that is missing or too many, and whether the role has it at all."""
        changes = self._document_changes(found)
        if not found["attached"]:
            changes.append(Change("attached to the role", "no", "yes"))
        return changes

    def contents(self) -> list[Change]:
        """What it allows, a line for each resource."""
        allowed: dict[str, list[str]] = defaultdict(list)
        for grant in sorted(grants.grants(documents.role_policy(self.deployment, self.cloud.uin))):
            allowed[grant.resource].append(grant.action)
        return [Change("permission", "", f"{', '.join(names)} on {where}") for where, names in allowed.items()]

    def create(self) -> None:
        """Call CreatePolicy, then AttachRolePolicy."""
        params = {"PolicyName": self.name, "PolicyDocument": self._document(), "Description": MARK}
        self._attach(int(self.cloud.change(CAM, "CreatePolicy", params)["PolicyId"]))

    def update(self, found: Found) -> None:
        """Call UpdatePolicy, AttachRolePolicy, or both."""
        if self._document_changes(found):
            params = {"PolicyId": found["PolicyId"], "PolicyDocument": self._document(), "Description": MARK}
            self.cloud.change(CAM, "UpdatePolicy", params)
        if not found["attached"]:
            self._attach(found["PolicyId"])

    def delete(self, found: Found) -> None:
        """Call DetachRolePolicy, then DeletePolicy."""
        policy_id = found["PolicyId"]
        if found["attached"]:
            params = {"PolicyId": policy_id, "DetachRoleName": self.deployment.role}
            self.cloud.call(CAM, "DetachRolePolicy", params)
        self.cloud.call(CAM, "DeletePolicy", {"PolicyId": [policy_id]})

    def _policy_id(self) -> int | None:
        """The id of the policy of this name, looked for here: ListPolicies finds by a keyword."""
        named = self._pages("ListPolicies", {"Scope": "Local", "Keyword": self.name})
        return next((int(each["PolicyId"]) for each in named if each.get("PolicyName") == self.name), None)

    def _pages(self, action: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """All entries of a list of CAM's, which is paged by Page and Rp; none where what it is of is not there."""
        for page in count(1):
            reply = self.cloud.find(CAM, action, {**params, "Page": page, "Rp": _PAGE}) or {}
            entries = reply.get("List") or []
            yield from entries
            if len(entries) < _PAGE:
                return

    def _document_changes(self, found: Found) -> list[Change]:
        there = grants.grants(grants.parse(found.get("PolicyDocument")))
        wanted = grants.grants(documents.role_policy(self.deployment, self.cloud.uin))
        added = [Change("permission", "", str(grant)) for grant in sorted(wanted - there)]
        return added + [Change("permission", str(grant), "") for grant in sorted(there - wanted)]

    def _document(self) -> str:
        return json.dumps(documents.role_policy(self.deployment, self.cloud.uin))

    def _attach(self, policy_id: int) -> None:
        self.cloud.change(CAM, "AttachRolePolicy", {"PolicyId": policy_id, "AttachRoleName": self.deployment.role})
