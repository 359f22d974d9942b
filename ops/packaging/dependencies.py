"""The function's pinned dependencies, installed for the Python and the platform it runs on, whatever runs here."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.errors import OperatorError

if TYPE_CHECKING:
    from importlib.metadata import Distribution

LINUX = ("manylinux2014_x86_64", "manylinux_2_17_x86_64")
"""The function's platform. The oldest glibc that today's wheels support: what SCF's image has is not documented."""
_RUNTIME = re.compile(r"Python(\d)\.(\d{1,2})")
_SPDX = {"Apache License 2.0": "Apache-2.0"}
"""Licences that a distribution names in other words than SPDX's."""


@dataclass(frozen=True)
class Runtime:
    """What to install for.

    Attributes:
        version: of CPython.
        platforms: the wheels' platform tags; none stands for the machine and the Python that run this.
    """

    version: tuple[int, int]
    platforms: tuple[str, ...] = ()

    @classmethod
    def of(cls, runtime: str) -> Runtime:
        """SCF's machine with one of its runtimes, such as "Python3.10".

        Raises:
            OperatorError: it is no runtime of Python.
        """
        found = _RUNTIME.fullmatch(runtime)
        if not found:
            raise OperatorError(f"`runtime` of serverless.yml is `{runtime}`: it must be one of Python, as Python3.10.")
        return cls((int(found[1]), int(found[2])), LINUX)

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
        licence: an SPDX expression.
        sha256: of the wheel that was installed, in hexadecimal.
        files: the wheel's files, each with its own SHA-256 in hexadecimal, as its RECORD has them.
    """

    name: str
    version: str
    licence: str
    sha256: str
    files: dict[str, str]


def install(pins: Path, target: Runtime, store: Path) -> tuple[Path, list[Pin]]:
    """Install the pins, once for each target and state of the pins.

    Args:
        pins: a file of requirements with hashes.
        target: what to install for.
        store: the folder to install into, below which each installation has a folder of its own.

    Returns:
        The folder that holds the packages, not to be changed; and what is installed there.

    Raises:
        OperatorError: pip refuses or fails (a wheel is missing for the target, a hash is wrong, no network).
    """
    key = hashlib.sha256(pins.read_bytes() + repr(target).encode()).hexdigest()[:16]
    wanted = store / f"{target.name}-{key}"
    if not wanted.is_dir():
        store.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=store, prefix=".new-") as scratch:
            new = Path(scratch, "new")
            _pip_install(pins, target, new)
            _settle(new, wanted)
    wheels = _wheels(wanted / "pip.json")
    return wanted / "site", [_pin(each, wheels) for each in distributions(path=[str(wanted / "site")])]


def _pip_install(pins: Path, target: Runtime, folder: Path) -> None:
    folder.mkdir()
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    wheels = ["install", "-qq", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"]
    places = ["--target", str(folder / "site"), "--report", str(folder / "pip.json"), "--requirement", str(pins)]
    run([*pip, *wheels, *target.flags, *places], f"Installing {pins.name} for Python {target.name}", dict(os.environ))


def _settle(new: Path, wanted: Path) -> None:
    """Put a finished installation in its place, unless another build was as quick: it holds the same."""
    try:
        new.rename(wanted)
    except OSError:
        if not wanted.is_dir():
            raise


def _wheels(report: Path) -> dict[str, str]:
    """The SHA-256 of each wheel that pip has installed, by the distribution's name."""
    items: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {item["metadata"]["name"]: item["download_info"]["archive_info"]["hashes"]["sha256"] for item in items}


def _pin(found: Distribution, wheels: dict[str, str]) -> Pin:
    name = found.metadata["Name"]
    told = [each for field in ("License-Expression", "License") for each in found.metadata.get_all(field) or []]
    licence = next(iter(told), "")
    hashes = {each.as_posix(): each.hash.value for each in found.files or () if each.hash}
    files = {path: base64.urlsafe_b64decode(digest + "=").hex() for path, digest in hashes.items()}
    return Pin(name, found.version, _SPDX.get(licence, licence), wheels[name], files)


def run(command: list[str], doing: str, environment: dict[str, str]) -> None:
    """Run a build step quietly.

    Args:
        command: program and arguments.
        doing: what it is for, to begin the error with.
        environment: all of its variables.

    Raises:
        OperatorError: its exit code is not 0; the message holds what it printed.
    """
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - commands are made here, no shell
    if done.returncode != 0:
        raise OperatorError(f"{doing} failed (exit code {done.returncode}):\n{(done.stdout + done.stderr).strip()}")
