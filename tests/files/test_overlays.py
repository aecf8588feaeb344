"""Which pictures are overlays of pages, and no pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ocr.files.overlays import is_overlay
from ocr.preprocessing.overlay import overlay


def test_an_overlay_is_known_by_its_name_and_mark(tmp_path: Path) -> None:
    drawn = overlay(np.zeros((40, 60), np.float32), ())
    ours, other, renamed = (tmp_path / name for name in ("a.lines.png", "b.lines.png", "c.png"))
    ours.write_bytes(drawn)
    renamed.write_bytes(drawn)
    Image.open(ours).save(other)  # the same pixels
    assert is_overlay(ours)
    assert not is_overlay(other)
    assert not is_overlay(renamed)
    assert not is_overlay(tmp_path / "gone.lines.png")
