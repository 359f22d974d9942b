"""`eni-flowlog init`: the files that a deployment begins with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ops import config
from ops.deployment.wanted import ALARM_RECEIVERS, ALARM_WEBHOOK
from ops.errors import Exit

if TYPE_CHECKING:
    from tests.support.operator import Operator

NAMED = re.compile(r"\$\{env:(\w+)\}")
OFFERED = re.compile(r"^#?([A-Z_]+)=", re.MULTILINE)


def test_it_writes_what_deploy_reads(operator: Operator) -> None:
    """serverless.yml with its comments, and an example of each variable that it takes from the account."""
    result = operator("init", "there")
    assert result.exit_code == Exit.OK, result.output
    text = (operator.folder / "there" / "serverless.yml").read_text("utf-8")
    assert text == config.FILE.read_text("utf-8").replace("hook: make package", "hook: eni-flowlog package")
    offered = set(OFFERED.findall((operator.folder / "there" / ".env.example").read_text("utf-8")))
    of_alarms = {ALARM_RECEIVERS, ALARM_WEBHOOK}  # which the Serverless CLI knows nothing of
    assert (set(NAMED.findall(text)) - {"NAME"}) | of_alarms == offered


def test_what_is_there_stays(operator: Operator) -> None:
    """Nobody's file is overwritten; where there is nothing to write, that is a failure."""
    mine = operator.folder / "serverless.yml"
    mine.write_text("mine")
    result = operator("init")
    assert result.exit_code == Exit.OK, result.output
    assert mine.read_text() == "mine"
    assert (operator.folder / ".env.example").is_file()
    result = operator("init")
    assert result.exit_code == Exit.FAILED
    assert "are there already" in result.stderr
