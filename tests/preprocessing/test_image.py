"""The loader against the picture that went into the file, whatever mode or format carried it."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, ImageFile
from PIL.PngImagePlugin import PngImageFile

from ocr.errors import ImageError
from ocr.files.names import printable
from ocr.preprocessing import image as loader
from ocr.preprocessing.image import image_size, load_image

STEP = 1 / 255  # one grey level of an 8-bit image


def picture() -> np.ndarray:
    """(12, 20) uint8: random greys, a black bar, a white margin; no symmetry at all."""
    grey = np.random.default_rng(7).integers(0, 256, (12, 20), dtype=np.uint8)
    grey[2:9, 5:7] = 0
    grey[:, :2] = 255
    return grey


GREY = picture()
INK = (255 - GREY.astype(np.float64)) / 255
MASK = np.where(GREY < 100, 0, 255).astype(np.uint8)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bands(mode: str, *arrays: np.ndarray) -> Image.Image:
    return Image.merge(mode, [Image.fromarray(a.astype(np.uint8)) for a in arrays])


def assert_ink(ink: np.ndarray, expected: np.ndarray, tolerance: float = 1e-6) -> None:
    assert ink.dtype == np.float32
    assert ink.flags.c_contiguous
    assert ink.shape == expected.shape
    assert ink.min() >= 0
    assert ink.max() <= 1
    np.testing.assert_allclose(ink, expected, atol=tolerance)


def tiff(values: np.ndarray, bits: int, photometric: int = 1, form: int = 1) -> bytes:
    """A little-endian TIFF of one strip, written by hand (TIFF 6.0, section 3)."""
    height, width = values.shape
    if bits == 12:
        pairs = values.reshape(-1, 2).tolist()
        data = b"".join((a << 12 | b).to_bytes(3, "big") for a, b in pairs)
    else:
        data = values.tobytes()
    short, long = 3, 4
    tags = [(256, short, width), (257, short, height), (258, short, bits), (259, short, 1)]
    tags += [(262, short, photometric), (273, long, 8), (277, short, 1), (278, short, height)]
    tags += [(279, long, len(data)), (339, short, form)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    start = struct.pack("<4sI", b"II*\0", 8 + len(data))
    return start + data + struct.pack("<H", len(tags)) + entries + bytes(4)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces its size and then has no pixels at all."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


L = Image.fromarray(GREY)
DEEP = GREY.astype(np.uint16) * 257  # 255 * 257 = 65535
OPAQUE = np.full_like(GREY, 255)
BLACK = np.zeros_like(GREY)


def palette_with_alpha() -> bytes:
    """Black in every entry; the entry's alpha alone carries the picture."""
    image = Image.fromarray(GREY).convert("P")
    image.putpalette([0] * 768)
    image.putdata(GREY.reshape(-1).tolist())
    return encode(image, "PNG", transparency=bytes(255 - level for level in range(256)))


def palette_with_hole() -> bytes:
    """White pixels are a magenta entry declared transparent."""
    image = Image.fromarray(GREY).convert("P")
    colours = [level for level in range(255) for _ in range(3)] + [255, 0, 255]
    image.putdata(GREY.reshape(-1).tolist())
    image.putpalette(colours)
    return encode(image, "PNG", transparency=255)


def grey_with_hole() -> bytes:
    """White pixels are stored as level 3, and level 3 is declared transparent."""
    stored = np.where(GREY == 3, 4, GREY).astype(np.uint8)
    stored[GREY == 255] = 3
    return encode(Image.fromarray(stored), "PNG", transparency=3)


def deep_with_hole() -> bytes:
    """The same in 16 bits: the hole is 1000, which no multiple of 257 is."""
    stored = np.where(GREY == 255, 1000, DEEP).astype(np.uint16)
    data = encode(Image.fromarray(stored), "PNG")
    return data[:33] + png_chunk(b"tRNS", struct.pack(">H", 1000)) + data[33:]


