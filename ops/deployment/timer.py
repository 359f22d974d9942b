"""The timer that runs the sweep (doc 583/39901)."""

from __future__ import annotations

from typing import Any

from handler import jsontext
from ops.deployment.cloud import SCF
from ops.deployment.part import Found, Part
from ops.deployment.step import Change, changed


class TimerTrigger(Part):
    """The one trigger that SCF itself holds."""

    kind = "timer"

    @property
    def name(self) -> str:
        """Its name in `events` of serverless.yml."""
        return self.deployment.timer.name

    def find(self) -> Found | None:
        """Its entry in ListTriggers; none where there is no function."""
        named = [timer for timer in self._timers() if timer.get("TriggerName") == self.name]
        # The same name may stand on several versions of a function (inferred): the right one counts first.
        return min(named, key=lambda timer: timer.get("Qualifier") != self.deployment.timer.qualifier, default=None)

    def remark(self, found: Found | None) -> str:
        """Other timers on the function, such as the one that had this one's place under another name."""
        here = (self.name, (found or {}).get("Qualifier"))
        timers = ((str(timer.get("TriggerName")), timer.get("Qualifier")) for timer in self._timers())
        others = [f"{name} ({qualifier})" for name, qualifier in timers if (name, qualifier) != here]
        return f"the function has another timer, {', '.join(others)}: delete it, or it runs besides" if others else ""

    def is_ours(self, _found: Found) -> bool:
        """It stands on our function, under the name that we gave it."""
        return True

    def differences(self, found: Found) -> list[Change]:
        """When it goes, with what, whether at all, and on which version of the function."""
        wanted = self.deployment.timer
        return [
            *changed("qualifier", found.get("Qualifier") or wanted.qualifier, wanted.qualifier),
            *changed("cron", cron_of(found), wanted.cron),
            *changed("message", found.get("CustomArgument") or "", wanted.argument),
            *changed("enabled", bool(found.get("Enable")), wanted.enabled),
        ]

    def contents(self) -> list[Change]:
        """When it goes, and whether it does at all."""
        wanted = self.deployment.timer
        return [Change("cron", "", wanted.cron), *changed("enabled", None, wanted.enabled)]

    def create(self) -> None:
        """Call CreateTrigger."""
        self.cloud.change(SCF, "CreateTrigger", self._params())

    def update(self, found: Found) -> None:
        """UpdateTrigger; DeleteTrigger and CreateTrigger where it stands on another version, which no call changes."""
        if found.get("Qualifier") in (None, "", self.deployment.timer.qualifier):
            self.cloud.change(SCF, "UpdateTrigger", self._params())
        else:
            self.delete(found)
            self.create()

    def delete(self, found: Found) -> None:
        """DeleteTrigger; one that is gone already is no error."""
        params = {"TriggerName": self.name, "Type": "timer", "Qualifier": found.get("Qualifier") or "$DEFAULT"}
        self.cloud.delete(SCF, "DeleteTrigger", {**self._function(), **params})

    def _timers(self) -> list[Found]:
        """The timers on the function; none where there is no function. It can have ten of each kind (GetAccount)."""
        listed = self.cloud.find(SCF, "ListTriggers", {**self._function(), "Offset": 0, "Limit": 100}) or {}
        return [trigger for trigger in listed.get("Triggers") or [] if trigger.get("Type") == "timer"]

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
    described = jsontext.said(text)
    return str(described.get("cron", "")) if isinstance(described, dict) else text
