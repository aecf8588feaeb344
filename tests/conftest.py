"""Fonts for the tests: those that matplotlib brings, under their own licence. No test of
random examples is judged by its time, and none depends on how the user's terminal is set up."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from fontfiles import dejavu
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

for switch in ("OCR_DEBUG", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
    os.environ.pop(switch, None)  # by them a user says how the program shows things


@pytest.fixture(scope="session")
def font_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A proportional, a fixed and a "handwriting" family."""
    folder = tmp_path_factory.mktemp("fonts")
    for place in ("text/DejaVuSerif", "text/DejaVuSerif-Bold", "text/DejaVuSansMono",
                  "hand/DejaVuSans-Oblique"):  # fmt: skip
        target = folder / f"{place}.ttf"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(dejavu(target.stem), target)
    return folder
