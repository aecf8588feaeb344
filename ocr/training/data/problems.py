"""What keeps a line out of training: its name, the reason, and the nearest fix."""

from __future__ import annotations

import codecs
from pathlib import Path

from ocr.alphabet import frames_needed
from ocr.errors import ImageError
from ocr.files.names import place_of, printable
from ocr.types import Problem, Sample

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def image_problem(sample: Sample, error: ImageError) -> Problem:
    """The problem of a sample whose image the loader refused with ``error``."""
    fix = error.hint or "replace the image, or remove the line from the data"
    return Problem(sample_name(sample), error.message, fix)


def sample_name(sample: Sample) -> str:
    """The sample's image as the user wrote it, with the line's id if it is one of a page."""
    line = f"#{sample.line.id}" if sample.line is not None else ""
    return place_of(sample.image, sample.index) + printable(line)


def frame_problem(sample_id: str, text: str, frames: int) -> Problem | None:
    """A problem if no CTC path of ``frames`` frames spells ``text``, else None.

    ``frames`` is the network's output length for the line: columns / stride, rounded up. A text
    needs one frame per character and one blank between equal neighbours (Graves et al. 2006,
    section 3).
    """
    needed = frames_needed(text)
    if frames >= needed:
        return None
    reason = f"the text of {len(text)} characters needs {needed} frames, its image gives {frames}"
    wider = f"{needed / frames:.1f} times as wide" if frames > 0 else "wider"
    fix = (
        f"the image would have to be {wider}: check that it shows the whole line and "
        "that the text is not that of two lines"
    )
    return Problem(sample_id, reason, fix)


def encoding_problem(name: str, file: Path, data: bytes, offset: int = 0) -> Problem | None:
    """A problem if ``data`` is not UTF-8, else None.

    ``offset`` is the position of ``data`` within ``file``, so that the reason can name the byte
    of the file. The fix guesses the encoding: UTF-16 by its byte order mark, else Windows-1252,
    else Latin-1, in which every byte means something.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = offset + error.start
        reason = f"not UTF-8: byte 0x{data[error.start]:02x} at offset {place}"
    else:
        return None
    guess = _guess_encoding(data)
    return Problem(
        name,
        reason,
        f"convert it: iconv -f {guess} -t UTF-8 {printable(file.name)} > converted.txt",
    )


def _guess_encoding(data: bytes) -> str:
    if data.startswith(UTF16_MARKS):
        return "UTF-16"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "ISO-8859-1"
    return "WINDOWS-1252"


def unreadable_problem(path: Path, error: OSError) -> Problem:
    """The problem of a file or folder that the system does not let us read."""
    reason = f"cannot be read: {error.strerror or error}"
    return Problem(printable(path), reason, "check that it is there and may be read")
