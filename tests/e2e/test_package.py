"""The package: what is in it, that it is the same each time, and that it runs as SCF runs it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ops.errors import Exit, OperatorError
from ops.packaging import package as packaging

if TYPE_CHECKING:
    from ops.packaging.package import Package


ROOT = Path(__file__).parents[2]
LICENCE = re.compile(r"[^/]+\.dist-info/(licenses/)?(LICENSE|COPYING|NOTICE)[^/]*$")
MAGIC_310 = (3439).to_bytes(2, "little") + b"\r\n"  # of CPython 3.10's bytecode
CHECKED_HASH = 0b11  # PEP 552: hash-based, to be checked against the source
TOP_LEVEL = {
    "LICENSE",
    "__pycache__",
    "index.py",
    "handler",
    "schemas",
    # the SDK, jsonschema, Powertools
    "tencentcloud",
    "jsonschema",
    "aws_lambda_powertools",
    # and what they need
    "attr",
    "attrs",
    "certifi",
    "idna",
    "jmespath",
    "jsonschema_specifications",
    "referencing",
    "requests",
    "rpds",
    "typing_extensions.py",
    "urllib3",
}
FORBIDDEN = re.compile(
    r"(^|/)(tests?|benchmarks|pip|setuptools|boto3|botocore|wheel)/"
    r"|\.egg-info|\.(pyi|c|h|cpp|rs|exe|sh|md|txt|toml|cfg)$|/py\.typed$|_async\.|/v20170312/|(^|/)bin/"
)
LOADED = """
import json, os, sys
import index
assert callable(index.main_handler)
root = os.environ["USER_CODE_ROOT"]
files = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
print(json.dumps(sorted(os.path.relpath(file, root) for file in files if file.startswith(root))))
"""


@dataclass(frozen=True)
class Tree:
    """A copy of the package's folder, and the Python to run it with."""

    root: Path
    python: Path

    def run(self, code: str, *flags: str) -> subprocess.CompletedProcess[str]:
        """Run code as SCF does: its environment, no installed packages, every warning an error."""
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{self.root}:/opt",
            "PYTHONDONTWRITEBYTECODE": "x",
            "TENCENTCLOUD_RUNENV": "SCF",
            "TENCENTCLOUD_REGION": "ap-guangzhou",
            "SCF_FUNCTIONNAME": "eni-flowlog",
            "SCF_FUNCTIONVERSION": "$LATEST",
            "USER_CODE_ROOT": f"{self.root}/",
            "FLOWLOG_TOPIC_ID": "dfb8f1a2-8522-47c1-8571-67905167ab3f",
        }
        command = [str(self.python), "-s", "-S", "-W", "error", *flags, "-c", code]
        return subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=60
        )

    def content(self) -> dict[str, bytes]:
        """Every file by its name in the package."""
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def tree(package: Package, python310: Path, tmp_path: Path) -> Tree:
    root = tmp_path / "somewhere else" / "user"
    shutil.copytree(package.folder, root)
    return Tree(root, python310)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what a build reads, at another place and without anything built before."""
    root = tmp_path / "copy"
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in ("handler", "schemas", "ops/data"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def with_dependencies(project: Path) -> Path:
    """Put the installed dependencies into a copy, but for what another test's process is installing just now."""
    store = project / ".build" / "dependencies"
    shutil.copytree(ROOT / ".build" / "dependencies", store, ignore=shutil.ignore_patterns(".new-*"))
    return store


def names(package: Package) -> list[str]:
    with zipfile.ZipFile(package.archive) as archive:
        return archive.namelist()


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `eni-flowlog package` where no other Python can be found."""
    bare = {"PATH": "", "PYENV_ROOT": "/nonexistent", "HOME": "/nonexistent", **environment}
    run = [sys.executable, "-m", "ops.cli", "package", *arguments]
    kept = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    return subprocess.run(run, env=kept | bare, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


# What is in it --------------------------------------------------------------------------------------------------------


def test_it_is_small(package: Package) -> None:
    """Far under SCF's limits (50 MB zipped), because a cold start fetches and unpacks it."""
    assert package.size == package.archive.stat().st_size < 2_500_000
    assert package.unpacked < 8_000_000


def test_the_zip_and_the_folder_hold_the_same(package: Package, tree: Tree) -> None:
    """`scf deploy` packs the folder, `eni-flowlog deploy` sends the zip: both deploy the same files."""
    with zipfile.ZipFile(package.archive) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == tree.content()


def test_the_zip_is_sorted_with_fixed_times_and_modes(package: Package) -> None:
    """Nothing of the day, the umask or the disk that it was built on is in the zip."""
    with zipfile.ZipFile(package.archive) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {entry.create_system for entry in entries} == {3}


