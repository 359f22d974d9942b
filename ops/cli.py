"""The operator's command `eni-flowlog`: what commands there are, and how every fault ends in one sentence."""

from __future__ import annotations

import errno
import sys
import traceback
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from handler.redaction import redact
from ops import console, session
from ops.commands import dlq
from ops.commands.backfill import backfill_command
from ops.commands.demo import demo_command
from ops.commands.deploy import deploy_command
from ops.commands.doctor import doctor_command
from ops.commands.init import init_command
from ops.commands.invoke import invoke_command
from ops.commands.local import local_command
from ops.commands.logs import logs_command
from ops.commands.package import package_command
from ops.commands.remove import remove_command
from ops.commands.repair import repair_command
from ops.commands.status import status_command
from ops.errors import EPILOG, Exit, exit_code, sentence

PROGRAM = "eni-flowlog"


class Guarded(TyperGroup):
    """Runs a command so that no fault ends in a traceback, and none shows a secret."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            Exit: with the exit code of a fault.
        """
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except KeyboardInterrupt:
            console.say("Interrupted: what was done is done, and the same command goes on from there.", "yellow")
            raise typer.Exit(Exit.INTERRUPTED) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # the reader of our output has gone, such as `head`
            console.say(sentence(error), "red")
            if ctx.params.get("verbose"):
                console.say(str(redact("".join(traceback.format_exception(error)))), "dim")
            raise typer.Exit(exit_code(error)) from None


app = typer.Typer(
    name=PROGRAM,
    cls=Guarded,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A flow log for every new elastic network interface of a Tencent Cloud account, by itself. These are its "
    "operator's commands.\n\n"
    "Settings are the FLOWLOG_* variables of the deployed function; with --settings local, or where no function is "
    "deployed, those of the environment, then of serverless.yml in this folder and a .env file beside it. "
    "Keys are TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN, or a profile of tccli. "
    "With FLOWLOG_API_ENDPOINT and FLOWLOG_DLQ_ENDPOINT, all of it works against the local cloud.",
    epilog=EPILOG,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - the flag of --version, as Typer calls it
    if wanted:
        print(f"{PROGRAM} {version(PROGRAM)}")
        raise typer.Exit


@app.callback()
def main(
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show the log on the standard error, without secrets.")
    ] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Set up what all commands share."""
    session.quiet_log(verbose=verbose)


# The commands, in the order of the help text. A command is one function in a module of its own.
app.command("init")(init_command)
app.command("deploy")(deploy_command)
app.command("remove")(remove_command)
app.command("doctor")(doctor_command)
app.command("invoke")(invoke_command)
app.command("logs")(logs_command)
app.command("backfill")(backfill_command)
app.command("status")(status_command)
app.command("repair")(repair_command)
app.add_typer(dlq.app)
app.command("package")(package_command)
app.command("local")(local_command)
app.command("demo")(demo_command)

if __name__ == "__main__":
    sys.exit(app())
