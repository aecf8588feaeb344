"""The contact sheet of rendered lines: what cannot be drawn is one line of error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fontfiles import dejavu

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "contact_sheet"


@pytest.mark.parametrize(
    ("fonts", "text", "code", "reason"),
    [
        ("nofonts", "text.txt", 2, "nofonts does not exist; name a folder of fonts"),
        (".", "gone.txt", 2, "gone.txt does not exist"),
        (".", "empty.txt", 4, "empty.txt is empty"),
    ],
)
def test_what_cannot_be_drawn(
    tmp_path: Path, fonts: str, text: str, code: int, reason: str
) -> None:
    (tmp_path / "font.ttf").symlink_to(dejavu("DejaVuSerif"))
    (tmp_path / "text.txt").write_text("A minimum of words.", encoding="utf-8")
    (tmp_path / "empty.txt").touch()
    command = [sys.executable, str(SCRIPT), fonts, text, "-o", "sheet.png"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == code, ended.stderr
    assert ended.stderr.startswith(f"error: {reason}")
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "sheet.png").exists()
