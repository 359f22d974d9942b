"""Note every regular expression that importing a module compiles, for `handler.startup` to use.

    python patterns.py MODULE FILE

The packager runs it as a script, under the function's Python and with the package on its path: it imports nothing of
this project but what it looks at.
"""

from __future__ import annotations

import marshal
import re
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Table = dict[tuple[str | bytes, int], tuple[Any, ...]]
NO_REFERENCES = 2  # of marshal's versions: later ones mark shared objects, and the bytes would depend on what is shared


def record(module: str) -> Table:
    """Import a module that has not been imported, and return what `_sre.compile` was given for each pattern."""
    compiler = vars(re).get("sre_compile") or vars(re)["_compiler"]
    compile_pattern, engine = compiler.compile, compiler._sre  # noqa: SLF001 - there is no other way in
    table: Table = {}

    def note(pattern: Any, *compiled: Any) -> Any:
        flags, code, groups, names, indexes = compiled
        table[current[-1]] = (int(flags), [int(each) for each in code], groups, dict(names), indexes)
        return engine.compile(pattern, *compiled)

    def compile_and_note(pattern: Any, flags: int = 0) -> Any:
        current.append((pattern, int(flags)))
        return compile_pattern(pattern, flags)

    current: list[tuple[Any, int]] = []
    compiler.compile = compile_and_note
    compiler._sre = SimpleNamespace(**{**vars(engine), "compile": note})  # noqa: SLF001 - see above
    try:
        import_module(module)
    finally:
        compiler.compile, compiler._sre = compile_pattern, engine  # noqa: SLF001 - see above
    return {key: value for key, value in table.items() if isinstance(key[0], (str, bytes))}


def main() -> None:
    """Write the file that the command line names."""
    module, file = sys.argv[1:]
    table = record(module)
    stamp = sys.modules["handler.startup"].stamp()
    Path(file).write_bytes(marshal.dumps((stamp, table), NO_REFERENCES))


if __name__ == "__main__":
    main()
