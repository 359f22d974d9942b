"""The target of the EventBridge rule: the function."""

from __future__ import annotations

from typing import Any

from ops.deployment.cloud import EB, EB_REGION
from ops.deployment.part import Found, Part
from ops.deployment.rule import Rule, rule_of
from ops.deployment.step import Change
from ops.errors import OperatorError


class Target(Part):
    """The rule's target: the function. All targets of type scf on our rule are ours."""

    kind = "target"

    @property
    def name(self) -> str:
        """The function's, as a rule's target names it."""
        return self.resource()

    def resource(self) -> str:
        """The function in the six segments that CreateTarget documents."""
        wanted = self.deployment
        return (
            f"qcs::scf:{wanted.region}:uin/{self.cloud.uin}:namespace/{wanted.namespace}"
            f"/function/{wanted.name}/{wanted.timer.qualifier}"
        )

    def find(self) -> Found | None:
        """The ids of the rule, and its targets of type scf; None where there are none."""
        rule = Rule(self.deployment, self.cloud).find()
        if rule is None:
            return None
        entries = self.cloud.pages(EB, "ListTargets", "Targets", rule_of(rule), EB_REGION)
        targets = [entry for entry in entries if entry.get("Type") == "scf"]
        return {**rule, "targets": targets} if targets else None

    def differences(self, found: Found) -> list[Change]:
        """Whom it calls; another function, or the same twice, is one too many."""
        there = [resource_of(target) for target in found["targets"]]
        return [] if there == [self.resource()] else [Change("calls", ", ".join(there), self.resource())]

    def create(self) -> None:
        """Call CreateTarget."""
        rule = Rule(self.deployment, self.cloud).find()
        if rule is None:
            raise OperatorError(
                f"There is no rule {self.deployment.name} for the target: run `eni-flowlog deploy` again."
            )
        target = {"Type": "scf", "TargetDescription": {"ResourceDescription": self.resource()}}
        self.cloud.change(EB, "CreateTarget", {**rule_of(rule), **target}, EB_REGION)

    def update(self, found: Found) -> None:
        """Call CreateTarget, then DeleteTarget of all others: UpdateTarget cannot change whom it calls."""
        kept = next((target for target in found["targets"] if resource_of(target) == self.resource()), None)
        if kept is None:
            self.create()
        self._delete(found, [target for target in found["targets"] if target is not kept])

    def delete(self, found: Found) -> None:
        """Call DeleteTarget."""
        self._delete(found, found["targets"])

    def _delete(self, found: Found, targets: list[dict[str, Any]]) -> None:
        for target in targets:
            self.cloud.call(EB, "DeleteTarget", {**rule_of(found), "TargetId": target["TargetId"]}, EB_REGION)


def resource_of(target: Found) -> str:
    """Whom a target calls."""
    return str((target.get("TargetDescription") or {}).get("ResourceDescription") or "")
