"""The searchable PDF, read back by PDFium and, where it is installed, by pdftotext."""

from __future__ import annotations

import io
import re
import shutil
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pageexamples import HEIGHT, WIDTH, read_page, rectangle, spelled
from PIL import Image

from ocr.errors import ImageError, MissingExtraError
from ocr.formats.pdf import write_pdf
from ocr.formats.pdfscan import plain
from ocr.formats.words import words_of
from ocr.preprocessing.image import load_image
from ocr.types import Line, Page, PageTranscript, Transcript, Word

pikepdf = pytest.importorskip("pikepdf")
pdfium = pytest.importorskip("pypdfium2")

DPI = 300
POINT = DPI / 72  # px
BLANK = Image.new("L", (WIDTH, HEIGHT), 255)
SCAN = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def saved(folder: Path, image: Image.Image | None = None, name: str = "scan.png") -> Path:
    (image or Image.fromarray(SCAN)).save(folder / name)
    return folder / name


def page_on(image: Path, *texts: str, index: int = 0) -> PageTranscript:
    """Level lines below one another, every character 20 pixels wide."""
    lines = tuple(
        Line(
            f"l{n}",
            rectangle(50, 50 + 60 * n, 700, 90 + 60 * n),
            ((50, 80 + 60 * n), (700, 80 + 60 * n)),
        )
        for n in range(len(texts))
    )
    readings = tuple(Transcript(text, 1.0, spelled(text, 10, 20)) for text in texts)
    return PageTranscript(Page("p", image, WIDTH, HEIGHT, lines, index), readings, "id")


def read_back(data: bytes) -> tuple[str, list[tuple[str, tuple[float, ...]]]]:
    """All text, and every character with its box (left, top, right, bottom) in pixels."""
    document = pdfium.PdfDocument(data)
    assert len(document) == 1
    height = document[0].get_height()
    page = document[0].get_textpage()
    boxes = []
    for number in range(page.count_chars()):
        left, bottom, right, top = page.get_charbox(number, loose=True)
        box = (left * POINT, (height - top) * POINT, right * POINT, (height - bottom) * POINT)
        boxes.append((page.get_text_range(number, 1), box))
    rows = page.get_text_bounded().replace("\r\n", "\n").splitlines()
    return "\n".join(row.strip() for row in rows), boxes


def test_the_words_stand_where_they_stand_in_the_scan(tmp_path: Path) -> None:
    text, boxes = read_back(write_pdf(page_on(saved(tmp_path), "Go home", "at once")))
    assert text == "Go home\nat once"
    letters = [character for character, _ in boxes]
    for letter, left, top in (("G", 60, 50), ("m", 160, 50), ("n", 140, 110)):
        box = boxes[letters.index(letter)][1]
        assert box == pytest.approx((left, top - 2, left + 20, top + 38), abs=1.0)


def test_a_slanted_line_is_set_along_its_slope(tmp_path: Path) -> None:
    page = read_page()
    page = replace(page, page=replace(page.page, image=saved(tmp_path)))
    line, reading = page.page.lines[2], page.transcripts[2]
    text, boxes = read_back(write_pdf(page))
    assert "up & on" in text
    middles = [((x0 + x1) / 2, (y0 + y1) / 2) for c, (x0, y0, x1, y1) in boxes if c in "upon"][-4:]
    words = words_of(line, reading)
    for word, middle in zip((words[0], words[0], words[2], words[2]), middles, strict=True):
        xs, ys = zip(*word.polygon, strict=True)
        assert min(xs) - 3 <= middle[0] <= max(xs) + 3
        assert min(ys) - 3 <= middle[1] <= max(ys) + 3
    assert middles[0][1] - middles[-1][1] == pytest.approx(
        (middles[-1][0] - middles[0][0]) / 2, abs=2
    )


@pytest.mark.parametrize(
    "text",
    ["a", "I am a b", "a&<>\"'()\\", "e\u0301t\u00e9 na\u00efve", "\U0001d510\U0001f600 x",
     "\u4e2d\u6587", "\u017f\u1e9e", "\u0645\u0631\u062d\u0628\u0627"],
)  # fmt: skip
def test_any_character_can_be_found(tmp_path: Path, text: str) -> None:
    found, _ = read_back(write_pdf(page_on(saved(tmp_path, BLANK), text)))
    assert found == text


