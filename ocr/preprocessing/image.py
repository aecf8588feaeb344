"""The one loader: a path, bytes, a Pillow image or an array -> ink, float32 (H, W) in 0..1.

    ink = alpha * (1 - grey)        grey = 0.299 R + 0.587 G + 0.114 B

``grey`` is the luma of ITU-R BT.601, as in Pillow's mode L, with black 0 and white 1. An
opaque image has alpha 1. The formula is the image composited on white paper: white has no
ink, so what shows through a transparent pixel adds nothing.

What 1 (white) means in stored numbers
  bool, 8 bits, 16 bits   the largest number of the type; 4095 in a 12-bit TIFF
  every other type        the least of 1, 255, 65535 that the largest value does not exceed. A
                          resampled image swings a little past black and white, so a tenth of
                          white beyond either end is tolerated and clipped; more is refused.

Arrays: (H, W) grey, (H, W, 1), (H, W, 2) grey + alpha, (H, W, 3) RGB, (H, W, 4) RGBA, white
paper high, as in an image file. Orientation is put right by EXIF (or XMP); orientation data
that cannot be parsed counts as none. Of several frames the first is read. Colour profiles are
ignored: ink is found by contrast, not by colour. Pillow decodes every file; PostScript and
Windows metafiles, which it would hand to other programs, are refused.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from ocr.errors import ImageError
from ocr.files.names import printable
from ocr.preprocessing.quiet import QUIET
from ocr.types import Float32Array

ImageSource = str | Path | bytes | Image.Image | npt.NDArray[Any]

MAX_PIXELS = 100_000_000  # px; an A3 page at 600 dpi has 70 million
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, weights of R, G and B
WHITES = (1, 255, 65535)  # the ranges that values without a range of their own may have
OVERSHOOT = 0.1  # share of white that resampling may swing past black or white
DRAWINGS = ("EPS", "WMF")  # Pillow formats that are programs to run, not pixels
SIDEWAYS = range(5, 9)  # EXIF orientations with rows for columns (CIPA DC-008, table 4)
TURNS = {  # what sets each of them upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
TIFF_WIDTH, TIFF_HEIGHT = 256, 257  # TIFF 6.0, section 8
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"  # PNG 1.2, section 3.1
PNG_WORDS = (b"eXIf", b"iTXt", b"tEXt", b"zTXt")  # chunks that can tell the orientation
TIFF_BITS, TIFF_PHOTOMETRIC, TIFF_WHITE_IS_ZERO = 258, 262, 0  # TIFF 6.0, section 8


def load_image(source: ImageSource, name: str = "the image") -> Float32Array:
    """Read an image as ink: float32 (H, W), C-contiguous, paper 0, ink 1.

    source  a path, the bytes of a file, a Pillow image (its current frame) or an array
    name    of a Pillow image, for errors

    Raises ImageError, whose one line names the file and says what to do; before any pixel is
    decoded where there are more than ``MAX_PIXELS``, or twice ``PIL.Image.MAX_IMAGE_PIXELS``.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return ink_of(_decoded(source, name), name)
    if isinstance(source, bytes | bytearray | memoryview):
        name = "the image data"
        return ink_of(_from_stream(BytesIO(source), name), name)
    if isinstance(source, str | os.PathLike):
        return ink_of(open_image(Path(source)), printable(source))
    raise ImageError(
        f"an object of type {type(source).__name__} is not an image",
        "give a path, the bytes of a file, a Pillow image or a numpy array",
    )


def open_image(path: Path, frame: int = 0) -> Image.Image:
    """The picture in a file, decoded and upright, in its own mode. Raises ImageError.

    frame  which of several, from 0
    """
    with reading(path) as stream:
        return _from_stream(stream, printable(path), frame)


def image_size(path: Path, frame: int = 0) -> tuple[int, int]:
    """(width, height) of the upright picture in a file, whose pixels stay undecoded. Raises
    ImageError."""
    name = printable(path)
    with reading(path) as stream:
        image = _opened(stream, name, frame)
        tags: Any = getattr(image, "tag_v2", {})  # a TIFF's size may have been turned already
        width, height = tags.get(TIFF_WIDTH, image.width), tags.get(TIFF_HEIGHT, image.height)
        _check_size(width, height, name)
        with decoding(name):
            if isinstance(image, PngImageFile) and not _speaks_after_its_pixels(stream):
                orientation = _orientation(image, Image.Image.getexif)
            else:
                orientation = _orientation(image)
        return (height, width) if orientation in SIDEWAYS else (width, height)


