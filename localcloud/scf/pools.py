"""The processes of functions: a `ProcessPool` for each function, made anew when the function changes."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.cam.model import SCF_SERVICE, Access, issue_keys
from localcloud.scf.process.configuration import FunctionConfig
from localcloud.scf.process.interpreter import find_python
from localcloud.scf.process.process_pool import ProcessPool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.account import Account
    from localcloud.scf.model import Function, Ref
    from localcloud.scf.process.configuration import Credentials

_LOG = logging.getLogger("localcloud")
KEY_LIFETIME_S = 6 * 3600.0
"""How long an execution role's temporary keys are good for, at most, as SCF documents it."""
DEFAULT_INSTANCES = 20


class RoleRefused(Exception):
    """SCF cannot take the function's role: it does not exist, or does not trust scf.qcloud.com."""


@dataclass
class _Held:
    revision: int
    pool: ProcessPool
    users: int = 0
    retired: bool = False


class Pools:
    """The process pools of all functions. Thread-safe.

    Attributes:
        max_instances: How many instances a function may have at a time; for functions that have not run yet.
        key_lifetime_s: How long the keys of an invocation are good for.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._held: dict[Ref, _Held] = {}
        self.max_instances = DEFAULT_INSTANCES
        self.key_lifetime_s = KEY_LIFETIME_S

    @contextlib.contextmanager
    def lease(self, function: Function) -> Iterator[ProcessPool]:
        """Lend a function's pool; as long as it is lent it is not closed, even if the function changes.

        Raises:
            PackageError: The code cannot be unpacked.
        """
        held = self._take(function)
        try:
            yield held.pool
        finally:
            with self._lock:
                held.users -= 1
                closing = held.retired and not held.users
            if closing:
                held.pool.close()

    def retire(self, ref: Ref) -> None:
        """Close a function's pool once nobody uses it."""
        with self._lock:
            held = self._held.pop(ref, None)
            if held is None:
                return
            held.retired = True
            closing = not held.users
        if closing:
            held.pool.close()

    def instances(self, ref: Ref) -> int:
        """Return how many instances a function has now."""
        with self._lock:
            held = self._held.get(ref)
        return held.pool.instance_count if held else 0

    @property
    def total(self) -> int:
        """Return how many instances there are of all functions together."""
        with self._lock:
            held = list(self._held.values())
        return sum(one.pool.instance_count for one in held)

    def kill(self, ref: Ref) -> int:
        """Kill all instances of a function, as a crash of the machine would, and return how many."""
        with self._lock:
            held = self._held.get(ref)
        return held.pool.kill_all() if held else 0

    def close(self) -> None:
        """Kill all instances of all functions."""
        with self._lock:
            held, self._held = list(self._held.values()), {}
        for one in held:
            one.pool.close()

    def _take(self, function: Function) -> _Held:
        with self._lock:
            held = self._held.get(function.ref)
            if held is None or held.revision < function.revision:
                old, held = held, _Held(function.revision, self._new(function))
                self._held[function.ref] = held
                self._retire_under_lock(old)
            held.users += 1
            return held

    def _retire_under_lock(self, old: _Held | None) -> None:
        if old is not None:
            old.retired = True
            if not old.users:
                old.pool.close()

    def _new(self, function: Function) -> ProcessPool:
        config = FunctionConfig(
            function_name=function.ref.name,
            handler=function.handler,
            memory_mb=function.memory_mb,
            timeout_s=function.timeout_s,
            init_timeout_s=function.init_timeout_s,
            environment=dict(function.environment),
            namespace=function.ref.namespace,
            runtime=function.runtime,
            region=function.ref.region,
            appid=str(self._account.app_id),
            uin=self._account.uin,
            max_instances=self.max_instances,
        )
        role = function.role
        return ProcessPool(config, function.code, python_for(function.runtime), lambda: self._keys(role))

    def _keys(self, role: str) -> Credentials | None:
        if not role:
            return None
        with self._account.lock:
            taken = self._account.state(Access).roles.get(role)
            if taken is None or not taken.trusts("service", SCF_SERVICE):
                raise RoleRefused(f"the role `{role}` does not exist or does not trust {SCF_SERVICE}")
            keys = issue_keys(self._account, role, self.key_lifetime_s, "scf")
        return keys.secret_id, keys.secret_key, keys.token or ""


@functools.lru_cache(maxsize=16)
def python_for(runtime: str) -> Path:
    """Return the Python for a runtime such as "Python3.10", or the one at hand where it is missing, and say so."""
    match = re.fullmatch(r"Python(\d)\.(\d+)", runtime)
    found = find_python((int(match[1]), int(match[2]))) if match else None
    if found is None:
        here = "{}.{}".format(*sys.version_info[:2])
        _LOG.warning("no %s was found: functions of that runtime run on Python %s", runtime, here)
    return found or Path(sys.executable)