SAME_PICTURE: dict[str, tuple[Callable[[], Any], float]] = {
    # what carries the picture -> (maker of a source, tolerance in grey levels)
    "grey png": (lambda: encode(L, "PNG"), 0),
    "grey bmp": (lambda: encode(L, "BMP"), 0),
    "grey pgm": (lambda: encode(L, "PPM"), 0),
    "grey tiff": (lambda: encode(L, "TIFF"), 0),
    "grey gif": (lambda: encode(L, "GIF"), 0),
    "lossless webp": (lambda: encode(L, "WEBP", lossless=True), 0),
    "jpeg": (lambda: encode(L, "JPEG", quality=100), 2),
    "white is zero tiff": (lambda: tiff(255 - GREY, 8, photometric=0), 0),
    "rgb png": (lambda: encode(L.convert("RGB"), "PNG"), 0),
    "ycbcr tiff": (lambda: encode(L.convert("YCbCr"), "TIFF"), 1),
    "hsv": (lambda: L.convert("HSV"), 1),
    "palette png": (lambda: encode(L.convert("P"), "PNG"), 1),
    "palette of 256 colours": (lambda: encode(L.quantize(256), "PNG"), 1),
    "palette with alpha": (palette_with_alpha, 1),
    "palette with a hole": (palette_with_hole, 1),
    "grey with a hole": (grey_with_hole, 1),
    "16 bits with a hole": (deep_with_hole, 0),
    "16-bit png": (lambda: encode(Image.fromarray(DEEP), "PNG"), 0),
    "16-bit tiff": (lambda: tiff(DEEP, 16), 0),
    "16-bit tiff, white is zero": (lambda: tiff(65535 - DEEP, 16, photometric=0), 0),
    "12-bit tiff": (lambda: tiff((GREY * 4095.0 / 255).round().astype(int), 12), 0.1),
    "big-endian 16-bit": (lambda: Image.fromarray(DEEP.astype(">u2")), 0),
    "16-bit pgm": (lambda: b"P5 20 12 65535\n" + DEEP.astype(">u2").tobytes(), 0),
    "32-bit integers to 65535": (lambda: tiff(DEEP.astype(np.int32), 32, form=2), 0),
    "32-bit integers to 255": (lambda: L.convert("I"), 0),
    "float tiff to 1": (lambda: tiff((GREY / 255).astype(np.float32), 32, form=3), 0),
    "float tiff to 255": (lambda: tiff(GREY.astype(np.float32), 32, form=3), 0),
    "float tiff, white is zero": (
        lambda: tiff((1 - GREY / 255).astype(np.float32), 32, photometric=0, form=3),
        0,
    ),
    "cmyk tiff": (lambda: encode(L.convert("CMYK"), "TIFF"), 1),
    "cmyk, black plate only": (lambda: bands("CMYK", BLACK, BLACK, BLACK, 255 - GREY), 1),
    "adobe cmyk jpeg": (lambda: encode(L.convert("CMYK"), "JPEG", quality=100), 4),
    "opaque la png": (lambda: encode(bands("LA", GREY, OPAQUE), "PNG"), 0),
    "black la": (lambda: encode(bands("LA", BLACK, 255 - GREY), "PNG"), 0),
    "black rgba png": (lambda: encode(bands("RGBA", *[BLACK] * 3, 255 - GREY), "PNG"), 0),
    "black rgba webp": (
        lambda: encode(bands("RGBA", *[BLACK] * 3, 255 - GREY), "WEBP", lossless=True, exact=True),
        0,
    ),
    "black rgba tiff": (lambda: encode(bands("RGBA", *[BLACK] * 3, 255 - GREY), "TIFF"), 0),
    "premultiplied rgba": (
        lambda: bands("RGBA", *[BLACK] * 3, 255 - GREY).convert("RGBa"),
        0,
    ),
    "premultiplied la": (lambda: bands("LA", BLACK, 255 - GREY).convert("La"), 0),
    "palette and alpha": (lambda: bands("RGBA", *[BLACK] * 3, 255 - GREY).convert("PA"), 0),
    "uint8 array": (lambda: GREY, 0),
    "uint8 array (H, W, 1)": (lambda: GREY[..., None], 0),
    "grey + alpha array": (lambda: np.stack([BLACK, 255 - GREY], axis=2), 0),
    "rgb array": (lambda: np.stack([GREY] * 3, axis=2), 0),
    "rgba array": (lambda: np.stack([BLACK] * 3 + [255 - GREY], axis=2), 0),
    "uint16 array": (lambda: DEEP, 0),
    "big-endian uint16 array": (lambda: DEEP.astype(">u2"), 0),
    "int64 array": (lambda: GREY.astype(np.int64), 0),
    "float array to 1": (lambda: GREY / 255, 0),
    "float array to 255": (lambda: GREY.astype(np.float32), 0),
    "float array to 65535": (lambda: DEEP.astype(np.float64), 0),
    "column-major array": (lambda: np.asfortranarray(GREY), 0),
    "column-major rgb array": (lambda: np.asfortranarray(np.stack([GREY] * 3, axis=2)), 0),
    "strided array": (lambda: np.repeat(GREY, 2, axis=1)[:, ::2], 0),
}


