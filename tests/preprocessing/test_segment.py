"""Lines found on pages that were drawn with known ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawnpages import DrawnPage, check_found, check_sound
from fontfiles import dejavu
from PIL import Image, ImageFont

from ocr.preprocessing.crop import crop_line
from ocr.preprocessing.pages import load_page
from ocr.preprocessing.segment import page_of, segment
from ocr.types import Float32Array, Line

ROWS = range(90, 660, 60)  # px, baselines set as usual: 1.9 times the size apart
SOLID = range(90, 660, 34)  # px: descenders reach the ascenders below


def plain() -> DrawnPage:
    page = DrawnPage()
    page.column(70, 660, ROWS)
    return page


def one_line() -> DrawnPage:
    page = DrawnPage()
    page.write(120, 300, "minimum of Thebes")
    return page


def two_columns() -> DrawnPage:
    page = DrawnPage()
    page.column(60, 310, ROWS)
    page.column(440, 310, ROWS)
    return page


def two_columns_with_a_head_and_a_foot() -> DrawnPage:
    page = DrawnPage()
    page.write(60, 80, "Halfpenny quills of Thebes, onset by onset")
    page.column(60, 310, range(190, 560, 60))
    page.column(440, 310, range(190, 560, 60))
    page.write(60, 650, "Minimum gypsy fjords, a quill of bly")
    return page


def three_columns_with_a_gap() -> DrawnPage:
    """Pictures or paragraphs part the columns at the same height: each is still read to its end."""
    page = DrawnPage(1100, 760, 24)
    page.write(60, 60, "Halfpenny quills of Thebes, onset by onset by onset, and a gypsy")
    for left in (60, 410, 760):
        page.column(left, 270, range(140, 300, 42))
        page.column(left, 270, range(500, 720, 42))
    return page


def set_solid() -> DrawnPage:
    """Descenders touch the ascenders below: the lines are one size apart."""
    page = DrawnPage()
    page.column(70, 660, SOLID)
    return page


def margin_notes() -> DrawnPage:
    page = DrawnPage()
    page.column(30, 130, range(270, 390, 40), size=22)
    page.column(230, 540, ROWS)
    return page


def ruled() -> DrawnPage:
    """Every line stands on a rule, which cuts through its descenders."""
    page = plain()
    for row in ROWS:
        page.draw.line((0, row + 3, 800, row + 3), fill=110, width=2)
    return page


def squared() -> DrawnPage:
    page = plain()
    for place in range(10, 800, 30):
        page.draw.line((0, place, 800, place), fill=150, width=1)
        page.draw.line((place, 0, place, 700), fill=150, width=1)
    return page


def dark_border() -> DrawnPage:
    """A photograph: the table around the page, uneven, and the edge of the next page."""
    page = plain()
    for box in ((0, 0, 35, 700), (770, 0, 800, 700), (0, 0, 800, 20), (0, 680, 800, 700)):
        page.draw.rectangle(box, fill=40)
    page.draw.polygon(((0, 0), (48, 0), (20, 700), (0, 700)), fill=25)
    return page


def shadow() -> DrawnPage:
    """The light falls off to six tenths from left to right."""
    page = plain()
    light = np.linspace(1, 0.6, 800)[None] * np.asarray(page.image, np.float32)
    page.image = Image.fromarray(np.uint8(light))
    return page


def bleed_through() -> DrawnPage:
    """The other side's writing, mirrored and fainter, runs between the lines."""
    page, back = plain(), DrawnPage()
    back.column(70, 660, range(120, 660, 60))
    mirrored = np.asarray(back.image, np.float32)[:, ::-1]
    both = np.asarray(page.image, np.float32) * (0.8 + 0.2 * mirrored / 255)
    page.image = Image.fromarray(np.uint8(both))
    return page


def speckled() -> DrawnPage:
    page = plain()
    noise = np.random.default_rng(2).normal(0, 12, (700, 800))
    grains = np.clip(np.asarray(page.image) * 0.9 + noise, 0, 255)
    page.image = Image.fromarray(np.uint8(grains))
    return page


def shaded_rows() -> DrawnPage:
    """As of a table: every other row on dark grey."""
    page = DrawnPage()
    for number, row in enumerate(ROWS):
        if number % 2:
            page.draw.rectangle((40, row - 34, 700, row + 14), fill=110)
        page.write(70, row, "halfpenny quills of Thebes")
    return page


PAGES = [
    plain, two_columns, two_columns_with_a_head_and_a_foot, three_columns_with_a_gap, set_solid,
    margin_notes, ruled, dark_border, shadow, bleed_through, speckled, shaded_rows,
]  # fmt: skip


@pytest.mark.parametrize("drawn", PAGES)
def test_the_lines_are_found_where_they_were_written(drawn: Callable[[], DrawnPage]) -> None:
    page = drawn()
    lines = segment(page.ink())
    check_sound(lines, page.ink())
    check_found(lines, page.truth, page.size)


