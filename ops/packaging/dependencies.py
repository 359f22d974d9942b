"""The function's pinned dependencies, installed for the Python and the platform it runs on, whatever runs here."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ops.errors import OperatorError

PINS = "requirements/function.txt"

LINUX = ("manylinux2014_x86_64", "manylinux_2_17_x86_64")
"""The function's platform. The oldest glibc that today's wheels support: what SCF's image has is not documented."""


class PackageError(OperatorError):
    """The package could not be built; the message says why and what to do."""


@dataclass(frozen=True)
class Target:
    """What to install for.

    Attributes:
        version: of CPython.
        platforms: the wheels' platform tags; none stands for the machine and the Python that run this.
    """

    version: tuple[int, int]
    platforms: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The version as people write it, such as "3.10"."""
        return "{}.{}".format(*self.version)

    @property
    def flags(self) -> list[str]:
        """Pip's options that choose the wheels."""
        if not self.platforms:
            return []
        abi = "cp{}{}".format(*self.version)
        flags = ["--python-version", self.name, "--implementation", "cp", "--abi", abi]
        return flags + [part for platform in self.platforms for part in ("--platform", platform)]


@dataclass(frozen=True)
class Pin:
    """One installed distribution.

    Attributes:
        name: as its own metadata spells it.
        version: as released.
        hashes: of the very file that was installed, by algorithm as pip names it ("sha256").
    """

    name: str
    version: str
    hashes: dict[str, str]


@dataclass(frozen=True)
class Installed:
    """The installed dependencies: where their packages are, and what they are."""

    site: Path
    pins: list[Pin]


def install(root: Path, target: Target) -> Installed:
    """Install the pins, once for each target and state of the pins, into `.build/dependencies` of the project.

    Args:
        root: the project.
        target: what to install for.

    Returns:
        What is installed there; not to be changed.

    Raises:
        PackageError: pip refuses or fails (a wheel is missing for the target, a hash is wrong, no network).
    """
    key = hashlib.sha256((root / PINS).read_bytes() + repr(target).encode()).hexdigest()[:16]
    store = root / ".build" / "dependencies"
    wanted = store / f"{target.name}-{key}"
    if not wanted.is_dir():
        store.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=store, prefix=".new-") as scratch:
            new = Path(scratch, "new")
            _pip_install(root / PINS, target, new)
            _settle(new, wanted)
    return Installed(wanted / "site", _report(wanted / "pip.json"))


def _pip_install(pins: Path, target: Target, folder: Path) -> None:
    folder.mkdir()
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    wheels = ["install", "-qq", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"]
    places = ["--target", str(folder / "site"), "--report", str(folder / "pip.json"), "--requirement", str(pins)]
    run([*pip, *wheels, *target.flags, *places], f"Installing {PINS} for Python {target.name}", dict(os.environ))


def _settle(new: Path, wanted: Path) -> None:
    """Put a finished installation in its place, unless another build was as quick: it holds the same."""
    try:
        new.rename(wanted)
    except OSError:
        if not wanted.is_dir():
            raise


def _report(path: Path) -> list[Pin]:
    report = json.loads(path.read_text(encoding="utf-8"))
    return [
        Pin(item["metadata"]["name"], item["metadata"]["version"], item["download_info"]["archive_info"]["hashes"])
        for item in report["install"]
    ]


def run(command: list[str], doing: str, environment: dict[str, str]) -> None:
    """Run a build step quietly.

    Args:
        command: program and arguments.
        doing: what it is for, to begin the error with.
        environment: all of its variables.

    Raises:
        PackageError: its exit code is not 0; the message holds what it printed.
    """
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - commands are made here, no shell
    if done.returncode != 0:
        raise PackageError(f"{doing} failed (exit code {done.returncode}):\n{(done.stdout + done.stderr).strip()}")
