"""Text that the user names: plain files, compressed ones, lists and folders of transcriptions."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ocr.errors import InputError
from ocr.files.names import PAGE_SUFFIXES, TEXT_SUFFIX, image_stem, passed_over_below, printable
from ocr.files.rows import Quotes, fields_of, lines_of, quotes_of
from ocr.files.sources import expand

COMPRESSED = ".gz"
LISTS, MAYBE_LIST = (".tsv", ".lst"), ".txt"


def read_text(path: Path) -> str:
    """A UTF-8 text file, ``.gz`` or plain. Raises InputError."""
    try:
        data = path.read_bytes()
        if path.suffix.lower() == COMPRESSED:
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{printable(path)} cannot be read ({reason})", "check the file"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{printable(path)} is not UTF-8 at byte {error.start}", "save it as UTF-8"
        ) from error


def read_lines(sources: Sequence[str]) -> Iterator[str]:
    """The lines of text of all sources, in order.

    A list gives what stands behind the first TAB of each line, any other file its lines.
    Raises UsageError for what is not there, InputError for what cannot be read.
    """
    for file in text_files(sources):
        yield from lines_in(file)


def text_files(sources: Sequence[str]) -> Iterator[Path]:
    """The files of all sources, in order: a folder stands for its ``.gt.txt`` files with those
    below it. Raises UsageError for what is not there, InputError for a folder without any."""
    for source in sources:
        _, paths = expand(source)
        for path in paths:
            files = _below(path) if path.is_dir() else [path]
            if not files:
                raise InputError(
                    f"{printable(path)} has no {TEXT_SUFFIX} files", "name its text files"
                )
            yield from files


def _below(folder: Path) -> list[Path]:
    found = folder.rglob(f"*{TEXT_SUFFIX}")
    return sorted(path for path in found if not passed_over_below(folder, path))


def lines_in(file: Path) -> Iterator[str]:
    """The lines of one file, as of ``read_lines``. Raises InputError."""
    kind = Path(file.name.lower().removesuffix(COMPRESSED)).suffix
    if kind in PAGE_SUFFIXES:
        raise InputError(
            f"{printable(file)} is no plain text", "see: ocr convert --format txt, for its text"
        )
    lines = lines_of(read_text(file))
    quotes = quotes_of(lines)
    if kind not in LISTS and not (kind == MAYBE_LIST and _names_images(lines, quotes)):
        yield from lines
        return
    for number, line in enumerate(lines, start=1):
        _, tab, text = fields_of(line, quotes)
        if line.strip() and not tab:
            raise InputError(
                f"{printable(file)}:{number} has no TAB", "each line is image<TAB>text"
            )
        yield text


def _names_images(lines: Sequence[str], quotes: Quotes) -> bool:
    """Whether all lines that say something are those of a list image<TAB>text."""
    rows = [fields_of(line, quotes) for line in lines if line.strip()]
    return bool(rows) and all(tab and image_stem(image) is not None for image, tab, _ in rows)