def test_it_holds_what_it_should_and_nothing_else(package: Package) -> None:
    """Our code and schemas whole, the runtime dependencies, and no tests, metadata, stubs, commands or sources of C."""
    held = names(package)
    ours = {
        path.relative_to(ROOT).as_posix() for glob in ("handler/**/*.py", "schemas/*.json") for path in ROOT.glob(glob)
    }
    assert ours <= set(held)
    assert {name for name in held if name.startswith("handler/") and name.endswith(".py")} <= ours
    dependencies = [name for name in held if not LICENCE.match(name)]
    assert {name.split("/")[0] for name in dependencies} == TOP_LEVEL
    assert [name for name in dependencies if FORBIDDEN.search(name)] == []


def test_a_file_that_is_not_its_wheel_s_is_not_packed(project: Path) -> None:
    """Whoever has changed the installation, such as a Python that adds to a certificate bundle, is found out."""
    # Those of older pins may lie there, too.
    for bundle in with_dependencies(project).glob("3.10-*/site/certifi/cacert.pem"):
        bundle.write_bytes(bundle.read_bytes() + b"\n")
    with pytest.raises(
        OperatorError, match=r"cacert\.pem is not the file of certifi's wheel: remove .*/site, build again"
    ):
        packaging.build(root=project, bytecode=False)


def test_the_only_machine_code_is_for_3_10_on_linux(package: Package) -> None:
    """rpds-py is compiled; its wheel is that of SCF's platform, whatever machine built the package."""
    assert [name for name in names(package) if ".so" in name] == ["rpds/rpds.cpython-310-x86_64-linux-gnu.so"]


def test_importing_the_function_loads_almost_all_of_it(tree: Tree) -> None:
    """What is inside is used, but for small modules of Powertools."""
    run = tree.run(LOADED)
    assert run.returncode == 0, run.stderr
    loaded = set(json.loads(run.stdout))
    idle = {
        name: len(content)
        for name, content in tree.content().items()
        if name.endswith((".py", ".so")) and name not in loaded and not name.startswith("handler/")
    }
    assert {name.split("/")[0] for name in idle} <= {"aws_lambda_powertools"}
    assert sum(idle.values()) < 45_000


# Bytecode -------------------------------------------------------------------------------------------------------------


def test_every_module_has_checked_bytecode_of_3_10(tree: Tree) -> None:
    """SCF writes none: what is shipped must be of its version, and valid whatever time unpacking gives a file."""
    content = tree.content()
    for name in [name for name in content if name.endswith(".py")]:
        path = Path(name)
        bytecode = content[(path.parent / "__pycache__" / f"{path.stem}.cpython-310.pyc").as_posix()]
        assert bytecode[:4] == MAGIC_310, name
        assert int.from_bytes(bytecode[4:8], "little") == CHECKED_HASH, name


def test_bytecode_names_the_cloud_s_path_and_not_the_builder_s(package: Package, tree: Tree) -> None:
    """No path of the machine that built it is shipped."""
    content = tree.content()
    assert b"/var/user/index.py" in content["__pycache__/index.cpython-310.pyc"]
    builder = [str(path).encode() for path in (ROOT, package.folder.parent)]
    assert [name for name, held in content.items() if any(path in held for path in builder)] == []


def test_it_runs_from_bytecode_alone(tree: Tree) -> None:
    """No module is compiled at a cold start: the interpreter tells of each how it came by its code."""
    run = tree.run(LOADED, "-v")
    assert run.returncode == 0, run.stderr
    assert f"# {tree.root}/__pycache__/index.cpython-310.pyc matches {tree.root}/index.py" in run.stderr
    assert f"# code object from {tree.root}" not in run.stderr


def test_an_edit_has_its_effect(tree: Tree) -> None:
    """Whoever changes a line in the console's editor runs the changed line."""
    with (tree.root / "handler" / "main.py").open("a") as source:
        source.write("\nraise RuntimeError('edited')\n")
    run = tree.run(LOADED)
    assert run.stderr.splitlines()[-1] == "RuntimeError: edited"


def test_another_python_is_refused_in_one_sentence(tree: Tree) -> None:
    """Rpds is compiled for one version: without this, a runtime that was changed alone ends in a riddle."""
    index = (tree.root / "index.py").read_text()
    (tree.root / "index.py").write_text(index.replace("(3, 10)", "(3, 9)").replace("Python 3.10", "Python 3.9"))
    run = tree.run(LOADED)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        "ImportError: this package of eni-flowlog is for Python 3.9, and the function runs on 3.10: let `runtime` of "
        "serverless.yml name the function's, and deploy again"
    )


