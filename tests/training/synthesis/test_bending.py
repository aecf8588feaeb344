from __future__ import annotations

import numpy as np
import pytest

from ocr.training import distortions as distort
from ocr.training.ranges import Amount, Ratio
from ocr.training.synthesis import geometry as bending
from ocr.training.synthesis.fonts import Library
from ocr.training.synthesis.geometry import Geometry, draw_bend
from ocr.training.synthesis.handwritten import HAND_STYLES
from ocr.training.synthesis.layout import Typesetter
from ocr.training.synthesis.printed import PRINT_STYLES
from ocr.types import Float32Array

SHAPE, X_HEIGHT = (80, 600), 16.0


def moved(geometry: Geometry, seed: int = 0) -> tuple[Float32Array, Float32Array]:
    """How far right and down the warp moves what it shows, (H, W) each."""
    bend = draw_bend(SHAPE, X_HEIGHT, geometry, np.random.default_rng(seed))
    u, v = distort.warp_maps(SHAPE, bend)
    y, x = np.mgrid[: u.shape[0], : u.shape[1]]
    return x - u, y - v


def test_without_ranges_nothing_moves() -> None:
    right, down = moved(Geometry())
    assert np.abs(right).max() < 1e-3
    assert np.abs(down).max() < 1e-3


def test_wander_lifts_columns_as_a_whole() -> None:
    right, down = moved(Geometry(wander=Amount(1, 0.5, 0.5)))
    assert np.abs(right).max() < 1e-3
    np.testing.assert_allclose(down, np.broadcast_to(down[:1], down.shape), atol=1e-3)
    assert 1 < np.abs(down).max() <= 0.5 * X_HEIGHT


def test_slant_moves_rows_right_in_proportion_to_their_height() -> None:
    right, down = moved(Geometry(slant=Amount(1, 0.2, 0.2)))
    assert np.abs(down).max() < 1e-3
    top, middle, bottom = right[0], right[len(right) // 2], right[-1]
    np.testing.assert_allclose(top + bottom, 0, atol=0.2)
    assert np.abs(middle).max() < 0.3
    assert 1 < np.abs(top).max() <= 0.2 * SHAPE[0] / 2 + 0.1


@pytest.mark.parametrize("name", ["slant", "growth"])
def test_the_bend_at_the_edges_is_as_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it does not change along the line: a share of the rows above the middle one."""
    monkeypatch.setattr(
        bending, "_along", lambda rng, amount, columns, length: np.full(columns, amount, np.float32)
    )
    right, down = moved(Geometry(**{name: Amount(1, 0.2, 0.2)}))
    shift = right if name == "slant" else -down
    edge = 0.2 * (SHAPE[0] - 1) / 2
    np.testing.assert_allclose(shift[0, 50:-50], edge, atol=0.3)
    np.testing.assert_allclose(shift[-1, 50:-50], -edge, atol=0.3)


def test_growth_moves_heads_up_where_it_moves_feet_down() -> None:
    right, down = moved(Geometry(growth=Amount(1, 0.2, 0.2)))
    assert np.abs(right).max() < 1e-3
    np.testing.assert_allclose(down[0] + down[-1], 0, atol=0.2)
    assert np.abs(down[0]).max() > 1
    assert (down[0] * down[-1] <= 0.01).all()


def test_tremor_never_folds_the_paper() -> None:
    worst = max(style.geometry.tremor.high for style in HAND_STYLES if style.geometry)
    for seed in range(5):
        geometry = Geometry(tremor=Amount(1, worst, worst))
        bend = draw_bend(SHAPE, X_HEIGHT, geometry, np.random.default_rng(seed))
        u, v = distort.warp_maps(SHAPE, bend)
        assert np.diff(u, axis=1).min() > 0
        assert np.diff(v, axis=0).min() > 0


@pytest.mark.parametrize(("slope", "width"), [(0.03, 300), (0.03, 4000)])
def test_long_lines_climb_no_higher_than_their_margin(slope: float, width: int) -> None:
    geometry = Geometry(slope=Amount(1, slope, slope))
    bend = draw_bend((80, width), X_HEIGHT, geometry, np.random.default_rng(0))
    assert bend.slope == pytest.approx(min(slope, X_HEIGHT / width))


def test_no_style_bends_a_line_off_its_sheet(library: Library) -> None:
    """All ink survives: its mass follows the magnification, as that of a blot would."""
    rng = np.random.default_rng(3)
    face = library.faces[0]
    for style in (*PRINT_STYLES, *HAND_STYLES):
        for _, capture in style.captures:
            written = Typesetter((face, face), style.layout, rng).write("Ågy (Qpj) Ébl flag", rng)
            bend = draw_bend(
                written.ink.shape, written.x_height, style.geometry or capture.geometry, rng
            )
            bent = distort.warped(written.ink, bend)
            rim = np.concatenate([bent[0], bent[-1], bent[:, 0], bent[:, -1]])
            assert rim.max() < 0.1, (style.name, capture.name)
            assert bent.sum() == pytest.approx(written.ink.sum() * bend.stretch, rel=0.12)


def test_stretch_and_shear_are_passed_on() -> None:
    geometry = Geometry(stretch=Ratio(1, 1.2, 1.2), shear=Amount(1, 0.3, 0.3))
    bend = draw_bend(SHAPE, X_HEIGHT, geometry, np.random.default_rng(0))
    assert (bend.stretch, bend.shear) == (pytest.approx(1.2), pytest.approx(0.3))
    assert bend.field is None
