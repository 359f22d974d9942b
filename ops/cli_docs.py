"""docs/cli.md: the help texts of all commands, so that they can be read and searched.

python -m ops.cli_docs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.cli import get_docs_for_click

from ops.cli import PROGRAM, app
from ops.packaging.package import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "cli.md"


def page() -> str:
    """The page as it should be."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name=PROGRAM)
    for each in _all_commands(command):
        text = text.replace(
            f"`{each.name}`: {each.get_short_help_str()}\n", f"`{each.name}`: {_first_sentence(each)}\n"
        )
    note = "<!-- Written by `python -m ops.cli_docs` from the help texts in ops/; a test keeps it so. -->"
    return f"{note}\n\n{text.strip()}\n"


def _all_commands(command: Any) -> Iterator[Any]:
    for each in getattr(command, "commands", {}).values():
        yield each
        yield from _all_commands(each)


def _first_sentence(command: Any) -> str:
    """The first sentence of a command's help, whole: by itself Typer cuts it at 45 characters, for terminals."""
    return str(command.get_short_help_str(limit=1_000))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
