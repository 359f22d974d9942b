"""A small function in the local cloud, made and run over its API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.deployed import wait_until
from tests.support.platform_replies import code

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

NAMED = {"FunctionName": "probe"}
RAISES = "def main_handler(event, context):\n    raise ValueError('no good: %s' % event)\n"
SLEEPS = "import time\ndef main_handler(event, context):\n    time.sleep(event)\n    return event\n"
SHOWS = """
import os
def main_handler(event, context):
    print("line one")
    print("line two")
    return {"event": event, "context": context, "environ": dict(os.environ)}
"""


def make(call: Client, source: str = SHOWS, **settings: Any) -> None:
    """Make the function and wait until it is Active."""
    call("scf", "CreateFunction", **{**NAMED, "Code": code(source), "Runtime": "Python3.10", **settings})
    wait_until_active(call)


def wait_until_active(call: Client) -> None:
    wait_until(lambda: call("scf", "GetFunction", **NAMED)["Status"] == "Active")


def run(call: Client, event: Any, **params: Any) -> dict[str, Any]:
    result = call("scf", "Invoke", **NAMED, ClientContext=json.dumps(event), **params)["Result"]
    assert isinstance(result, dict)
    return result


def settled(cloud: LocalCloud) -> None:
    assert cloud.background.wait_until_idle(60)
