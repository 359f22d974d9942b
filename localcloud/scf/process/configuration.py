"""What a function's process is told: its environment and each event's context."""

import json
from pathlib import Path
from typing import Any, Final

from localcloud.core.account import Account
from localcloud.scf.model import LATEST, Function
from localcloud.scf.process.bootstrap import CREDENTIALS

_USER: Final = "qcloud"  # whom a function runs as (doc 583/30228)

Credentials = tuple[str, str, str]


def environment(function: Function, account: Account, code: Path, keys: Credentials | None) -> dict[str, str]:
    """Return the whole environment of an instance (doc 583/30228): nothing of this machine's gets in.

    The code's real folder stands where SCF has /var/user; LD_LIBRARY_PATH and HOSTNAME are left out. A user may set
    what has no reserved prefix, the time zone for one.

    Args:
        function: The function.
        account: Whose it is.
        code: The folder of its code.
        keys: The execution role's temporary keys, if it has a role.

    Returns:
        The variables.
    """
    return {
        "HOME": f"/home/{_USER}",
        "LANG": "en_US.UTF8",
        "LC_ALL": "en_US.UTF8",
        "LOGNAME": _USER,
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SHELL": "/bin/bash",
        "TZ": "UTC",
        "USER": _USER,
        **function.variables,
        **dict(zip(CREDENTIALS, keys or (), strict=False)),
        "PWD": str(code),
        "PYTHONDONTWRITEBYTECODE": "x",
        "PYTHONPATH": f"{code}:/opt",
        "SCF_FUNCTIONNAME": function.ref.name,
        "SCF_FUNCTIONVERSION": LATEST,
        "SCF_RUNTIME": function.settings["Runtime"],
        "TENCENTCLOUD_APPID": str(account.app_id),
        "TENCENTCLOUD_REGION": function.ref.region,
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_TZ": "UTC",
        "TENCENTCLOUD_UIN": account.uin,
        "USER_CODE_ROOT": f"{code}/",
    }


def context(function: Function, account: Account, request_id: str) -> dict[str, Any]:
    """Return the handler's second argument, with its documented keys (doc 583/9210)."""
    variables = {"SCF_NAMESPACE": function.ref.namespace, **function.variables}
    return {
        "memory_limit_in_mb": function.settings["MemorySize"],
        "time_limit_in_ms": int(function.settings["Timeout"] * 1000),
        "request_id": request_id,
        "environment": json.dumps(variables, separators=(",", ":")),
        "environ": ";".join(f"{name}={value}" for name, value in variables.items()),
        "function_version": LATEST,
        "function_name": function.ref.name,
        "namespace": function.ref.namespace,
        "tencentcloud_region": function.ref.region,
        "tencentcloud_appid": str(account.app_id),
        "tencentcloud_uin": account.uin,
    }
