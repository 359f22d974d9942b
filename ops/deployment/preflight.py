"""What the platform would refuse, found before anything is made: a deployment must not stop half-way for it."""

from __future__ import annotations

import re
import zipfile
from difflib import get_close_matches
from typing import TYPE_CHECKING

from croniter import croniter

from handler import schema, settings
from handler.errors import SettingsError
from handler.settings import QUEUE_REGIONS
from ops.deployment.notice import notice
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ops.deployment.wanted import Deployment

MAX_ENVIRONMENT = 4096
"""All of a function's variables together, in bytes (doc 583/30228)."""
MAX_REQUEST = 10 * 1024 * 1024
"""A signed v3 request, in bytes; the zip in it is base64."""
MAX_UNPACKED = 500 * 1024 * 1024
"""A package's files, in bytes (platform.md section 5)."""
MAX_MESSAGE = 4096
"""A timer's message, in bytes (doc 583/31927)."""
MAX_DESCRIPTION = 900
"""A function's has 1,000 characters, and the package's digest follows ours (CreateFunction's page)."""

_TIMEOUT_S = range(1, 901)  # platform.md section 5
_INIT_TIMEOUT_S = range(3, 301)  # as the console has it; the API's page gives no bounds
_MEMORY_MB = (64, *range(128, 3073, 128))
_DEAD_LETTER_TYPE = "CMQ-QUEUE"  # the queue that deploy makes is one; platform.md section 5 names the other types

# Names as the pages of CreateFunction, CreateRole, CreateTrigger and CreateCmqQueue give them.
_FUNCTION = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")
_HANDLER = re.compile(r"[A-Za-z][\w-]{0,59}\.[A-Za-z_][\w-]{0,59}")
_ROLE = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
_TIMER = re.compile(r"[A-Za-z0-9_-]{1,100}")
_QUEUE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DESCRIPTION = re.compile(r"[\w\s,.]*")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")


_CRON_FIELDS = ("second", "minute", "hour", "day", "month", "week", "year")  # doc 583/9708
_CRON_FIELD = re.compile(r"(?:[0-9*,/-]|[A-Z]{3})+")
_CRON_RANGE = re.compile(r"(\d+)-(\d+)")


def check(deployment: Deployment, package: Path | None = None, file: str = "serverless.yml") -> None:
    """Check a deployment against the settings' schema and the platform's bounds.

    Args:
        deployment: what serverless.yml says.
        package: the zip, where it has been built before.
        file: how serverless.yml is called.

    Raises:
        OperatorError: names everything that is wrong, and what it should be.
    """
    of_file = [*_function(deployment), *_queue(deployment), *_timer(deployment)]
    faults = [*_settings(deployment), *(f"{file}: {fault}" for fault in of_file)]
    try:
        notice(deployment)
    except OperatorError as error:
        faults.append(str(error))
    _refuse([*faults, *(_package(package, deployment.handler) if package else ())])


def check_package(archive: Path, handler: str) -> None:
    """Check a package, as soon as it has been built.

    Raises:
        OperatorError: it is no zip, lacks the handler's file at its root, or is too big.
    """
    _refuse(list(_package(archive, handler)))


def unknown_settings(variables: Iterable[str]) -> Iterator[str]:
    """What is named like a setting and is none: misspelt, it would leave the default in force without a word."""
    known = schema.document("settings")["properties"]
    for name in variables:
        if name.startswith("FLOWLOG_") and name not in known:
            alike = get_close_matches(name, known, n=1, cutoff=0.85)  # FLOWLOG_ alone makes all alike
            advice = f"did you mean {alike[0]}?" if alike else "docs/settings.md lists them all"
            yield f"{name} is no setting of the function: {advice}"


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise OperatorError("\n".join(fault if fault.endswith((".", "?")) else f"{fault}." for fault in faults))


def _package(archive: Path, handler: str) -> Iterator[str]:
    sent = (archive.stat().st_size + 2) // 3 * 4
    if sent > MAX_REQUEST:
        yield f"{archive.name} is too big to be uploaded by the API: {sent} bytes in base64, of {MAX_REQUEST}"
    try:
        with zipfile.ZipFile(archive) as packed:
            files = {each.filename: each.file_size for each in packed.infolist()}
    except (zipfile.BadZipFile, OSError):
        yield f"{archive.name} is not a zip: give one that `eni-flowlog package` built"
        return
    entry = f"{handler.partition('.')[0]}.py"
    if entry not in files:
        yield f"{archive.name} has no {entry} at its root, which the handler {handler} needs"
    if sum(files.values()) > MAX_UNPACKED:
        yield f"{archive.name} is too big: {sum(files.values())} bytes unpacked, and SCF allows {MAX_UNPACKED}"


