"""`python -m tests.mutation`, or `make mutation`: changes the function's code in small ways; does a test notice?

mutmut 3 does not run with the pytest that is pinned here, and leaves tables and constants alone, which are half of this
code; hence these lines. Each mutant is one change of the syntax tree of one module. It is imported in a fork of this
process, never written to disk, and run by the tests that reach the changed line, those that take the least time first.
Prose (strings with a blank in them) is left as it is. What survives, and why it may, is in docs/mutation.md.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec

ROOT = Path(__file__).parents[1]
MODULES = ("rules", "errors", "events", "cloudaudit", "deadletters", "sweep", "continuation", "redrive")
TESTS = (
    "tests/unit/test_rules.py", "tests/unit/test_errors.py", "tests/unit/test_events.py",
    "tests/unit/test_cloudaudit.py",
    "tests/unit/test_hostile_payloads.py", "tests/unit/test_schemas.py", "tests/integration/test_queue.py",
    "tests/integration/test_redrive.py", "tests/integration/test_backfill.py", "tests/integration/test_event_path.py",
    "tests/integration/test_hostile_batches.py", "tests/integration/test_secrets.py",
    "tests/integration/test_letters.py", "tests/integration/test_api_codes.py",
)  # fmt: skip
SLOW = (
    "TestPace", "test_killed_again", "thousand", "against_the_documented_limit", "never_shows", "bomb",
    "hundred_instances", "side_by_side", "redaction_takes", "random_moments", "memory",
)  # fmt: skip
MOST_TESTS = 400
MOST_S = 120.0

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: where, from what, to what, and the whole module with it. Some code runs once, at its import."""

    module: str
    line: int
    before: str
    after: str
    source: str
    at_import: bool


class _Changes(ast.NodeVisitor):
    """Each small change of a module, as a pair of a node and what stands in its place."""

    def __init__(self) -> None:
        self.found: list[tuple[ast.AST, ast.AST]] = []

    def visit(self, node: ast.AST) -> None:
        """Go on everywhere but into annotations, docstrings, imports and what only type checkers read."""
        self.found += [(node, after) for after in _changes_of(node)]
        for field, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and field not in ("annotation", "returns") and not _is_skipped(child):
                    self.visit(child)


def _is_skipped(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    only_for_types = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return only_for_types or isinstance(node, (ast.Import, ast.ImportFrom))


def _changes_of(node: ast.AST) -> Iterator[ast.AST]:  # noqa: C901  one branch for each kind of change
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield ast.Compare(node.left, [_COMPARED[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        yield from (ast.BoolOp(node.op, [one for one in node.values if one is not gone]) for gone in node.values[1:])
    elif isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED:
        yield ast.BinOp(node.left, _COMPUTED[type(node.op)](), node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, (ast.If, ast.While)):
        yield type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.Return) and node.value and not isinstance(node.value, ast.Constant):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Yield, ast.YieldFrom)):
        yield ast.Expr(ast.Constant(None))
    elif isinstance(node, (ast.Assign, ast.AugAssign)) and isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)
    elif isinstance(node, ast.Dict):
        pairs = list(zip(node.keys, node.values, strict=True))
        yield from (
            ast.Dict([key for key, _ in rest], [value for _, value in rest])
            for gone in pairs
            for rest in [[pair for pair in pairs if pair is not gone]]
        )
    elif isinstance(node, (ast.Break, ast.Continue)):
        yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()


def _constants(value: Any) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and " " not in value:
        yield ast.Constant(value + "X")


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def mutants_of(module: str) -> list[Mutant]:
    """Every mutant of a module that compiles and differs from it."""
    text = (ROOT / "handler" / f"{module}.py").read_text("utf-8")
    whole, changes = ast.unparse(ast.parse(text)), _Changes()
    tree = ast.parse(text)
    changes.visit(tree)
    called = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1)
    }
    made = []
    for old, new in changes.found:
        memo: dict[int, Any] = {}
        mutated = copy.deepcopy(tree, memo)
        source = ast.unparse(ast.fix_missing_locations(_Replace(memo[id(old)], copy.deepcopy(new)).visit(mutated)))
        with contextlib.suppress(SyntaxError):
            compile(source, module, "exec")
            if source != whole:
                before, after = (ast.unparse(ast.fix_missing_locations(each)).split("\n")[0] for each in (old, new))
                line = getattr(old, "lineno", 0)
                made.append(Mutant(module, line, before, after, source, line not in called))
    return made


