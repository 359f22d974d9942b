"""A program: one instance of the function in a process of its own, which may be killed at any moment.

It reads one invocation a line, `{"event", "context", "environment"}`, runs `main_handler` with it, and answers with one
line after the function's own log. Its first argument is the factor on every wait: a soak of 100,000 events has no time
for real back-offs. The factor stands in the time budget that the function is given; the function itself is as it is
deployed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from typing import Any

from handler.budget import budget_from
from handler.main import InvocationFailed, main_handler

ANSWER = "the answer of the soak's worker"
"""The key of the answer's line, which no log line has."""


def main() -> None:
    """Serve invocations until the input ends."""
    scale = float(sys.argv[1])
    for line in sys.stdin:
        invocation = json.loads(line)
        for name in [name for name in os.environ if name.startswith(("TENCENTCLOUD_", "FLOWLOG_"))]:
            del os.environ[name]  # an invocation has none of the one before it
        os.environ.update(invocation["environment"])
        budget = replace(budget_from(invocation["context"]), sleep=lambda seconds: time.sleep(seconds * scale))
        try:
            answer: dict[str, Any] = {"report": main_handler(invocation["event"], invocation["context"], budget)}
        except InvocationFailed as failed:
            answer = {"raised": str(failed)}
        print(json.dumps({ANSWER: answer}), flush=True)


if __name__ == "__main__":
    main()
