"""What deploy is to make: everything that serverless.yml says, typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.config import mapping
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ops.config import Config

ALARM_RECEIVERS, ALARM_WEBHOOK = "ENI_FLOWLOG_ALARM_RECEIVERS", "ENI_FLOWLOG_ALARM_WEBHOOK"
_REQUIRED = ("name", "runtime", "handler", "role", "memorySize", "timeout", "environment", "deadLetter")
_OPTIONAL = (
    "region", "namespace", "type", "description", "initTimeout", "publicAccess", "eip", "asyncRunEnable", "events",
    "tags",
    # How the Serverless CLI packs; we build the package.
    "src", "installDependency",
)  # fmt: skip


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
    """Everything that serverless.yml says, with its variables filled in. Times are in seconds, memory in MB.

    Whom alarms call is not in the file, which the Serverless CLI reads too, but in the shell or .env.
    """

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
    alarm_receivers: str = ""
    alarm_webhook: str = ""

    @property
    def queue_region(self) -> str:
        """Where the dead-letter queue is: FLOWLOG_DLQ_REGION, else the function's own region."""
        return self.variables.get("FLOWLOG_DLQ_REGION") or self.region

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the function will find itself, as far as it is ours to say."""
        return {**self.variables, "TENCENTCLOUD_REGION": self.region}


def deployment_of(found: Config) -> Deployment:
    """What serverless.yml says there should be. It is not checked yet, see `preflight.check`.

    Raises:
        OperatorError: serverless.yml says something that deploy cannot do.
    """
    _refuse_unknown(found.inputs, found.path)
    return _typed(found)


def _refuse_unknown(inputs: Mapping[str, Any], path: Path) -> None:
    _check_names(inputs, f"{path}: `inputs`", _REQUIRED, _OPTIONAL)
    _check_names(mapping(inputs["environment"]), f"{path}: `environment`", ("variables",))
    _check_names(mapping(inputs["deadLetter"]), f"{path}: `deadLetter`", ("type", "name"))
    if str(inputs.get("type", "event")).lower() != "event":
        raise OperatorError(f"{path}: type must be event, not {inputs['type']}.")


def _check_names(given: Mapping[str, Any], where: str, required: Sequence[str], optional: Sequence[str] = ()) -> None:
    """Refuse what lacks a field, or has one that deploy would pass over, such as one that is misspelt."""
    missing = [name for name in required if name not in given]
    unknown = [name for name in given if name not in (*required, *optional)]
    if missing:
        raise OperatorError(f"{where} lacks {', '.join(missing)}: write it there.")
    if unknown:
        raise OperatorError(
            f"{where} has {', '.join(unknown)}, which deploy cannot set: take it out, or use the Serverless CLI."
        )


def _typed(found: Config) -> Deployment:
    inputs, variables, path = found.inputs, found.variables, found.path
    try:
        return Deployment(
            region=found.region,
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
            timer=_timer(inputs.get("events", []), path),
            tags={str(key): str(value) for key, value in inputs.get("tags", {}).items()},
            alarm_receivers=variables.get(ALARM_RECEIVERS, "").strip(),
            alarm_webhook=variables.get(ALARM_WEBHOOK, "").strip(),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise OperatorError(f"{path}: `inputs` is not as it should be ({problem}): correct it.") from None


def _timer(events: list[dict[str, Any]], path: Path) -> Timer:
    kinds = [kind for event in events for kind in event]
    if kinds != ["timer"]:
        raise OperatorError(f"{path}: `events` must hold one timer, and nothing else; found {kinds or 'none'}.")
    timer = mapping(mapping(events[0]["timer"]).get("parameters"))
    _check_names(
        timer, f"{path}: the timer's `parameters`", ("name", "cronExpression"), ("enable", "argument", "qualifier")
    )
    return Timer(
        name=str(timer["name"]),
        cron=str(timer["cronExpression"]),
        enabled=bool(timer.get("enable", True)),
        argument=str(timer.get("argument") or ""),
        qualifier=str(timer.get("qualifier", "$DEFAULT")),
    )
