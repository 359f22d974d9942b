"""What tccli's own schema says of the local cloud's actions, in the form of localcloud/core/platform.json.

`python -m tests.support.platform_schema` renews that file.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tccli

import localcloud.core
from localcloud.services import all_actions

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(localcloud.core.__file__).parent / "platform.json"


@cache
def schema(service: str, version: str) -> dict[str, Any]:
    """Return tccli's schema of a service."""
    folder = Path(tccli.__file__).parent / "services" / service / f"v{version.replace('-', '')}"
    loaded = json.loads((folder / "api.json").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def platform() -> dict[str, Any]:
    """Return what the file must hold."""
    services: dict[tuple[str, str], list[str]] = {}
    for action in all_actions():
        services.setdefault((action.api.name, action.api.version), []).append(action.name)
    return {
        service: {
            "actions": sorted(schema(service, version)["actions"]),
            "objects": objects(schema(service, version), services[service, version]),
        }
        for service, version in sorted(services)
    }


def objects(of: dict[str, Any], actions: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the objects that these actions take, and those that they are made of."""
    found: dict[str, dict[str, str]] = {}
    waiting = [of["actions"][name]["input"] for name in actions]
    while waiting:
        name = waiting.pop()
        if name in of["objects"] and name not in found:
            members = of["objects"][name]["members"]
            found[name] = {member["name"]: written(member) for member in members}
            waiting += [member["member"] for member in members]
    return dict(sorted(found.items()))


def written(member: dict[str, Any]) -> str:
    """Return one field as the file writes it."""
    kind = f"[{member['member']}]" if member["type"] == "list" else member["member"]
    return f"{kind}!" if member.get("required") else kind


if __name__ == "__main__":
    FILE.write_text(json.dumps(platform(), indent=0) + "\n", encoding="utf-8")
