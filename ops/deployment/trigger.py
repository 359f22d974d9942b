"""The timer that runs the sweep (doc 583/39901)."""

from __future__ import annotations

import json
from typing import Any

from handler.errors import CloudError
from ops.deployment.cloud import SCF, absent
from ops.deployment.plan import Change, Found, Resource, changed


class TimerTrigger(Resource):
    """The one trigger that SCF itself holds."""

    kind = "timer"

    @property
    def name(self) -> str:
        """Its name in `events` of serverless.yml."""
        return self.deployment.timer.name

    def find(self) -> Found | None:
        """Its entry in ListTriggers; none where there is no function."""
        try:
            for trigger in self.cloud.pages(SCF, "ListTriggers", "Triggers", self._function()):
                if (trigger.get("Type"), trigger.get("TriggerName")) == ("timer", self.name):
                    return trigger
        except CloudError as error:
            if not absent(error):
                raise
        return None

    def is_ours(self, found: Found) -> bool:  # noqa: ARG002 - it stands on our function, under the name we gave it
        """It belongs to the function."""
        return True

    def differences(self, found: Found) -> list[Change]:
        """When it goes, with what, and whether at all."""
        wanted = self.deployment.timer
        return [
            *changed("cron", cron_of(found), wanted.cron),
            *changed("message", found.get("CustomArgument") or "", wanted.argument),
            *changed("enabled", bool(found.get("Enable")), wanted.enabled),
        ]

    def create(self) -> None:
        """CreateTrigger."""
        self.cloud.change(SCF, "CreateTrigger", self._params())

    def update(self, found: Found) -> None:
        """UpdateTrigger."""
        qualifier = found.get("Qualifier") or self.deployment.timer.qualifier
        self.cloud.change(SCF, "UpdateTrigger", {**self._params(), "Qualifier": qualifier})

    def delete(self, found: Found) -> None:
        """DeleteTrigger."""
        params = {"TriggerName": self.name, "Type": "timer", "Qualifier": found.get("Qualifier") or "$DEFAULT"}
        self.cloud.call(SCF, "DeleteTrigger", {**self._function(), **params})

    def _function(self) -> dict[str, Any]:
        return {"FunctionName": self.deployment.name, "Namespace": self.deployment.namespace}

    def _params(self) -> dict[str, Any]:
        wanted = self.deployment.timer
        params = {
            "TriggerName": self.name,
            "Type": "timer",
            "TriggerDesc": wanted.cron,
            "Qualifier": wanted.qualifier,
            "Enable": "OPEN" if wanted.enabled else "CLOSE",
            "CustomArgument": wanted.argument,
        }
        return {**self._function(), **params}


def cron_of(found: Found) -> str:
    """A timer's cron expression: sent as it is, it comes back as {"cron": "…"}."""
    text = str(found.get("TriggerDesc") or "")
    try:
        described = json.loads(text)
    except ValueError:
        return text
    return str(described.get("cron", "")) if isinstance(described, dict) else text
