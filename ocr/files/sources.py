"""What the user names on the command line -> folders and files."""

from __future__ import annotations

import errno
from pathlib import Path

from ocr.errors import InputError, UsageError
from ocr.files.names import passed_over_below, printable

NOTHING_THERE = (
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EBADF,
    errno.EINVAL,  # a name that Windows does not allow
    errno.ELOOP,
    errno.ENAMETOOLONG,
)
"""What the system answers of a name that no file has, or can have."""


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
        if not passed_over_below(root, path) and matched.isdisjoint(path.parents)
    ]
    if not paths:
        raise UsageError(f"{printable(pattern)} matches no file", "check the path and the pattern")
    return root, paths
