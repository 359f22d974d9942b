"""The EventBridge rule that brings new interfaces to the function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler import jsontext
from ops.deployment.cloud import EB, EB_REGION
from ops.deployment.part import MARK, Found, Part
from ops.deployment.step import Change, changed

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
        text = str(found.get("EventPattern") or "nothing")
        same = _unordered(jsontext.said(text)) == _unordered(pattern())
        changes = [] if same else [Change("lets through", _words(text), "all five actions")]
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


def rule_of(found: Found) -> dict[str, Any]:
    """The ids by which the API knows a rule."""
    return {"EventBusId": found["EventBusId"], "RuleId": found["RuleId"]}


def _wanted() -> dict[str, Any]:
    return {"EventPattern": json.dumps(pattern()), "Enable": True, "Description": MARK}


def _words(text: str) -> str:
    """What a rule with this pattern lets through: all but what it lacks, where that can be said; else the pattern."""
    there, wanted = jsontext.said(text), pattern()
    try:
        names = [name for name in wanted["data"]["eventName"] if name not in there["data"]["eventName"]]
        types = [name for name in wanted["type"] if name not in there["type"]]
    except (KeyError, TypeError):
        return text
    return f"all but {', '.join(names + types)}" if names or types else text


def _unordered(value: Any) -> Any:
    """A pattern in which the order of alternatives does not count."""
    if isinstance(value, dict):
        return {key: _unordered(item) for key, item in value.items()}
    return sorted(map(json.dumps, value)) if isinstance(value, list) else value
