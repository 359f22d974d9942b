"""The function: its code, its configuration, its dead-letter setting."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from handler.budget import Budget
from ops.deployment import reply
from ops.deployment.cloud import SCF
from ops.deployment.part import TAG, Found, TaggedPart
from ops.deployment.reply import ACTIVE, DIGEST, digest_of, reasons, variables_of
from ops.deployment.step import Change, changed
from ops.errors import OperatorError

if TYPE_CHECKING:
    from pathlib import Path

    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment

IN_TRANSITION = ("Creating", "Updating", "Publishing", "Deleting")
"""Doc 583/37883: management calls answer before their work is done."""
READY_LIMIT_S = 180.0
"""How long a change may take, in seconds."""
LOOK_EVERY_S = 0.25

_FLAG = {True: "TRUE", False: "FALSE"}
_SWITCH = {True: "ENABLE", False: "DISABLE"}


def digest(archive: Path) -> str:
    """The SHA-256 of a package, in hexadecimal."""
    return hashlib.sha256(archive.read_bytes()).hexdigest()


class Function(TaggedPart):
    """The function, with the package in it.

    GetFunction does not tell what code it runs, so the package's SHA-256 stands in the function's description, whose
    allowed signs are letters, digits, commas and full stops. It is written after the code, in one call with the
    configuration: a run that broke off between the two uploads the code again.
    """

    kind = "function"

    def __init__(self, deployment: Deployment, cloud: Cloud, archive: Path | None = None) -> None:
        """Take the package, a zip; without it, code is not looked at."""
        super().__init__(deployment, cloud)
        self._archive = archive
        self._digest = digest(archive) if archive else ""

    def find(self) -> Found | None:
        """GetFunction's reply."""
        return reply.described(self.cloud, self.name, self.deployment.namespace, self.deployment.region)

    def contents(self) -> list[Change]:
        """What it costs and does: memory, time limit, runtime, and each variable."""
        wanted = self.deployment
        basics = {"runtime": wanted.runtime, "memory": f"{wanted.memory} MB", "timeout": f"{wanted.timeout} s"}
        variables = {f"variable {name}": value for name, value in sorted(wanted.variables.items())}
        return [Change(name, "", value) for name, value in {**basics, **variables}.items()]

    def obstacle(self, found: Found | None) -> str:
        """What UpdateFunctionConfiguration cannot change."""
        there = {name: (found or {}).get(name) for name in self._fixed()}
        wrong = [
            f"{name} is {there[name]}, not {value}"
            for name, value in self._fixed().items()
            if there[name] is not None and str(there[name]).lower() != value.lower()
        ]
        return f"{', '.join(wrong)}, and SCF cannot change that: `eni-flowlog remove` it first" if wrong else ""

    def differences(self, found: Found) -> list[Change]:
        """Code, state, configuration, and each variable."""
        status = found.get("Status")
        changes = changed("status", status, ACTIVE) if status else []
        if self._digest:
            changes += changed("package", digest_of(found)[:12], self._digest[:12])
        there, wanted = _shown(found), _shown({**self._configuration(), "Handler": self.deployment.handler})
        for name, value in wanted.items():
            # A field that a reply leaves out says nothing; a role or a queue that it leaves out is not set.
            if there[name] is not None:
                changes += changed(name, there[name], value)
        variables = variables_of(found)
        for name in sorted({*variables, *self.deployment.variables}):
            changes += changed(f"variable {name}", variables.get(name), self.deployment.variables.get(name))
        return changes

    def elsewhere(self) -> list[str]:
        """The other regions in which there is a function of this name that is ours.

        Raises:
            CloudError: the regions could not be listed.
        """
        found = reply.elsewhere(self.cloud, self.name, self.deployment.namespace)
        return [region for region, there in found.items() if self.is_ours(there)]

    def remark(self, found: Found | None) -> str:
        """Tags of serverless.yml that it has not: SCF takes them when it makes a function, and no call changes them."""
        there = {tag.get("Key"): tag.get("Value") for tag in (found or {}).get("Tags") or []}
        missing = [f"{key}: {value}" for key, value in self.tags().items() if found and there.get(key) != value]
        if not missing:
            return ""
        return f"it lacks the tag {', '.join(missing)}, and SCF sets tags only when it makes a function: add it by hand"

    def create(self) -> None:
        """Call CreateFunction, and wait until it is active."""
        params = {
            **self._configuration(),
            **self._fixed(),
            "Code": {"ZipFile": self._zip()},
            "Handler": self.deployment.handler,
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags().items()],
        }
        if not params["DeadLetterConfig"]["Name"]:
            del params["DeadLetterConfig"]
        self.cloud.change(SCF, "CreateFunction", params)
        self.settle()

    def update(self, found: Found) -> None:
        """UpdateFunctionCode and UpdateFunctionConfiguration, each when needed, and wait until it is active."""
        if found.get("Status") == "CreateFailed":  # "you can delete it and create the function again" (doc 583/37883)
            self.delete(found)
            self.create()
            return
        found = self.settle(accept_failure=True)
        if self._digest != digest_of(found) or found.get("Handler") != self.deployment.handler:
            code = {"Code": {"ZipFile": self._zip()}, "Handler": self.deployment.handler}
            self.cloud.change(SCF, "UpdateFunctionCode", {**self._which(), **code})
            found = self.settle()
        if self.differences(found):
            self.cloud.change(SCF, "UpdateFunctionConfiguration", self._configuration())
            self.settle()

    def delete(self, _found: Found) -> None:
        """Call DeleteFunction, and wait until it is gone: its role is deleted next."""
        self.cloud.call(SCF, "DeleteFunction", self._which())
        waiting = Budget(READY_LIMIT_S)
        while self.find() is not None and waiting.wait(LOOK_EVERY_S):
            pass

    def settle(self, *, accept_failure: bool = False) -> Found:
        """Wait until the last change has taken effect.

        Args:
            accept_failure: a failed state is no error: another change is to follow.

        Returns:
            GetFunction's reply.

        Raises:
            OperatorError: it failed, or takes too long.
        """
        waiting = Budget(READY_LIMIT_S)
        while (found := self.find() or {"Status": "Creating"}).get("Status") in IN_TRANSITION:
            if not waiting.wait(LOOK_EVERY_S):
                raise OperatorError(
                    f"The function {self.name} is still {found['Status']} after {READY_LIMIT_S:.0f} s: wait a little; "
                    "the same command goes on from there."
                )
        if found.get("Status") != ACTIVE and not accept_failure:
            raise OperatorError(f"The function {self.name} is {found.get('Status')}: {reasons(found)}")
        return found

    def tags(self) -> dict[str, str]:
        """The tags of serverless.yml and ours."""
        return {**self.deployment.tags, TAG[0]: TAG[1]}

    def _which(self) -> dict[str, str]:
        return {"FunctionName": self.name, "Namespace": self.deployment.namespace}

    def _fixed(self) -> dict[str, str]:
        """What only CreateFunction sets."""
        wanted = self.deployment
        return {"Runtime": wanted.runtime, "Type": "Event", "AsyncRunEnable": _FLAG[wanted.async_run]}

    def _configuration(self) -> dict[str, Any]:
        """All that UpdateFunctionConfiguration sets."""
        wanted = self.deployment
        description = wanted.description
        if self._digest:
            description = f"{description} Package sha256 {self._digest}.".strip()
        variables = [{"Key": key, "Value": value} for key, value in sorted(wanted.variables.items())]
        return {
            **self._which(),
            "Description": description,
            "MemorySize": wanted.memory,
            "Timeout": wanted.timeout,
            "InitTimeout": wanted.init_timeout,
            "Role": wanted.role,
            "Environment": {"Variables": variables},
            "DeadLetterConfig": self._dead_letters(),
            "PublicNetConfig": {
                "PublicNetStatus": _SWITCH[wanted.public_access],
                "EipConfig": {"EipStatus": _SWITCH[wanted.eip]},
            },
        }

    def _dead_letters(self) -> dict[str, str]:
        """SCF's own dead-letter queue: ours, where it is in the function's region; SCF takes no other."""
        if self.deployment.queue_region != self.deployment.region:
            return {"Type": "", "Name": ""}
        return {"Type": self.deployment.dead_letter_type, "Name": self.deployment.queue}

    def _zip(self) -> str:
        assert self._archive is not None, "a deployment has a package"
        return base64.b64encode(self._archive.read_bytes()).decode()


def _shown(described: Found) -> dict[str, Any]:
    """What of a function is compared, by the words of a plan; from a reply, or from what we would send."""
    dead_letter = described.get("DeadLetterConfig") or {}
    public = described.get("PublicNetConfig") or {}
    return {
        "handler": described.get("Handler"),
        "description": DIGEST.sub("", str(described.get("Description") or "")).strip(),
        "memory": described.get("MemorySize"),
        "timeout": described.get("Timeout"),
        "init timeout": described.get("InitTimeout"),
        # Some replies give a role by its full name (inferred).
        "role": str(described.get("Role") or "").rpartition("/")[2],
        "dead letters": f"{dead_letter.get('Type') or 'none'} {dead_letter.get('Name') or ''}".strip(),
        "public access": public.get("PublicNetStatus"),
        "fixed address": (public.get("EipConfig") or {}).get("EipStatus"),
    }
