"""hOCR -> a page. HTML by the standard library's parser, which fetches and expands nothing.

Lines are ocr_line and its relatives of other makers; a line's region is the ocr_carea or, without
one, the ocr_par around it. A line without ``poly`` is its bbox; its baseline goes from the left
end of the bbox to the right. Tesseract names the image with the folders that it was called with;
only the name counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from ocr.errors import PageFileError
from ocr.files.names import printable
from ocr.formats.hocr import QUOTE_ESCAPE
from ocr.formats.references import SEPARATORS
from ocr.formats.sheet import NO_LINE, Found, Sheet, sheet_of
from ocr.formats.words import mean_confidence
from ocr.formats.xmlfile import CONFIDENCE_DIGITS, PROGRAM, numbers, points
from ocr.types import LoadedPage, Point, Transcript, Word

PAGE, WORD = "ocr_page", "ocrx_word"
CHARACTER, CHOICES = "ocrx_cinfo", "ocr_symbol"  # of a word; Tesseract's other readings of one
LINES = {"ocr_line", "ocrx_line", "ocr_header", "ocr_footer", "ocr_caption", "ocr_textfloat"}
BLOCKS = ("ocr_carea", "ocr_par")
ROLES = {PAGE, WORD, CHARACTER, CHOICES, *LINES, *BLOCKS}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
SPACES = re.compile(r"[ \t\n\f\r]+")  # HTML's white space: a no-break space is none
MAX_DEPTH = 256  # elements within each other; Tesseract has eight
PROPERTY = re.compile(r"""\s*(\w+)((?:"[^"]*"|'[^']*'|[^;"'])*)""")


@dataclass(slots=True)
class _Node:
    """An element that means something to hOCR, with all text below it."""

    tag: str
    role: str = ""
    name: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    characters: list[str] = field(default_factory=list)  # of a word that is spelled by elements
    words: list[_Node] = field(default_factory=list)
    region: str = ""
    is_block: bool = False  # a caption with lines in it

    @property
    def text(self) -> str:
        return SPACES.sub(" ", "".join(self.characters or self.parts)).strip(" ")

    @property
    def is_choice(self) -> bool:
        """Whether it says what else could stand here: a character that stands here has a place."""
        placed = "x_bboxes" in self.properties
        return self.role == CHOICES or (self.role == CHARACTER and not placed)

    @property
    def box(self) -> tuple[Point, ...]:
        """The corners of the bbox; none where there is none."""
        values = numbers(self.properties.get("bbox"))
        if len(values) != 4:
            return ()
        left, top, right, bottom = values
        return (left, top), (right, top), (right, bottom), (left, bottom)

    @property
    def confidence(self) -> float:
        values = numbers(self.properties.get("x_wconf")) or [100.0]
        return min(max(round(values[0] / 100, CONFIDENCE_DIGITS), 0.0), 1.0)


class _Parser(HTMLParser):
    """Collects the pages, the lines and the words outside of lines."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.pages: list[_Node] = []
        self.lines: list[_Node] = []
        self.loose: list[_Node] = []
        self.system = ""
        self._open: list[_Node] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag == "meta" and values.get("name") == "ocr-system":
            self.system = values.get("content", "")
        if tag in VOID:
            return
        if len(self._open) == MAX_DEPTH:
            raise PageFileError(f"{printable(self._path)} nests too deep", "export it again")
        role = next((each for each in values.get("class", "").split() if each in ROLES), "")
        properties = dict(PROPERTY.findall(values.get("title", ""))) if role else {}
        node = _Node(tag, role, values.get("id", ""), properties)
        self._enter(node)
        self._open.append(node)

    def _enter(self, node: _Node) -> None:
        if node.role == PAGE:
            self.pages.append(node)
        elif node.role in LINES:
            blocks = [each for each in self._open if each.role in BLOCKS]
            node.region = min(blocks, key=lambda b: BLOCKS.index(b.role)).name if blocks else ""
            if (around := self._line()) is not None:
                around.is_block = True
            self.lines.append(node)
        elif node.role == WORD:
            line = self._line()
            (self.loose if line is None else line.words).append(node)

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self._open):  # else it closes what never was open
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        if any(node.is_choice for node in self._open):
            return
        line, spelled = self._line(), any(node.role == CHARACTER for node in self._open)
        for node in self._open:
            if node is line or node.role == WORD:
                node.parts.append(data)
            if spelled and node.role == WORD:  # what stands between them is layout
                node.characters.append(data)

    def _line(self) -> _Node | None:
        return next((node for node in reversed(self._open) if node.role in LINES), None)


def read_hocr(data: bytes, path: Path) -> LoadedPage:
    """The page of an hOCR file; a line that cannot be used is a problem. Raises PageFileError."""
    parser = _Parser(path)
    try:
        parser.feed(data.decode("utf-8-sig"))
        parser.close()
    except UnicodeDecodeError as error:
        raise PageFileError(f"{printable(path)} is not UTF-8", "convert it") from error
    except (AssertionError, ValueError) as error:  # of Python's parser, for what is no HTML
        raise PageFileError(f"{printable(path)} is no HTML ({error})", "export it again") from error
    if len(parser.pages) != 1:
        raise PageFileError(
            f"{printable(path)} has {len(parser.pages)} pages", "give one file for each page"
        )
    page = parser.pages[0]
    image = page.properties.get("image", "").strip().strip("\"'").replace(QUOTE_ESCAPE, '"')
    size = page.box[2] if page.box else (0.0, 0.0)  # its bottom right corner
    sheet = sheet_of(path, SEPARATORS.split(image)[-1], *size)
    found = [
        _read_line(sheet, line)
        for line in parser.lines
        if not line.is_block or line.words or line.text
    ]
    loose = [word.name for word in parser.loose if word.text]
    if loose:
        reason = f"{len(loose)} words from here on stand in no line"
        found.append(sheet.problem(loose[0], reason, NO_LINE))
    model = parser.system.removeprefix(PROGRAM).strip() if PROGRAM in parser.system else ""
    return sheet.loaded(page.name or path.stem, found, model)


def _read_line(sheet: Sheet, line: _Node) -> Found:
    words = tuple(
        Word(word.text, word.box, word.confidence) for word in line.words if word.text and word.box
    )
    text = line.text
    if line.words:  # Tesseract writes white space only between words, others none
        text = " ".join(word.text for word in line.words if word.text)
    given = "x_wconf" in line.properties
    transcript = Transcript(text, line.confidence if given else mean_confidence(words), words=words)
    polygon = points(line.properties.get("poly")) or line.box
    return sheet.line(line.name, line.region, (polygon, _baseline(line)), transcript)


def _baseline(line: _Node) -> tuple[Point, ...]:
    """The straight baseline's ends, or those of the side on which the letters of a turned line
    stand; none where neither is given."""
    values = numbers(line.properties.get("baseline"))
    if not line.box:
        return ()
    left_top, right_top, right_bottom, left_bottom = line.box
    if len(values) == 2:
        (slope, offset), (left, bottom), (right, _) = values, left_bottom, right_bottom
        return (left, bottom + offset), (right, bottom + offset + slope * (right - left))
    turned: dict[float, tuple[Point, Point]] = {  # by so many degrees, counterclockwise
        90: (right_bottom, right_top),
        180: (right_top, left_top),
        270: (left_top, left_bottom),
    }
    angle = numbers(line.properties.get("textangle")) or [0.0]
    return turned.get(angle[0] % 360, ())
