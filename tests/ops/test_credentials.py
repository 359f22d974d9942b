"""Where an operator's keys come from, and what is said of files that are not as tccli writes them."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from handler.settings import Credentials
from ops import credentials
from ops.errors import OperatorError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("home")

FILE = {"secretId": "AKIDfromfile", "secretKey": "key-from-file"}
SHELL = {"TENCENTCLOUD_SECRET_ID": "AKIDshell", "TENCENTCLOUD_SECRET_KEY": "key-of-shell", "TENCENTCLOUD_TOKEN": "tok"}
SCF = {
    "TENCENTCLOUD_SECRETID": "AKIDscf",
    "TENCENTCLOUD_SECRETKEY": "key-of-scf",
    "TENCENTCLOUD_SESSIONTOKEN": "tok-scf",
}


def write(home: Path, name: str, content: Any) -> Path:
    folder = home / ".tccli"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def refusal(shell: dict[str, str], profile: str = "") -> str:
    with pytest.raises(OperatorError) as caught:
        credentials.find(shell, profile)
    return str(caught.value)


def test_the_names_of_tccli_and_the_sdk() -> None:
    """TENCENTCLOUD_SECRET_ID, _SECRET_KEY and _TOKEN."""
    assert credentials.find(SHELL).keys == Credentials("AKIDshell", "key-of-shell", "tok")


def test_the_names_of_scf() -> None:
    """TENCENTCLOUD_SECRETID, SECRETKEY and SESSIONTOKEN, which SCF gives a function."""
    assert credentials.find(SCF).keys == Credentials("AKIDscf", "key-of-scf", "tok-scf")
    assert credentials.find({**SCF, **SHELL}).keys.secret_id == "AKIDshell"


def test_the_default_profile_with_its_region(home: Path) -> None:
    """What `tccli configure` has written."""
    write(home, "default.credential", FILE)
    write(home, "default.configure", {"_sys_param": {"region": "ap-beijing", "output": "json"}})
    account = credentials.find({})
    assert (account.keys, account.region) == (Credentials("AKIDfromfile", "key-from-file"), "ap-beijing")


def test_the_environment_wins_over_the_default_profile(home: Path) -> None:
    """The keys are the environment's; the region is still the profile's."""
    write(home, "default.credential", FILE)
    write(home, "default.configure", {"_sys_param": {"region": "ap-beijing"}})
    account = credentials.find(SHELL)
    assert (account.keys.secret_id, account.region) == ("AKIDshell", "ap-beijing")


def test_a_named_profile_wins_over_the_environment(home: Path) -> None:
    """As with tccli --profile; its token comes along."""
    write(home, "prod.credential", {**FILE, "token": "t"})
    assert credentials.find(SHELL, "prod").keys == Credentials("AKIDfromfile", "key-from-file", "t")


def test_tccli_profile_names_the_profile(home: Path) -> None:
    """TCCLI_PROFILE, where --profile is not given."""
    write(home, "prod.credential", FILE)
    assert credentials.find({"TCCLI_PROFILE": "prod"}).keys.secret_id == "AKIDfromfile"


def test_no_credentials_at_all() -> None:
    """The message says both ways to give some."""
    message = refusal({})
    assert message.startswith(
        "No keys of Tencent Cloud were found: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY"
    )
    assert "tccli configure" in message


def test_half_a_pair_in_the_environment(home: Path) -> None:
    """An id without its key is a mistake, not a reason to use somebody else's keys."""
    write(home, "default.credential", FILE)
    assert refusal({"TENCENTCLOUD_SECRET_ID": "AKIDshell"}).startswith(
        "TENCENTCLOUD_SECRET_ID is set and TENCENTCLOUD_SECRET_KEY is not"
    )


def test_a_profile_that_is_not_there() -> None:
    """Named by its file, with the command that makes it."""
    message = refusal(SHELL, "prod")
    assert message.startswith("The profile prod of tccli does not exist")
    assert "tccli configure --profile prod" in message


@pytest.mark.parametrize("name", ["../other", "a/b", "..", "a\nb", "x" * 65])
def test_a_profile_is_no_path(name: str) -> None:
    """A profile's name reads no file elsewhere."""
    assert "is no name of a profile" in refusal({}, name)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "not JSON"),
        ("[1]", "is not a JSON object"),
        ('"AKIDsecret-in-a-string"', "is not a JSON object"),
        ("{" * 5, "not JSON"),
        ("[" * 100_000, "is longer than a profile can be"),
        ("[" * 50_000, "nested too deep"),
        ({"secretId": 5, "secretKey": "k"}, "secretId in"),
        ({"secretId": "AKIDx", "secretKey": ["secret-in-a-list"]}, "secretKey in"),
        ({"secretId": "AKIDx"}, "holds no secretId or no secretKey"),
        ({"secretId": "AKIDx", "secretKey": "with\r\nX-Header: 1"}, "has characters that no key has"),
        ({"secretId": "AKIDx", "secretKey": "schlüssel"}, "has characters that no key has"),
        ({**FILE, "expiresAt": 1_600_000_000}, "have expired"),
        ({"type": "cvm-role"}, "takes a role"),
        ({**FILE, "role-arn": "qcs::cam::uin/1:roleName/r"}, "takes a role"),
    ],
)
def test_a_profile_that_is_not_as_tccli_writes_it(home: Path, content: Any, problem: str) -> None:
    """One clear sentence that names the file and shows nothing of what is in it."""
    write(home, "default.credential", content)
    message = refusal({})
    assert problem in message
    assert "~/.tccli/default.credential" in message
    assert not any(secret in message for secret in ("secret-in", "X-Header", "key-from-file", "schl"))


def test_a_profile_of_bytes(home: Path) -> None:
    """A file that is no text."""
    write(home, "default.credential", "").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refusal({})


def test_a_profile_that_is_no_file(home: Path) -> None:
    """A folder, or a pipe that would never end."""
    (home / ".tccli").mkdir()
    os.mkfifo(home / ".tccli" / "default.credential")
    assert "is no regular file" in refusal({})


def test_a_broken_configure_file_matters_only_where_it_is_asked_for(home: Path) -> None:
    """With keys in the environment, the default profile may be broken."""
    write(home, "default.credential", FILE)
    write(home, "default.configure", "{")
    assert credentials.find(SHELL).region == ""
    assert "default.configure cannot be read" in refusal({})


def test_keys_that_have_not_expired(home: Path) -> None:
    """What `tccli auth login` has written is good until its time."""
    write(home, "default.credential", {**FILE, "token": "t", "type": "oauth", "expiresAt": time.time() + 600})
    assert credentials.find({}).keys.token == "t"


def test_an_account_does_not_show_its_keys() -> None:
    """In no representation."""
    assert "key-of-shell" not in repr(credentials.find(SHELL))
    assert "AKIDshell" not in repr(credentials.find(SHELL))
