"""The EventBridge rule that brings new interfaces to the function, and its target."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ops.deployment.cloud import EB, EB_REGION
from ops.deployment.part import MARK, Change, Found, Part, changed
from ops.errors import OperatorError

if TYPE_CHECKING:
    from ops.deployment.cloud import Cloud

ACTIONS = {
    "vpc": (
        "CreateNetworkInterface",
        "CreateAndAttachNetworkInterface",
        "AttachNetworkInterface",
        "MigrateNetworkInterface",
    ),
    "cvm": ("RunInstances",),
}
"""All that bring a new interface, or a loose one to an instance."""
_NO_BUS = (
    "the account has no service event bus: open EventBridge once in the console (console.cloud.tencent.com/eb), which "
    "activates it"
)
CALLS = ("ApiCall", "ConsoleCall", "MiniProgramCall")


def pattern() -> dict[str, Any]:
    """What is delivered: the five actions, however they were called.

    `type` names the product and is documented. `source` would only say the same again, and how it is spelt for these
    two products is inferred: a condition on it could match nothing.
    """
    types = [f"{product}:CloudEvent:{call}" for product in ACTIONS for call in CALLS]
    return {"type": types, "data": {"eventName": [name for names in ACTIONS.values() for name in names]}}


def _service_bus(cloud: Cloud) -> str:
    """The id of the bus that receives the cloud's own events (type Cloud); empty where EventBridge is not activated."""
    buses = cloud.pages(EB, "ListEventBuses", "EventBuses", region=EB_REGION)
    return next((str(bus["EventBusId"]) for bus in buses if bus.get("Type") == "Cloud"), "")


class Rule(Part):
    """The rule on the service bus."""

    kind = "rule"

    def find(self) -> Found | None:
        """GetRule's reply; ListRules does not tell the pattern."""
        bus = _service_bus(self.cloud)
        if not bus:
            return None
        for rule in self.cloud.pages(EB, "ListRules", "Rules", {"EventBusId": bus}, EB_REGION):
            if rule.get("RuleName") == self.name:
                return self.cloud.find(EB, "GetRule", {"EventBusId": bus, "RuleId": rule["RuleId"]}, EB_REGION)
        return None

    def differences(self, found: Found) -> list[Change]:
        """What it lets through, and whether it is on."""
        there = _parsed(found.get("EventPattern"))
        same = _unordered(there) == _unordered(pattern())
        changes = [] if same else [Change("lets through", _words(there), "all five actions")]
        return changes + changed("enabled", bool(found.get("Enable")), new=True)

    def obstacle(self, _found: Found | None) -> str:
        """Say it where there is no service bus."""
        return "" if _service_bus(self.cloud) else _NO_BUS

    def create(self) -> None:
        """Call CreateRule."""
        params = {"EventBusId": _service_bus(self.cloud), "RuleName": self.name, **_wanted()}
        self.cloud.change(EB, "CreateRule", params, EB_REGION)

    def update(self, found: Found) -> None:
        """Call UpdateRule."""
        self.cloud.change(EB, "UpdateRule", {**rule_of(found), "RuleName": self.name, **_wanted()}, EB_REGION)

    def delete(self, found: Found) -> None:
        """Call DeleteRule."""
        self.cloud.call(EB, "DeleteRule", rule_of(found), EB_REGION)


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


def _parsed(text: object) -> Any:
    """An EventPattern, or its text where it is not JSON."""
    try:
        return json.loads(str(text or "null"))
    except ValueError:
        return str(text)


def resource_of(target: Found) -> str:
    """Whom a target calls."""
    return str((target.get("TargetDescription") or {}).get("ResourceDescription") or "")


def rule_of(found: Found) -> dict[str, Any]:
    """The ids by which the API knows a rule."""
    return {"EventBusId": found["EventBusId"], "RuleId": found["RuleId"]}


def _wanted() -> dict[str, Any]:
    return {"EventPattern": json.dumps(pattern()), "Enable": True, "Description": MARK}


def _words(there: Any) -> str:
    """What a rule with this pattern lets through: all but what it lacks, where that can be said; else the pattern."""
    wanted = pattern()
    try:
        names = [name for name in wanted["data"]["eventName"] if name not in there["data"]["eventName"]]
        types = [name for name in wanted["type"] if name not in there["type"]]
    except (KeyError, TypeError):
        return json.dumps(there)
    return f"all but {', '.join(names + types)}" if names or types else json.dumps(there)


def _unordered(value: Any) -> Any:
    """A pattern in which the order of alternatives does not count."""
    if isinstance(value, dict):
        return {key: _unordered(item) for key, item in value.items()}
    return sorted(map(json.dumps, value)) if isinstance(value, list) else value
