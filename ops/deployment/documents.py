"""Our own policy documents: who may take the role, and what it may do (doc 598/10603)."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.deployment.wanted import Deployment

FOLDER = Path(__file__).resolve().parents[1] / "policies"
_FOR_REPAIR = {
    "enable": frozenset({"EnableFlowLogs"}),
    "recreate": frozenset({"EnableFlowLogs", "DeleteFlowLog"}),
}
"""What each value of FLOWLOG_REPAIR needs besides."""


def trust() -> dict[str, Any]:
    """Who may take the role: SCF."""
    return _read("role-trust.json")


def role_policy(deployment: Deployment, uin: str) -> dict[str, Any]:
    """What the role may do: the reviewed files, filled in for one deployment.

    The actions of a repair are granted only as far as FLOWLOG_REPAIR asks for them.
    """
    document = _read("role-policy.json", region=deployment.queue_region, account=uin, queue=deployment.queue)
    wanted = _FOR_REPAIR.get(deployment.variables.get("FLOWLOG_REPAIR", "off"), frozenset())
    for statement in _read("repair-policy.json")["statement"]:
        actions = [action for action in statement["action"] if action.rpartition(":")[2] in wanted]
        if actions:
            document["statement"].append({**statement, "action": actions})
    return document


def _read(name: str, **values: str) -> dict[str, Any]:
    text = Template((FOLDER / name).read_text(encoding="utf-8")).substitute(values)
    document: dict[str, Any] = json.loads(text)
    return document
