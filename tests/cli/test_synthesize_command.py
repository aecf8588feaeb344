"""``ocr synthesize`` on fonts that matplotlib brings."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def fonts(font_folder: Path) -> Path:
    return font_folder / "text"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "novel.txt.gz"
    path.write_bytes(gzip.compress(b"Call me a keeper of lights and logs."))
    return path


def test_a_folder_is_made_completed_and_checked(
    ocr: Run, tmp_path: Path, fonts: Path, text: Path
) -> None:
    command = ("synthesize", text, "-o", "out", "--fonts", fonts, "--longest", 20)
    made = ocr(*command, "--lines", 2)
    assert (made.exit_code, made.output) == (0, "2 lines rendered, 0 were there; see out\n")
    more = ocr(*command, "--lines", 3)
    assert (more.exit_code, more.output) == (0, "1 line rendered, 2 were there; see out\n")
    assert len(list((tmp_path / "out").glob("*.png"))) == 3
    assert ocr("check", "out").exit_code == 0
    other = ocr(*command, "--lines", 3, "--seed", 2)
    assert other.exit_code == 2
    assert other.stderr.startswith("error: out holds lines of other fonts")


def test_what_cannot_be_used_is_one_line_and_an_exit_code(
    ocr: Run, tmp_path: Path, fonts: Path, text: Path
) -> None:
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    (tmp_path / "blank.txt").write_text("\n", encoding="utf-8")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.ttf").write_bytes(b"no font")
    cases = [
        ((text, "--fonts", "nothing"), 2, "no font in nothing"),
        ((text, "--fonts", "absent"), 2, "absent does not exist"),
        ((text, "--fonts", "bad"), 4, "is no readable font"),
        (("absent.txt", "--fonts", fonts), 2, "absent.txt cannot be read"),
        (("latin.txt", "--fonts", fonts), 4, "latin.txt is not UTF-8"),
        (("blank.txt", "--fonts", fonts), 4, "blank.txt is empty"),
        ((text, "--fonts", fonts, "--lines", 0), 2, "at least 1 is needed"),
        ((text, "--fonts", fonts, "--handwriting", 2), 2, "at most 1 is possible"),
        ((text,), 2, "--fonts"),
    ]
    for arguments, code, message in cases:
        result = ocr("synthesize", *arguments, "-o", "out")
        assert (result.exit_code, result.stderr.count("\n")) == (code, 1), result.output
        assert message in result.stderr


@pytest.mark.parametrize("content", ["第1章 中文书写 1999", "नमस्ते दुनिया 12"])
def test_a_text_of_which_nothing_can_be_written_is_refused(
    ocr: Run, fonts: Path, text: Path, content: str
) -> None:
    Path("foreign.txt").write_text(content, encoding="utf-8")
    command = ("-o", "out", "--lines", 2, "--longest", 20, "--fonts", fonts)
    refused = ocr("synthesize", "foreign.txt", *command)
    assert refused.exit_code == 4
    assert "error: the fonts can write nothing of foreign.txt; give fonts" in refused.stderr
    assert not Path("out").exists()
    assert ocr("synthesize", "foreign.txt", text, *command).exit_code == 0


def test_the_output_must_be_writable(ocr: Run, tmp_path: Path, fonts: Path, text: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = ocr("synthesize", text, "-o", "file/out", "--fonts", fonts, "--lines", 1)
    assert result.exit_code == 6, result.output
    assert result.stderr.count("\n") == 1
