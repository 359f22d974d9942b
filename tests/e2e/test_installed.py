"""eni-flowlog installed from its wheel, as pipx and uv do it, used in an empty folder: no checkout is anywhere near."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
OURS = ("handler", "localcloud", "ops")


@dataclass(frozen=True)
class Installed:
    """An environment of its own that holds the wheel, and an empty folder to work in."""

    bin: Path
    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [str(self.bin / "eni-flowlog"), *arguments]

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "SSL_", "REQUESTS_", "UV_"))}
        return {**kept, "PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **variables}

    def __call__(self, *arguments: str, **variables: str) -> str:
        """Run `eni-flowlog` and return what it prints."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment(variables), cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    @contextmanager
    def local(self) -> Iterator[dict[str, str]]:
        """Run `eni-flowlog local`, and give what it says to export."""
        command = self.command("local", "--time-scale", "0.05")
        with subprocess.Popen(
            command, env=self.environment({}), cwd=self.folder, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            exports = {}
            try:
                for line in process.stdout:
                    if not (found := re.fullmatch(r"export (\w+)=(.*)\n", line)):
                        break
                    exports[found[1]] = found[2]
                yield exports
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    base = tmp_path_factory.mktemp("installed")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git work tree: nothing tells which files are the project's")
    for name in filter(lambda name: (ROOT / name).is_file(), listed.stdout.splitlines()):
        (base / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, base / "source" / name, follow_symlinks=False)
    venv.create(base / "venv", with_pip=False)
    run_pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(base / "dist"), str(base / "source"))
    (wheel,) = (base / "dist").iterdir()
    run_pip("--python", str(base / "venv" / "bin" / "python"), "install", "--no-deps", str(wheel))
    # Its dependencies are those of the tests: a line in a .pth file adds a folder, and none of what that one's add.
    (site,) = (base / "venv").glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    (base / "empty").mkdir()
    return Installed(base / "venv" / "bin", base / "empty")


def run_pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr


def test_it_runs_from_its_own_environment(installed: Installed) -> None:
    """What the tests below run is the wheel and not this checkout."""
    code = "import handler, localcloud, ops; print(*(each.__file__ for each in (handler, localcloud, ops)))"
    done = subprocess.run(
        [str(installed.bin / "python"), "-c", code], cwd=installed.folder, capture_output=True, text=True, check=True
    )
    assert all(str(installed.bin.parent) in path for path in done.stdout.split())


def test_from_nothing_to_a_covered_account(installed: Installed) -> None:
    """`init`, then `deploy` and `status` against `local`, each by what it says itself."""
    said = installed("init")
    assert {path.name for path in installed.folder.iterdir()} == {"serverless.yml", ".env.example"}
    assert "hook: eni-flowlog package" in (installed.folder / "serverless.yml").read_text("utf-8")
    assert "eni-flowlog deploy --dry-run" in said
    (installed.folder / ".env.example").rename(installed.folder / ".env")
    with installed.local() as exports:
        installed("deploy", "--without-bytecode", "--yes", **exports)
        assert (installed.folder / ".build" / "function.zip").is_file()
        installed("backfill", "--yes", **exports)
        assert "covered" in installed("status", **exports).lower()


def test_its_demo_runs(installed: Installed) -> None:
    """All of it, in a folder without anything; it ends with a status that is true, and has nothing left to ask."""
    shown = installed("demo")
    assert "All covered: every interface that can have a flow log has one that logs." in shown
    assert "unsupported, S1.SMALL1 is a model that takes no flow logs (2): eni-" in shown
    assert "All of that took" in shown


def test_it_asks_for_every_library_that_it_imports() -> None:
    """Whoever installs the wheel gets them: the list of dependencies in pyproject.toml is whole."""
    installed = _with_dependencies("eni-flowlog")
    imported = {name for path in OURS for file in (ROOT / path).rglob("*.py") for name in _imports(file)}
    owners = packages_distributions()
    foreign = sorted(imported.intersection(owners).difference(OURS))
    assert {"jsonschema", "tencentcloud", "typer", "werkzeug", "yaml"} <= set(foreign)
    assert [name for name in foreign if installed.isdisjoint(map(canonical, owners[name]))] == []


def canonical(name: str) -> str:
    return name.lower().replace("_", "-")


def _with_dependencies(distribution: str) -> set[str]:
    """A distribution and all that it brings with it, without extras."""
    found, open_ = set[str](), [distribution]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            asked = (each for each in requires(name) or [] if "extra ==" not in each)
            open_ += [canonical(match[0]) for each in asked if (match := re.match(r"[\w.-]+", each)) and _has(match[0])]
    return found


def _has(name: str) -> bool:
    """Whether it is installed here: a requirement may be another system's or another Python's."""
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
