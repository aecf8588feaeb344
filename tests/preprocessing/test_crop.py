"""Lines cut out of pages: slices, quarter turns and a known function say what must come out."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr.errors import ImageError
from ocr.geometry import frame_of
from ocr.preprocessing.crop import crop_line
from ocr.preprocessing.image import load_image
from ocr.preprocessing.lines import LineImages, check_size, page_lines
from ocr.types import Float32Array, Line, Page, Point, Sample

WIDTH, HEIGHT = 120, 90


def noise(seed: int = 0) -> Float32Array:
    """A page (HEIGHT, WIDTH) of random ink, at most 0.4."""
    return np.random.default_rng(seed).uniform(0, 0.4, (HEIGHT, WIDTH)).astype(np.float32)


def box(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return (left, top), (right, top), (right, bottom), (left, bottom)


def line(polygon: tuple[Point, ...], *baseline: Point) -> Line:
    return Line("l", polygon, baseline)


def test_a_level_box_is_a_slice() -> None:
    page = noise()
    for baseline in ((), ((10, 35), (70, 35)), ((10, 35), (70, 38))):
        crop = crop_line(page, line(box(10, 20, 70, 40), *baseline))
        np.testing.assert_array_equal(crop, page[20:40, 10:70])
        assert crop.dtype == np.float32


@pytest.mark.parametrize(("turns", "baseline"), [(1, ((30, 20), (30, 80))),
                                                 (2, ((50, 70), (10, 70))),
                                                 (3, ((30, 80), (30, 20)))])  # fmt: skip
def test_quarter_turns_lose_nothing(turns: int, baseline: tuple[Point, Point]) -> None:
    page = noise()
    crop = crop_line(page, line(box(10, 20, 50, 80), *baseline))
    np.testing.assert_allclose(crop, np.rot90(page[20:80, 10:50], turns), atol=1e-6)


@pytest.mark.parametrize("degrees", [12, -20, 75])
def test_a_slanted_line_is_the_page_along_its_baseline(degrees: float) -> None:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5

    def function(x: Float32Array, y: Float32Array) -> Float32Array:
        return np.float32(0.5 + 0.2 * np.sin(x / 9) + 0.2 * np.cos(y / 7))

    slope = complex(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    corners = (complex(x, y) * slope + complex(60, 45) for x, y in box(-30, -8, 30, 8))
    polygon = tuple((corner.real, corner.imag) for corner in corners)
    slanted = line(polygon, polygon[3], polygon[2])
    frame = frame_of(slanted)
    crop = crop_line(function(columns, rows), slanted)
    assert crop.shape == (frame.height, frame.width)
    for y in range(2, frame.height - 2):
        for x in range(2, frame.width - 2, 7):
            expected = function(*np.float32(frame.to_page((x + 0.5, y + 0.5))))
            assert crop[y, x] == pytest.approx(expected, abs=0.01)


def test_outside_the_polygon_lies_paper() -> None:
    page = noise()
    triangle = ((35.0, 20.0), (95.0, 20.0), (95.0, 70.0))
    rows, columns = np.mgrid[20:70, 35:95] + 0.5
    distance = (columns - 35) * 50 / 60 - (rows - 20)  # from the slanted side, in rows
    page[20:70, 35:95][distance < -4] = 1.0  # black beside the line
    crop = crop_line(page, line((*triangle, (35.0, 20.0))))
    np.testing.assert_array_equal(crop[distance > 2], page[20:70, 35:95][distance > 2])
    outside = crop[distance < -2]
    assert outside.size > 1000
    assert np.unique(outside).size == 1
    assert outside[0] == pytest.approx(np.median(page[20:70, 35:95][distance > 0]), abs=0.02)


def test_beyond_the_page_its_edge_goes_on() -> None:
    page = noise()
    crop = crop_line(page, line(box(110, 80, 130, 95)))
    assert crop.shape == (15, 20)
    np.testing.assert_array_equal(crop[:10, :10], page[80:, 110:])
    np.testing.assert_array_equal(crop[:10, 10:], np.repeat(page[80:, -1:], 10, axis=1))


def test_a_long_page_is_cut_too() -> None:
    page = np.zeros((40_000, 30), np.float32)
    page[39_000:39_010, 5:15] = 1
    np.testing.assert_array_equal(crop_line(page, line(box(5, 39_000, 15, 39_010))), 1)


@pytest.mark.parametrize(
    ("polygon", "reason"),
    [
        (box(200, 10, 220, 20), "lies outside its page"),
        (box(-30, 10, -5, 20), "lies outside its page"),
        (box(0, 0, 9000, 20), "9000 x 20 pixels, larger than its page"),
    ],
)
def test_what_cannot_be_cut(polygon: tuple[Point, ...], reason: str) -> None:
    with pytest.raises(ImageError, match=f"line l .*{reason}; correct its outline"):
        crop_line(noise(), line(polygon))


def saved(path: Path, page: Float32Array) -> Float32Array:
    """Write the page as an image, and read it as it is now."""
    Image.fromarray(np.uint8(255 * (1 - page))).save(path)
    return load_image(path)


def test_samples_and_pages_are_cut_alike(tmp_path: Path) -> None:
    inks = [saved(tmp_path / f"{number}.png", noise(number)) for number in range(2)]
    lines = tuple(
        line(box(5, top, 100, top + 20), (5, top + 15), (100, top + 30)) for top in (0, 40)
    )
    images = LineImages()
    for number in (0, 1, 0):
        page = Page("p", tmp_path / f"{number}.png", WIDTH, HEIGHT, lines)
        for each, crop in zip(lines, page_lines(page), strict=True):
            np.testing.assert_array_equal(crop, crop_line(inks[number], each))
            np.testing.assert_array_equal(images.load(Sample("s", page.image, "x", each)), crop)
        alone = images.load(Sample("s", page.image, "x"))
        np.testing.assert_array_equal(alone, inks[number])


def test_a_page_that_cannot_be_opened_is_not_taken_for_the_last_one(tmp_path: Path) -> None:
    saved(tmp_path / "a.png", noise())
    images, part = LineImages(), line(box(0, 0, 9, 9))
    images.load(Sample("s", tmp_path / "a.png", "x", part))
    for _ in range(2):
        with pytest.raises(ImageError, match=r"b\.png does not exist"):
            images.load(Sample("s", tmp_path / "b.png", "x", part))


def test_lines_of_another_image_are_refused(tmp_path: Path) -> None:
    saved(tmp_path / "a.png", noise())
    check_size(Page("p", tmp_path / "a.png", WIDTH, HEIGHT))
    other = Page("p", tmp_path / "a.png", 2 * WIDTH, 2 * HEIGHT, (line(box(0, 0, 9, 9)),))
    with pytest.raises(ImageError, match=r"120 x 90 pixels, but its lines .* 240 x 180; use"):
        list(page_lines(other))
