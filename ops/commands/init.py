"""`eni-flowlog init`: writes the files that a deployment begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops import config
from ops.console import say
from ops.errors import OperatorError

Folder = Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to write them. It is made if it is not there.")]
HERE = Path()
_HOOK = "hook: make package"


def init_command(folder: Folder = HERE) -> None:
    """Write a commented serverless.yml and .env.example into this folder: all that deploy and the others need.

    A file that is there already stays as it is.

    For example:

        eni-flowlog init

        eni-flowlog init production
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder / name, text) for name, text in _files().items()]
    if not any(written):
        raise OperatorError(f"{' and '.join(_files())} are there already: nothing was written.")
    say("Next: copy .env.example to .env, fill it in, and run `eni-flowlog deploy --dry-run`.")


def _files() -> dict[str, str]:
    """The files by name. The Serverless CLI builds the package with the installed command: there is no Makefile."""
    texts = {
        name: config.FILE.with_name(name.lstrip(".")).read_text("utf-8") for name in ("serverless.yml", ".env.example")
    }
    return {name: text.replace(_HOOK, "hook: eni-flowlog package") for name, text in texts.items()}


def _write(path: Path, text: str) -> bool:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        say(f"{path} is there already and stays as it is.", "yellow")
        return False
    except OSError as error:
        raise OperatorError(f"{path} cannot be written ({error.strerror}).") from None
    say(f"{path} written.", "green")
    return True
