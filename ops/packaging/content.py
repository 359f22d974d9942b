"""What goes into the package, and how it gets there."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import OperatorError
from ops.packaging.dependencies import run

if TYPE_CHECKING:
    from ops.packaging.dependencies import Pin, Runtime

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


def gather(pin: Pin, site: Path, folder: Path) -> None:
    """Put what is used of a distribution into a new folder, each file as its wheel has it.

    Raises:
        OperatorError: a file is another than the wheel's (a Python may add to a certificate bundle that it finds).
    """
    used = [name for name in pin.files if not any(fnmatch(name, glob) for glob in UNUSED)]
    for name in [*used, *filter(_LICENCE.match, pin.files)] if used else ():
        if sha256(site / name) != pin.files[name]:
            raise OperatorError(f"{site / name} is not the file of {pin.name}'s wheel: remove {site}, build again.")
        _copy(site / name, folder / name)


def add_ours(root: Path, folder: Path, target: Runtime) -> None:
    """Put the entry, our code, the schemas and our licence into the folder."""
    for source in (*root.glob("handler/**/*.py"), *root.glob("schemas/*.json")):
        _copy(source, folder / source.relative_to(root))
    _copy(root / "ops" / "data" / "LICENSE", folder / "LICENSE")
    index = INDEX.format(version=target.version, name=target.name)
    Path(folder, "index.py").write_text(index, encoding="utf-8")


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, to)


def sha256(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def add_bytecode(folder: Path, python: Path, target: Runtime) -> None:
    """Make bytecode for every module, in one process and in the order of names, so that it is the same each time."""
    command = [str(python), "-s", "-S", "-B", "-m", "compileall", "-qq", "-f", "-o", "0"]
    command += ["--invalidation-mode", "checked-hash", "-s", str(folder), "-p", CODE_ROOT, str(folder)]
    # Not -I: it would ignore the hash seed, on which the order of constant sets in bytecode depends.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    run(command, f"Compiling with Python {target.name}", {**environment, "PYTHONHASHSEED": "0"})
