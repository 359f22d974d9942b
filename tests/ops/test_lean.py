"""The edits of the dependencies in the package: they fit, they change nothing but when a module is imported."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ops.packaging import lean
from ops.packaging.dependencies import PackageError

if TYPE_CHECKING:
    from pathlib import Path

    from ops.packaging.package import Package
    from ops.packaging.pythons import Python

LATE = {
    "charset_normalizer": ("charset_normalizer.api", "charset_normalizer.legacy", "charset_normalizer.models"),
    "urllib3": ("importlib.metadata",),
}


def run(package: Package, python: Python, code: str) -> Any:
    """Run code with the package on the path, and return what it prints as JSON."""
    command = [str(python.path), "-s", "-S", "-c", f"import json, sys\n{code}"]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(package.folder)}, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_what_is_late_is_not_imported_at_once(package: Package, python310: Python) -> None:
    for name, late in LATE.items():
        loaded = run(package, python310, f"import {name}\nprint(json.dumps(list(sys.modules)))")
        assert set(late).isdisjoint(loaded), name


def test_every_name_is_still_there(package: Package, python310: Python) -> None:
    """All that the package promises in `__all__` can be had, and nothing else."""
    code = """
import charset_normalizer as package
there = [hasattr(package, each) for each in package.__all__]
print(json.dumps([all(there), len(there) > 1, hasattr(package, "no_such_name")]))
"""
    assert run(package, python310, code) == [True, True, False]


def test_guessing_an_encoding_still_works(package: Package, python310: Python) -> None:
    """Of a text reply that does not tell it, requests asks charset_normalizer for it."""
    code = """
import requests
reply = requests.Response()
reply._content = bytes.fromhex("c2f1e5eae820f7eeede5ea20e8ece020eff0e0e2ee20ede020eee1f0e0e7eee2e0ede8e52e")  # cp1251
print(json.dumps([reply.apparent_encoding, requests.compat.chardet.__name__]))
"""
    encoding, library = run(package, python310, code)
    assert encoding
    assert library == "charset_normalizer"


def test_a_renewed_dependency_must_be_looked_at(tmp_path: Path) -> None:
    """A file that is not as an edit expects it fails the build, and says which, why and what to do."""
    for edit in lean.EDITS:
        (tmp_path / edit.file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / edit.file).write_text("import something_else\n", encoding="utf-8")
    with pytest.raises(
        PackageError, match=r"charset_normalizer/__init__\.py .* is not as ops/packaging/lean\.py expects"
    ):
        lean.apply(tmp_path)
