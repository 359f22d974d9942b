"""SCF's runtime: real processes run small functions, and meet the platform's limits."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from localcloud.core.account import Account, Behaviour
from localcloud.scf.process import code_folder
from localcloud.scf.process.code_folder import PackageError
from localcloud.scf.process.process_pool import ProcessPool
from tests.support.platform_replies import zipped
from tests.support.runtime import MEGABYTE, Start, failure, function_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.scf.process.configuration import Credentials

ECHO = "def main_handler(event, context):\n    return event\n"


def test_returns_what_the_function_returns(start: Start) -> None:
    """The event goes in as parsed JSON, the result comes back as JSON text."""
    outcome = start(ECHO).invoke('{"名": [1, null, "é"]}', "request-1")
    assert outcome.result_json is not None
    assert json.loads(outcome.result_json) == {"名": [1, None, "é"]}
    assert (outcome.error, outcome.request_id) == (None, "request-1")


def test_reports_time_and_memory(start: Start) -> None:
    """Duration leaves the initialisation out; the bill is in whole milliseconds; memory is the run's own peak."""
    function = start(
        "import threading\nthreading.Event().wait(0.2)\n"
        "def main_handler(event, context):\n    x = b'x' * event\n    threading.Event().wait(0.05)\n"
    )
    first, second, third = (function.invoke(str(size)) for size in (1, 32 * MEGABYTE, 1))
    assert first.init_ms > 200 > first.duration_ms >= 50
    assert second.init_ms == 0
    assert first.duration_ms <= first.billed_ms < first.duration_ms + 1
    assert 5 < first.memory_mb < second.memory_mb - 30
    assert third.memory_mb < second.memory_mb - 30


def test_what_is_no_zip_is_refused_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken code is refused before any instance is started."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    broken = replace(function_of(ECHO), code=b"not a zip")
    with pytest.raises(PackageError, match="the code cannot be unpacked: File is not a zip file"):
        ProcessPool(broken, Account(Behaviour()), tmp_path / "no-python", 1, lambda: None)
    assert list(tmp_path.iterdir()) == []


def test_a_zip_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SCF takes 500 MB unzipped; the limit is lowered here, for half a gigabyte makes a slow test."""
    monkeypatch.setattr(code_folder, "MAX_UNZIPPED_BYTES", 10)
    with pytest.raises(PackageError, match="the code is over 500 MB when unzipped"):
        code_folder.unpack(zipped(ECHO), tmp_path / "code")


def test_the_context_has_every_documented_key(start: Start) -> None:
    """Event and context are dicts."""
    function = start(
        "def main_handler(event, context):\n    return [type(event) is type(context) is dict, context]\n",
        Environment={"Variables": [{"Key": "A", "Value": "1"}, {"Key": "TZ", "Value": "Asia/Shanghai"}]},
        MemorySize=64,
        Timeout=9,
    )
    are_dicts, context = json.loads(function.invoke("{}", "request-1").result_json or "")
    assert are_dicts
    assert context == {
        "memory_limit_in_mb": 64,
        "time_limit_in_ms": 9000,
        "request_id": "request-1",
        "environment": '{"SCF_NAMESPACE":"prod","A":"1","TZ":"Asia/Shanghai"}',
        "environ": "SCF_NAMESPACE=prod;A=1;TZ=Asia/Shanghai",
        "function_version": "$LATEST",
        "function_name": "flowlog",
        "namespace": "prod",
        "tencentcloud_region": "ap-beijing",
        "tencentcloud_appid": "1250000001",
        "tencentcloud_uin": "100000000001",
    }


def test_the_environment_is_that_of_scf_and_nothing_else(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SCF sets cannot be forged by a variable, and nothing of this machine is in it."""
    monkeypatch.setenv("SECRET_OF_THE_HOST", "leaked")
    monkeypatch.setenv("PYTHONSTARTUP", "leaked")
    variables = {"FLOWLOG_TOPIC": "topic", "TZ": "Asia/Shanghai", "SCF_RUNTIME": "forged"}
    function = start(
        "import os\ndef main_handler(event, context):\n    return dict(os.environ)\n",
        Environment={"Variables": [{"Key": key, "Value": value} for key, value in variables.items()]},
        credentials=lambda: ("AKID", "key", "token"),
    )
    environment = json.loads(function.invoke("{}").result_json or "")
    code = environment.pop("PWD")
    assert environment == {
        "FLOWLOG_TOPIC": "topic",
        "HOME": f"/home/{environment['USER']}",
        "LANG": "en_US.UTF8",
        "LC_ALL": "en_US.UTF8",
        "LOGNAME": "qcloud",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONDONTWRITEBYTECODE": "x",
        "PYTHONPATH": f"{code}:/opt",
        "SCF_FUNCTIONNAME": "flowlog",
        "SCF_FUNCTIONVERSION": "$LATEST",
        "SCF_RUNTIME": "Python3.10",
        "SHELL": "/bin/bash",
        "TENCENTCLOUD_APPID": "1250000001",
        "TENCENTCLOUD_REGION": "ap-beijing",
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_SECRETID": "AKID",
        "TENCENTCLOUD_SECRETKEY": "key",
        "TENCENTCLOUD_SESSIONTOKEN": "token",
        "TENCENTCLOUD_TZ": "UTC",
        "TENCENTCLOUD_UIN": "100000000001",
        "TZ": "Asia/Shanghai",
        "USER": "qcloud",
        "USER_CODE_ROOT": f"{code}/",
    }


