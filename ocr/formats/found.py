"""PAGE of lines that the program found, and whether anybody has worked on it since.

The file says what its outlines are, as a hash: it tells an editor's file that keeps our marks, one
that ``ocr convert`` made of somebody's corrections, and one that was changed by a script.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from ocr.errors import PageFileError
from ocr.files.names import printable
from ocr.formats.pagexml import MARKS, TEXTS, read_metadata, write_pagexml
from ocr.formats.xmlfile import Element, child, local_name, parse_xml
from ocr.types import Page, PageTranscript, Transcript

OUTLINES = "outlines"  # the option that holds their hash


def write_found(page: Page) -> bytes:
    """The page's lines as PAGE, without text."""
    unread = PageTranscript(page, (Transcript("", 0.0),) * len(page.lines), "")
    outlines = _hash_of_outlines(parse_xml(write_pagexml(unread), Path(page.id)))
    return write_pagexml(replace(unread, options={OUTLINES: outlines}))


def work_in(data: bytes, path: Path) -> str:
    """What somebody did in the PAGE file since ``write_found`` made it, as a message about the
    file goes on; nothing: an empty text. Transcribed counts a line, also one that cannot be used, a
    word or a region; editors put their own name into the file, or the time. Raises PageFileError
    for what is not PAGE."""
    root = parse_xml(data, path)
    if local_name(root) != "PcGts":
        raise PageFileError(f"{printable(path)} is not PAGE XML", "check its name")
    texts = (element.text for element in root.iter() if local_name(element) in TEXTS)
    if any(text and text.strip() for text in texts):
        return "has transcribed text"
    metadata = child(root, "Metadata")
    entries = metadata if metadata is not None else ()
    marks = {local_name(entry): entry.text for entry in entries}
    if not marks.items() >= MARKS.items():
        return "was saved by another program"
    _, options = read_metadata(root, path)
    return "" if options.get(OUTLINES) == _hash_of_outlines(root) else "has other lines since"


def _hash_of_outlines(root: Element) -> str:
    points = "\n".join(element.get("points", "") for element in root.iter())
    return hashlib.sha256(points.encode("utf-8")).hexdigest()[:16]
