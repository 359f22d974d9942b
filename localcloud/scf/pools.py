"""The processes of functions: a `ProcessPool` for each function, made anew when the function changes."""

from __future__ import annotations

import functools
import logging
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.cam.model import SCF_SERVICE, Access, issue_keys
from localcloud.scf.process.function_process import SYSTEM_ERROR, InvocationError
from localcloud.scf.process.interpreter import find_python
from localcloud.scf.process.process_pool import PoolRetired, ProcessPool

if TYPE_CHECKING:
    from localcloud.core.account import Account
    from localcloud.scf.model import Function, Ref
    from localcloud.scf.process.configuration import Credentials
    from localcloud.scf.process.process_pool import InvokeResult

_LOG = logging.getLogger("localcloud")
KEY_LIFETIME_S = 6 * 3600.0
"""How long an execution role's temporary keys are good for, at most, as SCF documents it."""
DEFAULT_INSTANCES = 20


class Pools:
    """The process pools of all functions. Thread-safe.

    Attributes:
        max_instances: How many instances a function may have at a time; for functions that have not run yet.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._pools: dict[Ref, ProcessPool] = {}
        self.max_instances = DEFAULT_INSTANCES

    def invoke(self, function: Function, event_json: str, request_id: str) -> InvokeResult:
        """Run a function once and wait for its end.

        Raises:
            PackageError: The code cannot be unpacked.
        """
        while True:
            try:
                return self._pool_of(function).invoke(event_json, request_id)
            except PoolRetired:  # the function changed just now: there is another pool
                continue

    def retire(self, ref: Ref) -> None:
        """End a function's pool; what runs goes on to its end."""
        with self._lock:
            pool = self._pools.pop(ref, None)
        if pool is not None:
            pool.retire()

    @property
    def total(self) -> int:
        """Return how many instances there are of all functions together."""
        with self._lock:
            return sum(pool.instance_count for pool in self._pools.values())

    def kill(self, ref: Ref) -> None:
        """Kill all instances of a function, as a crash of the machine would."""
        with self._lock:
            pool = self._pools.get(ref)
        if pool is not None:
            pool.kill_all()

    def close(self) -> None:
        """Kill all instances of all functions."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def _pool_of(self, function: Function) -> ProcessPool:
        """Return a function's pool, made anew if the function has changed; the old one takes no more events.

        Raises:
            PackageError: The code cannot be unpacked.
        """
        with self._lock:
            pool = self._pools.get(function.ref)
            if pool is None or pool.function.revision < function.revision:
                if pool is not None:
                    pool.retire()
                pool = self._pools[function.ref] = self._new(function)
            return pool

    def _new(self, function: Function) -> ProcessPool:
        python = python_for(function.settings["Runtime"])
        keys = functools.partial(self._keys, function.settings["Role"])
        return ProcessPool(function, self._account, python, self.max_instances, keys)

    def _keys(self, role: str) -> Credentials | None:
        if not role:
            return None
        with self._account.lock:
            taken = self._account.state(Access).roles.get(role)
            if taken is None or not taken.trusts("service", SCF_SERVICE):
                message = f"the role `{role}` does not exist or does not trust {SCF_SERVICE}"
                raise InvocationError(SYSTEM_ERROR, message)
            keys = issue_keys(self._account, role, KEY_LIFETIME_S, "scf")
        return keys.secret_id, keys.secret_key, keys.token or ""


@functools.lru_cache(maxsize=16)
def python_for(runtime: str) -> Path:
    """Return the Python for a runtime such as "Python3.10", or the one at hand where it is missing, and say so."""
    found = find_python(runtime.removeprefix("Python"))
    if found is None:
        here = "{}.{}".format(*sys.version_info[:2])
        _LOG.warning("no %s was found: functions of that runtime run on Python %s", runtime, here)
    return found or Path(sys.executable)
