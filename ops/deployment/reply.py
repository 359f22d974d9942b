"""What GetFunction tells of a function, and where there is one of that name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ops.deployment.cloud import SCF

if TYPE_CHECKING:
    from ops.deployment.cloud import Cloud
    from ops.deployment.part import Found

ACTIVE = "Active"
DIGEST = re.compile(r"Package sha256 ([0-9a-f]{64})\.")
"""How deploy writes a package's SHA-256 into the function's description."""


def described(cloud: Cloud, name: str, namespace: str, region: str = "") -> Found | None:
    """GetFunction's reply, by default from the cloud's own region; None where there is no such function there.

    Raises:
        CloudError: it could not be looked at.
    """
    params = {"FunctionName": name, "Namespace": namespace, "ShowCode": "FALSE"}
    return cloud.find(SCF, "GetFunction", params, region)


def elsewhere(cloud: Cloud, name: str, namespace: str) -> dict[str, Found]:
    """GetFunction's reply from each other region than the cloud's own that has a function of this name.

    SCF is not in every region, and says so in several ways: a region that answers with an error has none.

    Raises:
        CloudError: the regions could not be listed.
    """
    replies = cloud.in_each(cloud.regions()[1:], lambda region: described(cloud, name, namespace, region))
    return {region: reply for region, reply in replies.items() if isinstance(reply, dict)}


def digest_of(found: Found) -> str:
    """The SHA-256 of the package that was deployed last; empty where deploy did not deploy it."""
    match = DIGEST.search(str(found.get("Description")))
    return match[1] if match else ""


def variables_of(found: Found) -> dict[str, str]:
    """A function's variables, from GetFunction's reply."""
    entries = (found.get("Environment") or {}).get("Variables") or []
    return {str(entry["Key"]): str(entry["Value"]) for entry in entries}


def reasons(found: Found) -> str:
    """Why a function is not active, in the API's words."""
    said = [f"{each.get('ErrorCode')}: {each.get('ErrorMessage')}" for each in found.get("StatusReasons") or []]
    return "; ".join(said) or str(found.get("StatusDesc") or "no reason given")
