"""What is done again, what is left, and what is never written over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from namereader import NameReader
from PIL import Image
from scanfolders import grow, page_of, put, statuses, tree

from ocr.batch import bookkeeper
from ocr.batch.ledger import FOLDER
from ocr.batch.run import transcribe
from ocr.errors import OutputError, UsageError
from ocr.options import BatchOptions
from ocr.types import Outcome

Change = Callable[[Path, Path], None]
OVERWRITE = BatchOptions(overwrite=True)


def run(folder: Path, model: str = "m1", **options: object) -> tuple[list[str], list[Outcome]]:
    """Transcribe ``scans`` into ``out``: the inputs that were read, and the outcomes."""
    reader = NameReader(model)
    chosen = BatchOptions(batch_size=1, **options)  # type: ignore[arg-type]
    outcomes = transcribe(reader, [folder / "scans"], folder / "out", ("txt", "json"), chosen)
    return reader.names, outcomes


@pytest.fixture
def done(tmp_path: Path) -> Path:
    """A folder whose three pages are done: an image, another, and a page file with its own."""
    scans = grow(tmp_path / "scans", "x.png", "y.png", "z.png")
    put(scans / "z.xml", page_of(scans / "z.png", "line"))
    assert run(tmp_path)[0] == ["x.png", "y.png", "z.png"]
    return tmp_path


def repaint(path: Path) -> None:
    with Image.open(path) as image:
        Image.new("L", image.size, 7).save(path)


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


SAME: dict[str, Change] = {
    "nothing": lambda scans, out: None,
    "the time of an input": lambda scans, out: touch(scans / "x.png"),
    "the time of an output": lambda scans, out: touch(out / "x.txt"),
    "another file beside": lambda scans, out: (out / "notes.txt").write_text("mine") and None,
}
AGAIN: dict[str, tuple[Change, list[str]]] = {
    "an input": (lambda scans, out: repaint(scans / "x.png"), ["x.png"]),
    "the image of a page file": (lambda scans, out: repaint(scans / "z.png"), ["z.png"]),
    "a page file": (
        lambda scans, out: put(scans / "z.xml", page_of(scans / "z.png", "new")) and None,
        ["z.png"],
    ),
    "a page file put beside an image": (
        lambda scans, out: put(scans / "x.xml", page_of(scans / "x.png", "new")) and None,
        ["x.png"],
    ),
    "an output is gone": (lambda scans, out: (out / "y.json").unlink(), ["y.png"]),
    "the outputs are gone": (lambda scans, out: shutil.rmtree(out), ["x.png", "y.png", "z.png"]),
    "a new input": (lambda scans, out: grow(scans, "w.png") and None, ["w.png"]),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_what_changes_nothing_is_left(done: Path, change: Change) -> None:
    before = tree(done / "out")
    change(done / "scans", done / "out")
    names, outcomes = run(done)
    assert names == []
    assert set(statuses(outcomes).values()) == {"skipped"}
    assert before.items() <= tree(done / "out").items()


@pytest.mark.parametrize(("change", "expected"), AGAIN.values(), ids=AGAIN.keys())
def test_what_changed_is_done_again_and_nothing_else(
    done: Path, change: Change, expected: list[str]
) -> None:
    change(done / "scans", done / "out")
    names, outcomes = run(done)
    assert names == expected
    assert {outcome.status for outcome in outcomes} <= {"done", "skipped"}
    assert not any(outcome.kept for outcome in outcomes)
    assert run(done)[0] == []  # and then it is done


def test_a_file_with_the_size_and_time_of_the_old_one_is_another(done: Path) -> None:
    """Scans without compression have one size, and copies keep the time."""
    path = done / "scans" / "x.png"
    status = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run(done)[0] == ["x.png"]


def test_a_correction_to_what_another_model_had_read_is_kept(done: Path) -> None:
    """It is not taken for what that model left there."""
    earlier = (done / "out" / "x.json").read_bytes()
    assert len(run(done, model="m2")[0]) == 3
    (done / "out" / "x.json").write_bytes(earlier)
    names, outcomes = run(done, model="m3")
    assert sorted(names) == ["x.png", "y.png", "z.png"]
    assert (done / "out" / "x.json").read_bytes() == earlier
    assert [path.name for outcome in outcomes for path in outcome.kept] == ["x.json"]


def test_a_correction_to_what_another_number_of_shards_had_read_is_kept(done: Path) -> None:
    earlier = (done / "out" / "x.json").read_bytes()
    assert sum(len(run(done, model="m2", shard=f"{part}/2")[0]) for part in (1, 2)) == 3
    (done / "out" / "x.json").write_bytes(earlier)
    outcomes = [run(done, model="m2", shard=f"{part}/2")[1] for part in (1, 2)]
    assert (done / "out" / "x.json").read_bytes() == earlier
    kept = [path.name for both in outcomes for outcome in both for path in outcome.kept]
    assert kept == ["x.json"]


def test_what_a_killed_run_recorded_alone_does_not_make_old_text_a_correction(
    done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: object) -> None:
        raise OutputError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(bookkeeper, "write_atomically", full)
        with pytest.raises(OutputError, match="no room"):
            run(done, model="m2")
    scans, out = done / "scans", done / "out"
    transcribe(NameReader("m2"), [scans], out, ("json",))
    outcomes = transcribe(NameReader("m2"), [scans], out, ("txt",))
    assert not any(outcome.kept for outcome in outcomes)


def test_an_emptied_folder_is_free_for_other_scans(done: Path) -> None:
    for path in (done / "out").iterdir():
        if path.name != FOLDER:
            path.unlink()
    other = grow(done / "other", "x.png")
    repaint(other / "x.png")
    outcomes = transcribe(NameReader(), [other], done / "out")
    assert statuses(outcomes) == {"x.png": "done"}


def test_another_model_reads_everything_again(done: Path) -> None:
    assert len(run(done, model="m2")[0]) == 3
    assert '"model": "m2"' in tree(done / "out")["x.json"]
    assert run(done, model="m2")[0] == []
    assert len(run(done, model="m1")[0]) == 3


def test_another_option_reads_everything_again(done: Path) -> None:
    assert len(run(done, input="line")[0]) == 3
    assert run(done, input="line")[0] == []


def test_inputs_that_moved_are_the_same(done: Path) -> None:
    (done / "scans").rename(done / "moved")
    outcomes = transcribe(NameReader("m1"), [done / "moved"], done / "out", ("txt", "json"))
    assert set(statuses(outcomes).values()) == {"skipped"}


@pytest.mark.parametrize("change", ["none", "input", "model"])
def test_a_correction_is_kept_and_told(done: Path, change: str) -> None:
    corrected = done / "out" / "x.txt"
    corrected.write_text("corrected by hand", encoding="utf-8")
    if change == "input":
        repaint(done / "scans" / "x.png")
    for _ in range(2):
        _, outcomes = run(done, model="m2" if change == "model" else "m1")
        assert corrected.read_text(encoding="utf-8") == "corrected by hand"
        assert [path for outcome in outcomes for path in outcome.kept] == [corrected]
    model = "m2" if change == "model" else "m1"
    assert f'"model": "{model}"' in tree(done / "out")["x.json"]


def test_a_correction_of_a_scan_that_is_another_now_is_told(done: Path) -> None:
    (done / "out" / "x.txt").write_text("corrected by hand", encoding="utf-8")
    _, outcomes = run(done)
    assert [remark for outcome in outcomes for remark in outcome.remarks] == []
    repaint(done / "scans" / "x.png")
    for _ in range(2):
        _, outcomes = run(done)
        (remark,) = (remark for outcome in outcomes for remark in outcome.remarks)
        assert remark.startswith(f"{done / 'scans' / 'x.png'} has changed since {done / 'out'}")
        assert remark.endswith("x.txt was made and corrected; compare them")


def test_a_correction_in_another_format_is_told(done: Path) -> None:
    def pages(*formats: str) -> list[str]:
        outcomes = transcribe(NameReader("m1"), [done / "scans"], done / "out", formats)
        return [remark for outcome in outcomes for remark in outcome.remarks]

    assert pages("pagexml") == []
    corrected = done / "out" / "x.page.xml"
    corrected.write_text(corrected.read_text("utf-8") + "\n", encoding="utf-8")
    assert pages("pagexml", "txt") == [], "the text was there before it was corrected"
    (remark,) = pages("alto")
    assert f"x.alto.xml is read from the scan, without the corrections in {corrected}" in remark
    assert pages("alto") == []


def test_what_was_not_read_stays_listed_beside_a_correction(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "x.png")
    page = put(scans / "x.xml", page_of(scans / "x.png", "good", "flat"))
    lines = page.read_text("utf-8").rpartition('points="1,1 9,1 9,9 1,9"')
    page.write_text(f'{lines[0]}points="1,1 9,1 5,1"{lines[2]}', encoding="utf-8")
    run(tmp_path)
    for name in ("x.txt", "x.json"):
        (tmp_path / "out" / name).write_text("corrected by hand", encoding="utf-8")
    for model in ("m1", "m2"):
        _, (outcome,) = run(tmp_path, model)
        assert len(outcome.problems) == 1
        assert (tmp_path / "out" / "failures.tsv").is_file()


@pytest.mark.parametrize("formats", [("json",), ("txt", "tsv")])
def test_another_format_makes_no_correction_of_what_was_there(
    done: Path, formats: tuple[str, ...]
) -> None:
    transcribe(NameReader("m1"), [done / "scans"], done / "out", formats)
    repaint(done / "scans" / "x.png")
    names, outcomes = run(done)
    assert names == ["x.png"]
    assert all(not outcome.kept for outcome in outcomes)


def test_a_correction_made_while_the_page_is_read_is_kept(done: Path) -> None:
    corrected = done / "out" / "x.txt"

    class Slow(NameReader):
        def read_many(self, *arguments: object) -> object:  # type: ignore[override]
            corrected.write_text("corrected by hand", encoding="utf-8")
            return super().read_many(*arguments)  # type: ignore[arg-type]

    outcomes = transcribe(Slow("m2"), [done / "scans" / "x.png"], done / "out")  # type: ignore[arg-type]
    assert corrected.read_text(encoding="utf-8") == "corrected by hand"
    assert outcomes[0].kept == (corrected,)


def test_files_that_nobody_recorded_are_kept(tmp_path: Path) -> None:
    grow(tmp_path / "scans", "x.png", "y.png")
    grow(tmp_path / "out", "x.txt")
    names, outcomes = run(tmp_path)
    assert names == ["x.png", "y.png"]  # x.json is missing
    assert tree(tmp_path / "out")["x.txt"] == "bytes"
    assert [outcome.kept for outcome in outcomes] == [(tmp_path / "out" / "x.txt",), ()]
    shutil.rmtree(tmp_path / "out" / ".carousel")
    names, outcomes = run(tmp_path)
    assert names == []
    assert sum(len(outcome.kept) for outcome in outcomes) == 4


def test_overwrite_does_everything_again(done: Path) -> None:
    before = tree(done / "out")
    (done / "out" / "x.txt").write_text("corrected by hand", encoding="utf-8")
    names, outcomes = run(done, overwrite=True)
    assert len(names) == 3
    assert set(statuses(outcomes).values()) == {"done"}
    assert tree(done / "out") == before
    assert run(done)[0] == []


def test_another_folder_does_not_replace_the_first(done: Path) -> None:
    other = grow(done / "other", "x.png")
    repaint(other / "x.png")
    before = tree(done / "out")
    with pytest.raises(UsageError, match=r"other/x\.png would replace what was made of .*scans/x"):
        transcribe(NameReader("m1"), [other], done / "out", ("txt", "json"))
    assert tree(done / "out") == before
    outcomes = transcribe(NameReader("m1"), [other], done / "out", ("txt", "json"), OVERWRITE)
    assert list(statuses(outcomes).values()) == ["done"]


def test_scans_that_may_not_be_looked_at_are_not_replaced(
    done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, locked, is_file = grow(done / "other", "x.png"), done / "scans", Path.is_file
    repaint(other / "x.png")

    def look(path: Path, **options: bool) -> bool:
        if path.is_relative_to(locked):
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path, **options)

    monkeypatch.setattr(Path, "is_file", look)
    with pytest.raises(UsageError, match=r"other/x\.png would replace what was made of"):
        transcribe(NameReader("m1"), [other], done / "out", ("txt", "json"))


def test_the_place_of_scans_that_are_gone_is_not_taken(done: Path) -> None:
    """A disk may be unplugged. What only moved is the same, and what stood beside it too."""
    other = grow(done / "other", "x.png", "w.png")
    repaint(other / "x.png")
    (done / "scans").rename(done / "unplugged")
    before = tree(done / "out")
    outcomes = transcribe(NameReader("m1"), [other], done / "out", ("txt", "json"))
    assert statuses(outcomes) == {"x.png": "failed", "w.png": "done"}
    (failed,) = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert f"or move {done}/out/x.* away" in failed.error
    assert before.items() <= tree(done / "out").items()
    for kind in ("txt", "json"):
        (done / "out" / f"x.{kind}").unlink()
    outcomes = transcribe(NameReader("m1"), [other], done / "out", ("txt", "json"))
    assert statuses(outcomes) == {"x.png": "done", "w.png": "skipped"}


def test_a_new_scan_takes_the_place_of_one_that_is_gone(done: Path) -> None:
    scans = grow(done / "scans", "x.tif")
    (scans / "x.png").unlink()
    repaint(scans / "x.tif")
    assert run(done)[0] == ["x.tif"]


def test_a_batch_is_read_whole_if_one_of_its_lines_is_missing(tmp_path: Path) -> None:
    """What a line is read with may change its last digits, so the company stays the same."""
    scans = grow(tmp_path / "scans", *(f"{number}.png" for number in range(6)))
    options = BatchOptions(batch_size=3)
    transcribe(NameReader(), [scans], tmp_path / "out", options=options)
    (tmp_path / "out" / "4.txt").unlink()
    outcomes = transcribe(reader := NameReader(), [scans], tmp_path / "out", options=options)
    assert reader.batches == [["3.png", "4.png", "5.png"]]
    assert [outcome.source.name for outcome in outcomes if outcome.status == "done"] == ["4.png"]
