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

import hashlib
import os
import re
import shutil
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime, timezone
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from ops import config
from ops.errors import Exit, OperatorError
from ops.packaging import dependencies, pythons
from ops.packaging.bom import bill_of_materials
from ops.packaging.dependencies import Target, run

if TYPE_CHECKING:
    from ops.packaging.dependencies import Pin

ROOT = Path(__file__).resolve().parents[2]
"""A checkout, or the folder that eni-flowlog is installed into: both hold `handler/` and `schemas/`."""

CODE_ROOT = "/var/user"
"""Where SCF unpacks the code (its USER_CODE_ROOT): bytecode names its files so, not by a path of the builder."""

INDEX = '''"""What SCF calls: `index.main_handler`. The entry's file stands at the package's root."""

import gc
import sys
import warnings

if sys.version_info[:2] != {version}:
    raise ImportError(
        "this package of eni-flowlog is for Python {name}, and the function runs on {{}}.{{}}: let `runtime` of "
        "serverless.yml name the function's, and deploy again".format(*sys.version_info)
    )

# requests does without charset_normalizer, which the package leaves out, and says so at each start.
warnings.filterwarnings("ignore", "Unable to find acceptable character detection dependency")
gc.disable()  # imports make no garbage

from handler.main import main_handler

gc.freeze()  # what was imported stays: it is not looked at again
gc.enable()

__all__ = ["main_handler"]
'''

UNUSED = (
    # Nothing reads the distributions' metadata at run time (their licences are added again); commands, type stubs and
    # tests are not imported.
    "*.dist-info/*",
    "../*",
    "*.pyi",
    "*/py.typed",
    "*/tests/*",
    "*/__main__.py",
    "*/cli.py",
    "jsonschema/benchmarks/*",
    "referencing/retrieval.py",
    "requests/help.py",
    # Powertools: only the Logger is used, and what it imports.
    "aws_lambda_powertools/event_handler/*",
    "aws_lambda_powertools/middleware_factory/*",
    "aws_lambda_powertools/metrics/provider/datadog/*",
    "aws_lambda_powertools/logging/formatters/*",
    "aws_lambda_powertools/utilities/[!_j]*",  # all but __init__.py and jmespath_utils
    # The SDK: the asynchronous client wants httpx, the models belong to the generated products.
    "tencentcloud/common/*_async.py",
    "tencentcloud/common/abstract_model.py",
    # HTTP: the cloud's host names are ASCII, its replies UTF-8 JSON: international names and guessing encodings are
    # never reached. requests supports the absence of charset_normalizer.
    "charset_normalizer/*",
    "idna/codec.py",
    "idna/compat.py",
    "idna/uts46data.py",
    "urllib3/contrib/[!_]*",
    "urllib3/http2/connection.py",
)
"""What of the dependencies stays out, as globs on the path inside the package, in which `*` crosses slashes."""
_LICENCE = re.compile(r"[^/]+\.dist-info/(licenses/|LICEN[CS]E|COPYING|NOTICE|AUTHORS)")


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
    target = Target.of(runtime or config.runtime())
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
    if pythons.find(Target.of(config.runtime()).version):
        return build(out=out)
    here = Target(sys.version_info[:2])
    return _build(ROOT, out or home(ROOT) / ".build" / "this-machine", here, Path(sys.executable))


def home(root: Path) -> Path:
    """The folder whose `.build` is used: the checkout, or the folder that an installed eni-flowlog is called in."""
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


def _build(root: Path, out: Path | None, target: Target, compiler: Path | None) -> Package:
    out = out or home(root) / ".build"
    out.mkdir(parents=True, exist_ok=True)
    site, pins = dependencies.install(
        root / "ops" / "data" / "function.txt", target, home(root) / ".build" / "dependencies"
    )
    with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as scratch:
        folder = Path(scratch, "function")
        archive = Path(scratch, "function.zip")
        for pin in pins:
            _gather(pin, site, folder)
        _add_ours(root, folder, target)
        if compiler:
            add_bytecode(folder, compiler, target)
        _settle(folder)
        _zip(folder, archive)
        digest = _sha256(archive)
        held = {path.relative_to(folder).as_posix(): _sha256(path) for path in _files(folder)}
        bom = Path(scratch, "bom.json")
        bom.write_text(bill_of_materials(pins, held, digest), encoding="utf-8")
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


def _gather(pin: Pin, site: Path, folder: Path) -> None:
    """Put what is used of a distribution into a new folder, each file as its wheel has it.

    Raises:
        OperatorError: a file is another than the wheel's (a Python may add to a certificate bundle that it finds).
    """
    used = [name for name in pin.files if not any(fnmatch(name, glob) for glob in UNUSED)]
    for name in [*used, *filter(_LICENCE.match, pin.files)] if used else ():
        if _sha256(site / name) != pin.files[name]:
            raise OperatorError(f"{site / name} is not the file of {pin.name}'s wheel: remove {site}, build again.")
        _copy(site / name, folder / name)


def _add_ours(root: Path, folder: Path, target: Target) -> None:
    """Put the entry, our code, the schemas and our licence into the folder."""
    for source in (*root.glob("handler/**/*.py"), *root.glob("schemas/*.json")):
        _copy(source, folder / source.relative_to(root))
    _copy(root / "ops" / "data" / "LICENSE", folder / "LICENSE")
    index = INDEX.format(version=target.version, name=target.name)
    Path(folder, "index.py").write_text(index, encoding="utf-8")


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, to)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def add_bytecode(folder: Path, python: Path, target: Target) -> None:
    """Make bytecode for every module, in one process and in the order of names, so that it is the same each time."""
    command = [str(python), "-s", "-S", "-B", "-m", "compileall", "-qq", "-f", "-o", "0"]
    command += ["--invalidation-mode", "checked-hash", "-s", str(folder), "-p", CODE_ROOT, str(folder)]
    # Not -I: it would ignore the hash seed, on which the order of constant sets in bytecode depends.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    run(command, f"Compiling with Python {target.name}", {**environment, "PYTHONHASHSEED": "0"})


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