def _speaks_after_its_pixels(stream: BinaryIO) -> bool:
    """Whether a PNG has text or EXIF behind its pixels, where it may; the place in the stream
    stays. Not to miss that, Pillow decodes the pixels of every PNG without EXIF before them."""
    place = stream.tell()
    stream.seek(len(PNG_SIGNATURE))
    pixels = spoken = False
    while len(head := stream.read(8)) == 8 and not spoken:
        length, kind = struct.unpack(">I4s", head)
        pixels |= kind == b"IDAT"
        spoken = pixels and kind in PNG_WORDS
        stream.seek(length + 4, os.SEEK_CUR)  # and the checksum
    stream.seek(place)
    return spoken


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """The open file; whatever the system says against it becomes an ImageError."""
    name = printable(path)
    try:
        with path.open("rb") as stream:
            yield stream
    except FileNotFoundError as error:
        raise ImageError(f"{name} does not exist", "check its name and folder") from error
    except IsADirectoryError as error:
        raise ImageError(f"{name} is a folder", "name its images, or: ocr transcribe") from error
    except PermissionError as error:
        raise ImageError(f"{name} may not be read", "change its permissions") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{name} cannot be opened: {reason}", "check its name") from error


def _from_stream(stream: BinaryIO, name: str, frame: int = 0) -> Image.Image:
    return _decoded(_opened(stream, name, frame), name)


def _opened(stream: BinaryIO, name: str, frame: int) -> Image.Image:
    """The image with its header read."""
    if not stream.seekable():  # a pipe
        stream = BytesIO(stream.read())
    head = stream.read(5)
    stream.seek(0)
    if not head:
        raise ImageError(f"{name} is empty", "copy or scan it again")
    if head == b"%PDF-":
        raise ImageError(
            f"{name} is a PDF", "give an image of its page; ocr recognize reads x.pdf too"
        )
    with decoding(name):
        image = Image.open(stream)
        if frame:
            image.seek(frame)
    if image.format in DRAWINGS:
        raise ImageError(f"{name} is a drawing ({image.format})", "export it as PNG or TIFF")
    return image


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Whatever Pillow raises while it decodes becomes an ImageError; its warnings, all about
    files that it then reads or refuses, stay silent."""
    try:
        with QUIET:
            yield
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is not an image in a known format", "save it as PNG, TIFF, JPEG or WebP"
        ) from error
    except Image.DecompressionBombError as error:
        size = re.search(r"\d+", str(error))
        limit = min(MAX_PIXELS, 2 * (Image.MAX_IMAGE_PIXELS or MAX_PIXELS))
        raise _too_large(name, f"{int(size[0]):,}" if size else "too many", limit) from error
    except MemoryError as error:
        raise ImageError(f"{name} does not fit into memory", "scale it down") from error
    except Exception as error:  # damaged data makes Pillow's readers raise nearly any kind
        reason = printable(str(error) or type(error).__name__)
        raise ImageError(
            f"{name} is damaged or cut short ({reason})", "copy or scan it again"
        ) from error


def _too_large(name: str, size: str, limit: int) -> ImageError:
    return ImageError(
        f"{name} has {size} pixels, the limit is {limit:,}", "scale it down or cut it up"
    )


def _check_size(width: int, height: int, name: str) -> None:
    if width < 1 or height < 1:
        raise ImageError(f"{name} has no pixels ({width} x {height})", "give another image")
    if width * height > MAX_PIXELS:
        raise _too_large(name, f"{width} x {height} = {width * height:,}", MAX_PIXELS)


def _decoded(image: Image.Image, name: str) -> Image.Image:
    """The image with its pixels, upright."""
    _check_size(*image.size, name)
    with decoding(name):
        image.load()  # only now does a truncated file show
        image = _upright(image)
    _check_size(*image.size, name)  # an icon's frame may differ from its entry
    return image


def ink_of(image: Image.Image, name: str) -> Float32Array:
    """The ink, as of ``load_image``, of a picture that is decoded and upright. ``name`` is for
    errors. Raises ImageError."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _deep_ink(image, name)
    return _ink(_unit(np.asarray(_grey(image, name)), name))


