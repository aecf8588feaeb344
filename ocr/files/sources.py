"""What the user names on the command line -> folders and files, with one listing per folder."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from ocr.errors import InputError, UsageError
from ocr.files.names import passed_over, printable
from ocr.types import Line

NOTHING_THERE = (
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EBADF,
    errno.EINVAL,  # a name that Windows does not allow
    errno.ELOOP,
    errno.ENAMETOOLONG,
)
"""What the system answers of a name that no file has, or can have."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One transcribed image before it becomes a sample.

    origin  where the text comes from, as the user knows it: a file, or ``list:line``
    image   path of the image, which exists
    key     (real path of the folder, file name): equal if the same line is reached twice
    text    normalised, not empty
    line    its place on page ``index`` of the image file; without it the image is the line
    """

    origin: str
    image: Path
    key: tuple[str, str]
    text: str
    line: Line | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """One directory listing. ``key`` is the real path: equal for two ways to the folder."""

    path: Path
    key: str
    files: frozenset[str]
    folders: tuple[str, ...]


class Folders:
    """Directory listings, each read once."""

    def __init__(self) -> None:
        self._known: dict[Path, Folder] = {}

    def read(self, path: Path) -> Folder:
        """The names in ``path`` but those passed over. Raises OSError if it cannot be read."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = _list(path)
        return known


def _list(path: Path) -> Folder:
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if not passed_over(entry.name):
                (folders if _is_folder(entry) else files).append(entry.name)
    return Folder(path, str(path.resolve()), frozenset(files), tuple(sorted(folders)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def expand(source: str) -> tuple[Path, list[Path]]:
    """(root, paths): what ``source`` names, sorted, and the folder that ids are relative to.

    A path that exists stands for itself, whatever characters it has. Otherwise ``*``, ``?``,
    ``[...]`` and ``**`` are expanded; names passed over and what lies inside a folder that matched
    as well are left out. Raises UsageError if there is nothing of that name, InputError if the
    system does not let us look.
    """
    path = Path(source)
    if source and is_there(path):
        return (path if path.is_dir() else path.parent), [path]
    if not any(mark in source for mark in "*?["):
        raise UsageError(f"{printable(source) or 'an empty name'} does not exist", "check the path")
    return _expand_pattern(path)


def is_there(path: Path) -> bool:
    """Whether a file or folder has that name. Raises InputError if the system does not say."""
    try:
        path.stat()
    except OSError as error:
        if error.errno in NOTHING_THERE:
            return False
        reason = error.strerror or error
        raise InputError(
            f"{printable(path)} cannot be read: {reason}", "change its permissions"
        ) from error
    except ValueError:  # a null character, which no name has
        return False
    return True


def _expand_pattern(pattern: Path) -> tuple[Path, list[Path]]:
    root, rest = Path(), list(pattern.parts)
    while rest and is_there(root / rest[0]):
        root /= rest.pop(0)
    try:
        matches = sorted(root.glob("/".join(rest)))
    except OSError as error:
        if error.errno not in NOTHING_THERE:
            reason = error.strerror or error
            raise InputError(f"{printable(pattern)} cannot be read: {reason}") from error
        matches = []
    except (ValueError, NotImplementedError) as error:
        raise UsageError(f"{printable(pattern)} is not a pattern: {error}") from error
    matched = set(matches)
    paths = [
        path
        for path in matches
        if not any(map(passed_over, path.relative_to(root).parts))
        and matched.isdisjoint(path.parents)
    ]
    if not paths:
        raise UsageError(f"{printable(pattern)} matches no file", "check the path and the pattern")
    return root, paths
