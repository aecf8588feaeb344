"""What a command reads: standard input, and files that it must not write over."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ocr.errors import UsageError
from ocr.files.atomic import standard_stream
from ocr.files.names import TEXT_SUFFIX, image_stem, line_stem, printable

if TYPE_CHECKING:
    from ocr.types import Sample


def standard_input() -> bytes:
    """All of standard input. Raises OSError, also where the shell has closed it."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    data: bytes = sys.stdin.buffer.read()
    return data


def keep(inputs: Iterable[str | Path], output: Path, fix: str) -> None:
    """Raise UsageError if ``output`` is one of the ``inputs``, by whatever name or link.

    fix  what to do instead: ``name another file with -o``
    """
    target = _status(output)
    if target is None:
        return  # a new file
    for path in inputs:
        status = _status(path)
        if status is not None and os.path.samestat(status, target):
            raise UsageError(f"{printable(output)} is what is read", fix)


def require_room(output: Path) -> None:
    """Raise UsageError if there is a file in the place of ``output``; a device takes it."""
    if output.is_file() and standard_stream(output) is None:
        raise UsageError(
            f"{printable(output)} exists already",
            "replace it with --overwrite, or choose another -o",
        )


def files_of(data: Sequence[str], samples: Iterable[Sample]) -> Iterator[Path]:
    """The files that transcribed lines come from: those named, every image, the text beside it.
    Raises UsageError for what is not there."""
    from ocr.files.sources import expand

    for source in data:
        yield from expand(source)[1]
    for image in dict.fromkeys(sample.image for sample in samples):
        yield image
        stem = image_stem(image.name) or image.stem
        for name in dict.fromkeys((stem, line_stem(stem))):
            yield image.with_name(name + TEXT_SUFFIX)


def _status(path: str | Path) -> os.stat_result | None:
    """None for what is not there; the name of a shipped model is seldom that of a file."""
    try:
        return Path(path).stat()
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None
