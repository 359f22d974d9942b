"""What this machine says of a function and its settings: serverless.yml, a `.env` file beside it, and the shell.

All commands read them here, and as the Serverless CLI does: `${env:NAME}` in serverless.yml stands for that variable
of the shell or of .env, and a field whose variable is not set is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from dotenv import dotenv_values

from handler import schema
from handler.redaction import hide
from ops import credentials
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.settings import Credentials

FILE = Path(__file__).with_name("data") / "serverless.yml"
"""The project's own serverless.yml."""
DEFAULT_FUNCTION = "eni-flowlog"
REGION_VARIABLE = "TENCENTCLOUD_REGION"


_MAX_BYTES = 1 << 20
_VARIABLE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Config:
    """Where and as whom a command works.

    Attributes:
        path: of serverless.yml, whether there is one or not.
        keys: the operator's.
        region: the function's.
        inputs: `inputs` of serverless.yml, its variables filled in; empty where there is none of ours.
        shell: the environment.
    """

    path: Path
    keys: Credentials
    region: str
    inputs: Mapping[str, Any]
    shell: Mapping[str, str]

    @property
    def function(self) -> str:
        """The function's name."""
        return _text(self.inputs.get("name")) or DEFAULT_FUNCTION

    @property
    def namespace(self) -> str:
        """The function's namespace."""
        return _text(self.inputs.get("namespace")) or "default"

    @property
    def settings(self) -> dict[str, str]:
        """The FLOWLOG_* variables that are set: of the shell, then of serverless.yml."""
        of_file = {name: text for name, text in _variables(self.inputs).items() if name.startswith("FLOWLOG_")}
        of_shell = {name: self.shell.get(name, "") for name in schema.document("settings")["properties"]}
        return {name: text for each in (of_file, of_shell) for name, text in each.items() if text.strip()}

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the shell, and those of .env that it lacks."""
        return {**_dot_env(self.path), **self.shell}

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """An environment as the function has it, with some settings and the operator's keys."""
        return {
            **settings,
            REGION_VARIABLE: self.region,
            "TENCENTCLOUD_SECRETID": self.keys.secret_id,
            "TENCENTCLOUD_SECRETKEY": self.keys.secret_key,
            "TENCENTCLOUD_SESSIONTOKEN": self.keys.token,
        }


def runtime(path: Path = Path("serverless.yml")) -> str:
    """The runtime, such as "Python3.10", that serverless.yml in this folder names, else the project's own.

    Raises:
        OperatorError: the file cannot be read.
    """
    return _text(_inputs(path).get("runtime")) or _text(_inputs(FILE).get("runtime"))


def read(path: Path, shell: Mapping[str, str], *, profile: str = "", region: str = "", fallback: str = "") -> Config:
    """Read what a command needs to know that works with or without a serverless.yml.

    A file without FLOWLOG_* variables is somebody else's: neither it nor its .env is used. The function's region is
    that of the command line (`region`, or the profile that it names: as with tccli, it speaks before the
    environment), of TENCENTCLOUD_REGION, of serverless.yml, of tccli's profile, in this order.

    Args:
        path: where serverless.yml may be.
        shell: the environment.
        profile: a profile of tccli, or nothing.
        region: the function's, where the command line names it.
        fallback: the function's region where nothing else tells it.

    Raises:
        OperatorError: a file or the keys cannot be read, or no region is known.
    """
    return _config(path, _ours(path), shell, (profile, region, fallback))


def read_file(path: Path, shell: Mapping[str, str], *, profile: str = "", region: str = "") -> Config:
    """The same for a command that cannot do without serverless.yml.

    Raises:
        OperatorError: as `read`, and where there is no file of `component: scf`.
    """
    if not path.is_file():
        raise OperatorError(f"There is no {path} here: give --config FILE, or write one by `eni-flowlog init`.")
    inputs = _inputs(path)
    if not inputs:
        raise OperatorError(f"{path} has no `inputs`: it is not a file of `component: scf`.")
    return _config(path, inputs, shell, (profile, region, ""))


def _config(path: Path, inputs: Mapping[str, Any], shell: Mapping[str, str], given: tuple[str, str, str]) -> Config:
    profile, region, fallback = given
    variables = {**(_dot_env(path) if inputs else {}), **shell}
    account = credentials.find(shell, profile)
    hide(account.keys.secret_key, account.keys.token)
    said = region or (account.region if profile else "") or variables.get(REGION_VARIABLE, "").strip()
    filled = _filled(inputs, {**variables, REGION_VARIABLE: said or account.region}, path)
    home = said or _text(filled.get("region")) or account.region or fallback
    if not home:
        raise OperatorError(
            f"No region is known: set {REGION_VARIABLE} to the function's region, such as ap-guangzhou, or give "
            "--function-region."
        )
    return Config(path, account.keys, home, filled, shell)


def _ours(path: Path) -> Mapping[str, Any]:
    inputs = _inputs(path)
    return inputs if any(name.startswith("FLOWLOG_") for name in _variables(inputs)) else {}


def _inputs(path: Path) -> Mapping[str, Any]:
    """`inputs` of serverless.yml; empty where there is no such file, or it has none."""
    return mapping(mapping(_yaml(path)).get("inputs")) if path.is_file() else {}


def _yaml(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return yaml.safe_load(file.read(_MAX_BYTES))
    except OSError as error:
        raise OperatorError(f"{path} cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise OperatorError(f"{path} is not YAML{place}: correct it.") from None


def _dot_env(path: Path) -> dict[str, str]:
    """The variables of the .env file beside serverless.yml; none where there is no such file."""
    file = path.with_name(".env")
    try:
        found = dotenv_values(file, interpolate=False)
    except (OSError, UnicodeDecodeError):
        raise OperatorError(f"{file} cannot be read as text: correct it.") from None
    return {name: value for name, value in found.items() if value is not None}


def _filled(inputs: Mapping[str, Any], variables: Mapping[str, str], path: Path) -> Mapping[str, Any]:
    try:
        return mapping(_fill(inputs, variables))
    except RecursionError:
        raise OperatorError(f"{path} refers to itself: correct it.") from None


def _fill(value: Any, variables: Mapping[str, str]) -> Any:
    """A value with its variables filled in; a field that names one that is not set, or is empty, is left out."""
    if isinstance(value, dict):
        filled = {key: _fill(item, variables) for key, item in value.items()}
        return {key: item for key, item in filled.items() if item is not None}
    if isinstance(value, list):
        return [item for item in (_fill(each, variables) for each in value) if item is not None]
    if not isinstance(value, str):
        return value
    if any(not variables.get(name) for name in _VARIABLE.findall(value)):
        return None
    return _VARIABLE.sub(lambda match: variables[match[1]], value)


def _variables(inputs: Mapping[str, Any]) -> dict[str, str]:
    given = mapping(mapping(inputs.get("environment")).get("variables"))
    return {str(name): _text(value) for name, value in given.items()}


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping of YAML; an empty one where there stands something else."""
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return str(value) if isinstance(value, (str, int, float)) else ""
