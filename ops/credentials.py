"""The operator's keys: the environment, SCF's own names, or a profile of tccli (`~/.tccli`)."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handler import jsontext
from handler.settings import Credentials
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Id, key and token. The first are tccli's and the SDKs' names, the second those that SCF gives a function.
NAMES = (
    ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"),
    ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN"),
)
PROFILE_VARIABLE = "TCCLI_PROFILE"
_MAX_FILE = 65_536
# Keys go into HTTP headers and forms: anything but visible ASCII is a fault of copying.
_KEY = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True)
class Account:
    """With which keys a command works, and the region of the profile that they come from."""

    keys: Credentials = field(repr=False)
    region: str = ""


def find(shell: Mapping[str, str], profile: str = "") -> Account:
    """Find the operator's keys.

    As with tccli, a profile that is named on the command line wins over keys in the environment; otherwise the
    environment wins over the profile of TCCLI_PROFILE, or `default`.

    Args:
        shell: the environment.
        profile: a profile of tccli, or nothing.

    Raises:
        OperatorError: there are none, or they cannot be read.
    """
    name = profile or shell.get(PROFILE_VARIABLE, "").strip() or "default"
    in_shell = None if profile else _from_shell(shell)
    if in_shell is None:
        return Account(_from_profile(name), _region_of(name))
    try:
        return Account(in_shell, _region_of(name))
    except OperatorError:  # nobody has asked for this profile: it may be broken without harm
        return Account(in_shell)


def _from_shell(shell: Mapping[str, str]) -> Credentials | None:
    for id_name, key_name, token_name in NAMES:
        secret_id, secret_key = shell.get(id_name, "").strip(), shell.get(key_name, "").strip()
        if secret_id and secret_key:
            token = shell.get(token_name, "").strip()
            return _checked(Credentials(secret_id, secret_key, token), f"{id_name}, {key_name} or {token_name}")
        if secret_id or secret_key:
            there, missing = (id_name, key_name) if secret_id else (key_name, id_name)
            raise OperatorError(f"{there} is set and {missing} is not: set both, or neither to use a profile of tccli.")
    return None


def _from_profile(name: str) -> Credentials:
    path = _path(name, "credential")
    content = _read(path)
    if content is None:
        named = name != "default"
        found = (
            f"The profile {name} of tccli does not exist ({_shown(path)})"
            if named
            else "No keys of Tencent Cloud were found"
        )
        raise OperatorError(
            f"{found}: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY (and TENCENTCLOUD_TOKEN with temporary "
            f"keys), or run `tccli configure{f' --profile {name}' if named else ''}`."
        )
    if content.get("type") == "cvm-role" or content.get("role-arn"):
        raise OperatorError(
            f"{_shown(path)} takes a role, which only tccli itself can do: get temporary keys of the role "
            "(`tccli sts AssumeRole`) and set TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN."
        )
    expiry = content.get("expiresAt")
    if isinstance(expiry, (int, float)) and 0 < expiry < time.time():
        raise OperatorError(
            f"The temporary keys in {_shown(path)} have expired: any call of tccli renews them, such as "
            f"`tccli sts GetCallerIdentity --profile {name}`; or log in again with `tccli auth login`."
        )
    values = [_text(content, path, key) for key in ("secretId", "secretKey", "token")]
    if not (values[0] and values[1]):
        raise OperatorError(
            f"{_shown(path)} holds no secretId or no secretKey: run `tccli configure --profile {name}`."
        )
    return _checked(Credentials(*values), _shown(path))


def _region_of(name: str) -> str:
    path = _path(name, "configure")
    section = (_read(path) or {}).get("_sys_param")
    return _text(section, path, "region") if isinstance(section, dict) else ""


def _path(name: str, kind: str) -> Path:
    if not re.fullmatch(r"[^/\\\x00-\x1f]{1,64}", name) or name.startswith("."):
        raise OperatorError(f"{json.dumps(name)} is no name of a profile: see the files in ~/.tccli.")
    return Path.home() / ".tccli" / f"{name}.{kind}"


def _shown(path: Path) -> str:
    """A profile's file as people write it."""
    return f"~/.tccli/{path.name}"


def _read(path: Path) -> dict[str, Any] | None:
    """A profile's file, read within bounds, for it may be anything; None where there is none."""
    again = "correct it, or write it anew with `tccli configure`"
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise OperatorError(f"{_shown(path)} is no regular file: {again}.")
        with path.open("rb") as file:
            raw = file.read(_MAX_FILE + 1)
        if len(raw) > _MAX_FILE:
            raise OperatorError(f"{_shown(path)} is longer than a profile can be: {again}.")
        content = jsontext.parse(raw)
    except OSError as error:
        raise OperatorError(f"{_shown(path)} cannot be read ({error.strerror}): {again}.") from None
    except jsontext.NotJson as error:
        raise OperatorError(f"{_shown(path)} cannot be read ({error}): {again}.") from None
    if not isinstance(content, dict):
        raise OperatorError(f"{_shown(path)} is not a JSON object: {again}.")
    return content


def _text(content: Mapping[str, Any], path: Path, key: str) -> str:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise OperatorError(f"{key} in {_shown(path)} must be a string: correct it, or run `tccli configure`.")
    return (value or "").strip()


def _checked(keys: Credentials, source: str) -> Credentials:
    for value in (keys.secret_id, keys.secret_key, keys.token):
        if value and not _KEY.fullmatch(value):
            raise OperatorError(
                f"A key from {source} has characters that no key has, such as spaces: copy it again, whole and alone."
            )
    return keys
