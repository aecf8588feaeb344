"""Texts that the user names: plain, compressed, lists, folders."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ocr.errors import InputError, OcrError, UsageError
from ocr.files.texts import read_lines, read_text
from ocr.training.data.dataset import read_samples


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    (tmp_path / "novel.txt").write_bytes("\ufeffune\r\nfée\n".encode())
    (tmp_path / "more.txt.gz").write_bytes(gzip.compress("Straße\n\nund".encode()))
    (tmp_path / "TRAIN.TSV").write_text("a.png\tpremière\n\nb.png\tseconde\tfin\n", "utf-8")
    (tmp_path / "lines/x").mkdir(parents=True)
    (tmp_path / "lines/x/b.gt.txt").write_text("b", "utf-8")
    (tmp_path / "lines/a.gt.txt").write_text("a", "utf-8")
    (tmp_path / "lines/a.png").write_bytes(b"?")
    return tmp_path


def test_every_kind_gives_its_lines_in_order(texts: Path) -> None:
    names = ("TRAIN.TSV", "novel.txt", "more.txt.gz", "lines")
    lines = list(read_lines([str(texts / name) for name in names]))
    assert lines == ["première", "", "seconde\tfin", "une", "fée", "Straße", "", "und", "a", "b"]
    assert list(read_lines([str(texts / "*.txt*")])) == ["Straße", "", "und", "une", "fée"]


@pytest.mark.parametrize("name", ["train.txt", "train.lst", "train.TXT.gz", "TRAIN.TSV.GZ"])
def test_lists_of_other_names_are_lists(tmp_path: Path, name: str) -> None:
    rows = "a/1.png\tune fée\n\nb.jpg\t\n".encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(rows) if name.lower().endswith(".gz") else rows)
    assert list(read_lines([str(path)])) == ["une fée", "", ""]
    prose = "a table\tof two columns\n"
    (tmp_path / "prose.txt").write_text(prose, "utf-8")
    assert list(read_lines([str(tmp_path / "prose.txt")])) == prose.splitlines()


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\f", "\v", "\x1c"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_where_those_of_training_data_end(tmp_path: Path, mark: str, end: str) -> None:
    text = f"first{mark}half"
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").touch()
    (tmp_path / "a.gt.txt").write_bytes(f"{text}{end}".encode())
    path = tmp_path / "list.tsv"
    path.write_bytes(f"a.png\t{text}{end}b.png\tsecond{end}".encode())
    assert list(read_lines([str(path), str(tmp_path / "a.gt.txt")])) == [text, "second", text]
    learnt = [*read_samples([path]).samples, *read_samples([tmp_path / "a.gt.txt"]).samples]
    assert [sample.text for sample in learnt] == ["first half", "second", "first half"]


@pytest.mark.parametrize(
    ("name", "content", "kind", "message"),
    [
        ("gone.txt", None, UsageError, "gone.txt does not exist"),
        ("latin.txt", "fée".encode("latin-1"), InputError, "is not UTF-8 at byte 1; save it"),
        ("broken.gz", b"\x1f\x8b\x08", InputError, "broken.gz cannot be read"),
        ("no.gz", b"text", InputError, r"no.gz cannot be read \(Not a gzipped file"),
        ("bad.tsv", b"a.png\tx\nb.png y\n", InputError, "bad.tsv:2 has no TAB; each line is"),
        ("empty/x", b"", InputError, r"empty has no .gt.txt files; name its text files"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes | None, kind: type[OcrError], message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    source = path.parent if "/" in name else path
    with pytest.raises(kind, match=message):
        list(read_lines([str(source)]))


def test_a_damaged_gzip_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"x" * 1000)[:-9])
    with pytest.raises(InputError, match=r"cut.gz cannot be read \(.*\); check the file"):
        read_text(path)
