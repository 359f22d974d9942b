"""What the package's copies of the dependencies do not import before it is needed.

Each edit replaces a text that must stand in its file exactly once: when a renewed pin has changed it, the build fails
and says where to look. Nothing else of the dependencies is changed. What each is worth is in docs/performance.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.packaging.dependencies import PackageError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """Another text for an old one in a file of the package, and why."""

    file: str
    why: str
    old: str
    new: str


def _lazy(package: str, names: dict[str, str]) -> str:
    """Code that imports names of a package when they are asked for (PEP 562)."""
    return f'''

def __getattr__(name):
    """Import what the function's package does not import at once (ops/packaging/lean.py of eni-flowlog)."""
    from importlib import import_module

    modules = {names!r}
    if name not in modules:
        raise AttributeError(f"module {package} has no attribute {{name}}")
    module = import_module(modules[name])
    return module if modules[name].endswith("." + name) else getattr(module, name)
'''


EDITS = (
    Edit(
        "charset_normalizer/__init__.py",
        "requests asks for it, and uses it only for a text reply without a charset: the cloud's are JSON",
        """from .api import from_bytes, from_fp, from_path, is_binary
from .legacy import detect
from .models import CharsetMatch, CharsetMatches
from .utils import set_logging_handler
""",
        _lazy(
            "charset_normalizer",
            {
                **dict.fromkeys(("from_bytes", "from_fp", "from_path", "is_binary"), "charset_normalizer.api"),
                "detect": "charset_normalizer.legacy",
                **dict.fromkeys(("CharsetMatch", "CharsetMatches"), "charset_normalizer.models"),
                "set_logging_handler": "charset_normalizer.utils",
            },
        ),
    ),
    Edit(
        "aws_lambda_powertools/__init__.py",
        "the function has no use for CloudWatch metrics",
        "from aws_lambda_powertools.metrics import Metrics, single_metric\n",
        "",
    ),
    Edit(
        "aws_lambda_powertools/__init__.py",
        "nor for X-Ray",
        "from aws_lambda_powertools.tracing import Tracer\n",
        "",
    ),
    Edit(
        "urllib3/http2/__init__.py",
        "asked for only when HTTP/2 is switched on",
        "from importlib.metadata import version\n",
        """
def version(distribution):
    from importlib.metadata import version

    return version(distribution)

""",
    ),
)
"""In the order of their files' imports."""


def apply(folder: Path) -> None:
    """Edit a package's copies of the dependencies.

    Args:
        folder: the package, not compiled yet.

    Raises:
        PackageError: a file is not as an edit expects it.
    """
    for edit in EDITS:
        path = folder / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1:
            raise PackageError(
                f"{edit.file} of the pinned dependencies is not as ops/packaging/lean.py expects it ({edit.why}).\n"
                f"Look at its new text and renew or drop the edit that replaces:\n{edit.old}"
            )
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
