"""Who may write into a folder at the same time."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from namereader import NameReader
from scanfolders import tree

from ocr.batch.claim import GATE, claimed
from ocr.batch.ledger import FOLDER
from ocr.batch.run import transcribe
from ocr.errors import OutputError
from ocr.files.lock import locked


@pytest.mark.parametrize(
    "parts", [[(1, 1)], [(1, 2), (2, 2)], [(3, 3), (1, 3), (2, 3)], [(1, 12), (11, 12)]]
)
def test_shards_of_one_number_may_work_together(
    tmp_path: Path, parts: list[tuple[int, int]]
) -> None:
    for _ in range(2):  # and again when they are over
        with ExitStack() as stack:
            for part in parts:
                stack.enter_context(claimed(tmp_path / "out", *part))
    names = {path.name for path in (tmp_path / "out" / ".carousel").glob("*.jsonl")}
    assert names == {f"{index}-of-{count}.jsonl" for index, count in parts}


@pytest.mark.parametrize(
    ("first", "second"),
    [((1, 1), (1, 1)), ((2, 4), (2, 4)), ((1, 1), (1, 2)), ((1, 2), (1, 1)), ((2, 4), (2, 3)),
     ((1, 2), (1, 12)), ((1, 12), (1, 2))],
)  # fmt: skip
def test_whoever_does_not_divide_the_work_is_refused(
    tmp_path: Path, first: tuple[int, int], second: tuple[int, int]
) -> None:
    with claimed(tmp_path, *first):
        for _ in range(2):
            with pytest.raises(OutputError, match=r"another run is writing into .*--shard 1/2"):
                claimed(tmp_path, *second).__enter__()
    with claimed(tmp_path, *second):
        pass


def test_who_is_refused_has_changed_nothing(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with claimed(out, 1, 1), pytest.raises(OutputError, match="another run"):
        transcribe(NameReader(), [scans], out)
    assert tree(out) == {}


def test_who_comes_while_another_looks_waits(tmp_path: Path) -> None:
    """Or both could find the folder free."""
    entered, leave = threading.Event(), threading.Event()

    def come() -> None:
        with claimed(tmp_path, 1, 2):
            entered.set()
            leave.wait(10)

    comer = threading.Thread(target=come)
    (tmp_path / FOLDER).mkdir()
    with locked(tmp_path / FOLDER / GATE):
        comer.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    leave.set()
    comer.join()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".carousel").write_bytes(b"")
    with pytest.raises(OutputError, match=r"\.carousel cannot be written .*choose another -o"):
        claimed(tmp_path, 1, 1).__enter__()
