"""What `eni-flowlog local` prints to be copied works as it is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud import LocalCloud
from ops.commands.local import environment_lines
from ops.packaging import pythons
from tests.support.deployed import wait_until

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(
    pythons.find((3, 10)) is None, reason="no Python 3.10 here: deploy would ask for --without-bytecode"
)
def test_the_first_command_ends_with_a_flow_log(tmp_path: Path) -> None:
    """Exports, the function, an interface made by tccli: all by one paste into a shell."""
    (tmp_path / "serverless.yml").write_text((ROOT / "serverless.yml").read_text("utf-8"), "utf-8")
    with LocalCloud(time_scale=0.05) as cloud:
        done = subprocess.run(
            ["bash", "-e", "-c", environment_lines(cloud)],
            cwd=tmp_path,
            env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": os.environ["HOME"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        made = re.findall(r'"NetworkInterfaceId": "(eni-[a-z0-9]{8})"', done.stdout)[-1]
        wait_until(lambda: bool(cloud.flow_logs_of(cloud.region, made)), what=f"a flow log of {made}")
