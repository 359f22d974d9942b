"""Run `main_handler` as SCF runs it: its environment, its dict context, its log lines, against a local cloud."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from jsonschema import Draft202012Validator

from handler import main, schema
from handler.budget import budget_from
from handler.log import logger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from handler.budget import Budget
    from localcloud import LocalCloud
    from tests.support.clock import Clock

QUEUE = "eni-flowlog-dlq"
FUNCTION_REGION = "ap-guangzhou"
REQUEST_ID = "b615b896-0000-4000-8000-0242ac110002"


def environment(cloud: LocalCloud, **changes: str) -> dict[str, str]:
    """SCF's environment with the function's settings, for a local cloud. A change to "" takes a variable away."""
    variables = {
        "TENCENTCLOUD_SECRETID": cloud.secret_id,
        "TENCENTCLOUD_SECRETKEY": cloud.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": "",
        "TENCENTCLOUD_REGION": FUNCTION_REGION,
        "TENCENTCLOUD_RUNENV": "SCF",
        "SCF_FUNCTIONNAME": "eni-flowlog",
        "SCF_FUNCTIONVERSION": "$LATEST",
        "FLOWLOG_TOPIC_ID": cloud.topic_id,
        "FLOWLOG_TOPIC_REGION": cloud.region,
        "FLOWLOG_API_ENDPOINT": cloud.endpoint,
        "FLOWLOG_DLQ_ENDPOINT": cloud.endpoint,
        "FLOWLOG_DLQ_QUEUE": QUEUE,
        **changes,
    }
    return {name: value for name, value in variables.items() if value}


def context(seconds: float = 60.0, **changes: Any) -> dict[str, Any]:
    """SCF's context, with its time limit (platform.md section 5)."""
    return {
        "memory_limit_in_mb": 128,
        "time_limit_in_ms": int(seconds * 1_000),
        "request_id": REQUEST_ID,
        "environment": '{"SCF_NAMESPACE":"default"}',
        "environ": "SCF_NAMESPACE=default",
        "function_version": "$LATEST",
        "function_name": "eni-flowlog",
        "namespace": "default",
        "tencentcloud_region": FUNCTION_REGION,
        "tencentcloud_appid": "1250000001",
        "tencentcloud_uin": "100000000001",
        **changes,
    }


def by_clock(given: dict[str, Any], clock: Clock) -> Budget:
    """The time that a context gives, by a clock that moves only when the function waits."""
    return replace(budget_from(given), monotonic=clock.monotonic, sleep=clock.sleep, started=clock.now)


def valid(name: str, value: Any) -> Any:
    """The value, once its schema has accepted it."""
    Draft202012Validator(schema.document(name)).validate(value)
    return value


@dataclass
class Function:
    """The function with its settings, and what it has logged so far.

    Each run checks what holds for every report: it is valid under its schema, and its counts add up.
    """

    cloud: LocalCloud
    variables: dict[str, str]
    log: io.StringIO = field(default_factory=io.StringIO)

    def __call__(self, event: Any, seconds: float = 60.0, clock: Clock | None = None) -> dict[str, Any]:
        """Run one event with so many seconds of time limit.

        By a clock that moves only when the function waits, what it does in that time does not hang on how busy this
        machine is. It is for one interface that waits: threads that wait side by side would make it go faster.

        Raises:
            InvocationFailed: as the function does.
        """
        given = context(seconds)
        return self.run(event, given, by_clock(given, clock) if clock else None)

    def run(self, event: Any, context: Any, budget: Budget | None = None) -> dict[str, Any]:
        """Run one event with a context of any kind."""
        with patch.dict(os.environ, self.variables, clear=True):
            report = main.main_handler(event, context, budget)
        valid("report", json.loads(json.dumps(report)))
        assert sum(report["outcomes"].values()) == report["received"]
        assert report["received"] or {"command", "Type"} & event.keys(), "only a command may find nothing"
        return report

    def set(self, **changes: str) -> None:
        """Change settings; "" takes one away."""
        self.variables = {name: value for name, value in {**self.variables, **changes}.items() if value}

    def take_keys(self, seconds: float = 3_600) -> str:
        """Take temporary keys of a role, as SCF gives them, and return their id."""
        keys = self.cloud.issue_keys("local-role", seconds)
        assert keys.token
        self.set(
            TENCENTCLOUD_SECRETID=keys.secret_id,
            TENCENTCLOUD_SECRETKEY=keys.secret_key,
            TENCENTCLOUD_SESSIONTOKEN=keys.token,
        )
        return keys.secret_id

    def letters(self) -> list[dict[str, Any]]:
        """What lies on the dead-letter queue, each valid under its schema."""
        return [valid("dead-letter", json.loads(body)) for body in self.cloud.messages(QUEUE)]

    def lines(self) -> list[dict[str, Any]]:
        """The log's lines."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def logged_letters(self) -> list[dict[str, Any]]:
        """The dead letters in the log."""
        return [line["dead_letter"] for line in self.lines() if line["message"] == "dead letter"]

    def calls(self) -> list[str]:
        """The API calls that the cloud has seen, without those to the queue."""
        return [call.action for call in self.cloud.calls if call.service != "cmq"]

    def output(self) -> str:
        """All that leaves the function but its report: log lines and messages."""
        return self.log.getvalue() + "\n".join(self.cloud.messages(QUEUE))


def functions(cloud: LocalCloud, variables: Mapping[str, str]) -> Iterator[Function]:
    """A function whose log goes to a buffer of its own (the body of a fixture)."""
    function = Function(cloud, dict(variables))
    before = logger.registered_handler.setStream(function.log)  # type: ignore[attr-defined]
    try:
        yield function
    finally:
        logger.registered_handler.setStream(before)  # type: ignore[attr-defined]


def outcomes(report: dict[str, Any]) -> dict[str, int]:
    """The outcomes that are not zero."""
    return {name: count for name, count in report["outcomes"].items() if count}


def covered_once(cloud: LocalCloud, interfaces: list[str], region: str = FUNCTION_REGION) -> bool:
    """Whether each of the interfaces has one flow log."""
    return all(len(cloud.flow_logs_of(region, each)) == 1 for each in interfaces)
