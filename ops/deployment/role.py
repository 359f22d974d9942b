"""The execution role, whose temporary keys are the function's only credentials, and what it may do."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from ops.deployment import documents
from ops.deployment.cloud import CAM
from ops.deployment.part import MARK, Change, Found, Part

_PAGE = 200


class Role(Part):
    """The role, which SCF may take (docs 598/36223, 598/36221)."""

    kind = "role"

    @property
    def name(self) -> str:
        """`role` in serverless.yml."""
        return self.deployment.role

    def find(self) -> Found | None:
        """GetRole's RoleInfo."""
        reply = self.cloud.find(CAM, "GetRole", {"RoleName": self.name})
        return reply and reply["RoleInfo"]

    def is_ours(self, found: Found) -> bool:
        """By its description."""
        return MARK in str(found.get("Description"))

    def differences(self, found: Found) -> list[Change]:
        """Who may take it."""
        there = documents.trusted(documents.parse(found.get("PolicyDocument")))
        wanted = documents.trusted(documents.trust())
        if there == wanted:
            return []
        return [Change("trusts", ", ".join(sorted(there)) or "nobody", ", ".join(sorted(wanted)))]

    def create(self) -> None:
        """CreateRole."""
        params = {"RoleName": self.name, "PolicyDocument": _trust(), "Description": MARK}
        self.cloud.change(CAM, "CreateRole", params)

    def update(self, _found: Found) -> None:
        """UpdateAssumeRolePolicy, which sets the whole trust policy anew."""
        self.cloud.change(CAM, "UpdateAssumeRolePolicy", {"RoleName": self.name, "PolicyDocument": _trust()})

    def delete(self, _found: Found) -> None:
        """DeleteRole."""
        self.cloud.call(CAM, "DeleteRole", {"RoleName": self.name})


class Policy(Part):
    """The role's permissions: ops/policies/role-policy.json as a custom policy, attached to the role."""

    kind = "policy"

    @property
    def name(self) -> str:
        """The role's."""
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
        found: list[dict[str, Any]] = []
        for page in range(1, _PAGE):
            params = {"RoleName": self.deployment.role, "Page": page, "Rp": _PAGE}
            reply = self.cloud.find(CAM, "ListAttachedRolePolicies", params)
            entries = (reply or {}).get("List") or []
            found += entries
            if len(entries) < _PAGE:
                break
        return found

    def is_ours(self, found: Found) -> bool:
        """By its description."""
        return MARK in str(found.get("Description"))

    def differences(self, found: Found) -> list[Change]:
        """Each permission that is missing or too many, and whether the role has it at all."""
        changes = self._document_changes(found)
        if not found["attached"]:
            changes.append(Change("attached to the role", "no", "yes"))
        return changes

    def contents(self) -> list[Change]:
        """What it allows, a line for each resource."""
        allowed: dict[str, list[str]] = defaultdict(list)
        for grant in sorted(documents.grants(documents.role_policy(self.deployment, self.cloud.uin))):
            allowed[grant.resource].append(grant.action)
        return [Change("permission", "", f"{', '.join(names)} on {where}") for where, names in allowed.items()]

    def create(self) -> None:
        """CreatePolicy, then AttachRolePolicy."""
        params = {"PolicyName": self.name, "PolicyDocument": self._document(), "Description": MARK}
        self._attach(int(self.cloud.change(CAM, "CreatePolicy", params)["PolicyId"]))

    def update(self, found: Found) -> None:
        """UpdatePolicy, AttachRolePolicy, or both."""
        if self._document_changes(found):
            params = {"PolicyId": found["PolicyId"], "PolicyDocument": self._document(), "Description": MARK}
            self.cloud.change(CAM, "UpdatePolicy", params)
        if not found["attached"]:
            self._attach(found["PolicyId"])

    def delete(self, found: Found) -> None:
        """DetachRolePolicy, then DeletePolicy."""
        policy_id = found["PolicyId"]
        if found["attached"]:
            params = {"PolicyId": policy_id, "DetachRoleName": self.deployment.role}
            self.cloud.call(CAM, "DetachRolePolicy", params)
        self.cloud.call(CAM, "DeletePolicy", {"PolicyId": [policy_id]})

    def _policy_id(self) -> int | None:
        """ListPolicies takes a keyword, not a name."""
        for page in range(1, _PAGE):
            params = {"Scope": "Local", "Keyword": self.name, "Page": page, "Rp": _PAGE}
            entries = self.cloud.call(CAM, "ListPolicies", params).get("List") or []
            for entry in entries:
                if entry.get("PolicyName") == self.name:
                    return int(entry["PolicyId"])
            if len(entries) < _PAGE:
                break
        return None

    def _document_changes(self, found: Found) -> list[Change]:
        there = documents.grants(documents.parse(found.get("PolicyDocument")))
        wanted = documents.grants(documents.role_policy(self.deployment, self.cloud.uin))
        added = [Change("permission", "", str(grant)) for grant in sorted(wanted - there)]
        return added + [Change("permission", str(grant), "") for grant in sorted(there - wanted)]

    def _document(self) -> str:
        return json.dumps(documents.role_policy(self.deployment, self.cloud.uin))

    def _attach(self, policy_id: int) -> None:
        self.cloud.change(CAM, "AttachRolePolicy", {"PolicyId": policy_id, "AttachRoleName": self.deployment.role})


def _trust() -> str:
    return json.dumps(documents.trust())
