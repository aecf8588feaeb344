"""The ledger: what is recorded comes back, whatever the power did to the last line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.batch.ledger import FOLDER, Ledger, Record, read_history
from ocr.errors import OutputError
from ocr.files.fingerprint import Fingerprint
from ocr.types import Problem

NAMES = st.text(st.characters(exclude_categories=[]), max_size=8)  # lone surrogates too
PRINTS = st.builds(Fingerprint, st.integers(0), st.integers(0), NAMES)
RECORDS = st.builds(
    Record,
    page=NAMES,
    source=NAMES,
    inputs=st.lists(PRINTS, max_size=2).map(tuple),
    settings=st.dictionaries(NAMES, NAMES | st.integers() | st.none(), max_size=2),
    outputs=st.dictionaries(NAMES, NAMES, max_size=2),
    problems=st.lists(st.builds(Problem, NAMES, NAMES, NAMES), max_size=2).map(tuple),
)


def record(page: str, run: int = 0, **outputs: str) -> Record:
    written = {f"{page}.{kind}": sha256 for kind, sha256 in outputs.items()}
    inputs = (Fingerprint(1, 2, "ab"),)
    return Record(page, f"/{page}.png", inputs, {"model": "m"}, written, run=run)


def write(out: Path, *records: Record, name: str = "1-of-1", confirmed: int | None = None) -> Path:
    """Add records as a run does, and that the files of run ``confirmed`` are written."""
    path = out / FOLDER / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with path.open("r+b", buffering=0) as file:
        ledger = Ledger(file)
        ledger.add(records)
        if confirmed is not None:
            ledger.confirm([each.page for each in records], confirmed)
    return path


@given(RECORDS)
def test_a_record_comes_back(entry: Record) -> None:
    line = entry.to_line()
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert Record.from_line(line) == entry


def test_records_are_added_to_what_is_there(tmp_path: Path) -> None:
    assert list(read_history(tmp_path).written()) == []
    write(tmp_path, record("x", txt="1"), record("y"))
    write(tmp_path, record("x", txt="2", json="3"))
    history = read_history(tmp_path)
    assert [entry.outputs for entry in history.of("x")] == [
        {"x.txt": "1"}, {"x.txt": "2", "x.json": "3"}
    ]  # fmt: skip
    assert history.of("z") == ()
    assert sorted(history.written()) == ["x.json", "x.txt", "x.txt"]


def test_only_the_newest_record_counts_once_its_files_are_written(tmp_path: Path) -> None:
    """Before that a run may have stopped between the record and the files."""
    path = write(tmp_path, record("x", txt="1"), record("x", txt="2"), record("y", txt="3"))
    assert [left.outputs["x.txt"] for left in read_history(tmp_path).left("x")] == ["1", "2"]
    with path.open("r+b", buffering=0) as file:
        Ledger(file).confirm(["x"], 0)
    history = read_history(tmp_path)
    assert [left.outputs["x.txt"] for left in history.left("x")] == ["2"]
    assert len(history.left("y")) == 1
    write(tmp_path, record("x", txt="4"))
    assert [left.outputs["x.txt"] for left in read_history(tmp_path).left("x")] == ["2", "4"]


def test_of_files_that_a_run_did_not_write_older_records_count_on(tmp_path: Path) -> None:
    """A run was killed between its record and its files; the next one wrote one of them."""
    write(tmp_path, record("x", txt="1", json="2"), confirmed=0)
    write(tmp_path, record("x", txt="3", json="4"))
    write(tmp_path, record("x", json="5"), confirmed=0)
    left = read_history(tmp_path).left("x")
    assert [each.outputs for each in left] == [{"x.txt": "1"}, {"x.txt": "3"}, {"x.json": "5"}]


def test_the_ledgers_of_all_shards_are_read_in_the_order_of_their_runs(tmp_path: Path) -> None:
    assert read_history(tmp_path).run == 1
    write(tmp_path, record("x", run=2, txt="2"), name="1-of-1", confirmed=2)
    write(tmp_path, record("x", run=1, txt="1"), name="2-of-2", confirmed=1)
    history = read_history(tmp_path)
    assert [each.outputs["x.txt"] for each in history.of("x")] == ["1", "2"]
    assert [each.outputs["x.txt"] for each in history.left("x")] == ["2"]
    assert history.run == 3


def test_a_line_cut_short_anywhere_is_dropped_and_written_over(tmp_path: Path) -> None:
    path = write(tmp_path, record("x", txt="1"))
    start = path.stat().st_size
    write(tmp_path, record("y", txt="2"))
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        history = read_history(tmp_path)
        assert len(history.of("y")) == 0
        assert len(history.of("x")) == (size >= start)
        write(tmp_path, record("z", txt="3"))
        assert len(read_history(tmp_path).of("z")) == 1
        assert len(read_history(tmp_path).of("x")) == (size >= start)


@pytest.mark.parametrize("line", [b"[]", b"{}", b"\0\0\0", b'{"page": 1}', b""])
def test_a_damaged_line_is_not_passed_over(tmp_path: Path, line: bytes) -> None:
    path = write(tmp_path, record("x"))
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(OutputError, match=r"line 3 of .*1-of-1\.jsonl is damaged; move that file"):
        read_history(tmp_path)


def test_a_ledger_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, record("x"))
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(OutputError, match="not a ledger of this version; update"):
        read_history(tmp_path)


def test_a_record_is_on_the_disk_when_it_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path)
    sizes: list[int] = []
    monkeypatch.setattr("os.fsync", lambda number: sizes.append(path.stat().st_size))
    write(tmp_path, record("x"))
    assert sizes == [path.stat().st_size]


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(number: int) -> None:
        raise OSError(28, "No space left on device")

    write(tmp_path)
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)"):
        write(tmp_path, record("x"))
