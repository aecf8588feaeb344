from __future__ import annotations

import numpy as np
import pytest

from ocr.training import distortions as distort
from ocr.training.ranges import Amount
from ocr.training.synthesis.layout import Written
from ocr.training.synthesis.page import Lie, Page, crop, least_pitch, sheet
from ocr.types import Float32Array

BARE = Page(paper=(0.8, 0.8), tone=(0.25, 0.25))


def block() -> Float32Array:
    """Ink in rows 30..49 and columns 40..259 of a sheet of 80 x 300."""
    ink = np.zeros((80, 300), np.float32)
    ink[30:50, 40:260] = 1
    return ink


LINE = Written(block(), 50.0, 16.0)  # that stands on its baseline


@pytest.mark.parametrize("seed", range(8))
def test_a_crop_holds_the_line_and_a_little_room(seed: int) -> None:
    page = Page(room=Amount(1, 0.1, 0.5), ends=Amount(1, 0.1, 1.0))
    ink, baseline = crop(LINE, None, page, np.random.default_rng(seed))
    assert ink.sum() == block().sum()
    assert 20 + 2 <= ink.shape[0] <= 20 + 2 * (8 + 2)
    assert 220 + 2 <= ink.shape[1] <= 220 + 2 * (16 + 2)
    assert ink[int(baseline) - 1].max() == 1
    assert ink[int(baseline)].max() == 0


def test_a_crop_of_blank_ink_is_the_sheet() -> None:
    bare = Written(np.zeros((20, 30), np.float32), 15.0, 16.0)
    ink, _ = crop(bare, None, Page(), np.random.default_rng(0))
    assert ink.shape == (20, 30)


def test_neighbours_show_only_beside_the_line() -> None:
    others = np.ones((80, 300), np.float32) - block()
    seen = []
    page = Page(room=Amount(1, 0.5, 0.5))
    for seed in range(20):
        ink, baseline = crop(LINE, others, page, np.random.default_rng(seed))
        assert ink[int(baseline) - 20 : int(baseline)].min(axis=0).sum() >= 220
        seen.append(float(ink[: int(baseline) - 20].mean()))
    assert min(seen) < 0.6  # cut off along an outline
    assert max(seen) == 1  # or all that the crop reaches


def test_no_neighbour_comes_so_near_that_it_could_be_the_line() -> None:
    """Even with the most room, half of the small letters of each neighbour stay outside."""
    ink = np.zeros((90, 60), np.float32)
    ink[20:70] = 1  # ascenders of 40 px, descenders of 10 below the baseline at 60
    pitch, x_height = least_pitch(Written(ink, 60.0, 16.0)), 16.0
    room = Page().room.high * x_height
    assert 20 - room >= 60 - pitch - 0.7 * x_height
    assert 70 + room <= 60 + pitch - 0.1 * x_height


def test_a_bare_sheet_is_paper_and_ink() -> None:
    ink = np.float32([[0, 0.5, 1.0]])
    result = sheet(ink, Lie(1.0, 16.0), BARE, np.random.default_rng(0))
    np.testing.assert_allclose(result, [[0.8, 0.8 * (1 - 0.5 * 0.75), 0.8 * 0.25]], rtol=1e-5)


def test_white_on_black_is_the_negative() -> None:
    ink = block()
    white = Page(paper=(0.8, 0.8), tone=(0.25, 0.25), reversed=True)
    positive, negative = (
        sheet(ink, Lie(50.0, 16.0), page, np.random.default_rng(1)) for page in (BARE, white)
    )
    np.testing.assert_allclose(negative, 1 - positive, atol=1e-6)
    assert negative[40, 100] > negative[5, 5]


@pytest.mark.parametrize(
    "name", ["grain", "mottling", "stain", "spots", "fold", "bleed", "ruled", "squared", "cell"]
)
def test_everything_on_the_paper_leaves_the_text_darkest(name: str) -> None:
    """Each changes the paper somewhere, and the ink stays darker than the paper around it."""
    ink = np.zeros((200, 300), np.float32)
    ink[90:110, 40:200] = 1
    changed = 0.0
    for seed in range(6):
        page = Page(paper=(0.8, 0.8), tone=(0.2, 0.2), **{name: Amount(1, 0.2, 0.2)})
        result = sheet(ink, Lie(110.0, 16.0), page, np.random.default_rng(seed))
        assert result.dtype == np.float32
        changed = max(changed, float(np.abs(result[ink == 0] - 0.8).max()))
        assert result[ink == 1].mean() < 0.5 * result[ink == 0].mean()
    assert changed > 0.02


