"""The function as deployed: `.build/function/` and `.build/function.zip`, and `.build/bom.json` beside them.

    python -m ops.packaging.package [--without-bytecode] [--out FOLDER]

What goes in: `index.py`, `handler/`, `schemas/` and the pinned dependencies of `requirements/function.txt` for
CPython 3.10 on x86-64 Linux, whatever machine and Python builds them, without what the function never loads.

Why bytecode, and how it is placed: SCF sets PYTHONDONTWRITEBYTECODE, so a package without it is compiled anew at
every cold start. It stands in `__pycache__` next to the sources, which stay: the import system then puts the real
path into tracebacks and shows their lines, and a runtime of another minor version still works, only slower. It is
marked unchecked: neither the mtimes that unpacking sets nor the sources are looked at. **An edit in the console's
editor has therefore no effect**; deploy again instead.

The same sources and pins give the same bytes: names sorted, times and modes fixed, bytecode made by one process with
a fixed hash seed. The compressed bytes also depend on the zlib that Python was built with.

Exit codes: 0 built, 1 failed, 2 wrong usage, 4 no Python 3.10 was found (and `--without-bytecode` not given).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime, timezone
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import Exit
from ops.packaging import dependencies, lean, pythons
from ops.packaging.bom import bill_of_materials, version
from ops.packaging.dependencies import LINUX, PackageError, Target, run

if TYPE_CHECKING:
    from ops.packaging.pythons import Python

ROOT = Path(__file__).resolve().parents[2]

CODE_ROOT = "/var/user"
"""Where SCF unpacks the code (its USER_CODE_ROOT): bytecode names its files so, not by a path of the builder."""

INDEX = '''"""What SCF calls: `index.main_handler`. The entry's file stands at the package's root."""

import gc

gc.disable()  # imports make no garbage

from handler.main import main_handler

gc.freeze()  # what was imported stays: it is not looked at again
gc.enable()

__all__ = ["main_handler"]
'''

UNUSED = (
    # Nothing reads the distributions' metadata at run time; commands, type stubs and tests are not imported.
    "*.dist-info/*",
    "bin/*",
    "*.pyi",
    "*/py.typed",
    "*/tests/*",
    "*/__main__.py",
    "*/cli.py",
    "*/cli/*",
    "jsonschema/benchmarks/*",
    "referencing/retrieval.py",
    "requests/help.py",
    # Powertools: `lean.py` takes the import of metrics and tracing out; of the utilities only JMESPath is used.
    "aws_lambda_powertools/event_handler/*",
    "aws_lambda_powertools/middleware_factory/*",
    "aws_lambda_powertools/metrics/*",
    "aws_lambda_powertools/tracing/*",
    "aws_lambda_powertools/logging/formatters/*",
    "aws_lambda_powertools/utilities/[!_j]*",  # all but __init__.py and jmespath_utils
    # The SDK: the asynchronous client wants httpx, the models belong to the generated products.
    "tencentcloud/common/*_async.py",
    "tencentcloud/common/abstract_model.py",
    # HTTP: the cloud's host names are ASCII, its replies UTF-8 JSON: international names and guessing encodings are
    # never reached. charset_normalizer itself must be there (requests warns without it): its Python half is enough.
    "charset_normalizer/*.so",
    "idna/codec.py",
    "idna/compat.py",
    "idna/uts46data.py",
    "urllib3/contrib/[!_]*",
    "urllib3/http2/connection.py",
)
"""What of the dependencies stays out, as globs on the path inside the package, in which `*` crosses slashes."""


class PythonMissingError(PackageError):
    """No Python 3.10 to make the bytecode with."""

    def __init__(self, message: str) -> None:
        """Take the message."""
        super().__init__(message, Exit.NO_PYTHON)


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


def build(root: Path = ROOT, out: Path | None = None, *, bytecode: bool = True) -> Package:
    """Build the package that SCF runs: CPython 3.10 on x86-64 Linux.

    Args:
        root: the project.
        out: where to put it, `.build` of the project by default. What was built there before is replaced.
        bytecode: put bytecode for 3.10 inside, which a real Python 3.10 must make.

    Returns:
        What was built.

    Raises:
        PythonMissingError: bytecode is wanted and there is no Python 3.10.
        PackageError: installing or compiling failed.
    """
    target = Target(pythons.FUNCTION_VERSION, LINUX)
    if not bytecode:
        return _build(root, out, target, None)
    compiler = pythons.find()
    if compiler is None:
        raise PythonMissingError(
            f"Bytecode for the function needs a Python {target.name}, and none was found (looked on PATH, in pyenv "
            f"and in uv).\nGet one: {pythons.how_to_get()}.\nOr build without bytecode (`--without-bytecode`): the "
            "function then compiles its code at every cold start, about a second more."
        )
    return _build(root, out, target, compiler)


def build_for_this_machine(root: Path = ROOT, out: Path | None = None) -> Package:
    """Build the same package for the Python and the machine that run this, to run it here.

    The demo uses it where there is no Python 3.10 or no x86-64 Linux. It is not what to deploy.

    Args:
        root: the project.
        out: where to put it, `.build/this-machine` of the project by default.

    Returns:
        What was built.

    Raises:
        PackageError: installing or compiling failed.
    """
    here = pythons.this()
    return _build(root, out or root / ".build" / "this-machine", Target(here.version), here)


def _build(root: Path, out: Path | None, target: Target, compiler: Python | None) -> Package:
    out = out or root / ".build"
    out.mkdir(parents=True, exist_ok=True)
    installed = dependencies.install(root, target)
    with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as scratch:
        folder = Path(scratch, "function")
        archive = Path(scratch, "function.zip")
        _gather(root, installed.site, folder)
        lean.apply(folder)
        if compiler:
            _compile(folder, compiler)
        _settle(folder)
        _zip(folder, archive)
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        bom = Path(scratch, "bom.json")
        bom.write_text(bill_of_materials(version(root), installed.pins, digest), encoding="utf-8")
        for new in (folder, archive, bom):
            _replace(out / new.name, new)
    return Package(
        folder=out / "function",
        archive=out / "function.zip",
        bom=out / "bom.json",
        size=(out / "function.zip").stat().st_size,
        unpacked=sum(path.stat().st_size for path in _files(out / "function")),
        sha256=digest,
        python=target.name,
        platform=target.platforms[0] if target.platforms else "this machine",
        bytecode=compiler is not None,
    )


# The parts ------------------------------------------------------------------------------------------------------------


def _gather(root: Path, site: Path, folder: Path) -> None:
    """Put the entry, our code, the schemas and what is used of the dependencies into a new folder."""
    for source in _files(site):
        name = source.relative_to(site)
        if not any(fnmatch(name.as_posix(), glob) for glob in UNUSED):
            _copy(source, folder / name)
    for source in (*root.glob("handler/**/*.py"), *root.glob("schemas/*.json")):
        _copy(source, folder / source.relative_to(root))
    Path(folder, "index.py").write_text(INDEX, encoding="utf-8")


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, to)


def _compile(folder: Path, python: Python) -> None:
    """Make bytecode for every module, in one process and in the order of names, so that it is the same each time."""
    command = [str(python.path), "-s", "-S", "-B", "-m", "compileall", "-qq", "-f", "-o", "0"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", CODE_ROOT, str(folder)]
    # Not -I: it would ignore the hash seed, on which the order of constant sets in bytecode depends.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    run(command, f"Compiling with Python {python.name}", {**environment, "PYTHONHASHSEED": "0"})


def _settle(folder: Path) -> None:
    """Give every file the same time and mode, as in the zip: the Serverless CLI packs this folder itself."""
    for path in _files(folder):
        path.chmod(0o644)
        os.utime(path, (_epoch(), _epoch()))


def _zip(folder: Path, archive: Path) -> None:
    """Pack the folder's files, sorted, with fixed times and modes."""
    date = datetime.fromtimestamp(_epoch(), timezone.utc).timetuple()[:6]
    with zipfile.ZipFile(archive, "w") as packed:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date)
            entry.create_system = 3  # Unix, on whatever it is built
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def _epoch() -> int:
    """The time that all files get: SOURCE_DATE_EPOCH, or the first day that a zip can hold."""
    first = int(datetime(1980, 1, 1, tzinfo=timezone.utc).timestamp())
    return max(first, int(os.environ.get("SOURCE_DATE_EPOCH", first)))


def _files(folder: Path) -> list[Path]:
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.as_posix())


def _replace(old: Path, new: Path) -> None:
    """Put the new file or folder in the old one's place; the old one goes with the scratch folder."""
    if old.is_dir():
        old.rename(new.parent / f"old-{old.name}")
    new.rename(old)


# The command ----------------------------------------------------------------------------------------------------------


def describe(package: Package) -> str:
    """Say in one line what was built, as the command prints it."""
    inside = "with bytecode" if package.bytecode else "without bytecode"
    return (
        f"{os.path.relpath(package.archive)}: {package.size / 1e6:.2f} MB ({package.unpacked / 1e6:.1f} MB unpacked), "
        f"CPython {package.python} on {package.platform}, {inside}, sha256 {package.sha256}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Build as the command line says.

    Args:
        arguments: those of the command, of this process by default.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(
        prog="python -m ops.packaging.package", description="Build the function's package."
    )
    parser.add_argument("--without-bytecode", action="store_true", help="build all the same without a Python 3.10")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to put it (default: .build of the project)")
    options = parser.parse_args(arguments)
    try:
        print(describe(build(out=options.out, bytecode=not options.without_bytecode)))
    except PackageError as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
