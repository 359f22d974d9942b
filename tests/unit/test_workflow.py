"""What CI runs: one thing, `make check`, wherever it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_both_run_make_check() -> None:
    """The workflow and the script for other machines."""
    steps = read(".github/workflows/check.yml")["jobs"]["check"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["make check"]
    assert (ROOT / ".ci" / "run").read_text("utf-8").rstrip().endswith("make check")


def test_the_hooks_are_what_make_check_runs() -> None:
    """Each command of the target but the tests is a hook, and each hook but the secrets' one of its commands."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    target = makefile.partition("\ncheck: ")[2].partition("\n\n")[0]
    commands = {line.removeprefix("\t@$(BIN)/").removesuffix(" .") for line in target.splitlines() if "$(BIN)" in line}
    hooks = {hook["entry"].removeprefix(".venv/bin/") for hook in read(".pre-commit-config.yaml")["repos"][0]["hooks"]}
    assert hooks - commands == {"detect-secrets-hook --baseline .secrets.baseline"}
    assert commands <= hooks