@pytest.mark.parametrize(("size", "pitch"), [(60, 44), (72, 36), (96, 44)])
@pytest.mark.parametrize("text", ["Quills", "Halfpenny quills of Thebes"])
def test_a_large_heading_is_a_line(size: int, text: str, pitch: int) -> None:
    page = DrawnPage(900, 1200, 24)
    page.write(80, 180, text[: 1500 // size], size)
    page.column(80, 740, range(260, 1080, pitch))
    lines = segment(page.ink())
    assert len(lines) == len(page.truth)
    left, bottom = lines[0].baseline[0]
    assert abs(left - 80) < size
    assert abs(bottom - 180) < 0.2 * size


@pytest.mark.parametrize(("count", "size"), [(1, 30), (3, 26), (5, 30), (10, 30)])
def test_a_page_with_few_lines(count: int, size: int) -> None:
    """Hardly any ink can be the rest of large letters, but need not."""
    page = DrawnPage(1240, 1754, size)
    page.column(150, 900, range(150, 150 + 38 * count, 38))
    check_found(segment(page.ink()), page.truth, page.size)


@pytest.mark.parametrize("drawn", [one_line, squared])
def test_lines_whose_ends_are_less_sure(drawn: Callable[[], DrawnPage]) -> None:
    """The size of a lone line and the squares beside a line make it reach further."""
    page = drawn()
    lines = segment(page.ink())
    check_sound(lines, page.ink())
    check_found(lines, page.truth, page.size, reach=3.0)


@pytest.mark.parametrize("degrees", [-7.5, 0.7, 4])
def test_a_skewed_page(degrees: float) -> None:
    page = plain()
    page.turn(degrees)
    lines = segment(page.ink())
    check_sound(lines, page.ink())
    check_found(lines, page.truth, page.size)


@pytest.mark.parametrize("zoom", [0.5, 2.0])
def test_the_size_of_the_scan_changes_nothing(zoom: float) -> None:
    page = two_columns_with_a_head_and_a_foot()
    kernel = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    ink = np.asarray(cv2.resize(page.ink(), None, fx=zoom, fy=zoom, interpolation=kernel))
    truth = [((x0 * zoom, y * zoom), (x1 * zoom, y * zoom)) for (x0, y), (x1, _) in page.truth]
    lines = segment(ink)
    check_sound(lines, ink)
    check_found(lines, truth, round(page.size * zoom))


@pytest.mark.parametrize("degrees", [0, 3, -5])
def test_a_ruled_table_is_read_cell_by_cell_column_after_column(degrees: float) -> None:
    page = DrawnPage()
    lefts, rows = (50, 320, 560), range(110, 600, 75)
    for left, word in zip(lefts, ("halfpenny", "quills", "onset"), strict=True):
        for row in rows:
            page.write(left, row, word)
    for row in rows:
        page.draw.line((30, row + 20, 770, row + 20), fill=0, width=2)
    for edge in (30, 300, 540, 770):
        page.draw.line((edge, 55, edge, 580), fill=0, width=2)
    page.turn(degrees)
    lines = segment(page.ink())
    check_sound(lines, page.ink())
    assert len(lines) == len(page.truth)
    for line, ((true_x, true_y), _) in zip(lines, page.truth, strict=True):
        x, y = line.baseline[0]
        assert abs(x - true_x) < 17
        assert abs(y - true_y) < 5


@pytest.mark.parametrize(("pitch", "width", "grey"), [(30, 3, 60), (24, 2, 100), (20, 2, 120)])
def test_clearly_printed_squares_are_no_picture(pitch: int, width: int, grey: int) -> None:
    """With what is written on them they are one piece of ink, dense and as large as the page."""
    page = plain()
    for place in range(10, 800, pitch):
        page.draw.line((0, place, 800, place), fill=grey, width=width)
        page.draw.line((place, 0, place, 700), fill=grey, width=width)
    assert len(segment(page.ink())) == len(page.truth)


def test_letters_of_touching_lines_are_in_their_own_outline() -> None:
    """The seam goes around ascenders and descenders: nearly all ink of a line is in its outline,
    and little of the others'."""
    page = set_solid()
    lines, ink = segment(page.ink()), page.ink()
    for number in (3, 8, 14):
        mine = drawn_up_to(number + 1) - drawn_up_to(number)
        mask = inside(lines[number], ink.shape)
        assert mine[mask].sum() > 0.97 * mine.sum()
        assert (ink - mine)[mask].sum() < 0.04 * mine.sum()


def drawn_up_to(count: int) -> Float32Array:
    """The first lines of the page set solid."""
    page = DrawnPage()
    page.column(70, 660, SOLID[:count])
    return page.ink()


def inside(line: Line, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(np.array(line.polygon)).astype(np.int32)], (1,))
    return mask > 0


NOTHING = {
    "white": np.zeros((700, 800), np.float32),
    "black": np.ones((700, 800), np.float32),
    "grey": np.full((700, 800), 0.4, np.float32),
    "noise": np.random.default_rng(3).uniform(0, 1, (700, 800)).astype(np.float32),
    "specks": (np.random.default_rng(4).random((700, 800)) < 0.01).astype(np.float32),
    "one pixel": np.ones((1, 1), np.float32),
}


@pytest.mark.parametrize("ink", NOTHING.values(), ids=NOTHING.keys())
def test_nothing_is_found_where_nothing_is_written(ink: Float32Array) -> None:
    assert segment(ink) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 3), (7, 7), (40, 2000),
                                   (2000, 40), (300, 250)])  # fmt: skip
