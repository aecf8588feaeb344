"""Whether a file is still the one it was: by its size and times, and where they differ its hash.

Scans are often of one size, and copies keep the time of their content; but no program sets the time
at which a file's entry changed, by writing, copying or renaming it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

CHUNK = 2**20  # bytes that are hashed at a time


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file's size in bytes, the times at which its content and its entry changed in nanoseconds,
    and its sha256 in hexadecimal."""

    size: int
    mtime: int
    sha256: str
    ctime: int = 0


def digest(path: Path) -> str | None:
    """The sha256 of a file in hexadecimal; None if there is no file that can be read."""
    sha256 = hashlib.sha256()
    try:
        if not path.is_file():  # opening a named pipe would wait for ever
            return None
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                sha256.update(chunk)
    except OSError:
        return None
    return sha256.hexdigest()


class Fingerprints:
    """Fingerprints of files, each hashed once as long as its size and time stay."""

    def __init__(self) -> None:
        self._known: dict[Path, Fingerprint] = {}

    def of(self, path: Path) -> Fingerprint | None:
        """The fingerprint; None if there is no file that can be read.

        Size and time are taken before the hash: a file that changes meanwhile will not match.
        """
        found = _size_and_times(path)
        if found is None:
            return None
        known = self._known.get(path)
        if known is None or (known.size, known.mtime, known.ctime) != found:
            sha256 = digest(path)
            if sha256 is None:
                return None
            size, mtime, ctime = found
            known = self._known[path] = Fingerprint(size, mtime, sha256, ctime)
        return known

    def match(self, path: Path, earlier: Fingerprint) -> bool:
        """Whether the file is the one that had that fingerprint."""
        found = _size_and_times(path)
        if found is None or found[0] != earlier.size:
            return False
        if found[1:] == (earlier.mtime, earlier.ctime):
            return True
        now = self.of(path)
        return now is not None and now.sha256 == earlier.sha256


def _size_and_times(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
