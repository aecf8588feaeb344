"""Styles of handwriting: ballpoint, fountain pen, quill, pencil."""

from __future__ import annotations

from ocr.training.ranges import Amount, Ratio
from ocr.training.synthesis.faces import HAND
from ocr.training.synthesis.geometry import Geometry
from ocr.training.synthesis.ink import Ink
from ocr.training.synthesis.layout import Layout
from ocr.training.synthesis.page import Page
from ocr.training.synthesis.styles import BILEVEL, PHOTOGRAPH, SCAN, Style

LAYOUT = Layout(
    x_height=(14.5, 18.5),
    word_gap=(0.65, 1.7),
    gap_jitter=Amount(1, 0.05, 0.25),
    tab=Amount(0.05, 1, 6),
    letter_gap=Amount(0.12, -0.06, 0.15),
    separate=0.35,
    key_shift=Amount(0.3, 0.01, 0.05),
    jitter=Amount(0.9, 0.02, 0.1),
    size_jitter=Amount(0.8, 0.03, 0.12),
    faintness=Amount(0.3, 0.1, 0.35),
    underline=Amount(0.07, 0.05, 0.14),
)
SWIFT = Geometry(
    shear=Amount(0.9, -0.2, 0.5),
    stretch=Ratio(0.95, 0.85, 1.5),
    slope=Amount(0.6, -0.03, 0.03),
    wander=Amount(0.95, 0.05, 0.45),
    tremor=Amount(0.95, 0.06, 0.3),
    slant=Amount(0.9, 0.03, 0.19),
    growth=Amount(0.9, 0.03, 0.13),
)
BALLPOINT = Style(
    name="ballpoint",
    share=4,
    faces=((1, HAND),),
    invented=0.3,
    captures=((4, SCAN), (2, BILEVEL), (2, PHOTOGRAPH)),
    layout=LAYOUT,
    ink=Ink(
        thickness=Amount(0.9, 1.2, 2.8),
        spread=Amount(1, 0.5, 0.9),
        weight=Amount(1, -0.1, 0.08),
        waver=Amount(0.5, 0.02, 0.08),
        fading=Amount(0.3, 0.1, 0.5),
        grain=Amount(0.4, 0.05, 0.35),
    ),
    page=Page(
        paper=(0.75, 1.0),
        tone=(0.05, 0.4),
        grain=Amount(0.4, 0.005, 0.02),
        mottling=Amount(0.2, 0.02, 0.1),
        fold=Amount(0.05, 0.1, 0.3),
        bleed=Amount(0.15, 0.03, 0.15),
        ruled=Amount(0.3, 0.08, 0.5),
        squared=Amount(0.2, 0.05, 0.28),
        cell=Amount(0.05, 0.3, 0.9),
    ),
    geometry=SWIFT,
)
AGED_PAPER = Page(
    paper=(0.5, 0.96),
    tone=(0.08, 0.4),
    neighbours=0.45,
    grain=Amount(0.7, 0.005, 0.04),
    mottling=Amount(0.6, 0.04, 0.25),
    stain=Amount(0.15, 0.1, 0.45),
    spots=Amount(0.25, 0.2, 0.8),
    fold=Amount(0.08, 0.1, 0.4),
    bleed=Amount(0.45, 0.05, 0.35),
    ruled=Amount(0.15, 0.08, 0.5),
    cell=Amount(0.2, 0.2, 0.7),
)
FOUNTAIN_PEN = Style(
    name="fountain pen",
    share=4,
    faces=((1, HAND),),
    invented=0.25,
    captures=((4, SCAN), (1, BILEVEL), (2, PHOTOGRAPH)),
    layout=LAYOUT,
    ink=Ink(
        thickness=Amount(0.9, 1.2, 3),
        nib=Amount(0.4, 1.2, 2.4),
        spread=Amount(1, 0.5, 1.0),
        weight=Amount(1, -0.1, 0.1),
        waver=Amount(0.9, 0.04, 0.14),
        hardness=Ratio(0.6, 0.5, 1.4),
        fading=Amount(0.5, 0.1, 0.5),
        dips=Amount(0.3, 0.1, 0.5),
        grain=Amount(0.2, 0.05, 0.2),
    ),
    page=AGED_PAPER,
    geometry=SWIFT,
)
QUILL = Style(
    name="quill",
    share=4,
    faces=((1, HAND),),
    invented=0.15,
    captures=((4, SCAN), (1, BILEVEL), (2, PHOTOGRAPH)),
    layout=LAYOUT,
    ink=Ink(
        thickness=Amount(0.9, 1.2, 3),
        nib=Amount(0.8, 1.2, 3),
        spread=Amount(1, 0.6, 1.2),
        weight=Amount(1, -0.1, 0.12),
        waver=Amount(0.9, 0.05, 0.16),
        ragged=Amount(0.5, 0.03, 0.12),
        hardness=Ratio(0.6, 0.5, 1.3),
        fading=Amount(0.4, 0.1, 0.5),
        dips=Amount(0.5, 0.15, 0.6),
    ),
    page=AGED_PAPER,
    geometry=SWIFT,
)
PENCIL = Style(
    name="pencil",
    share=2,
    faces=((1, HAND),),
    invented=0.25,
    captures=((3, SCAN), (1, PHOTOGRAPH)),
    layout=LAYOUT,
    ink=Ink(
        thickness=Amount(0.9, 1.2, 2.8),
        spread=Amount(1, 0.5, 0.9),
        weight=Amount(1, -0.06, 0.1),
        waver=Amount(0.8, 0.03, 0.1),
        hardness=Ratio(1, 0.4, 0.9),
        fading=Amount(0.5, 0.1, 0.5),
        grain=Amount(1, 0.3, 0.8),
    ),
    page=Page(
        paper=(0.65, 1.0),
        tone=(0.25, 0.55),
        grain=Amount(0.6, 0.005, 0.03),
        mottling=Amount(0.3, 0.03, 0.15),
        bleed=Amount(0.15, 0.03, 0.15),
        ruled=Amount(0.25, 0.08, 0.4),
        squared=Amount(0.25, 0.05, 0.22),
    ),
    geometry=SWIFT,
)

HAND_STYLES = (BALLPOINT, FOUNTAIN_PEN, QUILL, PENCIL)
