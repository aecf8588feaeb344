"""What a command reads stays, whatever it is told to write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ocr.cli.inputs import keep, standard_input
from ocr.errors import UsageError

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data(lines: Path) -> Path:
    """The lines with their texts, a list of one, a text and a language model's place."""
    for name in ("a", "b/two", "c"):
        (lines / f"{name}.gt.txt").write_text("a minimum", encoding="utf-8")
    Path("list.tsv").write_text("lines/a.png\ta minimum\n", encoding="utf-8")
    Path("text.txt").write_text("station in the sun\n", encoding="utf-8")
    Path("words.txt").write_text("minimum", encoding="utf-8")
    return lines


@pytest.mark.parametrize(
    ("arguments", "output", "switch"),
    [
        (("explain", "lines/a.png", "-m", "MODEL"), "lines/a.png", "-o"),
        (("evaluate", "MODEL", "list.tsv"), "list.tsv", "--html"),
        (("evaluate", "MODEL", "list.tsv"), "lines/a.png", "--html"),
        (("evaluate", "MODEL", "list.tsv"), "MODEL", "--html"),
        (("evaluate", "MODEL", "list.tsv", "--lexicon", "words.txt"), "words.txt", "--html"),
        (("evaluate", "MODEL", "lines"), "lines/b/two.gt.txt", "--html"),
        (("lm", "text.txt", "list.tsv"), "list.tsv", "-o"),
        (("lm", "lines"), "lines/b/two.gt.txt", "-o"),
        (("lm", "text.txt", "--tune", "list.tsv", "-m", "MODEL"), "list.tsv", "-o"),
        (("lm", "text.txt", "--tune", "lines", "-m", "MODEL"), "lines/a.png", "-o"),
        (("lm", "text.txt", "--tune", "lines", "-m", "MODEL"), "MODEL", "-o"),
    ],
)
def test_no_output_takes_the_place_of_an_input(
    ocr: Run, data: Path, model: Path, arguments: tuple[str, ...], output: str, switch: str
) -> None:
    shutil.copy(model, "MODEL")
    before = Path(output).read_bytes()
    result = ocr(*arguments, switch, output)
    assert result.exit_code == 2, result.output
    assert f"{output} is what is read; name another file with {switch}" in result.stderr
    assert result.stdout == ""
    assert Path(output).read_bytes() == before


def test_an_input_is_known_by_every_name(tmp_path: Path) -> None:
    source, link = tmp_path / "source", tmp_path / "link"
    source.write_text("a")
    os.link(source, tmp_path / "hard")
    link.symlink_to(source)
    (tmp_path / "equal").write_text("a")
    for output in (source, link, tmp_path / "hard", tmp_path / "x" / ".." / "source"):
        (tmp_path / "x").mkdir(exist_ok=True)
        with pytest.raises(UsageError, match="is what is read; do this"):
            keep(["default", "nul\0", str(source)], output, "do this")
    for output in (tmp_path / "equal", tmp_path / "new"):
        keep(["default", str(source)], output, "do this")


def test_a_model_is_still_calibrated_in_its_place(ocr: Run, data: Path, model: Path) -> None:
    shutil.copy(model, "mine.safetensors")
    same = ocr("calibrate", "mine.safetensors", "lines", "-o", "mine.safetensors")
    assert same.exit_code == 0, same.output
    assert Path("mine.safetensors").read_bytes() != model.read_bytes()


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match="standard input is closed"):
        standard_input()


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("recognize", "-", "-m", "MODEL"), 4, "- cannot be read: standard input is closed; name"),
        (("transcribe", "-", "-o", "out"), 2, "- cannot be read: standard input is closed"),
    ],
)
def test_what_reads_a_closed_standard_input(
    tmp_path: Path, model: Path, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    shell = shutil.which("sh")
    if shell is None:
        pytest.skip("needs a shell")
    shutil.copy(model, tmp_path / "MODEL")
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from ocr.cli.main import main; main()"
    command = [shell, "-c", 'exec "$@" <&-', shell, sys.executable, "-c", script, *arguments]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"error: {reason}")