def test_the_other_side_shows_through_mirrored() -> None:
    ink = np.zeros((60, 90), np.float32)
    ink[10:50, 20:26] = ink[44:50, 20:44] = 1  # an L
    page = Page(paper=(1, 1), tone=(0, 0), bleed=Amount(1, 0.5, 0.5))
    result = sheet(ink, Lie(50.0, 16.0), page, np.random.default_rng(0))
    through = np.where(ink > 0, 0, 1 - result)
    expected = distort.blurred(np.ascontiguousarray(ink[:, ::-1]), 1.5)

    def likeness(other: Float32Array) -> float:
        """The best over all places of the other: a circular cross-correlation."""
        spectrum = np.fft.fft2(through) * np.conj(np.fft.fft2(other))
        return float(np.fft.ifft2(spectrum).real.max())

    turned = np.ascontiguousarray(expected[::-1])
    assert likeness(expected) > 1.1 * likeness(turned)
    assert likeness(expected) > 1.1 * likeness(np.ascontiguousarray(expected[:, ::-1]))


def stripes(profile: Float32Array) -> Float32Array:
    """Places of the dark stripes in a profile of ink."""
    starts = np.flatnonzero(np.diff((profile > 0.1).astype(int)) == 1)
    return starts.astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_ruled_lines_have_one_pitch(seed: int) -> None:
    page = Page(paper=(1, 1), ruled=Amount(1, 0.9, 0.9))
    blank = np.zeros((400, 41), np.float32)  # narrow: the rules' tilt does not show
    ink = 1 - sheet(blank, Lie(100.0, 16.0), page, np.random.default_rng(seed))
    pitches = np.diff(stripes(ink.max(axis=1)))
    assert len(pitches) >= 3
    assert pitches.max() - pitches.min() <= 2
    assert 3.2 * 16 - 1 <= pitches.mean() <= 4.5 * 16 + 1
    below = stripes(ink.max(axis=1)) - 100
    assert np.any((below > -0.1 * 16 - 3) & (below < 0.5 * 16 + 3)), "none that letters stand on"


@pytest.mark.parametrize("seed", range(5))
def test_squares_are_as_wide_as_high(seed: int) -> None:
    page = Page(paper=(1, 1), squared=Amount(1, 0.9, 0.9))
    blank = np.zeros((300, 300), np.float32)
    ink = 1 - sheet(blank, Lie(100.0, 16.0), page, np.random.default_rng(seed))
    across = np.diff(stripes(np.median(ink, axis=0)))
    down = np.diff(stripes(np.percentile(ink[:, 140:160], 80, axis=1)))
    assert across.mean() == pytest.approx(down.mean(), abs=0.5)
    assert 1.1 * 16 - 1 <= across.mean() <= 2.4 * 16 + 1


@pytest.mark.parametrize("name", ["ruled", "cell"])
def test_rules_lie_as_the_page_does(name: str) -> None:
    """Where a page falls by a twentieth to the right, all its level rules do so."""
    blank, falls = np.zeros((120, 300), np.float32), []
    for tilt in (0.0, 0.05):
        page = Page(paper=(1.0, 1.0), **{name: Amount(1, 1, 1)})
        for seed in range(20):
            light = sheet(blank, Lie(60.0, 16.0, tilt), page, np.random.default_rng(seed))
            left, right = (
                1 - light[:, place].min(axis=1) for place in (slice(25, 35), slice(265, 275))
            )
            shifts = range(-20, 21)
            match = [float((left * np.roll(right, -shift)).sum()) for shift in shifts]
            if max(match) > 0.5:
                falls.append((tilt, shifts[int(np.argmax(match))]))
    for tilt in (0.0, 0.05):
        found = [fall for known, fall in falls if known == tilt]
        assert abs(np.median(found) - tilt * 240) <= 2
