"""Where an operator's settings come from: FLOWLOG_* of the environment, then the serverless.yml of this folder.

The result is an environment as the function has it, so that the operator's commands read it with the function's code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from handler import schema
from ops import credentials
from ops.deployment.config import dotenv, fill
from ops.exits import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "serverless.yml"
DEFAULT_FUNCTION = "eni-flowlog"
REGION_VARIABLE = "TENCENTCLOUD_REGION"
_MAX_FILE = 1 << 20


@dataclass(frozen=True)
class Deployment:
    """What serverless.yml says, as far as the operator's commands need it; all empty where there is no such file."""

    function: str = ""
    region: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


def deployment(folder: Path, shell: Mapping[str, str]) -> Deployment:
    """Read a folder's serverless.yml.

    As with the Serverless CLI, `${env:NAME}` stands for that variable of the shell or of a .env file beside it, and a
    field whose variable is not set is left out. A file without FLOWLOG_* variables is somebody else's, and not used.

    Raises:
        OperatorError: the file is there and cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return Deployment()
    inputs = _mapping(_mapping(_load(path)).get("inputs"))
    try:
        filled = _mapping(fill(inputs, {**_dot_env(folder), **shell}))
    except RecursionError:
        raise OperatorError(f"{FILE} refers to itself: correct it, or leave this folder.") from None
    if not any(name.startswith("FLOWLOG_") for name in _variables(inputs)):
        return Deployment()
    variables = {
        name: text for name, text in _variables(filled).items() if name.startswith("FLOWLOG_") and text.strip()
    }
    return Deployment(_text(filled.get("name")), _text(filled.get("region")), variables)


def function_environment(
    shell: Mapping[str, str], folder: Path, *, profile: str = "", region: str = "", fallback: str = ""
) -> dict[str, str]:
    """The environment that the function's code reads: settings, region and keys.

    Args:
        shell: the operator's environment.
        folder: where a serverless.yml may be.
        profile: a profile of tccli, or nothing.
        region: the function's, where the command line names it.
        fallback: the function's region where nothing else tells it.

    Raises:
        OperatorError: a file or the keys cannot be read, or no region is known.
    """
    deployed = deployment(folder, shell)
    account = credentials.find(shell, profile)
    # A profile that is named on the command line speaks before the environment, as with tccli.
    in_shell, in_profile = shell.get(REGION_VARIABLE, "").strip(), account.region
    candidates = (region, *((in_profile, in_shell) if profile else (in_shell, "")), deployed.region, in_profile)
    home = next((each for each in (*candidates, fallback) if each), "")
    if not home:
        raise OperatorError(
            f"No region is known: set {REGION_VARIABLE} to the function's region, such as ap-guangzhou, or give "
            "--region."
        )
    known = schema.document("settings")["properties"]
    return {
        **deployed.variables,
        **{name: shell[name] for name in known if shell.get(name, "").strip()},
        REGION_VARIABLE: home,
        "TENCENTCLOUD_SECRETID": account.keys.secret_id,
        "TENCENTCLOUD_SECRETKEY": account.keys.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": account.keys.token,
    }


def _load(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return yaml.safe_load(file.read(_MAX_FILE))
    except OSError as error:
        raise OperatorError(f"{FILE} cannot be read ({error.strerror}): correct it, or leave this folder.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise OperatorError(f"{FILE} is not YAML{place}: correct it, or leave this folder.") from None


def _dot_env(folder: Path) -> dict[str, str]:
    try:
        return dotenv(folder / ".env")
    except (OSError, UnicodeDecodeError):
        raise OperatorError(".env in this folder cannot be read as text: correct it, or leave this folder.") from None


def _variables(inputs: Mapping[Any, Any]) -> dict[str, str]:
    given = _mapping(_mapping(inputs.get("environment")).get("variables"))
    return {str(name): _text(value) for name, value in given.items()}


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return str(value) if isinstance(value, (str, int, float)) else ""
