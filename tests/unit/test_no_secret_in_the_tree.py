"""CI's secret scan: no file of the project holds a real secret. Tests plant some on purpose; each has its reason.

After planting another, or taking one away: `.venv/bin/detect-secrets scan --baseline .secrets.baseline`.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

pytestmark = pytest.mark.usefixtures("untraced")

ROOT = Path(__file__).parents[2]
BASELINE: dict[str, Any] = json.loads((ROOT / ".secrets.baseline").read_text("utf-8"))

REASONS = {
    "handler/redaction.py": "the words that name secrets, in a docstring",
    "localcloud/core/platform.json": "the type of RunInstances' parameter Password",
    "ops/commands/demo.py": "a password that the demo plants, to show that it gets into no log",
    "tests/e2e/test_event_to_flow_log.py": "a password planted in an event",
    "tests/integration/test_connection.py": "the user and password of a proxy",
    "tests/integration/test_faults.py": "a key that is none, planted in the settings",
    "tests/integration/test_letters.py": "the beginning of a digest",
    "tests/localcloud/test_cloudaudit.py": "a password planted in a call",
    "tests/localcloud/scf/test_runtime.py": "keys of the local cloud, too short to be any",
    "tests/ops/test_credentials.py": "keys planted in the environment and in profiles of tccli",
    "tests/ops/doctor/test_records.py": "a password planted in a record",
    "tests/ops/test_config.py": "keys planted in a profile of tccli",
    "tests/unit/test_redaction.py": "the marker and other planted secrets, in every form",
    "tests/unit/test_settings.py": "keys planted in the settings",
}
KEY_ID = re.compile(r"AKID[0-9A-Za-z]{32}")
"""A key id of Tencent Cloud, which the scanner has no plug-in for."""
KEY_IDS = {"AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA": "of CMQ's documentation, whose example of a signature is tested"}


@pytest.fixture(scope="module")
def files() -> list[str]:
    """The project's files, those that are not committed yet too."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git work tree: nothing tells which files are the project's")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_secret_but_those_that_are_planted(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The scanner finds what the baseline names, neither more nor less."""
    monkeypatch.chdir(ROOT)
    with transient_settings({key: BASELINE[key] for key in ("plugins_used", "filters_used")}):
        found = SecretsCollection()
        for name in files:
            if not name.startswith("requirements/"):  # thousands of hashes, which take most of the time
                found.scan_file(name)
    known = {(name, each["hashed_secret"]) for name, entries in BASELINE["results"].items() for each in entries}
    seen = {(name, secret.secret_hash): f"{name}:{secret.line_number} {secret.type}" for name, secret in found}
    assert [seen[key] for key in seen.keys() - known] == [], "a secret? If it is planted, see this file's first lines"
    assert sorted(known - seen.keys()) == [], "gone: renew the baseline"


def test_no_key_id_of_the_cloud(files: list[str]) -> None:
    """What begins like a key id and is as long as one."""
    texts = ((ROOT / name).read_text("utf-8", "replace") for name in files)
    assert {key for text in texts for key in KEY_ID.findall(text)} <= KEY_IDS.keys()


def test_each_exception_has_its_reason() -> None:
    """A file is in the baseline for a reason that somebody wrote down."""
    assert BASELINE["results"].keys() == REASONS.keys()


def test_the_scanner_finds_a_secret(tmp_path: Path) -> None:
    """With the baseline's own plug-ins: what has been planted here in pieces is found, so the others would be."""
    planted = tmp_path / "settings.py"
    planted.write_text(
        f'SECRET_KEY = "{"Gu5t9xGARNpq86cd98" + "joQYCN3Cozk1qA"}"\n' + "-----BEGIN RSA " + "PRIVATE KEY-----\n"
    )
    with transient_settings({key: BASELINE[key] for key in ("plugins_used", "filters_used")}):
        found = SecretsCollection()
        found.scan_file(str(planted))
    assert {secret.type for _, secret in found} >= {"Secret Keyword", "Private Key"}
