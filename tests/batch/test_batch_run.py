"""Folders -> files, with a reader that returns the image's name as its text."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from namereader import NameReader
from PIL import Image
from scanfolders import HEIGHT, WIDTH, grow, page_of, put, statuses, tiff, tree

from ocr.batch.failures import HEADER
from ocr.batch.plan import plan
from ocr.batch.run import transcribe, work
from ocr.errors import ModelError, OutputError, UsageError
from ocr.formats import SUFFIXES, WRITERS
from ocr.formats.pagefile import read_page
from ocr.options import BatchOptions
from ocr.types import Outcome


def test_every_page_has_its_file(scans: Path, tmp_path: Path) -> None:
    outcomes = transcribe(NameReader(), [scans], tmp_path / "out")
    assert tree(tmp_path / "out") == {"a/b/x.txt": "x\n", "a/y.txt": "y\n", "z.txt": "z\n"}
    assert statuses(outcomes) == dict.fromkeys(("x.png", "y.JPG", "z.tif"), "done")
    assert all(path.is_file() for outcome in outcomes for path in outcome.outputs)


def test_a_line_is_a_page_with_one_line_in_every_format(tmp_path: Path) -> None:
    pytest.importorskip("pikepdf")
    scans = grow(tmp_path / "scans", "x.png")
    out = tmp_path / "out"
    transcribe(NameReader(), [scans], out, tuple(WRITERS))
    expected = {f"x{suffix}" for suffix in SUFFIXES.values()}
    assert {path.name for path in out.iterdir()} - {".carousel"} == expected
    assert json.loads((out / "x.json").read_bytes())["model"] == NameReader().model_id
    grow(out, "x.png")
    for suffix in (".json", ".page.xml", ".alto.xml", ".hocr"):
        page = read_page(out / f"x{suffix}").transcript
        assert [reading.text for reading in page.transcripts] == ["x"]
        (line,) = page.page.lines
        assert max(line.polygon) == (WIDTH, HEIGHT)


def test_pages_of_a_file_and_given_lines_are_read_where_they_are(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "x.png", "y.png")
    tiff(scans / "s.tif", 2)
    put(scans / "x.xml", page_of(scans / "x.png", "l2", "l1"))
    put(scans / "second.xml", page_of(scans / "s.tif", "m", index=1))
    outcomes = transcribe(reader := NameReader(), [scans], tmp_path / "out")
    assert tree(tmp_path / "out") == {
        "s-0001.txt": "s\n", "second.txt": "m\n", "x.txt": "l2\nl1\n", "y.txt": "y\n"
    }  # fmt: skip
    assert sorted(reader.names) == ["s.tif", "s.tif", "x.png", "y.png"]
    assert set(statuses(outcomes)) == {"s.tif", "second.xml", "x.xml", "y.png"}


def test_each_page_of_a_file_is_its_own_image(tmp_path: Path) -> None:
    tiff(tmp_path / "s.tif", 3)
    outcomes = transcribe(reader := NameReader(), [tmp_path / "s.tif"], tmp_path / "out")
    assert reader.batches == [["s.tif"], [f"{WIDTH + 1}x{HEIGHT}"], [f"{WIDTH + 2}x{HEIGHT}"]]
    assert [outcome.index for outcome in outcomes] == [0, 1, 2]


def test_batches_have_the_size_asked_for(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", *(f"{number}.png" for number in range(5)))
    options = BatchOptions(batch_size=2)
    transcribe(reader := NameReader(), [scans], tmp_path / "out", options=options)
    assert [len(batch) for batch in reader.batches] == [2, 2, 1]


def test_what_is_done_is_not_read_again(scans: Path, tmp_path: Path) -> None:
    transcribe(NameReader(), [scans], tmp_path / "out")
    before = tree(tmp_path / "out")
    again = transcribe(reader := NameReader(), [scans], tmp_path / "out")
    assert set(statuses(again).values()) == {"skipped"}
    assert reader.batches == []
    assert tree(tmp_path / "out") == before


def test_a_second_format_leaves_the_first_alone(scans: Path, tmp_path: Path) -> None:
    transcribe(NameReader(), [scans], tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("out/**/*.txt")}
    transcribe(NameReader(), [scans], tmp_path / "out", ("txt", "tsv"))
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert len(tree(tmp_path / "out")) == 6


@pytest.mark.parametrize("culprit", ["bad.png", "trap.png"])
def test_a_page_that_fails_costs_only_itself(scans: Path, tmp_path: Path, culprit: str) -> None:
    grow(scans, "a/" + culprit)
    out = tmp_path / "out"
    outcomes = transcribe(NameReader(), [scans], out)
    assert statuses(outcomes) == {
        "x.png": "done", "y.JPG": "done", "z.tif": "done", culprit: "failed"
    }  # fmt: skip
    reason = next(outcome.error for outcome in outcomes if outcome.status == "failed")
    assert culprit in reason
    assert tree(out)["failures.tsv"] == f"{HEADER}{scans / 'a' / culprit}\t{reason}\n"
    assert sorted(tree(out)) == ["a/b/x.txt", "a/y.txt", "failures.tsv", "z.txt"]


@pytest.mark.parametrize("length", [251, 249, 246])  # of the name; of its bytes 255 are allowed
@pytest.mark.parametrize("folder", ["", "inner/"])
def test_a_page_whose_output_has_too_long_a_name_costs_only_itself(
    tmp_path: Path, length: int, folder: str
) -> None:
    stem = "e" * length
    scans = grow(tmp_path / "scans", "b.png", f"{folder}{stem}.png")
    outcomes = transcribe(reader := NameReader(), [scans], tmp_path / "out", ("txt", "pagexml"))
    fits = length + len(".page.xml") <= 255
    assert statuses(outcomes) == {"b.png": "done", f"{stem}.png": "done" if fits else "failed"}
    files = {"b.txt", "b.page.xml"}
    if fits:
        files |= {f"{folder}{stem}.txt", f"{folder}{stem}.page.xml"}
    else:
        assert reader.names == ["b.png"]  # what cannot be written is not read
        files.add("failures.tsv")
        reason = f"{scans / folder / stem}.png has too long a name for its output; shorten it"
        assert reason in tree(tmp_path / "out")["failures.tsv"]
    assert set(tree(tmp_path / "out")) == files
    again = transcribe(NameReader(), [scans], tmp_path / "out", ("txt", "pagexml"))
    assert statuses(again) == {"b.png": "skipped", f"{stem}.png": "skipped" if fits else "failed"}


def test_a_page_that_one_format_cannot_hold_has_no_file(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(page: object) -> str:
        raise ValueError("too long for a table")

    monkeypatch.setitem(WRITERS, "tsv", refuse)
    outcomes = transcribe(NameReader(), [scans], tmp_path / "out", ("txt", "tsv"))
    assert set(statuses(outcomes).values()) == {"failed"}
    assert list(tree(tmp_path / "out")) == ["failures.tsv"]


def test_lines_that_a_page_lacks_are_told_every_time(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "x.png")
    page = put(scans / "x.xml", page_of(scans / "x.png", "good", "flat"))
    lines = page.read_text("utf-8").rpartition('points="1,1 9,1 9,9 1,9"')
    page.write_text(f'{lines[0]}points="1,1 9,1 5,1"{lines[2]}', encoding="utf-8")
    for status in ("done", "skipped"):
        (outcome,) = transcribe(NameReader(), [scans], tmp_path / "out")
        assert (outcome.status, outcome.error) == (status, "")
        assert [problem.id for problem in outcome.problems] == [f"{page}#flat"]
        listed = tree(tmp_path / "out")["failures.tsv"].splitlines()
        assert listed[1].startswith(f"{page}#flat\tits outline encloses nothing")
    assert tree(tmp_path / "out")["x.txt"] == "good\n"


def test_a_page_without_any_usable_line_has_failed(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "x.png")
    page = put(scans / "x.xml", page_of(scans / "x.png", "flat"))
    page.write_text(page.read_text("utf-8").replace("9,9 1,9", "5,1"), encoding="utf-8")
    (outcome,) = transcribe(NameReader(), [scans], tmp_path / "out")
    assert "no line of" in outcome.error


def test_a_page_file_without_lines_says_nothing_of_its_image(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "x.png")
    put(scans / "x.xml", page_of(scans / "x.png"))
    (outcome,) = transcribe(NameReader(), [scans], tmp_path / "out")
    assert outcome.status == "done"
    assert tree(tmp_path / "out") == {"x.txt": "x\n"}


def test_the_list_of_failures_goes_when_there_are_none(scans: Path, tmp_path: Path) -> None:
    bad = grow(scans, "bad.png") / "bad.png"
    transcribe(NameReader(), [scans], tmp_path / "out")
    assert (tmp_path / "out" / "failures.tsv").is_file()
    bad.unlink()
    transcribe(NameReader(), [scans], tmp_path / "out")
    assert not (tmp_path / "out" / "failures.tsv").exists()


def test_failures_of_another_box_stay_listed_until_they_are_gone(tmp_path: Path) -> None:
    out, reader = tmp_path / "out", NameReader()
    one, two, three = (
        grow(tmp_path / name, f"{name}.png", f"bad {name}.png") for name in ("one", "two", "three")
    )
    for box in (one, two, three):
        transcribe(reader, [box], out)

    def listed() -> list[str]:
        rows = (out / "failures.tsv").read_text("utf-8").splitlines()
        return [Path(row.partition("\t")[0]).name for row in rows[1:]]

    assert listed() == ["bad one.png", "bad three.png", "bad two.png"]
    (one / "bad one.png").unlink()
    (two / "bad two.png").unlink()
    transcribe(reader, [two], out)
    assert listed() == ["bad three.png"]
    transcribe(reader, [three], out)
    assert listed() == ["bad three.png"]
    (three / "bad three.png").unlink()
    transcribe(reader, [two], out)
    assert not (out / "failures.tsv").exists()


def test_a_file_that_only_has_the_name_of_the_list_stays(scans: Path, tmp_path: Path) -> None:
    out = grow(tmp_path / "out", "failures.tsv", "failures-1-of-2.tsv")
    transcribe(NameReader(), [scans], out)
    assert tree(out)["failures.tsv"] == tree(out)["failures-1-of-2.tsv"] == "bytes"
    grow(scans, "bad.png")
    with pytest.raises(OutputError, match=r"failures\.tsv is no list of failures, and stays"):
        transcribe(NameReader(), [scans], out)
    assert tree(out)["failures.tsv"] == "bytes"


def test_no_output_has_the_name_of_the_list(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "failures.png")
    with pytest.raises(UsageError, match="would be taken for the list of failures; rename it"):
        transcribe(NameReader(), [scans], tmp_path / "out", ("tsv",))


def test_shards_have_lists_of_their_own(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", *(f"bad{number}.png" for number in range(9)))
    out = tmp_path / "out"
    for shard in ("1/2", "2/2"):
        transcribe(NameReader(), [scans], out, options=BatchOptions(shard=shard))
    first, second = (tree(out)[f"failures-{part}-of-2.tsv"].splitlines() for part in (1, 2))
    assert len(first) + len(second) == 9 + 2
    transcribe(NameReader(), [scans], out)
    assert list(tree(out)) == ["failures.tsv"]
    assert sorted(tree(out)["failures.tsv"].splitlines()[1:]) == sorted(first[1:] + second[1:])


def test_what_one_shard_has_done_the_whole_run_skips(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", *(f"{number}.png" for number in range(9)))
    first = transcribe(NameReader(), [scans], tmp_path / "out", options=BatchOptions(shard="1/2"))
    rest = transcribe(NameReader(), [scans], tmp_path / "out")
    assert 0 < len(first) < 9
    assert list(statuses(rest).values()).count("skipped") == len(first)
    assert len(tree(tmp_path / "out")) == 9


def test_strange_names_keep_their_row_of_the_list(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "bad\n\tname.png", "trap.png")
    transcribe(NameReader(), [scans], tmp_path / "out")
    rows = tree(tmp_path / "out")["failures.tsv"].splitlines()
    assert len(rows) == 3
    assert all(row.count("\t") == 1 for row in rows)
    assert "bad\\n\\tname.png" in rows[1]
    assert rows[2].endswith("trap.png: RuntimeError: it snapped")


def test_outputs_beside_the_images_are_not_read(scans: Path) -> None:
    for _ in range(2):
        outcomes = transcribe(NameReader(), [scans], scans, ("txt", "pagexml"))
        assert sorted(statuses(outcomes)) == ["x.png", "y.JPG", "z.tif"]
    outcomes = transcribe(NameReader(), [scans], scans)
    assert set(statuses(outcomes).values()) == {"skipped"}


def test_where_a_disk_takes_two_names_for_one_neither_page_is_written(tmp_path: Path) -> None:
    """As those of macOS and Windows do; here a link stands for such a disk."""
    scans, out = grow(tmp_path / "scans", "1/x.png", "2/X.png"), tmp_path / "out"
    sources = [scans / "1", scans / "2"]
    assert set(statuses(transcribe(NameReader(), sources, out)).values()) == {"done"}
    shutil.rmtree(out)
    (out / ".carousel").mkdir(parents=True)
    (out / ".CAROUSEL").symlink_to(out / ".carousel")
    with pytest.raises(UsageError, match=r"x\.png and .*X\.png would both become .*X\.txt"):
        transcribe(NameReader(), sources, out)
    assert not list(out.glob("*.txt"))


def test_a_link_in_the_place_of_an_output_is_replaced_not_followed(
    scans: Path, tmp_path: Path
) -> None:
    out, precious = tmp_path / "out", grow(tmp_path, "precious") / "precious"
    out.mkdir()
    (out / "z.txt").symlink_to(precious)
    transcribe(NameReader(), [scans], out, options=BatchOptions(overwrite=True))
    assert precious.read_bytes() == b"bytes"
    assert not (out / "z.txt").is_symlink()


def test_outcomes_come_while_the_work_goes_on(scans: Path, tmp_path: Path) -> None:
    planned = plan([scans], tmp_path / "out", options=BatchOptions(batch_size=1))
    with closing(work(NameReader(), planned)) as steps:
        assert next(steps).status == "done"
        assert len(tree(tmp_path / "out")) == 1
    assert len(tree(tmp_path / "out")) == 1
    with closing(work(NameReader(), planned)) as steps:
        assert [outcome.status for outcome in steps] == ["skipped", "done", "done"]


def test_one_source_and_one_format_need_no_list(scans: Path, tmp_path: Path) -> None:
    for number, source in enumerate((str(scans), scans)):
        assert len(transcribe(NameReader(), source, tmp_path / f"{number}", "json")) == 3
        assert "a/y.json" in tree(tmp_path / f"{number}")


def test_every_outcome_is_told(scans: Path, tmp_path: Path) -> None:
    told: list[Outcome] = []
    outcomes = transcribe(NameReader(), [scans], tmp_path / "out", on_outcome=told.append)
    assert told == outcomes
    assert len(told) == 3


def test_an_output_that_cannot_be_written_ends_the_work(scans: Path, tmp_path: Path) -> None:
    out = grow(tmp_path / "out", "a")  # a file where the folder a/ should be
    with pytest.raises(OutputError, match="cannot be written"):
        transcribe(NameReader(), [scans], out)
    assert tree(out) == {"a": "bytes", "z.txt": "z\n"}


def test_a_loaded_model_cannot_be_shared(scans: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reads in one process"):
        transcribe(NameReader(), [scans], tmp_path / "out", options=BatchOptions(jobs=2))
    with pytest.raises(ModelError, match="there is no model"):
        transcribe("gone.safetensors", [scans], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_input_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "x.png")

    class Writing(NameReader):
        def read_many(self, *arguments: object) -> object:  # type: ignore[override]
            (scans / "x.png").write_bytes((scans / "x.png").read_bytes() + b"more")
            return super().read_many(*arguments)  # type: ignore[arg-type]

    transcribe(Writing(), [scans], tmp_path / "out")  # type: ignore[arg-type]
    assert list(statuses(transcribe(NameReader(), [scans], tmp_path / "out")).values()) == ["done"]
    assert list(statuses(transcribe(NameReader(), [scans], tmp_path / "out")).values()) == [
        "skipped"
    ]


def test_a_page_rescanned_while_the_batch_runs_costs_only_itself(tmp_path: Path) -> None:
    """Its folder was renamed since it was read: only what is in it said that it is the same."""
    scans, out = grow(tmp_path / "scans", "x.png", "y.png"), tmp_path / "out"
    transcribe(NameReader(), [scans], out)
    boxes = scans.rename(tmp_path / "boxes")

    class Rescanning(NameReader):
        def read_many(self, *arguments: object) -> object:  # type: ignore[override]
            grow(boxes, "bad.png")
            (boxes / "bad.png").replace(boxes / "x.png")
            return super().read_many(*arguments)  # type: ignore[arg-type]

    reader = Rescanning("another")
    found = statuses(transcribe(reader, [boxes], out))  # type: ignore[arg-type]
    assert found == {"x.png": "failed", "y.png": "done"}


def test_the_pages_of_a_file_are_read_with_the_lines_that_are_found(tmp_path: Path) -> None:
    tiff(tmp_path / "s.tif", 2)
    options = BatchOptions(input="page")
    source, out = tmp_path / "s.tif", tmp_path / "out"
    transcribe(NameReader(), [source], out, ("txt", "json"), options)
    assert tree(out)["s-0001.txt"] == tree(out)["s-0002.txt"] == "found1\nfound2\n"
    second = read_page(out / "s-0002.json").transcript.page
    assert (second.index, second.width) == (1, WIDTH + 1)


def test_a_pdf_is_read_like_an_image(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    Image.new("L", (WIDTH, HEIGHT), 255).save(tmp_path / "s.pdf", resolution=300)
    for kind, expected in (("auto", "s\n"), ("page", "found1\nfound2\n")):
        options = BatchOptions(input=kind)
        transcribe(NameReader(), [tmp_path / "s.pdf"], tmp_path / kind, options=options)
        assert tree(tmp_path / kind) == {"s.txt": expected}
