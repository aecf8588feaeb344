from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.training.ranges import Amount
from ocr.training.synthesis.faces import Face
from ocr.training.synthesis.fonts import Library
from ocr.training.synthesis.layout import (
    LARGEST_EM,
    MOST_COLUMNS,
    Layout,
    Typesetter,
    Written,
    parts_of,
)
from ocr.types import Float32Array

TEXT = "Quick zephyrs vex 14"


def face_named(library: Library, name: str) -> Face:
    return next(face for face in library.faces if face.name == name)


SIXTEEN = (16.0, 16.0)  # px


def typeset(library: Library, name: str, layout: Layout, text: str = TEXT) -> Written:
    face, rng = face_named(library, name), np.random.default_rng(1)
    return Typesetter((face, face), layout, rng).write(text, rng)


def box(ink: Float32Array) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.1), np.flatnonzero(ink.max(axis=0) > 0.1)
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


@pytest.mark.parametrize("name", ["DejaVuSerif", "DejaVuSansMono"])
def test_the_plain_line_is_what_freetype_draws_in_one_go(library: Library, name: str) -> None:
    """The same text by one call of the rasteriser: word by word nothing may move by a px."""
    written = typeset(library, name, Layout(x_height=SIXTEEN))
    face = face_named(library, name)
    font = ImageFont.truetype(str(face.path), 16 / face.x_height)
    sheet = Image.new("L", (1000, 100), 0)
    ImageDraw.Draw(sheet).text((20, 60), TEXT, 255, font, anchor="ls")
    whole = np.asarray(sheet, dtype=np.float32) / 255
    top, bottom, left, right = box(written.ink)
    top2, bottom2, left2, right2 = box(whole)
    assert (bottom - top, written.baseline - top) == (bottom2 - top2, 60 - top2)
    assert abs((right - left) - (right2 - left2)) <= 1
    assert written.ink.sum() == pytest.approx(whole.sum(), rel=0.01)
    width = min(right - left, right2 - left2)
    ours, theirs = written.ink[top:bottom, left:], whole[top2:bottom2, left2:]
    assert np.abs(ours[:, :width] - theirs[:, :width]).mean() < 0.05


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("office,", ["office,"]),
        ("l'\u00e9t\u00e9.", ["l'\u00e9t\u00e9."]),
        ("q\u0303ue", ["q\u0303ue"]),
        ("a->b", ["a", "-", ">", "b"]),
        ("up--", ["up", "-", "-"]),
        ("#&~e", ["#", "&", "~", "e"]),
        ("-\u0303~", ["-\u0303", "~"]),
        ("\u0e81\u0eb4\u0e99", ["\u0e81\u0eb4\u0e99"]),  # Lao, a vowel above
    ],
)
def test_signs_are_set_by_themselves(word: str, parts: list[str]) -> None:
    """Shaped together, a face could join them into one that the label does not have."""
    assert parts_of(word, separate=False) == parts


def test_letters_by_themselves_keep_their_marks() -> None:
    """A mark alone is drawn on a dotted circle, which the label does not have."""
    assert parts_of("q\u0303ue!", separate=True) == ["q\u0303", "u", "e", "!"]


def test_the_x_height_is_as_asked(library: Library) -> None:
    written = typeset(library, "DejaVuSerif", Layout(x_height=(30, 30)), "xxx")
    top, bottom, _, _ = box(written.ink)
    assert bottom - top == pytest.approx(30, abs=1.5)
    assert written.x_height == pytest.approx(30)


def test_tiny_letters_stay_small_rather_than_their_capitals_huge(library: Library) -> None:
    face = face_named(library, "DejaVuSerif")
    tiny = Face(face.path, face.family, face.kind, True, face.characters, 0.1)
    rng = np.random.default_rng(0)
    written = Typesetter((tiny, tiny), Layout(x_height=SIXTEEN), rng).write("H", rng)
    top, bottom, _, _ = box(written.ink)
    assert bottom - top < LARGEST_EM * 16
    assert written.x_height == pytest.approx(16 * LARGEST_EM * 0.1)


def gaps(ink: Float32Array) -> list[int]:
    """Widths of the blank columns between inked ones."""
    inked = ink.max(axis=0) > 0.05
    edges = np.flatnonzero(np.diff(inked.astype(int)))
    return [int(b - a) for a, b in zip(edges[1:-1:2], edges[2:-1:2], strict=True)]


