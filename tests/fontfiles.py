"""Where the fonts of the tests are: matplotlib brings them, under their own licence."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def dejavu(name: str) -> Path:
    """A font of matplotlib's, found without importing it."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
