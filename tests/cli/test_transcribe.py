"""ocr transcribe, its pages read in this process: what it writes, says and refuses."""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image, ImageDraw, ImageFont

from ocr.batch import run
from ocr.batch.job import Job
from ocr.batch.model import ModelFile
from ocr.batch.reading import Finished, Task, make
from ocr.files.lock import locked
from ocr.formats.pagefile import read_page
from ocr.formats.pagexml import write_pagexml
from ocr.recognition import Recognizer, load_model
from ocr.types import Line, Page, PageTranscript, Transcript

Run = Callable[..., Result]
NAMES = ("a.png", "b/two.png", "c.png")


class Here:
    """Stands for the processes: starting them takes seconds."""

    def __init__(self, model: ModelFile, task: Task, size: int) -> None:
        self._reader, self._task = model.load(), task

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def make_all(self, batches: Iterable[Sequence[Job]]) -> Iterator[Finished]:
        return ((jobs, make(self._reader, jobs, self._task)) for jobs in batches)


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "Workers", Here)


def table(result: Result) -> dict[str, int]:
    """The summary: how many pages were done, skipped and failed."""
    rows = [line.split() for line in result.stdout.splitlines()]
    return {row[0]: int(row[1]) for row in rows}


def counts(done: int, skipped: int, failed: int) -> dict[str, int]:
    return {"done": done, "skipped": skipped, "failed": failed}


def written(out: str = "out") -> list[str]:
    """What stands below a folder, the ledger left out."""
    paths = (path.relative_to(out) for path in Path(out).rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if path.parts[0] != ".carousel")


def test_it_writes_skips_and_reports(ocr: Run, lines: Path, model: Path) -> None:
    texts = [load_model(model).recognize(lines / name).text for name in NAMES]
    arguments = ("transcribe", "lines", "-o", "out", "-m", model)
    result = ocr(*arguments)
    assert (result.exit_code, table(result), result.stderr) == (0, counts(3, 0, 0), "")
    assert "pages/s" in result.stdout
    for name, text in zip(NAMES, texts, strict=True):
        assert Path("out", name).with_suffix(".txt").read_text(encoding="utf-8") == text + "\n"
    Path("out/a.txt").write_text("corrected by hand", encoding="utf-8")
    Path("lines/d.png").write_bytes(b"no image")
    result = ocr(*arguments)
    assert (result.exit_code, table(result)) == (3, counts(0, 3, 1))
    assert "error: lines/d.png is not an image" in result.stderr
    assert (
        "kept 1 file not as written by ocr transcribe, the first out/a.txt; --overwrite replaces"
        in result.stderr
    )
    assert "error: 1 page of 4 pages failed; see out/failures.tsv" in result.stderr
    assert Path("out/a.txt").read_text(encoding="utf-8") == "corrected by hand"
    result = ocr(*arguments, "--overwrite")
    assert (result.exit_code, table(result)) == (3, counts(3, 0, 1))
    assert Path("out/a.txt").read_text(encoding="utf-8") == texts[0] + "\n"


