"""serverless.yml, the one place that says how the function is set up, read as the Serverless CLI reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).resolve().parents[2] / "serverless.yml"

_VARIABLE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_REQUIRED = ("name", "region", "runtime", "handler", "role", "memorySize", "timeout", "environment", "deadLetter")
_USED = {*_REQUIRED, "namespace", "type", "description", "initTimeout", "publicAccess", "eip", "asyncRunEnable"}
_USED |= {"events", "tags"}
_FOR_THE_CLI = {"src", "installDependency", "enableRoleAuth"}  # how the Serverless CLI packs; we build the package


@dataclass(frozen=True)
class Timer:
    """The timer that runs the sweep. `cron` has SCF's seven fields (doc 583/9708)."""

    name: str
    cron: str
    enabled: bool
    argument: str
    qualifier: str


@dataclass(frozen=True)
class Deployment:
    """Everything that serverless.yml says, with its variables filled in. Times are in seconds, memory in MB."""

    region: str
    name: str
    namespace: str
    runtime: str
    handler: str
    description: str
    role: str
    memory: int
    timeout: int
    init_timeout: int
    public_access: bool
    eip: bool
    async_run: bool
    variables: Mapping[str, str]
    dead_letter_type: str
    queue: str
    timer: Timer
    tags: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the function will find itself, as far as it is ours to say."""
        return {**self.variables, "TENCENTCLOUD_REGION": self.region}


def load(environment: Mapping[str, str], path: Path = FILE) -> Deployment:
    """Read the file.

    Args:
        environment: fills in `${env:NAME}`; a `.env` file beside `path` gives what it lacks.
        path: the serverless.yml.

    Returns:
        The deployment. What it says is not checked yet, see `checks.check`.

    Raises:
        OperatorError: the file cannot be read, or says something that deploy cannot do.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise OperatorError(f"{path} cannot be read: {error}") from None
    inputs = content.get("inputs") if isinstance(content, dict) else None
    if not isinstance(inputs, dict):
        raise OperatorError(f"{path} has no `inputs`: it is not a file of `component: scf`")
    filled = fill(inputs, {**dotenv(path.with_name(".env")), **environment})
    _refuse_unknown(filled, path)
    return _typed(filled, path)


def fill(value: Any, variables: Mapping[str, str]) -> Any:
    """Fill in variables; a field that names one that is not set, or is empty, is left out, as the CLI does."""
    if isinstance(value, dict):
        filled = {key: fill(item, variables) for key, item in value.items()}
        return {key: item for key, item in filled.items() if item is not None}
    if isinstance(value, list):
        return [item for item in (fill(each, variables) for each in value) if item is not None]
    if not isinstance(value, str):
        return value
    if any(not variables.get(name) for name in _VARIABLE.findall(value)):
        return None
    return _VARIABLE.sub(lambda match: variables[match[1]], value)


def dotenv(path: Path) -> dict[str, str]:
    """The lines `NAME=value` of a .env file, quotes around the value taken off; nothing where there is none."""
    if not path.is_file():
        return {}
    lines = (line.strip().removeprefix("export ") for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): _unquoted(value.strip()) for name, value in pairs}


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def _refuse_unknown(inputs: Mapping[str, Any], path: Path) -> None:
    missing = [name for name in _REQUIRED if name not in inputs]
    if missing == ["region"]:
        raise OperatorError("TENCENTCLOUD_REGION is not set: say in which region the function is to run")
    if missing:
        raise OperatorError(f"{path}: {', '.join(missing)} is missing from `inputs`")
    unknown = sorted(set(inputs) - _USED - _FOR_THE_CLI)
    if unknown:
        raise OperatorError(f"{path}: deploy cannot set {', '.join(unknown)}; take it out, or use the Serverless CLI")
    if str(inputs.get("type", "event")).lower() != "event":
        raise OperatorError(f"{path}: type must be event, not {inputs['type']}")


def _typed(inputs: Mapping[str, Any], path: Path) -> Deployment:
    try:
        return Deployment(
            region=str(inputs["region"]),
            name=str(inputs["name"]),
            namespace=str(inputs.get("namespace", "default")),
            runtime=str(inputs["runtime"]),
            handler=str(inputs["handler"]),
            description=str(inputs.get("description", "")).strip(),
            role=str(inputs["role"]),
            memory=int(inputs["memorySize"]),
            timeout=int(inputs["timeout"]),
            init_timeout=int(inputs.get("initTimeout", 65)),
            public_access=bool(inputs.get("publicAccess", True)),
            eip=bool(inputs.get("eip", False)),
            async_run=bool(inputs.get("asyncRunEnable", False)),
            # A variable cannot be empty, and an empty one means the same as none.
            variables={
                str(key): str(value) for key, value in inputs["environment"]["variables"].items() if value != ""
            },
            dead_letter_type=str(inputs["deadLetter"]["type"]),
            queue=str(inputs["deadLetter"]["name"]),
            timer=_timer(inputs.get("events", [])),
            tags={str(key): str(value) for key, value in inputs.get("tags", {}).items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OperatorError(f"{path}: `inputs` is not as it should be ({type(error).__name__}: {error})") from None


def _timer(events: list[dict[str, Any]]) -> Timer:
    kinds = [kind for event in events for kind in event]
    if kinds != ["timer"]:
        raise OperatorError(f"serverless.yml: `events` must hold one timer, and nothing else; found {kinds or 'none'}")
    timer = events[0]["timer"]["parameters"]
    return Timer(
        name=str(timer["name"]),
        cron=str(timer["cronExpression"]),
        enabled=bool(timer.get("enable", True)),
        argument=str(timer.get("argument") or ""),
        qualifier=str(timer.get("qualifier", "$DEFAULT")),
    )
