"""XML in and out, for PAGE, ALTO and hOCR.

In: the standard library's expat. A DOCTYPE is refused where it begins, so no entity can be
declared, expanded or fetched: XML then has only ``&lt;`` and its four kin. The size of files is
bounded where they are opened (``ocr.formats.pagefile``).

Out: characters that XML 1.0 cannot hold (section 2.2: most control characters, lone surrogates,
U+FFFE, U+FFFF) become U+FFFD, which shows that there was something. So does a carriage return,
which every parser would turn into a line feed (section 2.11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from ocr.errors import PageFileError
from ocr.files.names import printable
from ocr.types import Point

Element = ElementTree.Element

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
PROGRAM = "carousel-ocr"  # how our files name their maker
CONFIDENCE_DIGITS = 4  # decimals
XSI = "http://www.w3.org/2001/XMLSchema-instance"
WHITE_SPACE = " \t\n\r"  # XML 1.0, section 2.3: a no-break space is none
REPLACEMENT = "\ufffd"
NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NO_ID = re.compile(r"[^A-Za-z0-9_.-]")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


class _Builder(ElementTree.TreeBuilder):
    """Builds the tree, without comments and processing instructions."""

    def doctype(self, name: str, public_id: str | None, system_id: str | None) -> None:
        raise PageFileError("it has a DOCTYPE")


def parse_xml(data: bytes, path: Path) -> Element:
    """The root element. ``path`` names the file in messages. Raises PageFileError."""
    name = printable(path)
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(data)
        root: Element = parser.close()
    except PageFileError as error:
        raise PageFileError(
            f"{name} has a DOCTYPE, which could fetch or expand anything",
            "delete it, or export the file again",
        ) from error
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # bad XML, unknown encoding
        raise PageFileError(
            f"{name} is not well-formed XML ({error})", "export it again"
        ) from error
    return root


def xml_bytes(root: Element, prologue: str = DECLARATION) -> bytes:
    """The document as UTF-8, indented where it holds no text; what XML cannot hold is replaced,
    see above. ``prologue`` precedes the root."""
    for element in root.iter():
        element.text = element.text and xml_text(element.text)
        element.attrib.update({key: xml_text(value) for key, value in element.items()})
    ElementTree.indent(root)
    return f"{prologue}\n{ElementTree.tostring(root, encoding='unicode')}\n".encode()


def xml_text(text: str) -> str:
    """The text as XML can hold it."""
    return NO_XML.sub(REPLACEMENT, text)


def local_name(element: Element) -> str:
    """The tag without its namespace: versions of a format differ in that alone."""
    return element.tag.rpartition("}")[2]


def children(element: Element, name: str) -> Iterator[Element]:
    """The children of that local name, in order."""
    return (child for child in element if local_name(child) == name)


def child(element: Element, *names: str) -> Element | None:
    """The first child of the first name, its first child of the second, ..., or None."""
    found: Element | None = element
    for name in names:
        found = next(children(found, name), None) if found is not None else None
    return found


def numbers(text: str | None) -> list[float]:
    """All numbers in a text, whatever separates them."""
    return [float(number) for number in NUMBER.findall(text or "")]


def number_of(element: Element, attribute: str, otherwise: float) -> float:
    """The number in an attribute, or another where there is none."""
    return next(iter(numbers(element.get(attribute))), otherwise)


def confidence_of(element: Element, attribute: str) -> float:
    """A confidence brought within 0..1; 1 where none is given, as the text then was given too."""
    return min(max(number_of(element, attribute, 1.0), 0.0), 1.0)


def confidence_text(confidence: float) -> str:
    """A confidence, 0..1, as it is written."""
    return f"{round(confidence, CONFIDENCE_DIGITS):g}"


def points(text: str | None) -> tuple[Point, ...]:
    """``1,2 3,4`` or ``1 2 3 4`` as points; none where the numbers make no pairs."""
    values = numbers(text)
    return tuple(zip(values[::2], values[1::2], strict=True)) if len(values) % 2 == 0 else ()


class Ids:
    """Identifiers that are valid (xsd:ID) and unique within one document."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def give(self, wanted: str) -> str:
        """``wanted`` itself, if it can be had; else one as near to it as possible."""
        name = NO_ID.sub("_", wanted)
        if not name[:1].isalpha() and name[:1] != "_":
            name = "_" + name
        unique, number = name, 2
        while unique in self._taken:
            unique, number = f"{name}_{number}", number + 1
        self._taken.add(unique)
        return unique
