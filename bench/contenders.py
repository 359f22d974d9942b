"""The package and its peers: what each runs, and from which folder."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops import config
from ops.packaging import content, dependencies, package, pythons
from ops.packaging.dependencies import Runtime

if TYPE_CHECKING:
    from ops.packaging.package import Package

ROOT = package.ROOT
SCHEMA = ROOT / "schemas" / "event.schema.json"
_TYPED_CLIENT = "tencentcloud-sdk-python-vpc"


@dataclass(frozen=True)
class Contender:
    """What is measured: a program of `bench.programs`, its interpreter and the folders on its path."""

    python: Path
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
        """The peers that the table names, (a) to (d)."""
        return (
            self._contender("(a) vendor's way", "vendor", self.plain),
            self._contender("(b) the same, bytecode", "vendor", self.compiled),
            self._contender("(c) floor: imports", "floor", self.compiled),
            self._contender("(d) empty handler", "empty"),
        )

    def with_ours(self, program: str) -> Contender:
        """Another program that uses the package."""
        return self._contender("ours", program, self.package.folder)

    def with_vendor(self, program: str) -> Contender:
        """Another program that uses the typed client, with bytecode."""
        return self._contender("vendor's way", program, self.compiled)

    def _contender(self, name: str, program: str, *folders: Path) -> Contender:
        return Contender(self.python, name, program, (*folders, self.programs))


def gather() -> Field:
    """Build what takes part.

    Raises:
        OperatorError: no Python 3.10, or pip failed.
    """
    store = ROOT / ".build" / "bench"
    built = package.build(out=store)
    target = Runtime.of(config.runtime())
    python = pythons.find(target.version)
    assert python is not None, "the package has just been built with it"
    plain, compiled = _peers(store, python, target)
    return Field(python, built, plain, compiled, _programs(store, python, target))


def _peers(store: Path, python: Path, target: Runtime) -> tuple[Path, Path]:
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
            content.add_bytecode(new, python, target)
            new.rename(compiled)
    return plain, compiled


def _pin_of_typed_client() -> str:
    """The pin with its hashes, out of the development requirements."""
    lines = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{_TYPED_CLIENT}=="))
    end = next(number for number in range(start, len(lines)) if not lines[number].endswith("\\"))
    return "\n".join(lines[start : end + 1]) + "\n"


def _programs(store: Path, python: Path, target: Runtime) -> Path:
    """A copy of the programs, with bytecode: no contender pays for them."""
    folder = store / "programs"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        ROOT / "bench" / "programs", folder / "bench" / "programs", ignore=shutil.ignore_patterns("__pycache__")
    )
    content.add_bytecode(folder, python, target)
    return folder
