"""The package's folder and its zip, the same bytes each time."""

from __future__ import annotations

import os
import zipfile
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def settle(folder: Path) -> None:
    """Give every file the same time and mode, as in the zip: the Serverless CLI packs this folder itself."""
    for path in files_of(folder):
        path.chmod(0o644)
        os.utime(path, (_epoch(), _epoch()))


def pack(folder: Path, archive: Path) -> None:
    """Pack the folder's files, sorted, with fixed times and modes."""
    date = datetime.fromtimestamp(_epoch(), timezone.utc).timetuple()[:6]
    with zipfile.ZipFile(archive, "w") as packed:
        for path in files_of(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date)
            entry.create_system = 3  # Unix, on whatever it is built
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def _epoch() -> int:
    """The time that all files get: SOURCE_DATE_EPOCH, or the first day that a zip can hold."""
    first = int(datetime(1980, 1, 1, tzinfo=timezone.utc).timestamp())
    return max(first, int(os.environ.get("SOURCE_DATE_EPOCH", first)))


def files_of(folder: Path) -> list[Path]:
    """The files in a folder and below it, sorted by their paths."""
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.as_posix())