def test_no_library_but_the_standard_one(start: Start) -> None:
    """The package must carry what it needs: neither site-packages nor this project can be imported."""
    function = start(
        "import importlib.util as u, sys\n"
        "def main_handler(event, context):\n    return [[n for n in event if u.find_spec(n)], sys.path, exit.name]\n"
    )
    found, path, builtin = json.loads(function.invoke('["pip", "localcloud", "bootstrap", "json"]').result_json or "")
    assert found == ["json"]
    assert not any("site-packages" in entry or "localcloud" in entry for entry in path)
    assert path[1] == "/opt"
    assert builtin == "exit"


def test_fresh_keys_at_each_invocation(start: Start) -> None:
    """The role's keys rotate under a warm instance, and are there when the code is loaded."""
    keys: Iterator[Credentials | None] = iter([("id1", "key1", "token1"), ("id2", "key2", "token2"), None])
    function = start(
        "import os\nnames = ['SECRETID', 'SECRETKEY', 'SESSIONTOKEN']\n"
        "def read():\n    return [os.environ.get('TENCENTCLOUD_' + name) for name in names]\n"
        "at_load = read()\ndef main_handler(event, context):\n    return [at_load, read()]\n",
        credentials=lambda: next(keys),
    )
    outcomes = [json.loads(function.invoke("{}").result_json or "") for _ in range(3)]
    first, second, none = ["id1", "key1", "token1"], ["id2", "key2", "token2"], [None] * 3
    assert outcomes == [[first, first], [first, second], [first, none]]


WRITES = """
import os, pathlib, shutil, subprocess, tempfile

def attempt(what):
    try:
        exec(what, {**globals(), "code": os.environ["USER_CODE_ROOT"]})
    except OSError as error:
        return error.errno
    return 0

def main_handler(event, context):
    return [attempt(what) for what in event]
"""


@pytest.mark.parametrize(
    "what",
    [
        "open(code + 'index.py', 'w')",
        "open(code + 'index.py', 'r+')",
        "open('new.txt', 'x')",
        "open(code + 'new.txt', 'a')",
        "os.open('new.txt', os.O_CREAT | os.O_WRONLY)",
        "pathlib.Path('/etc/scf-test').write_text('x')",
        "pathlib.Path('/tmp/../etc/scf-test').write_text('x')",
        "os.remove('index.py')",
        "os.rename('index.py', '/tmp/index.py')",
        "os.mkdir(code + 'new')",
        "os.rmdir(code)",
        "os.chmod(code, 0o777)",
        "os.utime('index.py')",
        "os.truncate('index.py', 0)",
        "os.symlink('/etc/hosts', 'link')",
        "os.link('/etc/hosts', code + 'link')",
        "shutil.rmtree(code)",
        "tempfile.TemporaryFile(dir='/var')",
        "d = tempfile.mkdtemp(); os.symlink(code + 'index.py', d + '/link'); open(d + '/link', 'w')",
        "os.remove('index.py', dir_fd=os.open(code, os.O_RDONLY))",
        "os.chdir('/tmp'); os.remove('/proc/self/cwd')",  # a link into /tmp that is not itself there
    ],
)
def test_the_file_system_is_read_only(start: Start, what: str) -> None:
    """Whatever would change a file outside /tmp, or the code inside it, fails with EROFS, for root too."""
    function = start(WRITES)
    assert function.invoke(json.dumps([what])).result_json == "[30]"
    assert function.invoke("[\"open(code + 'index.py').read()\"]").result_json == "[0]"