@pytest.mark.parametrize("name", SAME_PICTURE)
def test_the_same_picture_gives_the_same_ink(name: str) -> None:
    make, levels = SAME_PICTURE[name]
    assert_ink(load_image(make()), INK, levels * STEP + 1e-6)


@pytest.mark.parametrize(
    "name", [n for n in SAME_PICTURE if isinstance(SAME_PICTURE[n][0](), bytes)]
)
def test_a_path_reads_as_its_bytes_do(name: str, tmp_path: Path) -> None:
    data = SAME_PICTURE[name][0]()
    path = tmp_path / "no suffix that tells"
    path.write_bytes(data)
    for source in (path, str(path)):
        np.testing.assert_array_equal(load_image(source), load_image(data))


def test_one_bit() -> None:
    image = Image.fromarray(MASK).convert("1")
    expected = (MASK == 0).astype(float)
    inverted = Image.fromarray(255 - MASK).convert("1")
    for source in (
        encode(image, "PNG"),
        encode(image, "TIFF", compression="group4"),
        encode(image, "PPM"),
        encode(image, "BMP"),
        MASK > 0,
        (MASK > 0).astype(np.int32),
        image,
    ):
        assert_ink(load_image(source), expected)
    assert_ink(load_image(encode(inverted, "PNG")), 1 - expected)


def test_one_bit_with_transparent_white() -> None:
    data = encode(Image.fromarray(MASK).convert("1"), "PNG", transparency=1)
    assert_ink(load_image(data), (MASK == 0).astype(float))


def test_transparent_black_is_paper_not_ink() -> None:
    nothing = np.zeros((4, 5, 4), dtype=np.uint8)
    assert load_image(nothing).max() == 0
    assert load_image(encode(Image.fromarray(nothing), "PNG")).max() == 0


def test_half_transparent_colour_lies_on_white() -> None:
    colour, alpha = (200, 40, 90), 100
    luma = 0.299 * 200 + 0.587 * 40 + 0.114 * 90
    composite = (luma * alpha + 255 * (255 - alpha)) / 255
    pixel = np.array([[[*colour, alpha]]], dtype=np.uint8)
    expected = np.array([[1 - composite / 255]])
    assert_ink(load_image(pixel), expected)
    assert_ink(load_image(encode(Image.fromarray(pixel), "PNG")), expected, STEP)


def test_grey_is_bt601_luma() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    expected = np.zeros((9, 11))
    for y in range(9):
        for x in range(11):
            r, g, b = (int(v) for v in rgb[y, x])
            expected[y, x] = 1 - (299 * r + 587 * g + 114 * b) / 255_000
    assert_ink(load_image(rgb), expected)
    assert_ink(load_image(rgb.astype(np.uint16) * 257), expected)
    assert_ink(load_image(rgb / 255), expected)
    assert_ink(load_image(encode(Image.fromarray(rgb), "PNG")), expected, STEP)
    assert_ink(load_image(encode(Image.fromarray(rgb).convert("RGBA"), "PNG")), expected, STEP)


UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    # EXIF 2.3, tag 0x0112: how the stored rows and columns become the displayed ones
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    if kind == "JPEG":
        options = {"quality": 100}
    data = encode(L, kind, exif=exif, **options)
    tolerance = 2 * STEP if kind == "JPEG" else 0
    assert_ink(load_image(data), UPRIGHT[orientation](INK), tolerance + 1e-6)


def test_a_photo_with_an_odd_entry_in_its_exif_is_turned_all_the_same() -> None:
    """Pillow writes all of EXIF anew to turn an image, and fails where a type is unexpected."""
    entries = [(0x0112, 3, 1, b"\0\x06\0\0"), (0x011A, 2, 2, b"x\0\0\0")]  # orientation, resolution
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", len(entries))
    exif += b"".join(struct.pack(">HHI4s", *entry) for entry in entries) + bytes(4)
    assert_ink(load_image(encode(L, "PNG", exif=exif)), np.rot90(INK, -1))


def test_images_loaded_in_threads_leave_the_callers_warnings_as_they_were() -> None:
    before, data = list(warnings.filters), encode(L, "PNG")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(load_image, [data] * 400))
    assert warnings.filters == before