def test_it_runs_from_any_read_only_place_and_leaves_no_trace(tree: Tree) -> None:
    """SCF's code folder cannot be written to: the function neither tries nor minds, and warns of nothing."""
    before = tree.content()
    for path in [tree.root, *tree.root.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    run = tree.run(LOADED)
    for folder in [tree.root, *(path for path in tree.root.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    assert (run.returncode, run.stderr) == (0, "")
    assert tree.content() == before


def test_a_traceback_shows_the_real_file_and_its_line(tree: Tree) -> None:
    """Bytecode costs nothing in diagnosis: file, line number and the line itself are where the code runs."""
    run = tree.run("import index, jsonschema; jsonschema.Draft202012Validator({'type': 'object'}).validate(1)")
    assert run.returncode == 1
    assert f'File "{tree.root}/jsonschema/validators.py", line ' in run.stderr
    assert "raise error" in run.stderr


# The same each time ---------------------------------------------------------------------------------------------------


def test_two_builds_are_the_same_byte_for_byte(
    package: Package, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder, umask, hash seed and a fresh installation of the pins: the same zip and bill of materials."""
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    umask = os.umask(0o077)
    try:
        again = packaging.build(root=project)
    finally:
        os.umask(umask)
    assert again.archive == project / ".build" / "function.zip"
    assert again.sha256 == package.sha256 == hashlib.sha256(package.archive.read_bytes()).hexdigest()
    assert again.bom.read_bytes() == package.bom.read_bytes()


def test_building_again_replaces_what_was_there(project: Path, package: Package) -> None:
    """A module that is gone from the sources is gone from the package, and no scratch folder stays behind."""
    with_dependencies(project)
    (project / "handler" / "old.py").touch()
    first = packaging.build(root=project, bytecode=False)
    assert "handler/old.py" in names(first)
    (project / "handler" / "old.py").unlink()
    second = packaging.build(root=project, bytecode=False)
    assert "handler/old.py" not in names(second)
    assert not (second.folder / "handler" / "old.py").exists()
    assert {path.name for path in second.archive.parent.iterdir()} == {
        "bom.json",
        "dependencies",
        "function",
        "function.zip",
    }
    assert second.size < package.size


# Where things are missing or wrong ------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.version_info[:2] == (3, 10), reason="the tests run on the Python in question")
def test_without_a_python_3_10_it_says_how_to_get_one(tmp_path: Path) -> None:
    """One error with what to do, an exit code of its own, and nothing built."""
    run = command("--out", str(tmp_path))
    assert run.returncode == Exit.NO_PYTHON
    assert run.stdout == ""
    assert run.stderr.startswith("Bytecode for the function needs a Python 3.10, and none was found")
    assert "Get one: `uv python install 3.10`, `pyenv install 3.10`" in run.stderr
    assert "`--without-bytecode`" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_bytecode_it_builds_without_a_python_3_10(tmp_path: Path) -> None:
    """The wheels are those of 3.10 on Linux all the same, since pip is told so and not asked."""
    run = command("--without-bytecode", "--out", str(tmp_path))
    assert (run.returncode, run.stderr) == (0, "")
    assert "CPython 3.10 on manylinux2014_x86_64, without bytecode" in run.stdout
    with zipfile.ZipFile(tmp_path / "function.zip") as archive:
        held = archive.namelist()
    assert "rpds/rpds.cpython-310-x86_64-linux-gnu.so" in held
    assert {"index.py", "handler/__init__.py"} <= set(held)
    assert [name for name in held if name.endswith(".pyc")] == []


def test_a_wheel_with_another_hash_is_refused(project: Path) -> None:
    """What is not the pinned file is not deployed, and the error says what was being done."""
    pins = project / "ops" / "data" / "function.txt"
    changed = re.sub(
        r"(?s)^(jmespath==\S+ \\\n).*?(?=    # via)",
        rf"\1    --hash=sha256:{'0' * 64}\n",
        pins.read_text(),
        flags=re.MULTILINE,
    )
    pins.write_text(changed)
    with pytest.raises(OperatorError) as refused:
        packaging.build(root=project, bytecode=False)
    assert str(refused.value).startswith("Installing function.txt for Python 3.10 failed (exit code 1)")
    assert "jmespath" in str(refused.value)
    assert list((project / ".build").glob("function*")) == []


@pytest.mark.skipif(sys.version_info[:2] == (3, 10), reason="the tests run on the Python in question")
def test_it_builds_for_the_python_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo runs where there is no Python 3.10: the same code, wheels and bytecode of this one, said as such."""
    for name in ("PATH", "PYENV_ROOT", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    package = packaging.build_to_run_here(out=tmp_path / "built")
    here = "{}.{}".format(*sys.version_info)
    assert f"CPython {here} on this machine, with bytecode" in str(package)
    monkeypatch.undo()
    run = Tree(package.folder, Path(sys.executable)).run(LOADED)
    assert run.returncode == 0, run.stderr


def test_a_runtime_that_is_no_python_is_refused() -> None:
    """`runtime` of serverless.yml is the one value that says what the package is for."""
    with pytest.raises(OperatorError, match=r"`runtime` of serverless\.yml is `Nodejs16\.13`"):
        packaging.build("Nodejs16.13")
