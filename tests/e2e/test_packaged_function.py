"""The package as deployed, run under Python 3.10 as SCF runs it: what it does and what it weighs."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import records
from tests.support.function import context, environment, outcomes, valid
from tests.support.records import REGION

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud import LocalCloud
    from ops.packaging.package import Package

# Runs one event after the other in one process, as a warm instance does, and says at the end what it weighs. (Not by
# getrusage: its peak is inherited from the process that started this one.)
RUN = """
import json, re, sys
import index
events, context = json.load(sys.stdin)
reports = [index.main_handler(event, context) for event in events]
print(json.dumps({
    "reports": reports,
    "peak_kb": int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]),
    "modules": sorted(sys.modules),
    "version": list(sys.version_info[:2]),
}))
"""

MEGABYTES = 1024
MOST_MEMORY_MB = 48

# What the event path may load beside the standard library: the modules of each top-level package, by number. There is
# no slack: to renew it after a change that is meant, run this file, look at what the failing test shows, and take it
# over. What the package leaves out is in ops/packaging/content.py.
PACKAGES = {
    "attr": 13,
    "attrs": 6,
    "aws_lambda_powertools": 40,
    "certifi": 2,
    "idna": 5,
    "index": 1,
    "jmespath": 8,
    "jsonschema": 10,
    "jsonschema_specifications": 2,
    "referencing": 6,
    "requests": 18,
    "rpds": 2,
    "tencentcloud": 16,
    "typing_extensions": 1,
    "urllib3": 28,
}
# Of our own: not the sweep, not the redrive, not the commands.
OURS = {
    "budget", "cloud", "cloud.api", "cloud.connection", "cloud.many", "cloud.queue", "cloud.retry", "cloud.rows",
    "cloud.vpc", "cover", "cover.batch", "cover.cure", "cover.ensure", "cover.rules", "cover.search", "cover.state",
    "deadletters", "errors", "intake", "intake.cloudaudit", "intake.events", "intake.record", "invocation", "jsontext",
    "log", "main", "model", "redaction", "schema", "settings",
}  # fmt: skip
NEVER = (
    "asyncio", "boto3", "botocore", "concurrent.futures.thread", "handler.commands", "handler.commands.dispatch",
    "handler.commands.redrive", "handler.commands.backfill", "handler.commands.coverage", "handler.cloud.pace",
    "multiprocessing", "sqlite3", "tencentcloud.vpc", "tencentcloud.scf", "unittest", "xml.etree", "aws_xray_sdk",
    "aws_lambda_powertools.utilities.idempotency", "aws_lambda_powertools.utilities.parameters", "jsonschema.cli",
    "jsonschema.benchmarks",
)  # fmt: skip


class Packaged:
    """The packaged function, and a cloud for it."""

    def __init__(self, folder: Path, python: Path, cloud: LocalCloud) -> None:
        self._folder = folder
        self._python = python
        self._cloud = cloud

    def run(self, *events: Any, code: str = RUN, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run events in one process as SCF would: no installed packages, code read-only, no bytecode written."""
        scf = {
            **environment(self._cloud, **variables),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{self._folder}:/opt",
            "PYTHONDONTWRITEBYTECODE": "x",
            "USER_CODE_ROOT": f"{self._folder}/",
        }
        return subprocess.run(
            [str(self._python), "-s", "-S", "-c", code],
            input=json.dumps([events, context(30.0)]),
            env=scf, cwd="/", capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def __call__(self, *events: Any) -> dict[str, Any]:
        """Run events and return what the process says of itself."""
        done = self.run(*events)
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        for report in said["reports"]:
            valid("report", report)
        return said


@pytest.fixture
def packaged(package: Package, python310: Path, cloud: LocalCloud) -> Packaged:
    return Packaged(package.folder, python310, cloud)


@pytest.fixture
def event(cloud: LocalCloud) -> dict[str, Any]:
    eni = cloud.seed_interface(REGION, instance_id=cloud.seed_instance(REGION))
    return records.cloud_event(records.created(eni, cloud.network_of(REGION)[0]))


def test_an_event_becomes_a_flow_log(packaged: Packaged, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """On Python 3.10, one call."""
    said = packaged(event)
    assert said["version"] == [3, 10]
    assert outcomes(said["reports"][0]) == {"created": 1}
    assert [call.action for call in cloud.calls] == ["CreateFlowLog"]


def test_memory_after_one_event(packaged: Packaged, event: dict[str, Any]) -> None:
    """SCF's smallest size is 64 MB: the peak, interpreter and all, stays well below."""
    assert packaged(event)["peak_kb"] < MOST_MEMORY_MB * MEGABYTES


def test_memory_after_a_dead_letter(packaged: Packaged) -> None:
    """Redaction and the queue cost no more."""
    assert packaged(records.run_instances(responseElements=""))["peak_kb"] < MOST_MEMORY_MB * MEGABYTES


def test_what_an_event_loads(packaged: Packaged, event: dict[str, Any]) -> None:
    """A budget by package, since each module costs a cold start time and memory; and nothing that is of no use."""
    modules = packaged(event)["modules"]
    standard = set(packaged.run(code="import sys; print(*sys.stdlib_module_names, '__main__')").stdout.split())
    # requests.packages holds other names for modules that are there already.
    foreign = [name for name in modules if not name.startswith("requests.packages.")]
    loaded = Counter(name.partition(".")[0] for name in foreign)
    assert {name: count for name, count in sorted(loaded.items()) if name not in {*standard, "handler"}} == PACKAGES
    assert {name.partition(".")[2] for name in modules if name.startswith("handler.")} == OURS
    assert [name for name in modules for never in NEVER if name == never or name.startswith(f"{never}.")] == []


def test_an_unknown_log_level(packaged: Packaged, event: dict[str, Any]) -> None:
    """It does not keep the function from starting."""
    assert packaged.run(event, LOG_LEVEL="VERBOSE").returncode == 0
