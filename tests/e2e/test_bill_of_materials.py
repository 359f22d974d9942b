"""What the package is made of: each file its wheel's, licences inside, and a bill of materials that is true."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ops.packaging.dependencies import Runtime, install

if TYPE_CHECKING:
    from ops.packaging.package import Package

ROOT = Path(__file__).parents[2]
PINS = ROOT / "requirements" / "function.txt"
OURS = re.compile(r"index\.py|LICENSE|(__pycache__|handler|schemas)/")
LICENCE = re.compile(r"[^/]+\.dist-info/(licenses/)?(LICENSE|COPYING|NOTICE)[^/]*$")


def test_each_file_of_a_dependency_is_the_one_in_its_wheel(package: Package) -> None:
    """Nothing is patched: the RECORD of each published wheel has the hash of each file in the zip."""
    site, _ = install(PINS, Runtime.of("Python3.10"), ROOT / ".build" / "dependencies")
    published = {}
    for record in site.glob("*.dist-info/RECORD"):
        published.update({path: digest for path, digest, _ in csv.reader(record.open(newline=""))})
    with zipfile.ZipFile(package.archive) as archive:
        theirs = {
            name: "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(archive.read(name)).digest()).decode().rstrip("=")
            for name in archive.namelist()
            if not OURS.match(name) and not name.endswith(".pyc")
        }
    assert len(theirs) > 150
    assert {name: published.get(name) for name in theirs} == theirs


def test_the_licence_texts_are_inside(package: Package) -> None:
    """Ours, and that of each dependency; the SDK's wheel brings none, and its licence is the same as ours."""
    bom = json.loads(package.bom.read_text(encoding="utf-8"))
    without = [
        component["name"]
        for component in bom["components"]
        if not any(LICENCE.match(file["name"]) for file in component["components"])
    ]
    assert without == ["tencentcloud-sdk-python-common"]
    assert (package.folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert bom["metadata"]["component"]["licenses"] == [{"expression": "Apache-2.0"}]


def test_the_bill_of_materials_is_valid_cyclonedx(package: Package) -> None:
    """Any tool that reads CycloneDX 1.6 can read it."""
    text = package.bom.read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_the_bill_of_materials_lists_the_pins(package: Package) -> None:
    """Every pinned distribution of which something is inside, with its version, licence and wheel, and the zip."""
    bom: dict[str, Any] = json.loads(package.bom.read_text(encoding="utf-8"))
    pins = PINS.read_text(encoding="utf-8")
    components = bom["components"]
    pinned = re.findall(r"^([\w-]+)==(\S+)", pins, re.MULTILINE)
    assert [(item["name"], item["version"]) for item in components] == [
        (name, version) for name, version in pinned if name != "charset-normalizer"
    ]
    assert {item["licenses"][0]["expression"] for item in components} == {
        "Apache-2.0", "BSD-3-Clause", "MIT", "MPL-2.0", "PSF-2.0",
    }  # fmt: skip
    for item in components:
        assert item["purl"] == f"pkg:pypi/{item['name']}@{item['version']}"
        assert [entry["alg"] for entry in item["hashes"]] == ["SHA-256"]
        assert f"--hash=sha256:{item['hashes'][0]['content']}" in pins
    assert bom["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": package.sha256}]


def test_the_bill_of_materials_is_true_for_every_file(package: Package) -> None:
    """Each file of the zip stands in it once, with its hash, under what it belongs to."""
    bom: dict[str, Any] = json.loads(package.bom.read_text(encoding="utf-8"))
    owners = [bom["metadata"]["component"], *bom["components"]]
    listed = [(file["name"], file["hashes"][0]["content"]) for owner in owners for file in owner["components"]]
    with zipfile.ZipFile(package.archive) as archive:
        held = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    assert len(listed) == len(held)
    assert dict(listed) == held
    assert all(OURS.match(file["name"]) for file in bom["metadata"]["component"]["components"])
