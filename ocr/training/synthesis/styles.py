"""A style of line: what it is written with and on, and how pictures are taken of it.

A style names what happens and how far; the rooms beside it do it. The shares and ranges were
set by looking at contact sheets beside real lines of 1600 to 2024 (scripts/contact_sheet).
"""

from __future__ import annotations

from dataclasses import dataclass

from ocr.training.ranges import Amount, Ratio
from ocr.training.synthesis import inventions
from ocr.training.synthesis.camera import Camera
from ocr.training.synthesis.geometry import Geometry
from ocr.training.synthesis.ink import Ink
from ocr.training.synthesis.inventions import Invent
from ocr.training.synthesis.layout import Layout
from ocr.training.synthesis.page import Page


@dataclass(frozen=True, slots=True)
class Capture:
    """How a picture is taken: where the sheet lies, and what camera or scanner sees it."""

    name: str
    geometry: Geometry
    camera: Camera

    @property
    def is_bilevel(self) -> bool:
        """Whether every picture is black and white."""
        return self.camera.bilevel.probability == 1


@dataclass(frozen=True, slots=True)
class Style:
    """One kind of line.

    share     of the lines of its family (print or handwriting), relative to the other styles
    faces     the kinds of face it is written with, with the share of each
    invented  share of the texts that are not prose, 0..1, made by ``invent``
    captures  with the share of each
    regular   share of lines in a family's regular face; bold and italic share the rest
    geometry  of a hand; where there is none, the capture's
    """

    name: str
    share: float
    faces: tuple[tuple[float, str], ...]
    invented: float
    captures: tuple[tuple[float, Capture], ...]
    layout: Layout
    ink: Ink = Ink()
    page: Page = Page()
    geometry: Geometry | None = None
    regular: float = 0.78
    invent: Invent = inventions.invented

    def __post_init__(self) -> None:
        if not (self.captures and self.faces) or not 0 <= self.invented <= 1:
            raise ValueError(f"style {self.name}: no face, no capture, or {self.invented} invented")


FLAT = Geometry(
    stretch=Ratio(0.4, 0.88, 1.15),
    slope=Amount(0.5, -0.012, 0.012),
    wander=Amount(0.3, 0.02, 0.12),
)
HELD = Geometry(
    shear=Amount(0.5, -0.12, 0.12),
    stretch=Ratio(0.6, 0.82, 1.2),
    slope=Amount(0.9, -0.03, 0.03),
    wander=Amount(0.6, 0.05, 0.4),
    slant=Amount(0.5, 0.013, 0.053),
    growth=Amount(0.4, 0.013, 0.05),
    recession=Amount(0.5, -0.08, 0.08),
)
SCAN = Capture(
    "scan",
    FLAT,
    Camera(
        blur=Amount(0.7, 0.3, 1.0),
        scale=Ratio(0.8, 0.35, 1.1),
        sharpening=Amount(0.25, 0.3, 1.5),
        contrast=Ratio(0.4, 0.8, 1.6),
        gamma=Ratio(0.3, 0.7, 1.4),
        noise=Amount(0.6, 0.003, 0.02),
        jpeg=Amount(0.4, 10, 65),
    ),
)
BILEVEL = Capture(
    "bilevel",
    FLAT,
    Camera(
        blur=Amount(0.8, 0.3, 1.0),
        scale=Ratio(0.8, 0.45, 1.2),
        noise=Amount(0.5, 0.01, 0.04),
        bilevel=Amount(1, 0.46, 0.7),
        specks=Amount(0.4, 0.0001, 0.001),
    ),
)
PHOTOGRAPH = Capture(
    "photograph",
    HELD,
    Camera(
        shade=Amount(0.9, 0.08, 0.45),
        shadow=Amount(0.3, 0.1, 0.45),
        blur=Amount(0.8, 0.4, 1.3),
        shake=Amount(0.2, 1, 3),
        scale=Ratio(0.8, 0.4, 1.0),
        contrast=Ratio(0.4, 0.6, 1.2),
        gamma=Ratio(0.5, 0.7, 1.35),
        noise=Amount(0.8, 0.005, 0.025),
        jpeg=Amount(0.9, 15, 68),
    ),
)
SCREENSHOT = Capture(
    "screenshot",
    Geometry(),
    Camera(scale=Ratio(0.8, 0.4, 1.0), jpeg=Amount(0.2, 10, 60)),
)
