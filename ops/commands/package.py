"""`eni-flowlog package`: builds what the function is deployed from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops import options
from ops.console import working
from ops.packaging import package

Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", help="Where to put it. [default: .build of the project]", show_default=False
    ),
]


def package_command(out: Out = None, *, without_bytecode: options.WithoutBytecode = False) -> None:
    """Build the package that the function is deployed from: .build/function.zip, with its bill of materials.

    The same sources and pins give the same bytes. It holds bytecode for the runtime that serverless.yml names, which
    a real Python of that version must make; where none is found it says how to get one, and ends with exit code 4.

    For example:

        eni-flowlog package

        eni-flowlog package --without-bytecode --out /tmp/package
    """
    with working("Building the package"):
        built = package.build(out=out, bytecode=not without_bytecode)
    print(built)
