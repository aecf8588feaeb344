"""Folders of training data, each listed once, and what is found in them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ocr.files.names import passed_over
from ocr.types import Line


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
