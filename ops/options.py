"""The options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from handler import schema
from ops.session import SettingsOf

_UNITS = {"m": 60, "h": 3600, "d": 86_400}
EXAMPLES = {"region": "ap-guangzhou", "interfaceId": "eni-78ysaex1", "vpcId": "vpc-pq9vxykj"}


def seconds_of(text: str) -> float:
    """How long `90m`, `1h` or `2d` are, in seconds."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if not found:
        raise typer.BadParameter(f"{text!r} is not a time such as 30m, 1h or 2d")
    return int(found[1]) * _UNITS[found[2]]


def unset(flag: str, metavar: str, words: str, form: str = "") -> Any:
    """An option that is empty where it is not given, of which no default is shown.

    Args:
        flag: such as `--region`.
        metavar: what stands for its value in the help.
        words: of the help.
        form: a definition of the command's schema, whose pattern each value must have; empty for any.
    """

    def check(value: Any) -> Any:
        pattern = schema.document("command")["$defs"][form]["pattern"]
        for each in value if isinstance(value, list) else [value] if value else []:
            if not re.search(pattern, each):
                raise typer.BadParameter(f"{each!r} does not have the form of {EXAMPLES[form]}")
        return value

    return typer.Option(flag, metavar=metavar, help=words, callback=check if form else None, show_default=False)


Since = Annotated[str, typer.Option("--since", metavar="TIME", help="How far to look back: 30m, 1h, 2d.")]
Profile = Annotated[
    str,
    unset(
        "--profile",
        "NAME",
        "Profile of tccli (~/.tccli) to take keys and region from; wins over the environment. "
        "Without it: TENCENTCLOUD_SECRET_ID, _SECRET_KEY and _TOKEN, else TCCLI_PROFILE or the default profile.",
    ),
]
Regions = Annotated[
    list[str] | None,
    unset(
        "--region",
        "REGION",
        "Region whose interfaces are meant; may be given several times. Without it: those of FLOWLOG_REGIONS, by "
        "default all that hold an interface.",
        "region",
    ),
]
VpcIds = Annotated[
    list[str] | None,
    unset("--vpc-id", "VPC", "Only the interfaces of this VPC; may be given several times.", "vpcId"),
]
FunctionRegion = Annotated[
    str,
    unset(
        "--function-region",
        "REGION",
        "The function's region. Without it: TENCENTCLOUD_REGION, serverless.yml, or tccli's profile; status, backfill, "
        "repair and dlq look for the function in the other regions too.",
        "region",
    ),
]
Settings = Annotated[
    SettingsOf,
    typer.Option(
        "--settings",
        help="Whose settings count: those of the deployed function, or the local ones of serverless.yml, .env and the "
        "shell.",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON on the standard output, and everything else on the standard error.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. Needed where there is no terminal.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, by the same code, and change nothing.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Take at most N.", show_default=False)]
Prices = Annotated[
    Path | None,
    typer.Option("--prices", metavar="FILE", help="A price table of your own, in the form of ops/data/prices.json."),
]
ConfigFile = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="The serverless.yml that says what there should be.")
]
SERVERLESS_YML = Path("serverless.yml")
"""The default of --config."""
WithoutBytecode = Annotated[
    bool,
    typer.Option(
        "--without-bytecode",
        help="Build the package even where there is no Python of the runtime's version; starts are slower.",
    ),
]
