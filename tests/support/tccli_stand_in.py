"""tccli's command line for any service: the real one wants the whole SDK of 394 MB installed.

It takes parameters only as tccli's own machine-readable schema of the action has them, of their types, and the options
--region, --filter (JMESPath) and --endpoint.

    python -m tests.support.tccli_stand_in SERVICE ACTION [--Parameter VALUE]... --endpoint http://127.0.0.1:PORT
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it carries no types
import tccli
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile


def main(service: str, action: str, *arguments: str) -> None:
    """Do one call and print its reply, filtered."""
    given = dict(zip((name.removeprefix("--") for name in arguments[::2]), arguments[1::2], strict=True))
    endpoint, region, wanted = given.pop("endpoint"), given.pop("region", "ap-guangzhou"), given.pop("filter", "@")
    version, members = schema(service, action)
    params = {name: typed(members[name], text) for name, text in given.items()}
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint.removeprefix("http://")))
    keys = Credential(os.environ["TENCENTCLOUD_SECRET_ID"], os.environ["TENCENTCLOUD_SECRET_KEY"])
    reply = CommonClient(service, version, keys, region, profile).call_json(action, params)
    print(json.dumps(jmespath.search(wanted, reply["Response"])))


def schema(service: str, action: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """The service's version and the action's parameters, by name."""
    [path] = Path(tccli.__file__).parent.glob(f"services/{service}/*/api.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    request = content["objects"][content["actions"][action]["input"]]
    version = path.parent.name
    return f"{version[1:5]}-{version[5:7]}-{version[7:]}", {member["name"]: member for member in request["members"]}


def typed(member: dict[str, Any], text: str) -> Any:
    """A parameter's value: lists and objects are JSON, numbers are numbers."""
    kind = member["type"]
    if kind in ("list", "object"):
        return json.loads(text)
    if kind == "bool":
        return {"True": True, "False": False}[text]
    return int(text) if "int" in kind else text


if __name__ == "__main__":
    main(*sys.argv[1:])
