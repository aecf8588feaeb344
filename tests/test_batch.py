"""Folders -> files, with a reader that returns the image's name as its text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ocr.batch import FAILURES, plan, transcribe, work
from ocr.errors import ImageError, InputError, OutputError, UsageError
from ocr.options import BatchOptions, ReadingOptions
from ocr.types import Line, Outcome, Page, PageTranscript, Transcript


class NameReader:
    """Reads ``x.png`` as "x"; ``page*`` is a page with that line, ``bad*`` cannot be read,
    ``trap*`` breaks the whole batch."""

    model_id = "0123456789ab"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def read_many(
        self, sources: Sequence[Path], options: ReadingOptions
    ) -> list[Transcript | PageTranscript | ImageError]:
        assert options.input == "auto"
        self.batches.append([source.name for source in sources])
        if any(source.name.startswith("trap") for source in sources):
            raise RuntimeError("it snapped")
        return [self._read(source) for source in sources]

    def _read(self, source: Path) -> Transcript | PageTranscript | ImageError:
        if source.name.startswith("bad"):
            return ImageError(f"{source.name} is no image", "scan it again")
        if source.name.startswith("page"):
            line = Line("l1", ((0, 0), (9, 0), (9, 9)), ())
            page = Page(source.stem, source, 90, 90, (line,))
            return PageTranscript(page, (Transcript(source.stem, 0.5),), self.model_id)
        return Transcript(source.stem, 0.5)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    return grow(tmp_path / "scans", "a/b/x.png", "a/y.JPG", "z.tif")


def grow(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"pixels")
    return folder


def tree(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def statuses(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {outcome.source.name: outcome.status for outcome in outcomes}


def test_the_tree_is_kept(scans: Path, tmp_path: Path) -> None:
    outcomes = transcribe(NameReader(), [scans], tmp_path / "out")
    assert tree(tmp_path / "out") == {"a/b/x.txt": "x\n", "a/y.txt": "y\n", "z.txt": "z\n"}
    assert statuses(outcomes) == dict.fromkeys(("x.png", "y.JPG", "z.tif"), "done")
    assert all(path.is_file() for outcome in outcomes for path in outcome.outputs)


def test_one_file_per_format(scans: Path, tmp_path: Path) -> None:
    transcribe(NameReader(), [scans / "a" / "b"], tmp_path / "out", ("txt", "json"))
    written = tree(tmp_path / "out")
    assert sorted(written) == ["x.json", "x.txt"]
    assert json.loads(written["x.json"])["text"] == "x"


def test_pages_are_written_as_pages(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "line.png", "page.png")
    transcribe(NameReader(), [scans], tmp_path / "out", ("txt", "json"))
    written = tree(tmp_path / "out")
    assert (written["line.txt"], written["page.txt"]) == ("line\n", "page\n")
    assert "lines" not in json.loads(written["line.json"])
    assert [line["text"] for line in json.loads(written["page.json"])["lines"]] == ["page"]


def test_what_is_done_is_not_touched(scans: Path, tmp_path: Path) -> None:
    out = grow(tmp_path / "out", "a/y.txt")
    first = transcribe(reader := NameReader(), [scans], out)
    assert statuses(first) == {"y.JPG": "skipped", "x.png": "done", "z.tif": "done"}
    assert reader.batches == [["z.tif", "x.png"]]
    assert tree(out)["a/y.txt"] == "pixels"
    again = transcribe(reader := NameReader(), [scans], out)
    assert set(statuses(again).values()) == {"skipped"}
    assert reader.batches == []


def test_a_second_format_leaves_the_first_alone(scans: Path, tmp_path: Path) -> None:
    out = grow(tmp_path / "out", "z.txt")
    transcribe(NameReader(), [scans], out, ("txt", "json"))
    assert tree(out)["z.txt"] == "pixels"
    assert json.loads(tree(out)["z.json"])["text"] == "z"


def test_overwrite_does_everything_again(scans: Path, tmp_path: Path) -> None:
    out = grow(tmp_path / "out", "z.txt")
    outcomes = transcribe(NameReader(), [scans], out, options=BatchOptions(overwrite=True))
    assert set(statuses(outcomes).values()) == {"done"}
    assert tree(out)["z.txt"] == "z\n"


def test_batches_have_the_size_asked_for(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", *(f"{number}.png" for number in range(5)))
    transcribe(
        reader := NameReader(), [scans], tmp_path / "out", options=BatchOptions(batch_size=2)
    )
    assert [len(batch) for batch in reader.batches] == [2, 2, 1]


@pytest.mark.parametrize("culprit", ["bad.png", "trap.png"])
def test_an_image_that_fails_costs_only_itself(scans: Path, tmp_path: Path, culprit: str) -> None:
    grow(scans, "a/" + culprit)
    out = tmp_path / "out"
    outcomes = transcribe(NameReader(), [scans], out)
    assert statuses(outcomes) == {
        "x.png": "done", "y.JPG": "done", "z.tif": "done", culprit: "failed"
    }  # fmt: skip
    reason = next(outcome.error for outcome in outcomes if outcome.status == "failed")
    assert culprit in reason
    header, row = tree(out)[FAILURES].splitlines()
    assert header == "image\treason"
    assert row.split("\t") == [str(scans / "a" / culprit), reason]
    assert sorted(tree(out)) == ["a/b/x.txt", "a/y.txt", FAILURES, "z.txt"]


def test_the_list_of_failures_goes_when_there_are_none(scans: Path, tmp_path: Path) -> None:
    bad = grow(scans, "bad.png") / "bad.png"
    transcribe(NameReader(), [scans], tmp_path / "out")
    assert (tmp_path / "out" / FAILURES).is_file()
    bad.unlink()
    transcribe(NameReader(), [scans], tmp_path / "out")
    assert not (tmp_path / "out" / FAILURES).exists()


def test_a_file_that_only_has_the_name_of_the_list_stays(scans: Path, tmp_path: Path) -> None:
    out = grow(tmp_path / "out", FAILURES)
    transcribe(NameReader(), [scans], out)
    assert tree(out)[FAILURES] == "pixels"


def test_strange_names_keep_their_row_of_the_list(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "bad\n\tname.png")
    transcribe(NameReader(), [scans], tmp_path / "out")
    rows = tree(tmp_path / "out")[FAILURES].splitlines()
    assert len(rows) == 2
    assert rows[1].count("\t") == 1
    assert "bad\\n\\tname.png" in rows[1]


def test_two_images_for_one_output_are_refused_before_any_work(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "a/x.png", "a/x.jpg", "y.png")
    with pytest.raises(UsageError, match=r"x\.jpg and .*x\.png would both become .*x\.txt"):
        transcribe(reader := NameReader(), [scans], tmp_path / "out")
    assert reader.batches == []
    assert not (tmp_path / "out").exists()


def test_two_folders_with_one_name_inside_are_refused(tmp_path: Path) -> None:
    first, second = grow(tmp_path / "1", "x.png"), grow(tmp_path / "2", "x.png")
    with pytest.raises(UsageError, match="would both become"):
        plan([first, second], tmp_path / "out")
    assert len(plan([first, first], tmp_path / "out").pending) == 1


def test_hidden_names_and_the_output_are_left_out(tmp_path: Path) -> None:
    scans = grow(tmp_path / "scans", "x.png", ".y.png", ".cache/z.png", "out/w.png", "notes.txt")
    planned = plan([scans], scans / "out")
    assert [job.source.name for job in planned.pending] == ["x.png"]


def test_output_may_lie_beside_the_images(scans: Path) -> None:
    transcribe(NameReader(), [scans], scans)
    assert tree(scans)["a/b/x.txt"] == "x\n"
    assert tree(scans)["a/b/x.png"] == "pixels"


def test_links_are_followed_to_files_only(scans: Path, tmp_path: Path) -> None:
    elsewhere = grow(tmp_path / "elsewhere", "w.png")
    (scans / "folder").symlink_to(elsewhere)
    (scans / "v.png").symlink_to(elsewhere / "w.png")
    planned = plan([scans], tmp_path / "out")
    assert sorted(job.source.name for job in planned.pending) == [
        "v.png", "x.png", "y.JPG", "z.tif"
    ]  # fmt: skip


def test_patterns_and_single_images_are_sources(scans: Path, tmp_path: Path) -> None:
    for source, outputs in (
        (f"{scans}/**/*.png", ["a/b/x.txt"]),
        (f"{scans}/a/*", ["b/x.txt", "y.txt"]),
        (f"{scans}/z.tif", ["z.txt"]),
    ):
        planned = plan([source], tmp_path / "out")
        found = [str(job.outputs[0].relative_to(tmp_path / "out")) for job in planned.pending]
        assert sorted(found) == outputs


def test_an_output_that_leads_elsewhere_is_refused(scans: Path, tmp_path: Path) -> None:
    elsewhere = grow(tmp_path / "elsewhere", "keep")
    out = grow(tmp_path / "out", "keep")
    (out / "a").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="leads out of"):
        plan([scans], out)
    assert tree(elsewhere) == {"keep": "pixels"}


def test_a_link_in_the_place_of_an_output_is_replaced_not_followed(
    scans: Path, tmp_path: Path
) -> None:
    out, precious = tmp_path / "out", grow(tmp_path, "precious") / "precious"
    out.mkdir()
    (out / "z.txt").symlink_to(precious)
    transcribe(NameReader(), [scans], out, options=BatchOptions(overwrite=True))
    assert precious.read_bytes() == b"pixels"
    assert not (out / "z.txt").is_symlink()


@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        ("missing", UsageError, "does not exist"),
        ("*.nothing", UsageError, "matches no file"),
        ("notes.pdf", UsageError, "is not an image"),
        ("empty", InputError, "there is no image in"),
    ],
)
def test_sources_without_images_say_why(
    tmp_path: Path, source: str, error: type[Exception], reason: str
) -> None:
    grow(tmp_path, "notes.pdf")
    (tmp_path / "empty").mkdir()
    with pytest.raises(error, match=reason):
        plan([tmp_path / source], tmp_path / "out")


def test_places_that_are_taken_are_refused(scans: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is not a folder"):
        plan([scans], scans / "z.tif")
    (tmp_path / "out" / "z.txt").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"z\.txt is a folder"):
        plan([scans], tmp_path / "out")


@pytest.mark.parametrize("formats", [(), ("pdf",), ("txt", "docx")])
def test_unknown_formats_are_refused(scans: Path, formats: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="choose from txt, json"):
        plan([scans], scans, formats)


def test_outcomes_come_while_the_work_goes_on(scans: Path, tmp_path: Path) -> None:
    planned = plan([scans], tmp_path / "out")
    steps = work(NameReader(), planned.pending, BatchOptions(batch_size=1))
    assert next(steps).status == "done"
    assert len(tree(tmp_path / "out")) == 1
    steps.close()
    assert len(tree(tmp_path / "out")) == 1


def test_every_outcome_is_told(scans: Path, tmp_path: Path) -> None:
    told: list[Outcome] = []
    outcomes = transcribe(NameReader(), [scans], tmp_path / "out", on_outcome=told.append)
    assert told == outcomes
    assert len(told) == 3


def test_an_output_that_cannot_be_written_ends_the_work(scans: Path, tmp_path: Path) -> None:
    out = grow(tmp_path / "out", "a")  # a file where the folder a/ should be
    with pytest.raises(OutputError, match="cannot be written"):
        transcribe(NameReader(), [scans], out)
    assert tree(out) == {"a": "pixels", "z.txt": "z\n"}