def test_it_loads_no_model_when_all_is_done(
    ocr: Run, lines: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("transcribe", "lines", "-o", "out", "-m", model, "--format")
    ocr(*arguments, "json,txt")
    monkeypatch.setattr(run, "Workers", None)
    result = ocr(*arguments, "txt, json")
    assert (result.exit_code, table(result)) == (0, counts(0, 3, 0))


def test_the_options_of_reading_decide_what_is_done(ocr: Run, lines: Path, model: Path) -> None:
    words = Path("words.txt")
    words.write_text("minimum", encoding="utf-8")
    arguments = ("transcribe", "lines", "-o", "out", "-m", model)
    assert table(ocr(*arguments)) == counts(3, 0, 0)
    arguments = (*arguments, "--lexicon")
    assert table(ocr(*arguments, words)) == counts(3, 0, 0)
    words.rename("renamed.txt")
    assert table(ocr(*arguments, "renamed.txt")) == counts(0, 3, 0)
    Path("renamed.txt").write_text("minimum river", encoding="utf-8")
    assert table(ocr(*arguments, "renamed.txt")) == counts(3, 0, 0)
    result = ocr(*arguments, "gone.txt")
    assert result.exit_code == 4
    assert "gone.txt" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("empty", "-o", "out"), 4, "there is no image or page in empty"),
        (("broken", "-o", "out"), 4, "no page was read; see out/failures.tsv"),
        (("gone", "-o", "out"), 2, "gone does not exist"),
        (("lines", "-o", "out"), 2, "lines/a.jpg and lines/a.png would both become out/a.txt"),
        (("lines/b", "-o", "out", "--format", "odt"), 2, "there is no format 'odt'"),
        (("lines/b", "-o", "lines/a.png"), 6, "lines/a.png is not a folder"),
        (("lines/b", "-o", "out", "--shard", "3/2"), 2, "there is no shard '3/2'"),
        (("lines/b", "-o", "out", "--jobs", "-1"), 2, "jobs"),
        (("-o", "out"), 2, "nothing to read is named"),
        (("--files-from", "gone", "-o", "out"), 2, "gone cannot be read: No such file"),
    ],
)
def test_what_it_refuses(
    ocr: Run, lines: Path, model: Path, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    Path("empty").mkdir()
    Path("broken").mkdir()
    Path("broken/x.png").write_bytes(b"?")
    shutil.copy(lines / "a.png", lines / "a.jpg")
    result = ocr("transcribe", *arguments, "-m", model)
    assert result.exit_code == code
    assert reason in result.stderr
    assert written() == (["failures.tsv"] if arguments[0] == "broken" else [])


def test_a_name_that_is_too_long_with_the_suffix_of_the_output_is_a_failure(
    ocr: Run, lines: Path, model: Path
) -> None:
    (lines / "c.png").rename(lines / ("c" * 251 + ".png"))
    result = ocr("transcribe", "lines", "-o", "out", "-m", model, "--format", "pagexml")
    assert (result.exit_code, table(result)) == (3, counts(2, 0, 1))
    assert written() == ["a.page.xml", "b/two.page.xml", "failures.tsv"]
    assert f"error: lines/{'c' * 251}.png has too long a name for its output" in result.stderr
    assert "error: 1 page of 3 pages failed; see out/failures.tsv" in result.stderr


@pytest.mark.parametrize("name", ["../c.png", "/etc/c.png", "C:\\c.png", "inner/leads-out.png"])
def test_an_image_outside_the_folder_of_its_page_is_not_read(
    ocr: Run, lines: Path, model: Path, name: str
) -> None:
    folder = Path("lines/b")
    (folder / "inner").mkdir()
    (folder / "inner" / "leads-out.png").symlink_to(lines / "c.png")
    page = Page("p", lines / "c.png", 60, 30, (Line("l", ((0, 0), (9, 0), (9, 9)), ()),))
    content = write_pagexml(PageTranscript(page, (Transcript("", 1.0),), ""))
    (folder / "p.xml").write_bytes(content.replace(b"c.png", name.encode()))
    result = ocr("transcribe", folder / "p.xml", folder / "two.png", "-o", "out", "-m", model)
    assert (result.exit_code, table(result)) == (3, counts(1, 0, 1))
    assert f"names the image {name!r}, which is not in its folder" in result.stderr
    assert written() == ["failures.tsv", "two.txt"]


def test_names_come_from_lists_and_standard_input(ocr: Run, lines: Path, model: Path) -> None:
    Path("list").write_bytes(codecs.BOM_UTF8 + b"lines/a.png\r\n\nlines/b\n")
    result = ocr("transcribe", "--files-from", "list", "-o", "out", "-m", model)
    assert table(result) == counts(2, 0, 0)
    assert written() == ["lines/a.txt", "lines/b/two.txt"]
    result = ocr("transcribe", "-", "-o", "out", "-m", model, input=b"lines/c.png\nlines/a.png")
    assert table(result) == counts(1, 1, 0)
    assert written() == ["lines/a.txt", "lines/b/two.txt", "lines/c.txt"]


def test_a_listed_name_of_nothing_costs_only_itself(ocr: Run, lines: Path, model: Path) -> None:
    Path("list").write_text("lines/a.png\nlines/missing.png\ngone/\n", encoding="utf-8")
    for arguments in (("--files-from", "list"), ("-",)):
        names = Path("list").read_bytes() if arguments == ("-",) else None
        result = ocr("transcribe", *arguments, "-o", "out", "-m", model, input=names)
        assert result.exit_code == 3
        assert table(result)["failed"] == 2
        assert (
            "error: lines/missing.png of the list does not exist; check the list" in result.stderr
        )
        assert written() == ["failures.tsv", "lines/a.txt"]
        rows = Path("out/failures.tsv").read_text(encoding="utf-8").splitlines()[1:]
        assert rows == [
            "gone\tgone/ of the list does not exist; check the list",
            "lines/missing.png\tlines/missing.png of the list does not exist; check the list",
        ]
    result = ocr("transcribe", "-", "-o", "new", "-m", model, input=b"missing.png\ngone/\n")
    assert result.exit_code == 2
    assert result.stderr == "error: missing.png of the list does not exist; check the list\n"
    assert not Path("new").exists()


def test_the_lines_of_pages_are_found_and_a_choice_is_kept_to(
    ocr: Run, lines: Path, model: Path
) -> None:
    page = Image.new("L", (600, 540), 255)
    for top in range(90, 410, 80):
        words = "minimum a nation station"
        ImageDraw.Draw(page).text((60, top), words, fill=0, font=ImageFont.load_default(32))
    page.save(lines / "page.png")
    arguments = ("transcribe", "lines", "-m", model, "--format", "pagexml,txt", "-o", "out")
    assert table(ocr(*arguments)) == counts(4, 0, 0)
    found = read_page("out/page.page.xml").transcript.page
    assert (len(found.lines), len(read_page("out/a.page.xml").transcript.page.lines)) == (4, 1)
    read = load_model(model).recognize_page(lines / "page.png").transcripts
    texts = Path("out/page.txt").read_text(encoding="utf-8").splitlines()
    assert texts == [reading.text for reading in read]
    assert table(ocr(*arguments, "--input", "line")) == counts(4, 0, 0)
    assert len(read_page("out/page.page.xml").transcript.page.lines) == 1


def test_shards_make_the_whole(ocr: Run, lines: Path, model: Path) -> None:
    results = [
        ocr("transcribe", "lines", "-o", "out", "-m", model, "--shard", f"{part}/3")
        for part in (1, 2, 3)
    ]
    # A shard without any page has nothing to do, and that is no failure.
    assert [result.exit_code for result in results] == [0, 0, 0]
    assert sum(table(result)["done"] for result in results) == 3
    assert written() == ["a.txt", "b/two.txt", "c.txt"]


def test_two_runs_do_not_write_into_one_folder(ocr: Run, lines: Path, model: Path) -> None:
    Path("out/.carousel").mkdir(parents=True)
    with locked(Path("out/.carousel/1-of-1.lock")):
        result = ocr("transcribe", "lines", "-o", "out", "-m", model)
    assert result.exit_code == 6
    assert "another run is writing into out; wait for its end, or divide the" in result.stderr
    assert written() == []
    assert ocr("transcribe", "lines", "-o", "out", "-m", model).exit_code == 0


def test_stopped_it_keeps_what_is_done(
    ocr: Run, lines: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, calls = Recognizer.read_many, []

    def stop_at_the_second(self: Recognizer, *arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return read(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Recognizer, "read_many", stop_at_the_second)
    result = ocr("transcribe", "lines", "-o", "out", "-m", model, "--batch-size", "1")
    assert (result.exit_code, table(result)) == (130, counts(1, 0, 0))
    assert "the same command goes on" in result.stderr
    assert written() == ["a.txt"]
