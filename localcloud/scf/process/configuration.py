"""What a function's process is told: its configuration, its environment and each event's context."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from localcloud.scf.process.bootstrap import CREDENTIALS

_USER: Final = "qcloud"  # whom a function runs as (doc 583/30228)

Credentials = tuple[str, str, str]


@dataclass(frozen=True)
class FunctionConfig:
    """A function version's configuration, in the terms of CreateFunction.

    Attributes:
        memory_mb: MemorySize.
        timeout_s: Timeout; a fraction of a second is taken, for tests.
        init_timeout_s: InitTimeout.
        environment: The user's variables.
        max_instances: How many instances may run at a time.
        revision: Counts the changes of the function.
    """

    function_name: str
    handler: str = "index.main_handler"
    memory_mb: int = 128
    timeout_s: float = 3
    init_timeout_s: float = 65
    environment: Mapping[str, str] = field(default_factory=dict)
    namespace: str = "default"
    version: str = "$LATEST"
    runtime: str = "Python3.10"
    region: str = "ap-guangzhou"
    appid: str = "1250000000"
    uin: str = "100000000001"
    max_instances: int = 20
    revision: int = 0


def environment(config: FunctionConfig, code: Path, keys: Credentials | None) -> dict[str, str]:
    """Return the whole environment of an instance (doc 583/30228): nothing of this machine's gets in.

    The code's real folder stands where SCF has /var/user; LD_LIBRARY_PATH and HOSTNAME are left out. A user may set
    what has no reserved prefix, the time zone for one.

    Args:
        config: The function version.
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
        **config.environment,
        **dict(zip(CREDENTIALS, keys or (), strict=False)),
        "PWD": str(code),
        "PYTHONDONTWRITEBYTECODE": "x",
        "PYTHONPATH": f"{code}:/opt",
        "SCF_FUNCTIONNAME": config.function_name,
        "SCF_FUNCTIONVERSION": config.version,
        "SCF_RUNTIME": config.runtime,
        "TENCENTCLOUD_APPID": config.appid,
        "TENCENTCLOUD_REGION": config.region,
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_TZ": "UTC",
        "TENCENTCLOUD_UIN": config.uin,
        "USER_CODE_ROOT": f"{code}/",
    }


def context(config: FunctionConfig, request_id: str) -> dict[str, Any]:
    """Return the handler's second argument, with its documented keys (doc 583/9210)."""
    variables = {"SCF_NAMESPACE": config.namespace, **config.environment}
    return {
        "memory_limit_in_mb": config.memory_mb,
        "time_limit_in_ms": int(config.timeout_s * 1000),
        "request_id": request_id,
        "environment": json.dumps(variables, separators=(",", ":")),
        "environ": ";".join(f"{name}={value}" for name, value in variables.items()),
        "function_version": config.version,
        "function_name": config.function_name,
        "namespace": config.namespace,
        "tencentcloud_region": config.region,
        "tencentcloud_appid": config.appid,
        "tencentcloud_uin": config.uin,
    }
