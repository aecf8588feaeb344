"""Styles of print: books, offices, typewriters, receipts, tables."""

from __future__ import annotations

from ocr.training.ranges import Amount, Ratio
from ocr.training.synthesis import inventions
from ocr.training.synthesis.faces import FIXED, SANS, SERIF, TYPEWRITTEN
from ocr.training.synthesis.ink import Ink
from ocr.training.synthesis.layout import Layout
from ocr.training.synthesis.page import Page
from ocr.training.synthesis.styles import BILEVEL, PHOTOGRAPH, SCAN, SCREENSHOT, Style

OLD_PAPER = Page(
    paper=(0.5, 0.97),
    tone=(0.05, 0.35),
    grain=Amount(0.7, 0.005, 0.04),
    mottling=Amount(0.5, 0.03, 0.2),
    stain=Amount(0.12, 0.1, 0.4),
    spots=Amount(0.2, 0.2, 0.8),
    fold=Amount(0.05, 0.1, 0.4),
    bleed=Amount(0.3, 0.04, 0.25),
)
BOOK_LAYOUT = Layout(
    word_gap=(0.4, 1.15),
    tab=Amount(0.04, 1, 6),
    letter_gap=Amount(0.04, 0.15, 0.45),
    mixed=0.08,
    underline=Amount(0.02, 0.05, 0.12),
)
BOOK = Style(
    name="book",
    share=11,
    faces=((6, SERIF), (1, SANS)),
    invented=0.15,
    captures=((5, SCAN), (4, BILEVEL), (2, PHOTOGRAPH)),
    layout=BOOK_LAYOUT,
    ink=Ink(
        spread=Amount(1, 0.55, 1.1),
        weight=Amount(0.9, -0.12, 0.16),
        waver=Amount(0.6, 0.02, 0.1),
        ragged=Amount(0.7, 0.03, 0.14),
        hardness=Ratio(0.6, 0.7, 1.8),
        fading=Amount(0.2, 0.1, 0.45),
        grain=Amount(0.2, 0.05, 0.3),
        ghost=Amount(0.03, 0.2, 0.5),
    ),
    page=OLD_PAPER,
)
NEWSPAPER = Style(
    name="newspaper",
    share=1.5,
    faces=((4, SERIF), (1, SANS)),
    invented=0.15,
    captures=((2, SCAN), (1, BILEVEL)),
    layout=BOOK_LAYOUT,
    ink=Ink(
        spread=Amount(1, 0.7, 1.2),
        weight=Amount(1, -0.1, 0.2),
        waver=Amount(0.8, 0.04, 0.12),
        ragged=Amount(1, 0.08, 0.2),
        grain=Amount(0.4, 0.1, 0.4),
        screen=Amount(0.35, 2.2, 3.2),
    ),
    page=OLD_PAPER,
)

OFFICE_LAYOUT = Layout(
    word_gap=(0.45, 0.7),
    tab=Amount(0.1, 1, 9),
    letter_gap=Amount(0.04, 0.05, 0.3),
    mixed=0.1,
    underline=Amount(0.08, 0.04, 0.12),
)
TONER = Ink(
    spread=Amount(0.6, 0.4, 0.8),
    weight=Amount(0.5, -0.06, 0.14),
    ragged=Amount(0.2, 0.02, 0.06),
    hardness=Ratio(0.5, 0.8, 1.6),
    fading=Amount(0.05, 0.1, 0.5),
    grain=Amount(0.1, 0.05, 0.25),
)
OFFICE = Style(
    name="office",
    share=9,
    faces=((3, SANS), (2, SERIF), (0.3, FIXED)),
    invented=0.45,
    captures=((5, SCAN), (2, BILEVEL), (2, PHOTOGRAPH)),
    layout=OFFICE_LAYOUT,
    ink=TONER,
    page=Page(
        paper=(0.88, 1.0),
        tone=(0.0, 0.25),
        grain=Amount(0.3, 0.003, 0.015),
        spots=Amount(0.05, 0.1, 0.5),
        bleed=Amount(0.08, 0.02, 0.1),
        cell=Amount(0.06, 0.4, 1),
    ),
)
SCREEN = Style(
    name="screen",
    share=1,
    faces=((3, SANS), (1, SERIF), (0.3, FIXED)),
    invented=0.5,
    captures=((1, SCREENSHOT),),
    layout=OFFICE_LAYOUT,
    page=Page(paper=(0.9, 1.0), tone=(0.0, 0.4)),
)
REVERSED = Style(
    name="white on black",
    share=1,
    faces=((2, SANS), (1, SERIF)),
    invented=0.5,
    captures=((3, SCAN), (1, PHOTOGRAPH), (1, SCREENSHOT)),
    layout=OFFICE_LAYOUT,
    ink=TONER,
    page=Page(paper=(0.7, 1.0), tone=(0.0, 0.3), reversed=True, grain=Amount(0.4, 0.005, 0.03)),
)
TABLE = Style(
    name="table",
    share=3,
    faces=((3, SANS), (2, SERIF), (0.5, FIXED)),
    invented=0.9,
    invent=inventions.cell,
    captures=((4, SCAN), (1, BILEVEL), (1, PHOTOGRAPH)),
    layout=Layout(word_gap=(0.45, 0.8), tab=Amount(0.4, 1, 8), row=0.5, mixed=0.05),
    ink=TONER,
    page=Page(
        paper=(0.7, 1.0),
        tone=(0.0, 0.35),
        neighbours=0.2,
        room=Amount(1, 0.1, 1.2),
        grain=Amount(0.3, 0.003, 0.02),
        cell=Amount(0.8, 0.3, 1),
    ),
)

