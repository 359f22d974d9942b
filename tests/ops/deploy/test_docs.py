"""The commands of docs/deploy.md do what they say: wired by hand with tccli, there is nothing left for deploy to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ops.deployment.assembly import all_parts, plan_deployment
from ops.deployment.step import Verb
from tests.support.deployment import account_of, deploy, deployment_to, shell, small_package

if TYPE_CHECKING:
    from localcloud import LocalCloud

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    """The commands of one code block of the page."""
    found = re.search(rf"^```sh {name}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def run(commands: str, local: LocalCloud, home: Path) -> None:
    """Run commands as a reader would, but for where tccli finds the cloud."""
    tccli = f'tccli() {{ "{Path(sys.executable).with_name("tccli")}" "$@" --endpoint {local.endpoint}; }}'
    script = f"set -e\n{tccli}\n{commands}"
    inherited = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        ["bash", "-c", script], env={**inherited, **shell(local), "HOME": str(home)}, cwd=ROOT, text=True,
        capture_output=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_parts_made_by_hand_are_those_that_deploy_would_make(cloud: LocalCloud, tmp_path: Path) -> None:
    """Role, policy and queue before the function, rule and target after it; then deploy finds nothing to do."""
    wanted = deployment_to(cloud, FLOWLOG_TOPIC_REGION=cloud.region)  # as the page says for this way
    account, code = account_of(cloud), small_package(tmp_path)
    run(block("before"), cloud, tmp_path)
    for part in all_parts(wanted, account, code):
        if part.kind in ("function", "timer"):  # what `scf deploy` makes
            part.apply()
    run('export UIN=$(tccli sts GetCallerIdentity --filter AccountId | tr -d \'"\') REGION=$TENCENTCLOUD_REGION\n'
        + block("after"), cloud, tmp_path)  # fmt: skip
    assert {step.kind: step.verb for step in plan_deployment(wanted, account, code).steps} == {
        "role": Verb.NOTHING,
        "policy": Verb.NOTHING,
        "queue": Verb.NOTHING,
        "function": Verb.NOTHING,
        "timer": Verb.NOTHING,
        "rule": Verb.NOTHING,
        "target": Verb.NOTHING,
    }
    assert {step.verb for step in deploy(wanted, account, code)} == {Verb.NOTHING}