def test_a_given_image_is_turned_but_not_changed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(BytesIO(encode(L, "PNG", exif=exif)))
    for _ in range(2):
        assert_ink(load_image(image), np.rot90(INK, -1))
    assert image.size == (20, 12)


@pytest.mark.parametrize("late", [False, True])
def test_the_size_of_a_png_is_known_without_its_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """But for one whose EXIF stands behind them."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(L, "PNG")
    if late:
        body = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        data = data[:-12] + chunk + data[-12:]
    (tmp_path / "x.png").write_bytes(data)
    height, width = load_image(tmp_path / "x.png").shape
    loaded: list[bool] = []
    load = PngImageFile.load
    monkeypatch.setattr(PngImageFile, "load", lambda self: loaded.append(True) or load(self))
    assert image_size(tmp_path / "x.png") == (width, height)
    assert bool(loaded) == late
    assert ((height, width) == L.size) == late


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"x", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\1" * 40]
)
def test_unreadable_exif_counts_as_none(exif: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_ink(load_image(encode(L, "PNG", exif=exif)), INK)


def test_arrays_are_left_as_they_are() -> None:
    array = GREY.copy()
    load_image(array)
    np.testing.assert_array_equal(array, GREY)
    floats = INK.astype(np.float32)
    ink = load_image(floats)
    assert not np.shares_memory(ink, floats)
    np.testing.assert_array_equal(floats, INK.astype(np.float32))


def test_first_frame_of_several() -> None:
    second = Image.fromarray(255 - GREY)
    for kind in ("GIF", "TIFF", "PNG"):
        data = encode(L, kind, save_all=True, append_images=[second])
        assert_ink(load_image(data), INK, STEP)


def test_resampling_overshoot_is_clipped() -> None:
    for white in (1.0, 255.0, 65535.0):
        array = np.array([[-0.05, 1.08, 0.25]]) * white
        assert_ink(load_image(array), np.array([[1.0, 0.0, 0.75]]))


def test_colour_profiles_are_ignored() -> None:
    assert_ink(load_image(encode(L, "PNG", icc_profile=b"not a profile")), INK)


def refusal(source: Any) -> str:
    """The message of the ImageError that the source must raise; one printable line."""
    with pytest.raises(ImageError) as caught:
        load_image(source)
    message = str(caught.value)
    assert message.isprintable()
    assert "; " in message, "a message says what to do"
    return message


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([[-1.0, 1.0]]), "from -1 to 1"),
        (np.array([[0.5, np.nan]]), "nan"),
        (np.array([[0.5, np.inf]]), "inf"),
        (np.array([[0, 2**31 - 1]]), "2.14748e+09"),
        (np.zeros((2, 2), dtype=complex), "complex128"),
        (np.array([["a"]]), "<U1"),
        (np.zeros(5), r"shape (5,)"),
        (np.zeros((2, 2, 5)), "shape (2, 2, 5)"),
        (np.zeros((1, 2, 2, 3)), "shape (1, 2, 2, 3)"),
        (np.zeros((0, 5)), "no pixels"),
        (np.zeros((5, 0, 3), dtype=np.uint8), "no pixels"),
    ],
)
def test_arrays_that_are_no_images(array: np.ndarray, words: str) -> None:
    assert words in refusal(array)


def test_pillow_images_that_cannot_be_read() -> None:
    assert "no pixels (0 x 5)" in refusal(Image.new("L", (0, 5)))
    assert "LAB" in refusal(Image.new("LAB", (3, 2)))
    cut = Image.open(BytesIO(encode(L, "PNG")[:150]))
    assert "cut short" in refusal(cut)


def test_other_objects() -> None:
    assert "NoneType" in refusal(None)
    assert "int" in refusal(3)


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_every_unusable_file_has_its_own_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "MAX_PIXELS", 240)
    sources = {
        tmp_path / "missing.png": "does not exist",
        tmp_path: "is a folder",
        write(tmp_path, "empty.png", b""): "is empty",
        write(tmp_path, "text.png", b"this is no image"): "is not an image",
        write(tmp_path, "book.pdf", b"%PDF-1.7\n"): "is a PDF",
        write(tmp_path, "cut.jpg", encode(L, "JPEG")[:-40]): "is damaged or cut short",
        write(tmp_path, "big.png", png_header(20, 13)): "20 x 13 = 260 pixels, the limit is 240",
        tmp_path / ("n" * 300): "cannot be opened: File name too long",
        tmp_path / "a\0b": "cannot be opened",
    }
    messages = set()
    for path, words in sources.items():
        message = refusal(path)
        assert message.startswith(printable(path))
        assert words in message
        messages.add(message.removeprefix(printable(path)))
    assert len(messages) == len(sources)


def test_a_file_in_a_file_is_no_folder(tmp_path: Path) -> None:
    assert "cannot be opened: Not a directory" in refusal(write(tmp_path, "a", b"x") / "b.png")


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "x.png", encode(L, "PNG"))

    def denied(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)  # chmod would not stop the superuser
    assert refusal(path) == f"{path} may not be read; change its permissions"


def test_names_that_no_terminal_can_show(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.png"))
    assert refusal(path).startswith(f"{tmp_path}/caf\\udce9\\n.png does not exist")
    try:
        path.write_bytes(encode(L, "PNG"))
    except OSError:
        pytest.skip("this file system wants UTF-8 names")
    for source in (path, str(path)):
        assert_ink(load_image(source), INK)
    assert printable("données/日本.png") == "données/日本.png"


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_a_pipe() -> None:
    read, write_end = os.pipe()
    os.write(write_end, encode(L, "PNG"))
    os.close(write_end)
    try:
        assert_ink(load_image(f"/dev/fd/{read}"), INK)
    finally:
        os.close(read)


def test_drawings_are_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> Any:
        raise AssertionError("the interpreter was called")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", run)
    page = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
    assert "is a drawing (EPS)" in refusal(page)


TRUNCATED = {
    "png": encode(L, "PNG"),
    "jpeg": encode(L, "JPEG", quality=60),
    "progressive jpeg": encode(L.convert("RGB"), "JPEG", progressive=True, quality=60),
    "gif": encode(L.quantize(16), "GIF"),
    "bmp": encode(L, "BMP"),
    "tiff": encode(L, "TIFF"),
    "webp": encode(L, "WEBP"),
    "pgm": encode(L, "PPM"),
}


def ink_or_refusal(data: bytes) -> np.ndarray | str:
    """The ink, or the message of the ImageError; any other exception fails the test."""
    try:
        return load_image(data)
    except ImageError as error:
        return str(error)


@pytest.mark.parametrize("kind", TRUNCATED)
def test_a_truncated_file_is_refused_or_lacks_no_pixel(kind: str) -> None:
    data = TRUNCATED[kind]
    whole, refused = load_image(data), 0
    for length in range(len(data)):
        outcome = ink_or_refusal(data[:length])
        if isinstance(outcome, str):
            refused += 1
            assert outcome.isprintable()
        else:
            np.testing.assert_array_equal(outcome, whole)
    assert refused >= len(data) - 40  # the tail may be a checksum, a trailer or other metadata
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize("kind", TRUNCATED)
def test_damage_never_escapes_as_another_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "MAX_PIXELS", 100_000)
    random = np.random.default_rng(11)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(100):
            data = bytearray(TRUNCATED[kind])
            for position in random.integers(0, len(data), 3):
                data[position] = random.integers(0, 256)
            outcome = ink_or_refusal(bytes(data))
            if isinstance(outcome, str):
                assert outcome.isprintable()
            else:
                assert 0 <= outcome.min() <= outcome.max() <= 1


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(10_001, 10_000, "10001 x 10000 = 100,010,000"), (50_000, 50_000, "2,500,000,000")],
)
def test_the_pixel_cap_comes_before_the_pixels(width: int, height: int, size: str) -> None:
    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        message = refusal(png_header(width, height))
    assert f"has {size} pixels, the limit is 100,000,000" in message
    assert before == Image.MAX_IMAGE_PIXELS


def test_the_pixel_cap_is_inclusive_and_holds_for_every_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for source in (encode(L, "PNG"), L, GREY, np.stack([GREY] * 3, axis=2)):
        monkeypatch.setattr(loader, "MAX_PIXELS", 240)
        assert_ink(load_image(source), INK)
        monkeypatch.setattr(loader, "MAX_PIXELS", 239)
        assert "20 x 12 = 240 pixels, the limit is 239" in refusal(source)
    monkeypatch.setattr(loader, "MAX_PIXELS", 10**12)
    assert "the limit is 178,956,970" in refusal(png_header(50_000, 50_000))
