"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ocr.errors import OutputError
from ocr.files.names import printable

STANDARD_STREAMS = (1, 2)
LONGEST_MARK = 56  # characters of a name, so that a temporary one is not too long for the disk
RANDOM_BYTES = 4


def write_atomically(path: Path, content: bytes | str) -> None:
    """Put ``content`` at ``path``: written beside it, synced to disk, then renamed over it.

    Whoever looks sees the old file or the new one, also after a power cut. Missing folders are
    made. A device or a pipe is written to and stays, as does /dev/stdout wherever that leads.
    Raises OutputError if the place cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            path.write_bytes(data)
            return
        if (stream := standard_stream(path)) is not None:
            with open(stream, "wb", closefd=False) as file:
                file.write(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(_mark(path) + secrets.token_hex(RANDOM_BYTES))
        try:
            with temporary.open("xb") as file:  # a new file: its permissions follow the umask
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(
            f"{printable(path)} cannot be written ({error.strerror or error})",
            "choose another place or make room",
        ) from error


def sync_folders(folders: Iterable[Path]) -> None:
    """Bring the names of the files in them to the disk, as their contents are already. Not every
    system can, and none needs it but for a power cut."""
    for folder in folders:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def standard_stream(path: Path) -> int | None:
    """The number of the standard output or error that a link like /dev/stdout leads to: a file
    where it is redirected, and the link must not be replaced."""
    if path.is_symlink() and path.exists():
        for number in STANDARD_STREAMS:
            with suppress(OSError):  # it is closed
                if os.path.samestat(path.stat(), os.fstat(number)):
                    return number
    return None


def remove_leftovers(paths: Iterable[Path]) -> None:
    """Remove what is left of writing these files where the process was killed. Nobody else may be
    writing them. Raises OutputError."""
    marks: dict[Path, set[str]] = {}
    for path in paths:
        marks.setdefault(path.parent, set()).add(_mark(path))
    try:
        for folder in filter(Path.is_dir, marks):
            for found in os.scandir(folder):
                if found.name[: -2 * RANDOM_BYTES] in marks[folder]:
                    Path(found).unlink()
    except OSError as error:
        raise OutputError(
            f"{printable(error.filename)} cannot be removed ({error.strerror})",
            "change its permissions",
        ) from error


def _mark(path: Path) -> str:
    """How the temporary names of a file begin: hidden, and those of no other file."""
    checksum = zlib.crc32(os.fsencode(path.name))
    return f".{path.name[:LONGEST_MARK]}.{checksum:08x}."
