"""The scan as an image of a PDF: a JPEG as it is, every other picture without loss.

ISO 32000-1: section 8.9.5 for image dictionaries, 7.4.8 for JPEG data (DCTDecode), 7.4.4.4 for
PNG's predictors, which let the compressed rows of a PNG stand as they are (FlateDecode).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ocr.preprocessing.image import ink_of

if TYPE_CHECKING:
    from pikepdf import Object, Pdf

COLOURS = {"1": 1, "L": 1, "RGB": 3}  # Pillow mode -> numbers per pixel
PNG_SIGNATURE = 8  # bytes
PNG_PREDICTOR = 15


def add_scan(pdf: Pdf, scan: Image.Image, path: Path) -> Object:
    """The picture ``scan``, decoded from the file ``path``, added to the document."""
    if scan.format == "JPEG" and scan.mode in COLOURS:
        return _image(pdf, scan, path.read_bytes(), "/DCTDecode")
    scan = plain(scan)
    buffer = io.BytesIO()
    scan.save(buffer, "PNG")
    parameters = {
        "/Predictor": PNG_PREDICTOR,
        "/Colors": COLOURS[scan.mode],
        "/BitsPerComponent": _bits(scan),
        "/Columns": scan.width,
    }
    rows = b"".join(_chunks(buffer.getvalue(), b"IDAT"))
    return _image(pdf, scan, rows, "/FlateDecode", parameters)


def plain(scan: Image.Image) -> Image.Image:
    """The picture in bilevel, grey or RGB; what is transparent lies on white paper."""
    if scan.mode in COLOURS and not scan.has_transparency_data:
        return scan
    if scan.mode in ("I", "F") or scan.mode.startswith("I;16"):  # grey of more than 8 bits
        return Image.fromarray(np.uint8(np.rint(255 * (1 - ink_of(scan, "the scan")))))
    if not scan.has_transparency_data:
        return scan.convert("RGB")
    colours = scan.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", scan.size, "white"), colours).convert("RGB")


def _image(
    pdf: Pdf,
    scan: Image.Image,
    data: bytes,
    compression: str,
    parameters: dict[str, int] | None = None,
) -> Object:
    from pikepdf import Dictionary, Name, Stream

    return pdf.make_indirect(
        Stream(
            pdf,
            data,
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=scan.width,
            Height=scan.height,
            ColorSpace=Name.DeviceRGB if COLOURS[scan.mode] == 3 else Name.DeviceGray,
            BitsPerComponent=_bits(scan),
            Filter=Name(compression),
            DecodeParms=Dictionary(parameters or {}),
        )
    )


def _bits(scan: Image.Image) -> int:
    return 1 if scan.mode == "1" else 8


def _chunks(png: bytes, kind: bytes) -> Iterator[bytes]:
    """The data of the PNG's chunks of one kind, in order (PNG 1.2, section 3.2)."""
    place = PNG_SIGNATURE
    while place < len(png):
        length, found = struct.unpack_from(">I4s", png, place)
        if found == kind:
            yield png[place + 8 : place + 8 + length]
        place += 12 + length  # the length, the kind, the data and a checksum