def test_tmp_is_writable(start: Start) -> None:
    """What SCF allows: files and folders in /tmp, made, renamed and removed; reading anywhere; the null device."""
    allowed = [
        "open('/dev/null', 'w').write('x')",
        "open('/etc/hosts').read()",
        "d = tempfile.mkdtemp(); os.makedirs(d + '/a/b'); open(d + '/a/b/c', 'w').write('x'); shutil.rmtree(d)",
        "f = tempfile.mkdtemp(dir='/tmp') + '/f'; open(f, 'w').close(); os.rename(f, f + '2'); os.remove(f + '2')",
        "with tempfile.TemporaryFile() as f: f.write(b'x'); f.truncate(0)",
        "with tempfile.NamedTemporaryFile() as f: os.truncate(f.fileno(), 0); os.utime(f.fileno())",
        "subprocess.run(['true'], check=True, stdout=subprocess.DEVNULL)",
    ]
    assert start(WRITES).invoke(json.dumps(allowed)).result_json == json.dumps([0] * len(allowed))


def test_a_raised_exception_is_430_with_the_users_stack(start: Start) -> None:
    """The documented error, the stack beginning in the user's code in its documented place; the instance stays."""
    function = start("def main_handler(event, context):\n    raise ValueError('bad ' + event)\n")
    first, second = function.invoke('"luck"', "r1"), function.invoke('"luck"')
    assert first.error == {
        "errorCode": -1,
        "errorMessage": "user code exception caught",
        "requestId": "r1",
        "stackTrace": (
            'Traceback (most recent call last):\n  File "/var/user/index.py", line 2, in main_handler\n'
            "    raise ValueError('bad ' + event)\nValueError: bad luck"
        ),
        "statusCode": 430,
    }
    assert (first.cold, second.cold, first.instance_id) == (True, False, second.instance_id)


@pytest.mark.parametrize(
    ("returned", "why"),
    [
        ("{1, 2}", "TypeError: Object of type set is not JSON serializable"),
        ("float('nan')", "ValueError: Out of range float values are not JSON compliant"),
    ],
)
def test_a_result_that_is_not_json_is_430(start: Start, returned: str, why: str) -> None:
    """What cannot be sent back is the function's fault."""
    outcome = start(f"def main_handler(event, context):\n    return {returned}\n").invoke("{}")
    assert failure(outcome) == (430, -1, "user code exception caught")
    assert outcome.error is not None
    assert why in outcome.error["stackTrace"]


def test_a_result_over_6_mb_is_407(start: Start) -> None:
    """Six megabytes come through, a byte more does not."""
    function = start("def main_handler(event, context):\n    return 'x' * event\n")
    limit = 6 * 1024 * 1024 - 2  # the quotation marks count
    assert len(function.invoke(str(limit)).result_json or "") == limit + 2
    outcome = function.invoke(str(limit + 1))
    assert failure(outcome) == (407, -1, "The size of response exceeds the upper limit (6MB)")
    assert not function.invoke("1").cold


@pytest.mark.parametrize(
    ("source", "handler", "status", "message"),
    [
        (
            ECHO,
            "main.main_handler",
            437,
            "Handler not found: the entry file of 'main.main_handler' is not in the root of the code package",
        ),
        (ECHO, "index.missing", 443, "AttributeError: module 'index' has no attribute 'missing'"),
        ("import no_such_module", "index.main_handler", 443, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def main_handler(", "index.main_handler", 443, "SyntaxError"),
    ],
)
def test_a_function_that_cannot_be_loaded(start: Start, source: str, handler: str, status: int, message: str) -> None:
    """Missing entry file, missing function, failing import, broken source: said at each invocation, none kept."""
    function = start(source, Handler=handler)
    for _ in range(2):
        outcome = function.invoke("{}")
        assert failure(outcome)[:2] == (status, 1)
        assert message in failure(outcome)[2]
        assert outcome.cold
    assert function.instance_count == 0


def test_the_log_is_what_the_run_wrote(start: Start) -> None:
    """Standard output and error in order, of programs started too, with what loading printed in the first run's."""
    function = start(
        "import os, sys\nprint('loading')\n"
        "def main_handler(event, context):\n"
        "    print(event)\n    print('é', file=sys.stderr)\n    os.system('echo child')\n"
    )
    assert function.invoke('"one"').log == "loading\none\né\nchild\n"
    assert function.invoke('"two"').log == "two\né\nchild\n"


def test_programs_started_do_not_get_the_runtimes_pipes(start: Start) -> None:
    """A program of the function's has standard input, output and error, and the folder it lists."""
    function = start(
        "import subprocess\ndef main_handler(event, context):\n"
        "    return subprocess.check_output(['ls', '/proc/self/fd'], close_fds=False, text=True).split()\n"
    )
    assert function.invoke("1").result_json == '["0", "1", "2", "3"]'
