"""A function's log in CLS: each line that it wrote, a line that is JSON by its first-level keys (doc 583/52637)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localcloud.cls.model import DEFAULTS, Index, Line, Logs, Topic
from localcloud.scf.invoker import Invocation, Invoker
from localcloud.scf.model import Functions, Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.account import Account
    from localcloud.core.actions import Context

KEPT_DAYS = 7
DAY_S = 24 * 3600.0
_INDEX = {"FullText": {"CaseSensitive": False, "Tokenizer": " "}, "DynamicIndex": {"Status": True}}
"""Words and all keys: what SCF's own index has is not documented key by key (inferred)."""


def default_topic(ctx: Context) -> Topic:
    """Return SCF's own topic of the call's region, which functions without one log to, made at first use."""
    logs = ctx.region.state(Logs)
    name = f"SCF_logtopic_{ctx.region.name}"
    for topic in logs.topics.values():
        if topic.name == name:
            return topic
    logset_id = ctx.account.ids.uuid()
    settings = {**DEFAULTS, "TopicName": name, "LogsetId": logset_id, "Period": KEPT_DAYS}
    topic = Topic(ctx.account.ids.uuid(), ctx.now(), settings, Index(_INDEX))
    logs.logsets[logset_id], logs.topics[topic.topic_id] = f"SCF_logset_{ctx.region.name}", topic
    return topic


def lines_of(account: Account, region: str, topic: Topic, start: float, end: float) -> Iterator[Line]:
    """Return the lines that functions have written into a topic of their region, and SCF's own about each run."""
    functions = {
        function.ref
        for function in account.region(region).state(Functions).rows.values()
        if function.settings["ClsTopicId"] == topic.topic_id
    }
    for run in account.state(Invoker).invocations if functions else ():
        if Ref(run.region, run.namespace, run.function) in functions and start - DAY_S < run.started < end:
            own = {
                "SCF_FunctionName": run.function,
                "SCF_Namespace": run.namespace,
                "SCF_RequestId": run.request_id,
            }
            for number, written in enumerate(run.log.splitlines()):
                fields = {**own, "SCF_Type": "Custom", "SCF_Message": written, **_keys(written)}
                yield Line(run.started + number / 1000, fields)
            yield Line(run.started + run.duration_ms / 1000, {**own, **_report(run)})


def _report(run: Invocation) -> dict[str, Any]:
    """Return SCF's own line of a run, with its status code; which keys it has is from their documented list."""
    status = 200 if run.error is None else run.error["statusCode"]
    return {
        "SCF_Type": "Platform",
        "SCF_Level": "INFO" if run.error is None else "ERROR",
        "SCF_StatusCode": status,
        "SCF_Duration": run.duration_ms,
        "SCF_MemUsage": run.memory_mb,
        "SCF_RetryNum": run.attempt - 1,
        "SCF_Message": f"Report RequestId: {run.request_id} Duration:{run.duration_ms}ms Memory:{run.memory_mb}MB",
    }


def _keys(written: str) -> dict[str, Any]:
    try:
        content = json.loads(written)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