def _upright(image: Image.Image) -> Image.Image:
    turn = TURNS.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _orientation(
    image: Image.Image, read_exif: Callable[[Any], Image.Exif] = lambda image: image.getexif()
) -> int:
    try:
        orientation: int = read_exif(image).get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, OSError, struct.error):
        return 1  # unreadable EXIF counts as none: the pixels are intact
    return orientation


def _grey(image: Image.Image, name: str) -> Image.Image:
    """Any 8-bit mode as L, or as LA where something may be transparent."""
    try:
        if not image.has_transparency_data:
            return image if image.mode == "L" else image.convert("L")
        if image.mode == "LA":
            return image
        # RGBA first: it is the one mode to which palettes and key colours convert rightly.
        return image.convert("LA" if image.mode == "La" else "RGBA").convert("LA")
    except ValueError as error:
        raise ImageError(
            f"{name} has pixels of kind {image.mode}", "save it in grey or RGB"
        ) from error


def _deep_ink(image: Image.Image, name: str) -> Float32Array:
    """Grey of more than 8 bits. Pillow hands it over as stored: TIFF's white-is-zero is not yet
    inverted, 12 bits are not stretched, and PNG's transparent grey is still an ordinary one."""
    values = np.asarray(image)
    tags: Any = getattr(image, "tag_v2", {})
    white = 4095 if tags.get(TIFF_BITS) == (12,) else None
    grey = _unit(values, name, white)
    if tags.get(TIFF_PHOTOMETRIC) == TIFF_WHITE_IS_ZERO:
        grey = np.subtract(1, grey, dtype=np.float32)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[values == transparent] = 1
    return _ink(grey)


def _from_array(array: npt.NDArray[Any]) -> Float32Array:
    name = "the array"
    if array.ndim not in (2, 3) or (array.ndim == 3 and not 1 <= array.shape[2] <= 4):
        raise ImageError(
            f"{name} has shape {array.shape}", "give (H, W), (H, W, 3) RGB or (H, W, 4) RGBA"
        )
    _check_size(array.shape[1], array.shape[0], name)
    return _ink(_unit(array, name))


def _unit(values: npt.NDArray[Any], name: str, white: float | None = None) -> Float32Array:
    """Stored numbers -> float32 of the same shape, black 0, white 1. Raises ImageError."""
    if white is None:
        white = _white(values, name)
    unit: Float32Array = np.divide(values, white, dtype=np.float32, casting="unsafe")
    np.clip(unit, 0, 1, out=unit)
    return unit


def _white(values: npt.NDArray[Any], name: str) -> float:
    """The number that stands for white, by the rule at the top. Raises ImageError."""
    if values.dtype.kind not in "buif":
        raise ImageError(f"{name} holds {values.dtype}, not grey values", "give real numbers")
    if values.dtype.kind == "b":
        return 1
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        return float(np.iinfo(values.dtype).max)
    low, high = float(values.min()), float(values.max())
    for white in WHITES:
        if high <= (1 + OVERSHOOT) * white:
            if low < -OVERSHOOT * white:
                break
            return white
    raise ImageError(
        f"{name} has values from {low:g} to {high:g}", "scale them to 0..1, 0..255 or 0..65535"
    )


def _ink(unit: Float32Array) -> Float32Array:
    """(H, W) or (H, W, C) with black 0, white 1, alpha last if C is even -> ink (H, W)."""
    if unit.ndim == 2:
        return np.subtract(1, unit, order="C")
    channels = unit.shape[2]
    colours = unit[..., :3] if channels > 2 else unit[..., :1]
    weights = np.array(LUMA if channels > 2 else (1,), dtype=np.float32)
    ink = 1 - colours @ weights
    if channels % 2 == 0:
        ink *= unit[..., -1]
    return np.ascontiguousarray(np.clip(ink, 0, 1), dtype=np.float32)