# Running --------------------------------------------------------------------------------------------------------------


class _Loader(importlib.abc.SourceLoader):
    def __init__(self, source: str, path: str) -> None:
        self._source, self._path = source, path

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002  the interface's
        return self._path

    def get_data(self, path: str) -> bytes:  # noqa: ARG002  the interface's
        return self._source.encode()


class _Finder(importlib.abc.MetaPathFinder):
    """Gives one module of the function another source."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        if fullname != f"handler.{self._mutant.module}":
            return None
        loader = _Loader(self._mutant.source, str(ROOT / "handler" / f"{self._mutant.module}.py"))
        return importlib.util.spec_from_loader(fullname, loader)


def survives(mutant: Mutant, tests: Sequence[str]) -> bool:
    """Whether all tests pass with it. One that hangs is noticed too."""
    pid = os.fork()
    if pid == 0:
        _in_the_fork(mutant, tests)
    deadline = time.monotonic() + MOST_S
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.02)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def _in_the_fork(mutant: Mutant, tests: Sequence[str]) -> None:
    code = 1
    try:
        os.setpgid(0, 0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        sys.meta_path.insert(0, _Finder(mutant))
        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:cov", *tests]))
    finally:
        os._exit(min(code, 1))


def reach(folder: Path) -> tuple[dict[str, dict[int, list[str]]], dict[str, float]]:
    """Which tests reach which line of the modules, and how long each test takes. A fork runs them: nothing stays."""
    data, times = folder / "coverage", folder / "times"
    pid = os.fork()
    if pid == 0:
        os.environ["COVERAGE_FILE"] = str(data)
        quick = " and ".join(f"not {word}" for word in SLOW)
        measured = ["--cov=handler", "--cov-context=test", "--cov-report=", "--cov-fail-under=0"]
        os._exit(int(pytest.main(["-q", "-p", "no:cacheprovider", *measured, "-k", quick, *TESTS], [_Times(times)])))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "the tests fail without any mutant"
    read = coverage.CoverageData(str(data))
    read.read()
    lines = {
        module: {
            line: sorted({context.partition("|")[0] for context in contexts if context})
            for line, contexts in read.contexts_by_lineno(str(ROOT / "handler" / f"{module}.py")).items()
        }
        for module in MODULES
    }
    return lines, {
        name: float(took) for took, _, name in (row.partition(" ") for row in times.read_text().splitlines())
    }


class _Times:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            print(report.duration, report.nodeid, file=self._file, flush=True)


def chosen(mutant: Mutant, lines: dict[int, list[str]], times: dict[str, float]) -> list[str]:
    """The tests for a mutant: those that reach its line, or, for what is run at import, its module. Its own first.

    A test that only reads what the import made reaches no line; so the module's own tests are there in any case.
    """
    of_the_module = {test for tests in lines.values() for test in tests}
    own = {test for test in times if test.startswith(f"tests/unit/test_{mutant.module}.py")}
    reaching = of_the_module if mutant.at_import else lines.get(mutant.line) or of_the_module
    known = [test for test in own.union(reaching) if test in times]
    return sorted(known, key=lambda test: (test not in own, times[test]))[:MOST_TESTS]


def main() -> int:
    """Run all mutants, or a share of them, and print those that survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES, help="such as errors, or errors:87 for one line")
    parser.add_argument("--share", type=float, default=1.0, help="of the mutants, by chance")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    os.chdir(ROOT)
    for name in ("localcloud", "aws_lambda_powertools", "tencentcloud.common.common_client", "jsonschema"):
        importlib.import_module(name)  # before the forks, which then need not
    with TemporaryDirectory() as folder:
        lines, times = reach(Path(folder))
    chance, all_left = random.Random(1), 0
    for asked in options.modules:
        module, _, line = asked.partition(":")
        mutants = [each for each in mutants_of(module) if chance.random() < options.share]
        mutants = [each for each in mutants if line in ("", str(each.line))]
        with ThreadPoolExecutor(options.jobs) as pool:
            alive = pool.map(lambda each, module=module: survives(each, chosen(each, lines[module], times)), mutants)
            left = [mutant for mutant, survived in zip(mutants, alive, strict=True) if survived]
        all_left += len(left)
        print(f"{asked}: {len(mutants) - len(left)} of {len(mutants)} mutants noticed", flush=True)
        for mutant in left:
            print(f"  handler/{module}.py:{mutant.line}  {mutant.before[:90]}  →  {mutant.after[:90]}", flush=True)
    return 0 if all_left == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
