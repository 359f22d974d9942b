"""Renew what in the documents is made, not written: the table of settings and the pictures.

    python docs/renew.py            the table of settings and the architecture
    python docs/renew.py --demo     also the pictures of a demo that is run for it (half a minute): its terminal,
                                    and the page for the auditor that it writes (wants Chromium)

A test compares the table and the architecture with what this would write.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 120
"""The width of the terminal in the demo's picture."""


def settings_table() -> str:
    """The rows of docs/settings.md: each variable of the schema with its default and what it must be."""
    schema = json.loads((ROOT / "schemas" / "settings.schema.json").read_text("utf-8"))
    rows = ["| variable | default | what it must be |", "|---|---|---|"]
    for name, rule in schema["properties"].items():
        default = (
            f"`{rule['default']}`" if "default" in rule else "required" if name in schema.get("required", ()) else ""
        )
        rows.append(f"| {name} | {default} | {rule['description'].replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def with_table(page: str, table: str) -> str:
    """A page with the lines between its two marks replaced by the table."""
    begin, end = "<!-- settings: made by docs/renew.py -->\n", "\n<!-- end of settings -->"
    return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}{table}{end}", page, flags=re.DOTALL)


@dataclass(frozen=True)
class Box:
    """A box of the architecture: its place and size in pixels, its title, and the lines below it."""

    x: int
    y: int
    width: int
    height: int
    title: str
    lines: tuple[str, ...] = ()
    ours: bool = False


BOXES = (
    Box(20, 40, 170, 84, "VPC, CVM", ("a call makes or", "attaches an interface")),
    Box(250, 40, 190, 84, "EventBridge", ("CloudAudit record", "as a CloudEvent")),
    Box(
        500,
        20,
        330,
        124,
        "eni-flowlog in SCF",
        (
            "intake: unwrap, check, ids",
            "rules: should it have one?",
            "CreateFlowLog → outcome → report",
            "sweep: what should be, less what is",
        ),
        ours=True,
    ),
    Box(250, 170, 190, 64, "Timer", ("every hour: sweep",)),
    Box(500, 210, 150, 74, "TDMQ-CMQ queue", ("dead letters,", "with the reason")),
    Box(680, 210, 150, 74, "CLS topic", ("where the flow logs", "of all interfaces go")),
    Box(20, 200, 170, 84, "eni-flowlog", ("deploy, status, repair,", "dlq, doctor"), ours=True),
)
ARROWS = (
    ("M190 82 H250", ""), ("M440 82 H500", ""), ("M440 196 C 470 186, 470 140, 500 130", ""),
    ("M560 144 V210", "failed"), ("M760 144 V210", "makes flow logs"), ("M540 210 V144", ""),
    ("M190 262 H500", "redrive"),
)  # fmt: skip


HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 850 304" role="img"
 aria-label="An API call becomes an event, the event a flow log; what fails lies on the queue">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .t { font-weight: 600 } .s { font-size: 11px; fill: #59636e }
rect { fill: #f6f8fa; stroke: #818b98 } .o { fill: #ddf4ff; stroke: #0969da }
path { fill: none; stroke: #59636e; stroke-width: 1.5 } #a path { fill: #59636e }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .s { fill: #9198a1 } rect { fill: #151b23; stroke: #656c76 }
  .o { fill: #0c2d6b; stroke: #4493f8 }
  path { stroke: #9198a1 } #a path { fill: #9198a1 }
}
</style>
<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">
<path d="M0 0 8 4 0 8Z"/></marker></defs>"""


def architecture() -> str:
    """The picture of the whole as SVG, in the reader's light or dark colours."""
    parts = [HEAD]
    for line, label in ARROWS:
        parts.append(f'<path d="{line}" marker-end="url(#a)"/>')
        if label:
            x, y = re.match(r"M(\d+) (\d+)", line).groups()  # type: ignore[union-attr]  # each begins so
            down = " V" in line
            parts.append(f'<text class="s" x="{int(x) + 6}" y="{int(y) + (36 if down else -5)}">{label}</text>')
    for box in BOXES:
        kind = ' class="o"' if box.ours else ""
        parts.append(
            f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6"{kind}/>'
            f'<text class="t" x="{box.x + 12}" y="{box.y + 22}">{escape(box.title)}</text>'
        )
        parts += [
            f'<text class="s" x="{box.x + 12}" y="{box.y + 42 + 17 * index}">{escape(line)}</text>'
            for index, line in enumerate(box.lines)
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def demo_picture() -> str:
    """The terminal of a demo, run now, as SVG.

    Raises:
        SystemExit: the demo failed.
    """
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "ops.cli", "demo"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise SystemExit(f"the demo failed:\n{done.stderr}")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(done.stdout))
    # Without the fonts that it would ask a server for.
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="make demo"), flags=re.DOTALL)


def page_picture(page: Path, picture: Path) -> None:
    """Take a picture of a page in a headless Chromium that asks nobody for anything.

    Raises:
        SystemExit: there is no Chromium.
    """
    chromium = shutil.which("chromium")
    if not chromium:
        raise SystemExit("no Chromium here: apt-get install chromium")
    flags = ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
             "disable-component-update", "disable-sync",
             "hide-scrollbars", "window-size=1200,1050", "lang=en")  # fmt: skip
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium, *(f"--{flag}" for flag in flags), f"--user-data-dir={profile}", f"--screenshot={picture}"]
        subprocess.run([*command, page.as_uri()], check=True, capture_output=True)  # noqa: S603 - our own page


def main() -> None:
    """Write the files."""
    page = ROOT / "docs" / "settings.md"
    page.write_text(with_table(page.read_text("utf-8"), settings_table()), "utf-8")
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "architecture.svg").write_text(architecture(), "utf-8")
    if "--demo" in sys.argv:
        (PICTURES / "demo.svg").write_text(demo_picture(), "utf-8")
        page_picture(ROOT / ".build" / "coverage.html", PICTURES / "coverage.png")


if __name__ == "__main__":
    main()
