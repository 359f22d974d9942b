"""Whom alarms call (CLS, doc 614/56466).

By ENI_FLOWLOG_ALARM_RECEIVERS (`group:ID` and `user:UIN` of the account, separated by commas) and
ENI_FLOWLOG_ALARM_WEBHOOK (an address of WeCom, DingTalk, Lark, or any other).
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ops.deployment.wanted import ALARM_RECEIVERS, ALARM_WEBHOOK
from ops.errors import OperatorError

if TYPE_CHECKING:
    from ops.deployment.part import Found
    from ops.deployment.wanted import Deployment

_RECEIVER = re.compile(r"(group|user):(\d+)")
_TYPES = {"group": "Group", "user": "Uin"}
_MESSENGERS = {
    "qyapi.weixin.qq.com": "WeCom",
    "oapi.dingtalk.com": "DingTalk",
    "open.feishu.cn": "Lark",
    "open.larksuite.com": "Lark",
}
_TEXT = "Default-en"


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
    return {
        "ReceiverType": _TYPES[match[1]],
        "ReceiverIds": [int(match[2])],
        "ReceiverChannels": ["Email", "Sms"],
        "StartTime": "00:00:00",
        "EndTime": "23:59:59",
        "NoticeContentId": _TEXT,
    }


def whom(found: Found) -> str:
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
