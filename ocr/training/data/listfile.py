"""Lists of transcribed images: one ``image<TAB>text`` per line, UTF-8."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass
from pathlib import Path

from ocr.alphabet import normalize_text
from ocr.files.names import image_stem, printable
from ocr.files.rows import Quotes, fields_of, quotes_of
from ocr.training.data.folders import Entry, Folder, Folders
from ocr.training.data.problems import (
    UTF16_MARKS,
    encoding_problem,
    unreadable_problem,
)
from ocr.training.data.suggestions import Suggestions
from ocr.types import Problem


@dataclass(frozen=True, slots=True)
class _Row:
    """One well-formed line: where it stands, the image as written, and its text."""

    origin: str
    image: str
    text: str


def read_list(path: Path, folders: Folders) -> list[Entry | Problem]:
    """An entry or a problem for every line that is not blank, in order.

    Relative images are looked for from the list's own folder, which they must not leave;
    absolute ones are taken as they are. Folders are listed once, so that a long list costs no
    look at each file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return [unreadable_problem(path, error)]
    if data.startswith(UTF16_MARKS):  # its lines would all be called malformed
        problem = encoding_problem(printable(path), path, data)
        return [problem] if problem else []
    rows = _rows(path, data)
    if rows and all(isinstance(row, Problem) and row.reason == NO_TAB for row in rows):
        return [Problem(printable(path), f"{NO_TAB} in any line", TAB_FIX)]
    return _Images(path.parent, folders, rows).entries()


NO_TAB = "no TAB between image and text"
TAB_FIX = "write image<TAB>text; spaces do not separate"


def _rows(path: Path, data: bytes) -> list[_Row | Problem]:
    start = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    lines = data[start:].splitlines(keepends=True)
    quotes = quotes_of(line.decode("utf-8", "replace") for line in lines)
    rows: list[_Row | Problem] = []
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            rows.append(_row(path, f"{printable(path)}:{number}", raw, start, quotes))
        start += len(raw)
    return rows


def _row(path: Path, origin: str, raw: bytes, offset: int, quotes: Quotes) -> _Row | Problem:
    """One line of the list; ``offset`` is the position of its first byte in the file."""
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError:
        problem = encoding_problem(origin, path, raw, offset)
        if problem is None:
            raise
        return problem
    image, tab, text = fields_of(line, quotes)
    image, text = image.strip(), normalize_text(text)
    if not tab:
        return Problem(origin, NO_TAB, TAB_FIX)
    if not image or "\0" in image:
        return Problem(origin, "no image before the TAB", TAB_FIX)
    if not text:
        return Problem(origin, f"the text of {image} is empty", "write it, or remove the line")
    return _Row(origin, image, text)


class _Images:
    """Looks up the images of the rows of one list."""

    def __init__(self, root: Path, folders: Folders, rows: list[_Row | Problem]) -> None:
        self._root = root
        self._folders = folders
        self._rows = rows
        self._meant: dict[str, Suggestions] = {}
        self._named: dict[str, set[str]] = {}

    def entries(self) -> list[Entry | Problem]:
        return [row if isinstance(row, Problem) else self._entry(row) for row in self._rows]

    def _entry(self, row: _Row) -> Entry | Problem:
        name = os.path.normpath(row.image) if ".." in row.image else row.image
        relative = Path(name)
        if relative.parts[:1] == ("..",):
            fix = "move the images below the list, or write the absolute path"
            return Problem(row.origin, f"{row.image} lies outside the list's folder", fix)
        image = self._root / relative
        try:
            folder = self._folders.read(image.parent)
        except OSError as error:
            reason = f"{row.image}: its folder cannot be read: {error.strerror or error}"
            return Problem(row.origin, reason, "paths count from the folder of the list")
        if image.name not in folder.files and not _exists(image):
            return self._missing(row, image, folder)
        return Entry(row.origin, image, (folder.key, image.name), row.text)

    def _missing(self, row: _Row, image: Path, folder: Folder) -> Problem:
        if folder.key not in self._meant:
            self._meant[folder.key] = Suggestions(self._unnamed(row, folder))
        meant = self._meant[folder.key].nearest(image.name)
        fix = "check the path, which counts from the folder of the list"
        if meant is not None:
            fix = f"did you mean {printable(meant)}?"
        return Problem(row.origin, f"{row.image} does not exist", fix)

    def _unnamed(self, row: _Row, folder: Folder) -> list[str]:
        """The images of the row's folder that no row names: one of them may have been meant."""
        if not self._named:
            for other in self._rows:
                if isinstance(other, _Row):
                    place, name = _split(other)
                    self._named.setdefault(place, set()).add(name)
        named = self._named[_split(row)[0]]
        return [name for name in folder.files - named if image_stem(name) is not None]


def _split(row: _Row) -> tuple[str, str]:
    """Folder and name of a row's image. Text alone: there may be very many rows."""
    return os.path.split(os.path.normpath(row.image))


def _exists(image: Path) -> bool:
    """Whether the file is there after all: hidden, or a disk that folds case or accents."""
    try:
        return image.is_file()
    except (OSError, ValueError):  # a name the system cannot hold names no file
        return False
