"""A function's code as SCF lays it out for its instances: unpacked, bounded, read-only."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Final

MAX_UNZIPPED_BYTES: Final = 500 * 1024 * 1024


class PackageError(ValueError):
    """The code cannot be unpacked: it is not a zip, or larger than SCF takes."""


def unpack(code: bytes, target: Path) -> None:
    """Lay out a function's code, and take away who may write to it.

    Args:
        code: The zip.
        target: The folder to make.

    Raises:
        PackageError: it is no zip, or too large.
    """
    try:
        with zipfile.ZipFile(BytesIO(code)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNZIPPED_BYTES:
                raise PackageError("the code is over 500 MB when unzipped")
            archive.extractall(target)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise PackageError(f"the code cannot be unpacked: {error}") from error
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
