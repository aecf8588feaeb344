"""A lock on a file: held by one process on the machine or the network share, gone with it.

The operating system keeps the lock with the open file, so that it ends with the process however
that ends, kill -9 and power cuts included. The file itself stays: whoever removed it could remove
the lock of another.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ocr.errors import OutputError
from ocr.files.names import printable

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO, wait: bool) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

    def _unlock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO, wait: bool) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def locked(path: Path, wait: bool = False) -> Iterator[bool]:
    """Hold the lock of the file ``path``, which is made if it is missing.

    Yields whether the lock is held: False where another has it, unless told to ``wait`` until it
    is free. Raises OutputError if the file cannot be written or its disk knows no locks.
    """
    try:
        file = path.open("ab")
    except OSError as error:
        raise _refusal(path, error) from error
    with file:
        held = _acquired(file, path, wait)
        try:
            yield held
        finally:
            if held:
                _unlock(file)


def _acquired(file: BinaryIO, path: Path, wait: bool) -> bool:
    try:
        _lock(file, wait)
    except (BlockingIOError, PermissionError):  # POSIX says the first, Windows the second
        return False
    except OSError as error:
        raise _refusal(path, error) from error
    return True


def _refusal(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or error
    return OutputError(f"{printable(path)} cannot be locked ({reason})", "choose another place")