def _settings(deployment: Deployment) -> Iterator[str]:
    variables = deployment.variables
    try:
        settings.load(deployment.environment)
    except SettingsError as error:
        yield str(error)
    reserved = [name for name in variables if name.startswith(_RESERVED)]
    if reserved:
        yield f"SCF sets {', '.join(reserved)} itself: take it out of environment.variables"
    yield from unknown_settings(variables)
    malformed = [name for name in variables if not _VARIABLE.fullmatch(name)]
    if malformed:
        yield f"environment.variables: {', '.join(malformed)} must be letters, digits and _, beginning with a letter"
    size = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
    if size > MAX_ENVIRONMENT:
        yield f"the function's variables take {size} bytes, and SCF allows {MAX_ENVIRONMENT} in all"


def _function(wanted: Deployment) -> Iterator[str]:
    if not _FUNCTION.fullmatch(wanted.name):
        yield (
            f"name must be 2 to 60 letters, digits, - and _, beginning with a letter and ending with a letter or "
            f"digit, not {wanted.name}"
        )
    if not _HANDLER.fullmatch(wanted.handler):
        yield f"handler must be FILE.FUNCTION, such as index.main_handler, not {wanted.handler}"
    if not _ROLE.fullmatch(wanted.role):
        yield f"role must be a name of at most 128 letters, digits and any of +=,.@_-, not {wanted.role}"
    if len(wanted.description) > MAX_DESCRIPTION or not _DESCRIPTION.fullmatch(wanted.description):
        yield f"description must be at most {MAX_DESCRIPTION} letters, digits, spaces, commas and full stops"
    if wanted.memory not in _MEMORY_MB:
        yield f"memorySize must be 64, or a multiple of 128 up to 3072 (MB), not {wanted.memory}"
    if wanted.timeout not in _TIMEOUT_S:
        yield f"timeout must be 1 to 900 (seconds), not {wanted.timeout}"
    if wanted.init_timeout not in _INIT_TIMEOUT_S:
        yield f"initTimeout must be 3 to 300 (seconds), not {wanted.init_timeout}"


def _queue(wanted: Deployment) -> Iterator[str]:
    default = schema.document("settings")["properties"]["FLOWLOG_DLQ_QUEUE"]["default"]
    own, name = wanted.variables.get("FLOWLOG_DLQ_QUEUE") or default, wanted.queue
    if wanted.queue_region not in QUEUE_REGIONS:
        yield (
            f"there is no TDMQ-CMQ in {wanted.queue_region}: set FLOWLOG_DLQ_REGION to the region where the queue is "
            f"to be, one of {', '.join(sorted(QUEUE_REGIONS))}"
        )
    if wanted.dead_letter_type != _DEAD_LETTER_TYPE:
        yield f"deadLetter.type must be {_DEAD_LETTER_TYPE}, which deploy makes, not {wanted.dead_letter_type}"
    if not _QUEUE.fullmatch(name):
        yield f"deadLetter.name must be at most 64 letters, digits, - and _, beginning with a letter, not {name}"
    elif own != name:
        yield (
            f"FLOWLOG_DLQ_QUEUE is {own} and deadLetter.name is {name}: make them the same, for deploy makes one "
            "queue, and the function may write to no other"
        )


def _timer(wanted: Deployment) -> Iterator[str]:
    timer = wanted.timer
    if not _TIMER.fullmatch(timer.name):
        yield f"the timer's name must be at most 100 letters, digits, - and _, not {timer.name}"
    if len(timer.argument.encode()) > MAX_MESSAGE:
        yield f"the timer's argument has {len(timer.argument.encode())} bytes, and SCF allows {MAX_MESSAGE}"
    fault = _cron_fault(timer.cron)
    if fault:
        yield f"cronExpression {timer.cron!r}: {fault}"


def _cron_fault(expression: str) -> str:
    """What is wrong with a cron expression; empty if nothing is. The older form of five fields is taken, too."""
    fields = expression.split()
    if len(fields) not in (len(_CRON_FIELDS), len(_CRON_FIELDS) - 2):
        return f"must have {len(_CRON_FIELDS)} fields ({' '.join(_CRON_FIELDS)}), not {len(fields)}"
    for field in fields:
        if not _CRON_FIELD.fullmatch(field):
            return f"{field} must be of numbers, names such as MON or JAN, and any of * , - /"
        if any(int(first) > int(last) for first, last in _CRON_RANGE.findall(field)):
            return f"{field} must go from the smaller number to the greater"
    try:
        croniter(expression, second_at_beginning=True)
    except ValueError as error:
        return str(error)
    return ""
