"""The function as deployed: `.build/function/` and `.build/function.zip`, and `.build/bom.json` beside them.

What goes in: `index.py`, `handler/`, `schemas/` and the pinned dependencies of `requirements/function.txt` for the
runtime that serverless.yml names on x86-64 Linux, whatever machine and Python builds them, without what the function
never loads. Each file of a dependency is the one of its published wheel; its licence texts are inside.

Why bytecode, and how it is placed: SCF sets PYTHONDONTWRITEBYTECODE, so a package without it is compiled anew at
every cold start. It stands in `__pycache__` next to the sources, which stay: the import system then puts the real
path into tracebacks and shows their lines. It is checked against the source's hash, not its time, which unpacking
sets: an edit in the console's editor has its effect.

The same sources and pins give the same bytes: names sorted, times and modes fixed, bytecode made by one process with
a fixed hash seed. The compressed bytes also depend on the zlib that Python was built with.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ops import config
from ops.errors import Exit, OperatorError
from ops.packaging import dependencies, pythons
from ops.packaging.archive import files_of, pack, settle
from ops.packaging.bom import bill_of_materials
from ops.packaging.content import add_bytecode, add_ours, gather, sha256
from ops.packaging.dependencies import Runtime

ROOT = Path(__file__).resolve().parents[2]
"""A checkout, or the folder that eni-flowlog is installed into: both hold `handler/` and `schemas/`."""


@dataclass(frozen=True)
class Package:
    """A built package.

    Attributes:
        folder: its content, unpacked.
        archive: the zip to upload.
        bom: the CycloneDX bill of materials. It lies beside the zip: the function does not read it, and whoever
            audits a deployment need not unpack anything.
        size: of the zip, in bytes.
        unpacked: of the folder's files, in bytes.
        sha256: of the zip.
        python: version of CPython it is for, such as "3.10".
        platform: "manylinux2014_x86_64", or "this machine".
        bytecode: whether bytecode for that version is inside.
    """

    folder: Path
    archive: Path
    bom: Path
    size: int
    unpacked: int
    sha256: str
    python: str
    platform: str
    bytecode: bool

    def __str__(self) -> str:
        """Say in one line what was built."""
        inside = "with bytecode" if self.bytecode else "without bytecode"
        return (
            f"{os.path.relpath(self.archive)}: {self.size / 1e6:.2f} MB ({self.unpacked / 1e6:.1f} MB unpacked), "
            f"CPython {self.python} on {self.platform}, {inside}, sha256 {self.sha256}"
        )


def build(runtime: str = "", out: Path | None = None, *, bytecode: bool = True, root: Path = ROOT) -> Package:
    """Build the package that SCF runs, for CPython on x86-64 Linux.

    Args:
        runtime: SCF's, such as "Python3.10"; by default what serverless.yml names: the one in this folder, else the
            project's own.
        out: where to put it, `.build` of the project by default. What was built there before is replaced.
        bytecode: put bytecode inside, which a real Python of the runtime's version must make.
        root: where `handler/` and `schemas/` are.

    Returns:
        What was built.

    Raises:
        OperatorError: bytecode is wanted and there is no such Python, or installing or compiling failed.
    """
    target = Runtime.of(runtime or config.runtime())
    if not bytecode:
        return _build(root, out, target, None)
    compiler = pythons.find(target.version)
    if compiler is None:
        raise OperatorError(
            f"Bytecode for the function needs a Python {target.name}, and none was found (looked on PATH, in pyenv "
            f"and in uv).\nGet one: {pythons.how_to_get(target.version)}.\nOr build without bytecode "
            "(`--without-bytecode`): the function then compiles its code at every cold start, about a second more.",
            Exit.NO_PYTHON,
        )
    return _build(root, out, target, compiler)


def build_to_run_here(out: Path | None = None) -> Package:
    """Build the package to run it on this machine: as it is deployed, or where there is no such Python, for this one.

    Args:
        out: where to put it, `.build` of the project by default.

    Returns:
        What was built. Its `platform` is "this machine" where it is not what to deploy.

    Raises:
        OperatorError: installing or compiling failed.
    """
    if pythons.find(Runtime.of(config.runtime()).version):
        return build(out=out)
    here = Runtime(sys.version_info[:2])
    return _build(ROOT, out or home(ROOT) / ".build" / "this-machine", here, Path(sys.executable))


def home(root: Path) -> Path:
    """The folder whose `.build` is used: the checkout, or the folder that an installed eni-flowlog is called in."""
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


def _build(root: Path, out: Path | None, target: Runtime, compiler: Path | None) -> Package:
    out = out or home(root) / ".build"
    out.mkdir(parents=True, exist_ok=True)
    site, pins = dependencies.install(
        root / "ops" / "data" / "function.txt", target, home(root) / ".build" / "dependencies"
    )
    with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as scratch:
        folder = Path(scratch, "function")
        archive = Path(scratch, "function.zip")
        for pin in pins:
            gather(pin, site, folder)
        add_ours(root, folder, target)
        if compiler:
            add_bytecode(folder, compiler, target)
        settle(folder)
        pack(folder, archive)
        digest = sha256(archive)
        held = {path.relative_to(folder).as_posix(): sha256(path) for path in files_of(folder)}
        bom = Path(scratch, "bom.json")
        bom.write_text(bill_of_materials(pins, held, digest), encoding="utf-8")
        for new in (folder, archive, bom):
            _replace(out / new.name, new)
    return Package(
        folder=out / "function",
        archive=out / "function.zip",
        bom=out / "bom.json",
        size=(out / "function.zip").stat().st_size,
        unpacked=sum(path.stat().st_size for path in files_of(out / "function")),
        sha256=digest,
        python=target.name,
        platform=target.platforms[0] if target.platforms else "this machine",
        bytecode=compiler is not None,
    )


def _replace(old: Path, new: Path) -> None:
    """Put the new file or folder in the old one's place; the old one goes with the scratch folder."""
    if old.is_dir():
        old.rename(new.parent / f"old-{old.name}")
    new.rename(old)
