"""Fonts for the tests: those that matplotlib brings, under their own licence."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest


def dejavu(name: str) -> Path:
    """A font of matplotlib's, found without importing it."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"


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
