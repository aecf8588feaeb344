from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr.training.record import draw_curve, learning_curve, read_log, write_log


def rows(count: int) -> list[dict[str, float]]:
    return [
        {"step": 10 * n, "epoch": n / 2, "seconds": 60.0 * n, "loss": 3 / n, "cer": 0.9 / n}
        for n in range(1, count + 1)
    ]


def test_the_log_has_one_json_line_per_validation(tmp_path: Path) -> None:
    write_log(tmp_path, rows(1))
    write_log(tmp_path, rows(3))
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows(3) == read_log(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_curve_is_drawn_where_there_is_something_to_draw(tmp_path: Path) -> None:
    draw_curve(tmp_path, [])
    assert not list(tmp_path.iterdir())
    draw_curve(tmp_path, rows(3))
    with Image.open(tmp_path / "curve.png") as image:
        assert image.format == "PNG"


@pytest.mark.parametrize("count", [1, 5])
def test_the_curve_is_a_picture_with_two_curves(count: int) -> None:
    with Image.open(io.BytesIO(learning_curve(rows(count)))) as image:
        assert image.format == "PNG"
        width, height = image.size
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert width > 600
    assert height > 300
    inside = pixels[:, width // 6 : -width // 6]  # without the coloured labels
    red, green, blue = np.moveaxis(inside, 2, 0)
    assert ((blue > red + 60) & (blue > green + 20)).any(), "no CER"
    if count > 1:  # one point of a line without marks is not seen
        assert (red > blue + 60).any(), "no loss"