TYPEWRITER = Style(
    name="typewriter",
    share=8,
    faces=((1, TYPEWRITTEN), (1, FIXED)),
    regular=1.0,
    invented=0.25,
    captures=((5, SCAN), (2, BILEVEL), (1, PHOTOGRAPH)),
    layout=Layout(
        tab=Amount(0.06, 1, 8),
        separate=1,
        key_shift=Amount(0.7, 0.01, 0.07),
        jitter=Amount(0.7, 0.01, 0.05),
        faintness=Amount(0.8, 0.1, 0.5),
        underline=Amount(0.06, 0.06, 0.14),
    ),
    ink=Ink(
        spread=Amount(1, 0.5, 1.15),
        weight=Amount(0.9, -0.1, 0.2),
        waver=Amount(0.6, 0.03, 0.12),
        ragged=Amount(0.8, 0.04, 0.16),
        hardness=Ratio(0.7, 0.45, 1.3),
        ghost=Amount(0.08, 0.2, 0.6),
        fading=Amount(0.4, 0.1, 0.6),
        grain=Amount(0.5, 0.1, 0.5),
    ),
    page=Page(
        paper=(0.45, 0.97),
        tone=(0.08, 0.5),
        neighbours=0.5,
        grain=Amount(0.8, 0.005, 0.03),
        mottling=Amount(0.4, 0.03, 0.15),
        stain=Amount(0.08, 0.1, 0.35),
        spots=Amount(0.2, 0.2, 0.7),
        fold=Amount(0.08, 0.1, 0.4),
        bleed=Amount(0.25, 0.04, 0.2),
        ruled=Amount(0.03, 0.2, 0.5),
    ),
)
RECEIPT = Style(
    name="receipt",
    share=3,
    faces=((2, FIXED), (0.5, TYPEWRITTEN), (1, SANS)),
    invented=0.9,
    invent=inventions.receipt,
    captures=((2, SCAN), (4, PHOTOGRAPH), (1, BILEVEL)),
    layout=Layout(tab=Amount(0.5, 1, 9), row=0.2, separate=1),
    ink=Ink(
        dots=Amount(0.3, 1.8, 2.4),
        spread=Amount(1, 0.5, 1.1),
        weight=Amount(0.8, -0.08, 0.2),
        fading=Amount(0.5, 0.1, 0.6),
        streaks=Amount(0.6, 0.2, 0.9),
    ),
    page=Page(
        paper=(0.75, 0.97),
        tone=(0.1, 0.55),
        mottling=Amount(0.3, 0.03, 0.12),
        fold=Amount(0.2, 0.05, 0.3),
    ),
)
DOT_MATRIX = Style(
    name="dot matrix",
    share=1,
    faces=((2, FIXED), (1, TYPEWRITTEN)),
    invented=0.6,
    captures=((3, SCAN), (1, BILEVEL)),
    layout=Layout(separate=1),
    ink=Ink(
        dots=Amount(1, 2.2, 3.4),
        spread=Amount(0.8, 0.5, 0.9),
        weight=Amount(1, 0, 0.2),
        fading=Amount(0.4, 0.1, 0.5),
        grain=Amount(0.3, 0.1, 0.4),
    ),
    page=Page(cell=Amount(0.05, 0.3, 0.8), ruled=Amount(0.1, 0.1, 0.3)),
)

PRINT_STYLES = (BOOK, NEWSPAPER, OFFICE, SCREEN, REVERSED, TABLE, TYPEWRITER, RECEIPT, DOT_MATRIX)