@pytest.mark.parametrize(
    "text", ["\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc \u05d0 \u05e2\u05d5\u05dc"]
)
def test_words_from_right_to_left_can_be_found(tmp_path: Path, text: str) -> None:
    """The first word is the rightmost."""
    page, right, words = page_on(saved(tmp_path, BLANK), text), 600, []
    for part in text.split(" "):
        words.append(Word(part, rectangle(right - 20 * len(part), 50, right, 90)))
        right -= 20 * len(part) + 20
    page = replace(page, transcripts=(Transcript(text, 1.0, words=tuple(words)),))
    found, boxes = read_back(write_pdf(page))
    assert found == text
    box = next(box for character, box in boxes if character == text[0])
    assert box == pytest.approx((580, 48, 600, 88), abs=1)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_pdftotext_finds_the_words(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(write_pdf(page_on(saved(tmp_path), "Go home", "\U0001d510 x")))
    command = ["pdftotext", "-bbox", str(tmp_path / "a.pdf"), "-"]
    listed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    words = re.findall(r'xMin="(.*)" yMin="(.*)" xMax="(.*)" yMax="(.*)">(.*)</word>', listed)
    assert [word[-1] for word in words] == ["Go", "home", "\U0001d510", "x"]
    boxes = [tuple(float(value) * POINT for value in word[:4]) for word in words]
    assert boxes[0] == pytest.approx((60, 48, 100, 88), abs=1.0)
    assert boxes[1] == pytest.approx((120, 48, 200, 88), abs=1.0)


def test_the_scan_is_all_that_is_seen(tmp_path: Path) -> None:
    quarters = np.kron(np.array([[250, 170], [90, 10]], np.uint8), np.ones((350, 450), np.uint8))
    image = saved(tmp_path, Image.fromarray(quarters))
    bare, full = (
        np.asarray(pdfium.PdfDocument(write_pdf(page))[0].render(scale=POINT).to_pil().convert("L"))
        for page in (page_on(image), page_on(image, "Go home"))
    )
    np.testing.assert_array_equal(bare, full)
    with pikepdf.open(io.BytesIO(write_pdf(page_on(image, "Go home")))) as pdf:
        assert b"BT 3 Tr\n" in pdf.pages[0].Contents.read_bytes()
    places = ((20, 20), (20, 880), (680, 20), (680, 880))
    assert [int(bare[place]) for place in places] == [250, 170, 90, 10]


def embedded(data: bytes) -> tuple[Any, bytes]:
    """The image object of the document and its stored bytes."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        image = pdf.pages[0].Resources.XObject.Scan
        return {str(key): str(value) for key, value in image.items()}, image.read_raw_bytes()


def test_a_jpeg_goes_in_as_it_is(tmp_path: Path) -> None:
    for mode, space in (("RGB", "/DeviceRGB"), ("L", "/DeviceGray")):
        image = saved(tmp_path, Image.fromarray(SCAN).convert(mode), "scan.jpg")
        values, data = embedded(write_pdf(page_on(image, "x")))
        assert data == image.read_bytes()
        assert (values["/Filter"], values["/ColorSpace"]) == ("/DCTDecode", space)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "RGBA", "LA", "I;16", "CMYK"])
def test_every_other_picture_goes_in_without_loss(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(SCAN[..., 0].astype(np.uint16) * 257)
    else:
        image = Image.fromarray(SCAN).convert("RGBA").convert(mode)
    if mode.endswith("A"):
        image.putalpha(Image.fromarray(SCAN[..., 1]))
    path = saved(tmp_path, image, "scan.tif")
    document = pdfium.PdfDocument(write_pdf(page_on(path, "x")))
    shown = next(iter(document[0].get_objects()))
    pixels = np.asarray(shown.get_bitmap().to_pil().convert("RGB"))
    with Image.open(path) as again:
        np.testing.assert_array_equal(pixels, np.asarray(plain(again).convert("RGB")))
    ink = 1 - np.asarray(plain(image).convert("L"), np.float32) / 255
    np.testing.assert_allclose(ink, load_image(path), atol=0.02)


def test_a_deep_tiff_whose_white_is_zero_is_no_negative(tmp_path: Path) -> None:
    deep = Image.fromarray(65535 - SCAN[..., 0].astype(np.uint16) * 257)
    path = saved(tmp_path, deep, "scan.tif")
    black_is_zero, white_is_zero = (struct.pack("<HHIHH", 262, 3, 1, v, 0) for v in (1, 0))
    assert path.read_bytes().count(black_is_zero) == 1
    path.write_bytes(path.read_bytes().replace(black_is_zero, white_is_zero))
    with Image.open(path) as image:
        ink = 1 - np.asarray(plain(image), np.float32) / 255
    np.testing.assert_allclose(ink, load_image(path), atol=0.01)
    np.testing.assert_allclose(ink, 1 - SCAN[..., 0] / 255, atol=0.01)


def test_a_turned_jpeg_is_put_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(SCAN).transpose(Image.Transpose.ROTATE_90)
    lying.save(tmp_path / "scan.jpg", exif=exif, quality=95)
    values, _ = embedded(write_pdf(page_on(tmp_path / "scan.jpg", "x")))
    assert (values["/Width"], values["/Height"]) == (str(WIDTH), str(HEIGHT))
    assert values["/Filter"] == "/FlateDecode"


def test_a_turned_picture_of_16_bits_is_turned_once(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray(SCAN[..., 0].astype(np.uint16) * 257)
    deep.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "scan.png", exif=exif)
    data = write_pdf(page_on(tmp_path / "scan.png", "x"))
    values, _ = embedded(data)
    assert (values["/Width"], values["/Height"]) == (str(WIDTH), str(HEIGHT))
    shown = next(iter(pdfium.PdfDocument(data)[0].get_objects())).get_bitmap().to_pil()
    np.testing.assert_allclose(np.asarray(shown.convert("L")), SCAN[..., 0], atol=1)


def test_a_page_has_a_size_that_pdf_allows(tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    Image.fromarray(SCAN).save(path, dpi=(50_000, 50_000))
    width, height = pdfium.PdfDocument(write_pdf(page_on(path, "x")))[0].get_size()
    assert min(width, height) == pytest.approx(3, abs=0.05)
    assert width / height == pytest.approx(WIDTH / HEIGHT, rel=0.02)


@pytest.mark.parametrize(("dpi", "used"), [(150, 150), (600, 600), (72, 300), (None, 300)])
def test_the_page_has_the_size_of_the_paper(tmp_path: Path, dpi: int | None, used: int) -> None:
    path = tmp_path / "scan.png"
    Image.fromarray(SCAN).save(path, **({"dpi": (dpi, dpi)} if dpi else {}))
    page = pdfium.PdfDocument(write_pdf(page_on(path, "x")))[0]
    assert page.get_size() == pytest.approx((WIDTH * 72 / used, HEIGHT * 72 / used), abs=0.05)


def test_a_page_of_a_tiff(tmp_path: Path) -> None:
    pages = [Image.new("L", (WIDTH, HEIGHT), grey) for grey in (10, 200)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    data = write_pdf(page_on(tmp_path / "scan.tif", "x", index=1))
    shown = pdfium.PdfDocument(data)[0].render(scale=1).to_pil()
    assert shown.getpixel((9, 9))[:1] == (200,)


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("blank"), BLANK)


@settings(max_examples=30)
@given(st.lists(st.text(max_size=12), max_size=3))
def test_any_text_makes_a_pdf(blank: Path, texts: list[str]) -> None:
    data = write_pdf(page_on(blank, *texts))
    assert data == write_pdf(page_on(blank, *texts))
    assert len(pdfium.PdfDocument(data)) == 1


def test_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImageError, match=r"scan\.png does not exist"):
        write_pdf(page_on(tmp_path / "scan.png", "x"))
    small = saved(tmp_path, Image.new("L", (9, 9)))
    with pytest.raises(ImageError, match="9 x 9 pixels, but its lines"):
        write_pdf(page_on(small, "x"))
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    with pytest.raises(MissingExtraError, match=r"pikepdf is not installed; .* -m pip install"):
        write_pdf(page_on(saved(tmp_path), "x"))
