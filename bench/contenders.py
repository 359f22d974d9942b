"""The package and its peers: what each runs, and from which folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops import config
from ops.packaging import dependencies, package, pythons
from ops.packaging.dependencies import Target, run

if TYPE_CHECKING:
    from ops.packaging.package import Package

ROOT = package.ROOT
SCHEMA = ROOT / "schemas" / "event.schema.json"
_TYPED_CLIENT = "tencentcloud-sdk-python-vpc"


@dataclass(frozen=True)
class Contender:
    """What is measured: a program of `bench.programs` and the folders on its path."""

    name: str
    program: str
    path: tuple[Path, ...]


@dataclass(frozen=True)
class Field:
    """All that takes part, built from the same pins."""

    python: Path
    package: Package
    plain: Path
    compiled: Path
    programs: Path

    @property
    def ours(self) -> Contender:
        """The package as deployed."""
        return self.with_ours("ours")

    @property
    def peers(self) -> tuple[Contender, ...]:
        """The peers of the issue, (a) to (d)."""
        return (
            Contender("(a) vendor's way", "vendor", (self.plain, self.programs)),
            Contender("(b) the same, bytecode", "vendor", (self.compiled, self.programs)),
            Contender("(c) floor: imports", "floor", (self.compiled, self.programs)),
            Contender("(d) empty handler", "empty", (self.programs,)),
        )

    def with_ours(self, program: str) -> Contender:
        """Another program that uses the package."""
        return Contender("ours", program, (self.package.folder, self.programs))

    def with_vendor(self, program: str) -> Contender:
        """Another program that uses the typed client, with bytecode."""
        return Contender("vendor's way", program, (self.compiled, self.programs))


def gather() -> Field:
    """Build what takes part.

    Raises:
        PackageError: no Python 3.10, or pip failed.
    """
    store = ROOT / ".build" / "bench"
    built = package.build(out=store)
    target = Target.of(config.runtime())
    python = pythons.find(target.version)
    assert python is not None, "the package has just been built with it"
    plain, compiled = _peers(store, python, target)
    return Field(python, built, plain, compiled, _programs(store, python))


def _peers(store: Path, python: Path, target: Target) -> tuple[Path, Path]:
    """The pinned dependencies and the typed client, whole, without and with bytecode; made once for the pins."""
    pins = store / "peers.txt"
    pins.write_text(
        (ROOT / "requirements" / "function.txt").read_text(encoding="utf-8") + _pin_of_typed_client(), encoding="utf-8"
    )
    plain, _ = dependencies.install(pins, target, store)
    compiled = plain.with_name("compiled")
    if not compiled.is_dir():
        with tempfile.TemporaryDirectory(dir=store, prefix=".new-") as scratch:
            new = Path(shutil.copytree(plain, Path(scratch, "compiled")))
            _compile(new, python)
            new.rename(compiled)
    return plain, compiled


def _pin_of_typed_client() -> str:
    """The pin with its hashes, out of the development requirements."""
    lines = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{_TYPED_CLIENT}=="))
    end = next(number for number in range(start, len(lines)) if not lines[number].endswith("\\"))
    return "\n".join(lines[start : end + 1]) + "\n"


def _programs(store: Path, python: Path) -> Path:
    folder = store / "programs"
    shutil.rmtree(folder, ignore_errors=True)
    package_folder = folder / "bench" / "programs"
    package_folder.mkdir(parents=True)
    for source in (ROOT / "bench" / "programs").glob("*.py"):
        shutil.copyfile(source, package_folder / source.name)
    _compile(folder, python)
    return folder


def _compile(folder: Path, python: Path) -> None:
    command = [str(python), "-s", "-S", "-B", "-m", "compileall", "-qq", "-f", "-o", "0"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    run([*command, "--invalidation-mode", "unchecked-hash", str(folder)], f"Compiling {folder.name}", environment)
