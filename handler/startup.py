"""A quicker cold start: regular expressions that were compiled when the package was built.

The libraries on the event's path compile some hundred regular expressions while they are imported, a seventh of the
cold start (docs/performance.md). As `__pycache__` spares compiling modules, the package's `patterns.bin` spares
compiling these. It was made by the same minor version of Python, and says so: any other compiles them itself.
"""

from __future__ import annotations

import gc
import marshal
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Compile = Callable[[Any, int], Any]
    Table = Mapping[tuple[str | bytes, int], tuple[Any, ...]]


def begin(patterns: str) -> None:
    """Before the imports: use the compiled patterns, and collect no garbage, of which imports make none.

    Args:
        patterns: the file that `ops.packaging.patterns` has made; without it, all works as usual.
    """
    gc.disable()
    table = _read(patterns)
    if table:
        compiler = _compiler()
        compiler.compile = _looking_up(table, compiler.compile, compiler._sre)  # noqa: SLF001 - the only way in


def end() -> None:
    """After the imports: collect garbage again, but never look at what was imported, which stays anyway."""
    gc.freeze()
    gc.enable()


def stamp() -> tuple[int, int]:
    """What compiled patterns depend on: the version and the word size of the engine of regular expressions."""
    return int(_compiler().MAGIC), int(_compiler()._sre.CODESIZE)  # noqa: SLF001 - see above


def _compiler() -> Any:
    """The module behind `re` that compiles: `sre_compile` in Python 3.10, `re._compiler` from 3.11 on."""
    return vars(re).get("sre_compile") or vars(re)["_compiler"]


def _read(patterns: str) -> Table:
    try:
        with open(patterns, "rb") as file:  # noqa: PTH123 - pathlib is not imported yet, and costs 5 ms
            made_by, table = marshal.loads(file.read())  # noqa: S302 - the package's own file, as its bytecode is
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    return table if made_by == stamp() else {}


def _looking_up(table: Table, otherwise: Compile, engine: Any) -> Compile:
    def compile_or_look_up(pattern: Any, flags: int = 0) -> Any:
        known = table.get((pattern, flags)) if isinstance(pattern, (str, bytes)) else None
        return engine.compile(pattern, *known) if known else otherwise(pattern, flags)

    return compile_or_look_up
