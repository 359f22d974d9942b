"""Alarms on the function's log, made where somebody is named to be called (CLS, doc 614/56468)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.deployment.cloud import CLS
from ops.deployment.function import Function
from ops.deployment.notice import notice, whom
from ops.deployment.part import TAG, Found, TaggedPart
from ops.deployment.step import Change, changed
from ops.errors import OperatorError

if TYPE_CHECKING:
    from ops.deployment.wanted import Deployment

PERIOD_MIN = 15
"""How often a log is looked at, in minutes."""
AGAIN_MIN = 60
"""After how many minutes an alarm calls again, where its reason has not gone."""
NO_SWEEP_MIN = 180

_TAGS = [{"Key": TAG[0], "Value": TAG[1]}]


@dataclass(frozen=True)
class Watched:
    """What an alarm looks for in the function's log.

    Attributes:
        what: goes wrong.
        query: counts the lines that tell of it, in CLS's language.
        minutes: how far back is looked.
        condition: of the count `n`, when to call.
    """

    what: str
    query: str
    minutes: int
    condition: str = "$1.n > 0"

    def __str__(self) -> str:
        """Say it in a line of a plan."""
        return f"{self.condition}, {self.minutes} min, {self.query}"


def watched(deployment: Deployment) -> list[Watched]:
    """What is watched. The messages are those of the function's own lines (docs/operations.md), a tested contract."""
    lines = f'SCF_FunctionName:"{deployment.name}" AND '
    found = [
        Watched("dead letters", f'{lines}message:"dead letter"', PERIOD_MIN),
        Watched("not covered", f'{lines}(message:"flow log impaired" OR message:missing)', PERIOD_MIN),
        Watched("failures", f"{lines}SCF_StatusCode:>200", PERIOD_MIN),
    ]
    if deployment.timer.enabled:
        found.append(Watched("no sweep", f"{lines}command:sweep", NO_SWEEP_MIN, "$1.n < 1"))
    return found


class Alarms(TaggedPart):
    """The notice and the alarms that send it: all their names begin with the function's."""

    kind = "alarm"

    def find(self) -> Found | None:
        """The notice and the alarms, by name; None where there is none of them."""
        named = {"Filters": [{"Key": "name", "Values": [self.name]}]}
        notices = self.cloud.pages(CLS, "DescribeAlarmNotices", "AlarmNotices", named)
        alarms = {
            str(one["Name"]): one
            for one in self.cloud.pages(CLS, "DescribeAlarms", "Alarms", named)
            if str(one["Name"]).startswith(f"{self.name} ")
        }
        ours = next((one for one in notices if one.get("Name") == self.name), None)
        return {"notice": ours, "alarms": alarms} if ours or alarms else None

    def is_ours(self, found: Found) -> bool:
        """Whether deploy made them: each has the tag."""
        there = [found["notice"]] * bool(found["notice"]) + list(found["alarms"].values())
        return all(super(Alarms, self).is_ours(one) for one in there)

    def contents(self) -> list[Change]:
        """What they watch, and whom they call."""
        watch = ", ".join(each.what for each in watched(self.deployment))
        return [Change("watches", "", watch), Change("calls", "", whom(notice(self.deployment)))]

    def differences(self, found: Found) -> list[Change]:
        """Whom they call, and each alarm that is missing, differs or is one too many."""
        changes = changed("calls", whom(found["notice"] or {}), whom(notice(self.deployment)))
        there = {name: _shown(one) for name, one in found["alarms"].items()}
        wanted = {name: str(each) for name, each in self._wanted().items()}
        for name in sorted({*there, *wanted}):
            changes += changed(name, there.get(name), wanted.get(name))
        return changes

    def create(self) -> None:
        """Call CreateAlarmNotice, and CreateAlarm for each."""
        self.update({"notice": None, "alarms": {}})

    def update(self, found: Found) -> None:
        """Make what is missing, change what differs, and delete what is one too many."""
        notice_id, topic = self._notice(found["notice"]), self._log_topic()
        wanted, there = self._wanted(), found["alarms"]
        for name, each in wanted.items():
            params = {**_params(each, topic), "Name": name, "AlarmNoticeIds": [notice_id]}
            if name not in there:
                self.cloud.change(CLS, "CreateAlarm", {**params, "Tags": _TAGS})
            elif _shown(there[name]) != str(each):
                self.cloud.change(CLS, "ModifyAlarm", {**params, "AlarmId": there[name]["AlarmId"]})
        for name in there.keys() - wanted.keys():
            self.cloud.change(CLS, "DeleteAlarm", {"AlarmId": there[name]["AlarmId"]})

    def delete(self, found: Found) -> None:
        """DeleteAlarm for each, then DeleteAlarmNotice, which must not be in use."""
        for one in found["alarms"].values():
            self.cloud.call(CLS, "DeleteAlarm", {"AlarmId": one["AlarmId"]})
        if found["notice"]:
            self.cloud.call(CLS, "DeleteAlarmNotice", {"AlarmNoticeId": found["notice"]["AlarmNoticeId"]})

    def _notice(self, there: Found | None) -> str:
        wanted = {"Name": self.name, **notice(self.deployment)}
        if there is None:
            return str(self.cloud.change(CLS, "CreateAlarmNotice", {**wanted, "Tags": _TAGS})["AlarmNoticeId"])
        if whom(there) != whom(wanted):
            self.cloud.change(CLS, "ModifyAlarmNotice", {**wanted, "AlarmNoticeId": there["AlarmNoticeId"]})
        return str(there["AlarmNoticeId"])

    def _wanted(self) -> dict[str, Watched]:
        return {f"{self.name} {each.what}": each for each in watched(self.deployment)}

    def _log_topic(self) -> dict[str, str]:
        """The topic of the function's log, as an alarm's target names it."""
        function = Function(self.deployment, self.cloud).find() or {}
        if not function.get("ClsTopicId"):
            raise OperatorError(
                f"The function {self.name} has no log topic to watch: choose one in its log configuration in the "
                "console, or take the alarm's receivers away."
            )
        return {"TopicId": function["ClsTopicId"], "LogsetId": function.get("ClsLogsetId") or ""}


def _params(each: Watched, topic: dict[str, str]) -> dict[str, Any]:
    """An alarm as CreateAlarm and ModifyAlarm take it, without its name and its notice."""
    target = {
        **topic,
        "Query": f"{each.query} | select count(*) as n",
        "Number": 1,
        "StartTimeOffset": -each.minutes,
        "EndTimeOffset": 0,
        "SyntaxRule": 1,
    }
    return {
        "AlarmTargets": [target],
        "MonitorTime": {"Type": "Period", "Time": PERIOD_MIN},
        "TriggerCount": 1,
        "AlarmPeriod": AGAIN_MIN,
        "Condition": each.condition,
        "AlarmLevel": 0,
        "Status": True,
    }


def _shown(alarm: Found) -> str:
    """What an alarm looks for, in the words of `Watched`; one that is off looks for nothing."""
    target: Found = next(iter(alarm.get("AlarmTargets") or []), {})
    if alarm.get("Status") is False:
        return "switched off"
    query = str(target.get("Query") or "").partition(" | ")[0]
    return f"{alarm.get('Condition')}, {-int(target.get('StartTimeOffset') or 0)} min, {query}"
