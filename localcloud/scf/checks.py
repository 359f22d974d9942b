"""What a function's configuration may be (CreateFunction's page and docs 583/40323, 583/11637, 583/30228)."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from typing import TYPE_CHECKING

from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localcloud.core.parameters import Params

MOST_ZIPPED = 50 * 1024 * 1024
MOST_ENVIRONMENT = 4096
DEAD_LETTER_TYPES = frozenset({"CMQ-QUEUE", "CMQ-TOPIC", "TDMQ-QUEUE", "topic", "queue"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_HANDLER = re.compile(r"[A-Za-z]\w*\.[A-Za-z_]\w*")
_RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")


def refuse(what: str, message: str) -> ApiError:
    """Return the refusal of a parameter's value: InvalidParameterValue.<what>."""
    return ApiError(f"InvalidParameterValue.{what}", message)


def check_name(name: str) -> None:
    """Refuse a name that is not a function's.

    Raises:
        ApiError: InvalidParameter.FunctionName.
    """
    if not _NAME.fullmatch(name):
        raise ApiError("InvalidParameter.FunctionName", f"The function name `{name}` is not valid.")


def check_runtime(params: Params, known: Iterable[str]) -> None:
    """Refuse a runtime that SCF does not know, or that is not Python's.

    Raises:
        ApiError: InvalidParameterValue.Runtime.
    """
    runtime = params.get("Runtime", "Python2.7")
    if runtime not in known:
        raise refuse("Runtime", f"The runtime `{runtime}` is not one of {', '.join(sorted(known))}.")


def check_limits(params: Params) -> None:
    """Refuse memory, times, handler, kind and dead letter type that the platform does not have.

    Raises:
        ApiError: InvalidParameterValue.*.
    """
    memory, timeout, load = (
        params.get(name, default) for name, default in (("MemorySize", 128), ("Timeout", 3), ("InitTimeout", 65))
    )
    if memory != 64 and not (128 <= memory <= 3072 and memory % 128 == 0):  # noqa: PLR2004  as documented
        raise refuse("MemorySize", f"The memory size `{memory}` is neither 64 nor a multiple of 128 up to 3072.")
    if not 1 <= timeout <= 900:  # noqa: PLR2004  as documented
        raise ApiError("LimitExceeded.Timeout", f"The timeout `{timeout}` is not within 1-900.")
    if not 3 <= load <= 300:  # noqa: PLR2004  as the console has it; the API's page gives no bounds
        raise ApiError("LimitExceeded.InitTimeout", f"The initialisation timeout `{load}` is not within 3-300.")
    if not _HANDLER.fullmatch(params.get("Handler", "index.main_handler")):
        raise refuse("Handler", f"The handler `{params['Handler']}` is not FILE.FUNCTION.")
    if params.get("Type", "Event") != "Event":
        raise refuse("FunctionType", f"The function type `{params['Type']}` is not Event, the only one here.")
    _check_dead_letter(params)


def variables_of(params: Params) -> list[dict[str, str]]:
    """Return the environment's variables as replies show them.

    Raises:
        ApiError: a reserved or malformed name, or more than 4 KB in all.
    """
    variables = params["Environment"].get("Variables", [])
    if variables == [{"Key": "", "Value": ""}]:  # how the vendor's deployment library empties it
        return []
    pairs = [(one.get("Key", ""), one.get("Value", "")) for one in variables]
    for key, value in pairs:
        if key.startswith(_RESERVED):
            raise refuse("EnvironmentSystemProtect", f"The variable `{key}` belongs to the system.")
        if not _KEY.fullmatch(key) or not value:
            raise refuse("Environment", f"The variable `{key}` has no valid name, or no value.")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in pairs)
    if size > MOST_ENVIRONMENT:
        raise refuse("EnvironmentExceededLimit", f"The environment has {size} bytes, more than {MOST_ENVIRONMENT}.")
    return [{"Key": key, "Value": value} for key, value in pairs]


def code_of(zipped: str | None) -> bytes:
    """Return a package from its base64.

    Raises:
        ApiError: it is missing, no base64, no zip, or too large.
    """
    if not zipped:
        raise ApiError("MissingParameter.Code", "The function's code is missing: only ZipFile is taken here.")
    try:
        code = base64.b64decode(zipped, validate=True)
    except ValueError as error:  # binascii.Error is one, and so is what is said of text that is not ASCII
        raise refuse("ZipFileBase64BinasciiError", f"The zip file's base64 cannot be read: `{error}`.") from None
    if len(code) > MOST_ZIPPED:
        raise refuse("Code", f"The zip file has {len(code)} bytes, more than {MOST_ZIPPED}.")
    if not zipfile.is_zipfile(io.BytesIO(code)):
        raise refuse("ZipFile", "The code is not a standard zip file.")
    return code


def _check_dead_letter(params: Params) -> None:
    kind = params.get("DeadLetterConfig", {}).get("Type", "")
    if kind and kind not in DEAD_LETTER_TYPES:
        raise refuse("DeadLetterConfig", f"The dead letter type `{kind}` does not exist.")
