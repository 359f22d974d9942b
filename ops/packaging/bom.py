"""The bill of materials of the package, as CycloneDX 1.6 JSON, the same bytes for the same package."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from ops.packaging.dependencies import Pin

NAME = "eni-flowlog"


def version(root: Path) -> str:
    """Read the project's version from its pyproject.toml (by pattern: tomllib is in Python from 3.11 on).

    Args:
        root: the project.

    Returns:
        Such as "0.1.0".
    """
    found = re.search(r'^version = "(.+)"$', (root / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found, "pyproject.toml names the project's version"
    return found[1]


def bill_of_materials(of_version: str, pins: list[Pin], sha256: str) -> str:
    """List what the package holds.

    A serial number and a time of making are left out, which CycloneDX allows: they would differ from build to build.

    Args:
        of_version: the project's version.
        pins: the dependencies inside.
        sha256: of the zip.

    Returns:
        JSON text.
    """
    components = sorted((_component(pin) for pin in pins), key=lambda component: str(component["name"]))
    package = {
        "type": "application",
        "bom-ref": NAME,
        "name": NAME,
        "version": of_version,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
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


def _component(pin: Pin) -> dict[str, Any]:
    name = pin.name.lower().replace("_", "-").replace(".", "-")
    purl = f"pkg:pypi/{name}@{pin.version}"
    hashes = [{"alg": _algorithm(pip_name), "content": digest} for pip_name, digest in sorted(pin.hashes.items())]
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": pin.version,
        "purl": purl,
        "hashes": hashes,
    }


def _algorithm(pip_name: str) -> str:
    """CycloneDX writes "SHA-256" for what pip and hashlib call "sha256"."""
    return pip_name.upper().replace("SHA", "SHA-")
