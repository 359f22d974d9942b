"""The bill of materials of the package, as CycloneDX 1.6 JSON, the same bytes for the same package."""

from __future__ import annotations

import importlib.util
import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.packaging.dependencies import Pin

NAME = "eni-flowlog"
LICENCE = "Apache-2.0"


def bill_of_materials(pins: Sequence[Pin], files: Mapping[str, str], sha256: str) -> str:
    """List what the package holds: each distribution with its licence and its wheel's hash, each file with its own.

    A distribution of which nothing is in the package is not listed. A serial number and a time of making are left out,
    which CycloneDX allows: they would differ from build to build.

    Args:
        pins: the dependencies that were installed for it.
        files: the SHA-256 of each file in the package, in hexadecimal.
        sha256: of the zip.

    Returns:
        JSON text.
    """
    owners = {path: pin for pin in pins for path in pin.files}
    held: dict[str, dict[str, str]] = {}
    for path, digest in sorted(files.items()):
        owner = owners.get(_source(path))
        held.setdefault(owner.name if owner else NAME, {})[path] = digest
    components = [_component(pin, held[pin.name]) for pin in sorted(pins, key=_name) if pin.name in held]
    package = {
        "type": "application",
        "bom-ref": NAME,
        "name": NAME,
        "version": version(NAME),
        "hashes": _hashes(sha256),
        "licenses": [{"expression": LICENCE}],
        "components": _files(held.get(NAME, {})),
    }
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": package},
        "components": components,
        "dependencies": [{"ref": NAME, "dependsOn": [component["bom-ref"] for component in components]}],
    }
    return json.dumps(document, indent=2) + "\n"


def _source(path: str) -> str:
    """The file that bytecode was made from; any other file is its own."""
    return importlib.util.source_from_cache(path) if path.endswith(".pyc") else path


def _component(pin: Pin, files: Mapping[str, str]) -> dict[str, Any]:
    purl = f"pkg:pypi/{_name(pin)}@{pin.version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": _name(pin),
        "version": pin.version,
        "hashes": _hashes(pin.sha256),
        "licenses": [{"expression": pin.licence}],
        "purl": purl,
        "components": _files(files),
    }


def _name(pin: Pin) -> str:
    """The name as package URLs spell it."""
    return pin.name.lower().replace("_", "-").replace(".", "-")


def _files(files: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"type": "file", "name": path, "hashes": _hashes(digest)} for path, digest in files.items()]


def _hashes(sha256: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": sha256}]
