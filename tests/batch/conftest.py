from __future__ import annotations

from pathlib import Path

import pytest
from scanfolders import grow


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here survives a power failure, and syncing would take most of their time."""
    monkeypatch.setattr("os.fsync", lambda number: None)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Three images of lines."""
    return grow(tmp_path / "scans", "a/b/x.png", "a/y.JPG", "z.tif")
