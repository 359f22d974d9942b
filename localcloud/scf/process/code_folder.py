"""A function's code as SCF lays it out for its instances: unpacked, bounded, read-only."""

import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Final

MAX_UNZIPPED_BYTES: Final = 500 * 1024 * 1024


class PackageError(ValueError):
    """The code cannot be unpacked: it is not a zip, or larger than SCF takes."""


def unpack(code: bytes | Path, target: Path) -> None:
    """Lay out a function's code, and take away who may write to it.

    Args:
        code: The zip, or a folder, which is copied.
        target: The folder to make.

    Raises:
        PackageError: it is no zip, or too large.
    """
    try:
        if isinstance(code, Path):
            shutil.copytree(code, target)
        else:
            _unzip(code, target)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise PackageError(f"the code cannot be unpacked: {error}") from error
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)


def _unzip(code: bytes, target: Path) -> None:
    with zipfile.ZipFile(BytesIO(code)) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_UNZIPPED_BYTES:
            raise PackageError("the code is over 500 MB when unzipped")
        archive.extractall(target)


def remove(folder: Path) -> None:
    """Remove a folder with the read-only code in it."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
