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
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ops.credentials import Account

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


@dataclass(frozen=True)
class Regions:
    """Where the function's region comes from, besides serverless.yml; empty where it is not said.

    Attributes:
        stronger: wins over what serverless.yml says.
        weaker: counts where serverless.yml says nothing.
    """

    stronger: str
    weaker: str


def regions(option: str, variables: Mapping[str, str], account: Account, *, profile: str) -> Regions:
    """The one order of all commands: --region, TENCENTCLOUD_REGION, serverless.yml, tccli's profile.

    Args:
        option: --region, or nothing.
        variables: of the shell, and of a .env file beside serverless.yml.
        account: whose keys are used, with its profile's region.
        profile: the profile that is named on the command line: as with tccli, it speaks before the environment.
    """
    named = account.region if profile else ""
    return Regions(option or named or variables.get(REGION_VARIABLE, "").strip(), account.region)


def deployment(folder: Path, shell: Mapping[str, str]) -> Deployment:
    """Read a folder's serverless.yml.

    As with the Serverless CLI, `${env:NAME}` stands for that variable of the shell or of a .env file beside it, and a
    field whose variable is not set is left out. A file without FLOWLOG_* variables is somebody else's, and not used.

    Raises:
        OperatorError: the file is there and cannot be read.
    """
    inputs = _our_inputs(folder)
    return _filled(inputs, {**_dot_env(folder), **shell}) if inputs else Deployment()


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
    inputs = _our_inputs(folder)
    variables = {**(_dot_env(folder) if inputs else {}), **shell}
    account = credentials.find(shell, profile)
    said = regions(region, variables, account, profile=profile)
    deployed = _filled(inputs or {}, {**variables, REGION_VARIABLE: said.stronger or said.weaker})
    home = said.stronger or deployed.region or said.weaker or fallback
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


def _our_inputs(folder: Path) -> Mapping[Any, Any] | None:
    """What serverless.yml says, its variables not filled in yet; None where there is none, or somebody else's."""
    if not (folder / FILE).is_file():
        return None
    inputs = _mapping(_mapping(_load(folder / FILE)).get("inputs"))
    return inputs if any(name.startswith("FLOWLOG_") for name in _variables(inputs)) else None


def _filled(inputs: Mapping[Any, Any], variables: Mapping[str, str]) -> Deployment:
    try:
        filled = _mapping(fill(inputs, variables))
    except RecursionError:
        raise OperatorError(f"{FILE} refers to itself: correct it, or leave this folder.") from None
    settings = {name: text for name, text in _variables(filled).items() if name.startswith("FLOWLOG_") and text.strip()}
    return Deployment(_text(filled.get("name")), _text(filled.get("region")), settings)


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
