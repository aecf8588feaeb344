"""Every page of a file, one at a time: TIFF, PDF, and all that has one."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from ocr.errors import ImageError
from ocr.preprocessing import pdfpages
from ocr.preprocessing.image import load_image
from ocr.preprocessing.pages import load_page, page_images, page_size, picture
from ocr.preprocessing.pdfpages import pdf_page_count

INCH = 72  # points
SIZES = ((40, 30), (50, 20), (10, 60))


def grey_pages() -> list[Image.Image]:
    return [Image.new("L", size, 60 * (number + 1)) for number, size in enumerate(SIZES)]


def save_tiff(path: Path, pages: list[Image.Image]) -> Path:
    pages[0].save(path, save_all=True, append_images=pages[1:])
    return path


def save_pdf(path: Path, sizes: tuple[tuple[float, float], ...]) -> Path:
    """Pages of these sizes in inches, each with a black square of 1/10 inch in its top left
    corner."""
    pikepdf = pytest.importorskip("pikepdf")
    with pikepdf.new() as pdf:
        for width, height in sizes:
            page = pdf.add_blank_page(page_size=(width * INCH, height * INCH))
            top = (height - 0.1) * INCH
            page.Contents = pdf.make_stream(f"0 {top} {0.1 * INCH} {0.1 * INCH} re f".encode())
        pdf.save(path)
    return path


@pytest.mark.parametrize("name", ["a.b.png", "a.b.JPG", "a.b.webp", "a.b.bmp", "a.b.tif"])
def test_most_files_are_one_page(tmp_path: Path, name: str) -> None:
    grey_pages()[0].save(tmp_path / name)
    (page,) = page_images(tmp_path / name)
    assert (page.name, page.path, page.index) == ("a.b", tmp_path / name, 0)
    np.testing.assert_array_equal(page.load(), load_image(tmp_path / name))
    assert page_size(tmp_path / name) == SIZES[0]


def test_all_pages_of_a_tiff(tmp_path: Path) -> None:
    path = save_tiff(tmp_path / "scan.TIFF", grey_pages())
    pages = list(page_images(path))
    assert [page.name for page in pages] == ["scan-0001", "scan-0002", "scan-0003"]
    for number, (page, (width, height)) in enumerate(zip(pages, SIZES, strict=True)):
        assert page.index == number
        np.testing.assert_allclose(
            page.load(), np.full((height, width), 1 - 60 * (number + 1) / 255)
        )
        assert page_size(path, number) == (width, height)
        assert page_size(path, number) == picture(path, number).size


def test_a_page_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # its right side was up
    for name in ("a.jpg", "a.tif"):
        path = tmp_path / name
        grey_pages()[0].save(path, exif=exif)
        assert page_size(path) == load_page(path).shape[::-1] == (30, 40)


def test_the_thumbnail_in_a_tiff_is_no_page(tmp_path: Path) -> None:
    first, second, _ = grey_pages()
    thumbnail = Image.new("L", (4, 3))
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1
    thumbnail.encoderinfo = {"tiffinfo": tags}
    path = save_tiff(tmp_path / "scan.tif", [first, thumbnail, second])
    with Image.open(path) as image:
        image.seek(1)
        assert image.tag_v2[254] == 1
    assert [page.index for page in page_images(path)] == [0, 2]


def test_a_tiff_of_thumbnails_alone_is_its_first(tmp_path: Path) -> None:
    grey_pages()[0].save(tmp_path / "a.tif", tiffinfo={254: 1})
    assert [page.index for page in page_images(tmp_path / "a.tif")] == [0]


def test_another_image_called_a_tiff_is_one_page(tmp_path: Path) -> None:
    Image.new("L", (8, 6), 255).save(tmp_path / "scan.tif", format="PNG")
    (page,) = page_images(tmp_path / "scan.tif")
    assert page.load().shape == (6, 8)


def test_no_page_is_decoded_before_it_is_loaded(tmp_path: Path) -> None:
    path = save_tiff(tmp_path / "scan.tif", grey_pages())
    data = path.read_bytes()
    pages = page_images(path)
    first = next(pages)
    path.write_bytes(b"broken")
    with pytest.raises(ImageError, match=r"scan\.tif is not an image"):
        first.load()
    path.write_bytes(data)
    assert first.load().shape == (30, 40)
    assert next(pages).load().shape == (20, 50)


def test_what_is_wrong_shows_when_a_page_is_loaded(tmp_path: Path) -> None:
    (page,) = page_images(tmp_path / "gone.png")
    with pytest.raises(ImageError, match=r"gone\.png does not exist"):
        page.load()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "does not exist"), (b"", "is not an image"), (b"II*\0 and nothing more", "x.tif")],
)
def test_a_tiff_without_pages(tmp_path: Path, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "x.tif").write_bytes(content)
    with pytest.raises(ImageError, match=reason):
        list(page_images(tmp_path / "x.tif"))


def test_an_error_names_the_page(tmp_path: Path) -> None:
    values = Image.fromarray(np.full((30, 40), 1e6, np.float32))
    values.save(tmp_path / "scan.tif", save_all=True, append_images=[values])
    with pytest.raises(ImageError, match=r"page 2 of .*scan\.tif has values from 1e\+06"):
        load_page(tmp_path / "scan.tif", 1)


@pytest.mark.parametrize("inches", [1.001, 0.999, 2 / 3])
def test_the_size_of_a_pdf_page_is_that_of_its_picture(tmp_path: Path, inches: float) -> None:
    pytest.importorskip("pypdfium2")
    path = save_pdf(tmp_path / "x.pdf", ((inches, 0.5),))
    assert page_size(path) == picture(path).size


@pytest.mark.parametrize("ratio", [1, 3.7, 90])
def test_a_page_of_metres_has_as_many_pixels_as_an_image_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ratio: float
) -> None:
    """As of a scan put into a PDF without its resolution."""
    pytest.importorskip("pypdfium2")
    monkeypatch.setattr(pdfpages, "MAX_PIXELS", 250_000)
    path = save_pdf(tmp_path / "large.pdf", ((20, 20 / ratio),))
    width, height = page_size(path)
    assert picture(path).size == (width, height)
    assert 0.97 * 250_000 < width * height <= 250_000
    assert width / height == pytest.approx(ratio, rel=0.02)


def test_a_page_that_a_tiff_does_not_have(tmp_path: Path) -> None:
    path = save_tiff(tmp_path / "scan.tif", grey_pages())
    with pytest.raises(ImageError, match=r"scan\.tif is damaged or cut short"):
        load_page(path, 3)


def test_the_pages_of_a_pdf_at_300_dpi(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    path = save_pdf(tmp_path / "scan.pdf", ((1, 0.5), (0.4, 1)))
    pages = list(page_images(path))
    assert [page.name for page in pages] == ["scan-0001", "scan-0002"]
    for page, (width, height) in zip(pages, ((300, 150), (120, 300)), strict=True):
        ink = page.load()
        assert ink.shape == (height, width)
        assert page_size(path, page.index) == picture(path, page.index).size == (width, height)
        assert ink[:29, :29].min() > 0.9
        assert ink[32:].max() == ink[:, 32:].max() == 0


def test_a_pdf_of_one_page_keeps_its_name(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    (page,) = page_images(save_pdf(tmp_path / "letter.pdf", ((1, 1),)))
    assert page.name == "letter"


def test_a_tilde_is_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypdfium2")
    monkeypatch.chdir(tmp_path)
    for name in ("~draft.pdf", "~nobody/a.pdf"):
        Path(name).parent.mkdir(exist_ok=True)
        assert picture(save_pdf(Path(name), ((1, 1),))).size == (300, 300)


def test_pdfium_is_called_by_one_thread_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pypdfium2 = pytest.importorskip("pypdfium2")
    inside = []

    class Document:
        def __init__(self, path: Path) -> None:
            inside.append(path)
            time.sleep(0.01)
            assert len(inside) == 1

        def __len__(self) -> int:
            return 7

        def init_forms(self) -> None: ...

        def close(self) -> None:
            inside.clear()

    monkeypatch.setattr(pypdfium2, "PdfDocument", Document)
    for number in range(4):
        (tmp_path / f"{number}.pdf").touch()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(pdf_page_count, sorted(tmp_path.iterdir()))) == [7] * 4


@pytest.mark.parametrize("drawn", [True, False])
def test_what_was_filled_into_a_form_is_seen(tmp_path: Path, drawn: bool) -> None:
    """``drawn``: by the program that it was filled in with, which need not do so."""
    pytest.importorskip("pypdfium2")
    pikepdf = pytest.importorskip("pikepdf")
    name, array, text = pikepdf.Name, pikepdf.Array, pikepdf.String
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(200, 100))
        face = pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
        font = pdf.make_indirect(face)
        field = pikepdf.Dictionary(
            Type=name.Annot, Subtype=name.Widget, FT=name.Tx, T=text("a"), V=text("HELLO"), F=4,
            Rect=array([20, 20, 150, 60]), DA=text("/Helv 20 Tf 0 g"),
        )  # fmt: skip
        if drawn:
            shown = pdf.make_stream(b"BT /Helv 20 Tf 2 10 Td (HELLO) Tj ET")
            shown.Type, shown.Subtype = name.XObject, name.Form
            shown.BBox = array([0, 0, 130, 40])
            shown.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font))
            field.AP = pikepdf.Dictionary(N=shown)
        page.Annots = array([pdf.make_indirect(field)])
        pdf.Root.AcroForm = pikepdf.Dictionary(
            Fields=page.Annots,
            NeedAppearances=not drawn,
            DR=pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font)),
            DA=text("/Helv 20 Tf 0 g"),
        )
        pdf.save(tmp_path / "form.pdf")
    assert load_page(tmp_path / "form.pdf").sum() > 1000


def test_a_pdf_page_without_a_size_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    pikepdf = pytest.importorskip("pikepdf")
    with pikepdf.open(save_pdf(tmp_path / "x.pdf", ((1, 1), (1, 1)))) as pdf:
        pdf.pages[1].CropBox = pikepdf.Array([500, 500, 600, 600])
        pdf.save(tmp_path / "bare.pdf")
    with pytest.raises(ImageError, match=r"page 2 of .*bare\.pdf is 0 x 0 points; print it anew"):
        load_page(tmp_path / "bare.pdf", 1)


def test_pdfs_that_cannot_be_read(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    with pytest.raises(ImageError, match=r"gone\.pdf does not exist"):
        list(page_images(tmp_path / "gone.pdf"))
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    with pytest.raises(ImageError, match=r"bad\.pdf is no PDF that can be read"):
        list(page_images(tmp_path / "bad.pdf"))
    good = save_pdf(tmp_path / "good.pdf", ((1, 1),))
    with pytest.raises(ImageError, match=r"good\.pdf has no page 2"):
        load_page(good, 1)


def test_without_the_extra_a_pdf_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(ImageError, match=r"pypdfium2 is not installed; .* -m pip install"):
        list(page_images(tmp_path / "scan.pdf"))