def test_gaps_tabs_and_spaced_letters_are_as_wide_as_asked(library: Library) -> None:
    def widest(layout: Layout) -> int:
        return max(gaps(typeset(library, "DejaVuSerif", layout, "ll ll").ink))

    own = widest(Layout())
    assert widest(Layout(word_gap=(3, 3))) == pytest.approx(own + 16 * 3 - 16 * 0.6, abs=8)
    tab = widest(Layout(x_height=SIXTEEN, tab=Amount(1, 5, 5)))
    assert tab - widest(Layout(x_height=SIXTEEN)) == pytest.approx(80, abs=1)
    row = Layout(x_height=SIXTEEN, tab=Amount(1, 5, 5), row=1)
    words = gaps(typeset(library, "DejaVuSerif", row, "l l l l").ink)
    wide = [gap >= tab for gap in words]
    assert wide == sorted(wide), "once the columns begin, every gap is one of theirs"
    assert wide[-1]
    many = gaps(typeset(library, "DejaVuSerif", row, " ".join("l" * 20)).ink)
    assert sum(gap >= tab for gap in many) <= MOST_COLUMNS
    plain = gaps(typeset(library, "DejaVuSerif", Layout(x_height=SIXTEEN, separate=1), "lll").ink)
    loose = Layout(x_height=SIXTEEN, letter_gap=Amount(1, 0.5, 0.5))
    spaced = gaps(typeset(library, "DejaVuSerif", loose, "lll").ink)
    assert np.subtract(spaced, plain) == pytest.approx([8, 8], abs=1)


def test_a_typewriter_strikes_on_a_grid_and_each_key_at_its_height(library: Library) -> None:
    layout = Layout(x_height=SIXTEEN, separate=1, key_shift=Amount(1, 0.5, 0.5))
    written = typeset(library, "DejaVuSansMono", layout, "lolol")
    pitch = ImageFont.truetype(
        str(face_named(library, "DejaVuSansMono").path),
        16 / face_named(library, "DejaVuSansMono").x_height,
    ).getlength("l")
    _, _, left, right = box(written.ink)
    assert right - left == pytest.approx(4 * pitch + (right - left) % pitch, abs=1)
    first = written.ink[:, left - 2 : left - 2 + round(2 * pitch)]
    second = written.ink[:, left - 2 + round(2 * pitch) :][:, : first.shape[1]]
    rows, others = first.sum(axis=1), second.sum(axis=1)
    np.testing.assert_allclose(rows, others, atol=1.5)  # the same keys, the same heights
    level = typeset(library, "DejaVuSansMono", Layout(x_height=SIXTEEN, separate=1), "lolol")

    def foot_of_o(ink: Float32Array) -> int:
        """Below that of the l before it, in px."""
        first, second, third = (left - 2 + round(number * pitch) for number in range(3))
        return box(ink[:, second:third])[1] - box(ink[:, first:second])[1]

    assert foot_of_o(written.ink) != foot_of_o(level.ink)


def test_an_uneven_touch_takes_ink_away(library: Library) -> None:
    layout = Layout(x_height=SIXTEEN, separate=1)
    faint = Layout(x_height=SIXTEEN, separate=1, faintness=Amount(1, 0.6, 0.6))
    full, less = (typeset(library, "DejaVuSansMono", each).ink.sum() for each in (layout, faint))
    assert 0.4 * full < less < 0.99 * full


def test_an_underline_lies_below_the_words(library: Library) -> None:
    underlined = Layout(x_height=SIXTEEN, underline=Amount(1, 0.12, 0.12))
    written, plain = (
        typeset(library, "DejaVuSerif", layout, "on")
        for layout in (underlined, Layout(x_height=SIXTEEN))
    )
    _, bottom, left, right = box(written.ink)
    assert bottom > box(plain.ink)[1] + 1
    assert written.ink[bottom - 1, left:right].min() > 0.5


def test_the_beginning_may_be_in_another_face(library: Library) -> None:
    faces = tuple(face_named(library, name) for name in ("DejaVuSerif", "DejaVuSerif-Bold"))
    rng, layout = np.random.default_rng(1), Layout(x_height=SIXTEEN, mixed=1)
    lines = (Typesetter(faces, layout, rng).write("nn nn", rng) for _ in range(30))
    sums = {round(float(line.ink.sum())) for line in lines}
    assert len(sums) == 2  # the first word bold, or both


def test_a_written_line_has_its_baseline_on_the_sheet() -> None:
    with pytest.raises(ValueError, match="baseline"):
        Written(np.zeros((10, 10), np.float32), 11.0, 5.0)
