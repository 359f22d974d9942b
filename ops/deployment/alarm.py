"""Alarms on the function's log, and whom they call (CLS, docs 614/56466 and 614/56468).

They are made where somebody is named to be called: by ENI_FLOWLOG_ALARM_RECEIVERS (`group:ID` and `user:UIN` of the
account, separated by commas) or ENI_FLOWLOG_ALARM_WEBHOOK (an address of WeCom, DingTalk, Lark, or any other).
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ops.config import ALARM_RECEIVERS, ALARM_WEBHOOK
from ops.deployment.cloud import CLS
from ops.deployment.function import Function
from ops.deployment.part import TAG, Found, TaggedPart
from ops.deployment.step import Change, changed
from ops.errors import OperatorError

if TYPE_CHECKING:
    from ops.config import Deployment

PERIOD_MIN = 15
"""How often a log is looked at, in minutes."""
AGAIN_MIN = 60
"""After how many minutes an alarm calls again, where its reason has not gone."""
NO_SWEEP_MIN = 180

_RECEIVER = re.compile(r"(group|user):(\d+)")
_TYPES = {"group": "Group", "user": "Uin"}
_MESSENGERS = {
    "qyapi.weixin.qq.com": "WeCom",
    "oapi.dingtalk.com": "DingTalk",
    "open.feishu.cn": "Lark",
    "open.larksuite.com": "Lark",
}
_TEXT = "Default-en"
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


def notice(deployment: Deployment) -> dict[str, Any]:
    """Whom to call, as CreateAlarmNotice takes it; empty where nobody is named.

    Raises:
        OperatorError: a receiver or the address has not its form.
    """
    receivers = [_receiver(each.strip()) for each in deployment.alarm_receivers.split(",") if each.strip()]
    url = deployment.alarm_webhook
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise OperatorError(f"{ALARM_WEBHOOK} must be an address that begins with https://.")
    messenger = _MESSENGERS.get(urlsplit(url).hostname or "", "Http")
    callback = {"CallbackType": messenger, "Url": url, "Method": "POST", "NoticeContentId": _TEXT}
    if not (receivers or url):
        return {}
    return {"Type": "All", "NoticeReceivers": receivers, "WebCallbacks": [callback] if url else []}


def _receiver(text: str) -> dict[str, Any]:
    match = _RECEIVER.fullmatch(text)
    if match is None:
        raise OperatorError(f"{ALARM_RECEIVERS} must be group:ID or user:UIN, separated by commas, not {text!r}.")
    channels = {"ReceiverChannels": ["Email", "Sms"], "StartTime": "00:00:00", "EndTime": "23:59:59"}
    return {
        "ReceiverType": _TYPES[match[1]],
        "ReceiverIds": [int(match[2])],
        **channels,
        "NoticeContentId": _TEXT,
    }


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
        return [Change("watches", "", watch), Change("calls", "", _whom(notice(self.deployment)))]

    def differences(self, found: Found) -> list[Change]:
        """Whom they call, and each alarm that is missing, differs or is one too many."""
        changes = changed("calls", _whom(found["notice"] or {}), _whom(notice(self.deployment)))
        there = {name: _shown(one) for name, one in found["alarms"].items()}
        wanted = {self._named(each): self._looks_for(each) for each in watched(self.deployment)}
        for name in sorted({*there, *wanted}):
            changes += changed(name, there.get(name), wanted.get(name))
        return changes

    def create(self) -> None:
        """Call CreateAlarmNotice, and CreateAlarm for each."""
        self.update({"notice": None, "alarms": {}})

    def update(self, found: Found) -> None:
        """Make what is missing, change what differs, and delete what is one too many."""
        notice_id = self._notice(found["notice"])
        wanted = {self._named(each): each for each in watched(self.deployment)}
        for name, each in wanted.items():
            params, there = self._alarm(name, each, notice_id), found["alarms"].get(name)
            if there is None:
                self.cloud.change(CLS, "CreateAlarm", {**params, "Tags": _TAGS})
            elif _shown(there) != self._looks_for(each):
                self.cloud.change(CLS, "ModifyAlarm", {**params, "AlarmId": there["AlarmId"]})
        for name in found["alarms"].keys() - wanted.keys():
            self.cloud.change(CLS, "DeleteAlarm", {"AlarmId": found["alarms"][name]["AlarmId"]})

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
        if _whom(there) != _whom(wanted):
            self.cloud.change(CLS, "ModifyAlarmNotice", {**wanted, "AlarmNoticeId": there["AlarmNoticeId"]})
        return str(there["AlarmNoticeId"])

    def _named(self, each: Watched) -> str:
        return f"{self.name} {each.what}"

    def _looks_for(self, each: Watched) -> str:
        return f"{each.condition}, {each.minutes} min, {each.query}"

    def _alarm(self, name: str, each: Watched, notice_id: str) -> dict[str, Any]:
        function = Function(self.deployment, self.cloud).find() or {}
        if not function.get("ClsTopicId"):
            raise OperatorError(
                f"the function {self.name} has no log topic to watch: choose one in its log configuration in the "
                "console, or take the alarm's receivers away"
            )
        target = {
            "TopicId": function["ClsTopicId"],
            "LogsetId": function.get("ClsLogsetId") or "",
            "Query": f"{each.query} | select count(*) as n",
            "Number": 1,
            "StartTimeOffset": -each.minutes,
            "EndTimeOffset": 0,
            "SyntaxRule": 1,
        }
        return {
            "Name": name,
            "AlarmTargets": [target],
            "MonitorTime": {"Type": "Period", "Time": PERIOD_MIN},
            "TriggerCount": 1,
            "AlarmPeriod": AGAIN_MIN,
            "Condition": each.condition,
            "AlarmLevel": 0,
            "AlarmNoticeIds": [notice_id],
            "Status": True,
        }


def _shown(alarm: Found) -> str:
    """What an alarm looks for, in the words of `_looks_for`; one that is off looks for nothing."""
    target: Found = next(iter(alarm.get("AlarmTargets") or []), {})
    if alarm.get("Status") is False:
        return "switched off"
    query = str(target.get("Query") or "").partition(" | ")[0]
    return f"{alarm.get('Condition')}, {-int(target.get('StartTimeOffset') or 0)} min, {query}"


def _whom(found: Found) -> str:
    """Whom a notice calls, without what is secret in a messenger's address."""
    receivers = [
        f"{'group' if each.get('ReceiverType') == 'Group' else 'user'}:{one}"
        for each in found.get("NoticeReceivers") or []
        for one in each.get("ReceiverIds") or []
    ]
    hooks = [(each.get("CallbackType"), str(each.get("Url"))) for each in found.get("WebCallbacks") or []]
    return ", ".join([*receivers, *(f"{kind} at {_place(url)}" for kind, url in hooks)])


def _place(url: str) -> str:
    """An address's host, and a print of the rest, by which a change is seen and the key in it is not."""
    return f"{urlsplit(url).hostname} ({zlib.crc32(url.encode()):08x})"