@pytest.mark.parametrize("seed", [1, 2])
def test_noise_of_any_size_gives_sound_lines_or_none(shape: tuple[int, int], seed: int) -> None:
    random = np.random.default_rng(seed)
    for ink in (random.uniform(0, 1, shape), random.random(shape) < 0.03):
        lines = segment(ink.astype(np.float32))
        check_sound(lines, ink)
        for line in lines:
            crop_line(ink.astype(np.float32), line)


def test_small_print_on_a_large_page() -> None:
    """Whose letters, of 4 px, are no higher than a rule's dots and stand as close."""
    page = DrawnPage(1700, 2400, 8)
    page.column(60, 500, range(100, 2300, 16))
    assert len(segment(page.ink())) == len(page.truth)


@pytest.mark.parametrize("period", [3, 6])
@pytest.mark.parametrize("thickness", [2, 3])
def test_a_form_to_be_filled_in_on_dotted_lines(period: int, thickness: int) -> None:
    """Whose dots have more edges than the writing."""
    page = DrawnPage(1240, 1754, 30)
    for baseline in range(150, 1600, 120):
        page.write(100, baseline, "Name of the onset quill" if baseline % 240 else "fjord")
        for x in range(100, 1140, period):
            corner = x + period // 2 - 1, baseline + 5 + thickness
            page.draw.rectangle(((x, baseline + 6), corner), fill=60)
    assert len(segment(page.ink())) == len(page.truth)


@pytest.mark.parametrize("margin", [0, 200])
def test_a_negative_has_the_lines_of_its_positive(margin: int) -> None:
    drawn = plain()
    ink = np.pad(drawn.ink(), margin)
    lines = segment(ink)
    assert len(lines) >= len(drawn.truth) > 3
    assert segment(1 - ink) == lines


def test_a_huge_page() -> None:
    page = DrawnPage(500, 600, size=20)
    page.column(40, 420, range(60, 560, 40))
    ink = np.kron(page.ink(), np.ones((9, 9), np.float32))  # 4500 x 5400
    truth = [((9 * x0, 9 * y), (9 * x1, 9 * y)) for (x0, y), (x1, _) in page.truth]
    check_found(segment(ink), truth, 9 * page.size)


def test_the_same_page_gives_the_same_lines_and_stays_as_it_is() -> None:
    ink = two_columns().ink()
    before = ink.copy()
    assert segment(ink) == segment(ink)
    np.testing.assert_array_equal(ink, before)


def test_blocks_are_regions() -> None:
    lines = segment(two_columns().ink())
    regions = [line.region for line in lines]
    assert regions == ["r1"] * len(ROWS) + ["r2"] * len(ROWS)


def test_a_file_becomes_a_page(tmp_path: Path) -> None:
    path = tmp_path / "scan.0001.png"
    drawn = one_line()
    drawn.image.save(path)
    page = page_of(load_page(path), path)
    assert (page.id, page.image, page.width, page.height) == ("scan.0001", path, 800, 700)
    assert page == page_of(drawn.ink(), path)
    assert len(page.lines) == 1


def test_a_page_as_long_as_many_keeps_its_lines() -> None:
    """As a screen's that was scrolled: its text is as large as on others."""
    page = DrawnPage(500, 14_000, 20)
    page.column(40, 400, range(60, 13_980, 36))
    lines = segment(page.ink())
    assert len(lines) == len(page.truth)


def test_what_touches_a_rule_is_not_lost_with_it() -> None:
    """Nor what stands beside it in the rows between: an account, set to the right."""
    page = DrawnPage()
    page.draw.line((500, 40, 500, 660), fill=0, width=3)
    font = ImageFont.truetype(dejavu("DejaVuSerif"), page.size)
    for number, row in enumerate(ROWS):
        gap = -2 if number in (2, 7) else 3  # px
        page.write(500 - gap - font.getlength("halfpenny 125"), row, "halfpenny 125")
    lines = segment(page.ink())
    assert len(lines) == len(page.truth)
    for line, (_, (right, _)) in zip(lines, page.truth, strict=True):
        assert max(x for x, _ in line.polygon) > right - 4
