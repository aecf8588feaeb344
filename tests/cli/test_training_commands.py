"""ocr check and ocr train, from drawn lines to a model that the other commands take."""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image

from ocr.cli.trainingdisplay import TrainingDisplay
from ocr.network.modelheader import read_spec
from ocr.options import AdaptationOptions
from ocr.training.loop import Progress
from ocr.training.run import load_run

Run = Callable[..., Result]
SMALL = (
    "--hidden", "16", "--convolutions", "16,16,16,16", "--layers", "1", "--height", "16",
    "--processes", "1",
)  # fmt: skip


@pytest.fixture
def data(drawn: Path, tmp_path: Path) -> Path:
    """A copy of the drawn lines that a test may spoil."""
    shutil.copytree(drawn, tmp_path / "data")
    return tmp_path / "data"


def spoil(data: Path) -> None:
    """Three unusable lines: a broken image, a missing one, and a text that does not fit."""
    (data / "broken.png").write_bytes(b"?")
    (data / "broken.gt.txt").write_text("a", encoding="utf-8")
    (data / "lonely.gt.txt").write_text("a", encoding="utf-8")
    Image.new("L", (30, 30), 255).save(data / "narrow.png")
    (data / "narrow.gt.txt").write_text("minimum " * 20, encoding="utf-8")


def test_check_of_good_data(ocr: Run, data: Path) -> None:
    result = ocr("check", "data")
    assert result.exit_code == 0
    assert result.stdout.startswith("24 lines on 6 pages, ")
    assert "letters" in result.stdout
    assert "cannot be used" not in result.output


def test_check_names_every_unusable_line(ocr: Run, data: Path) -> None:
    spoil(data)
    result = ocr("check", "data")
    assert result.exit_code == 3
    assert "3 lines cannot be used" in result.stdout
    assert "3 of 27 lines cannot be used" in result.stderr
    values = json.loads(ocr("check", "data", "--format", "json").stdout)
    assert values["lines"] == 24
    assert values["sources"] == [{"source": "data", "lines": 24}]
    assert len(values["problems"]) == 3
    assert all(problem["reason"] and problem["fix"] for problem in values["problems"])
    rows = ocr("check", "data", "--format", "tsv").stdout.splitlines()
    assert rows[0] == "id\treason\tfix"
    assert [row.split("\t")[0] for row in rows[1:]] == [p["id"] for p in values["problems"]]
    for name in ("broken", "lonely", "narrow"):
        assert sum(name in row for row in rows[1:]) == 1


def test_each_source_is_counted_by_its_usable_lines(ocr: Run, data: Path) -> None:
    spoil(data)
    shutil.copytree(data, "more", ignore=shutil.ignore_patterns("page[1-5]*"))
    for command in (("check", "data", "more"), ("train", "more", "--validation", "data")):
        more = () if command[0] == "check" else ("-o", "x", "--epochs", "1", *SMALL)
        result = ocr(*command, *more)
        assert "28 lines on" in result.stdout
        counted = {row[1]: int(row[0]) for row in map(str.split, result.stdout.splitlines())
                   if len(row) == 2 and row[1] in ("data", "more")}  # fmt: skip
        assert counted == {"data": 24, "more": 4}


def test_check_without_images_sees_the_texts_only(ocr: Run, data: Path) -> None:
    spoil(data)
    values = json.loads(ocr("check", "data", "--no-images", "--format", "json").stdout)
    assert values["lines"] == 26
    assert len(values["problems"]) == 1


def test_check_of_many_problems_shows_the_first(ocr: Run, data: Path) -> None:
    for number in range(13):
        (data / f"lonely{number:02}.gt.txt").write_text("a", encoding="utf-8")
    shown = ocr("check", "data").stdout
    assert shown.count("lonely") >= 10
    assert "lonely12.gt.txt:" not in shown
    assert "and 3 more; all of them: --format tsv" in shown


def test_check_exit_codes_without_lines(ocr: Run, tmp_path: Path) -> None:
    (tmp_path / "x.gt.txt").write_text("alone", encoding="utf-8")
    assert ocr("check", "x.gt.txt").exit_code == 4
    assert ocr("check", "gone").exit_code == 2
    (tmp_path / "empty").mkdir()
    assert ocr("check", "empty").exit_code == 4


def test_training_to_a_model_and_on(ocr: Run, data: Path) -> None:
    spoil(data)
    result = ocr("train", "data", "-o", "mine", "--epochs", "2", *SMALL)
    assert result.exit_code == 0, result.output
    report, _, rest = result.stdout.partition("expected: ")
    assert "24 lines on 6 pages" in report
    assert "3 lines cannot be used" in report
    assert "for 2.0 epochs" in rest
    assert rest.count("CER") >= 2
    assert "next:  ocr evaluate mine.safetensors" in rest
    rows = Path("mine.training/problems.tsv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 4
    for name in ("log.jsonl", "curve.png", "checkpoint.safetensors"):
        assert str(Path("mine.training") / name) in rest or name.startswith("checkpoint")
        assert Path("mine.training", name).is_file()
    assert ocr("recognize", "data/page0_00.png", "-m", "mine.safetensors").exit_code == 0
    assert ocr("evaluate", "mine.safetensors", "data/page*").exit_code == 0
    assert "hidden         16" in ocr("info", "mine.safetensors").stdout

    model = Path("mine.safetensors").read_bytes()
    refused = ocr("train", "data", "-o", "mine.safetensors", *SMALL)
    assert refused.exit_code == 2
    assert (
        "mine.safetensors exists already; go on with: ocr train -o mine.safetensors --resume"
        in refused.stderr
    )
    mistyped = ocr("train", "dat", "-o", "mine.safetensors", "--overwrite", *SMALL)
    assert mistyped.exit_code == 2
    assert Path("mine.training/checkpoint.safetensors").exists(), "a slip costs no training"
    over = ocr("train", "-o", "mine", "--resume")
    assert over.exit_code == 0
    assert "was over already" in over.stdout
    assert Path("mine.safetensors").read_bytes() == model

    (data / "new.gt.txt").write_text("\u00e9\u00e8", encoding="utf-8")
    shutil.copy(data / "page0_00.png", data / "new.png")
    tuned = ocr("train", "data", "-o", "tuned", "--from", "mine.safetensors", "--epochs", "1",
                "--processes", "1")  # fmt: skip
    assert tuned.exit_code == 0, tuned.output
    assert "few lines: a hand" in tuned.stdout
    few, usual = load_run(Path("tuned.training")).options, AdaptationOptions().training
    assert few == dataclasses.replace(usual, minutes=None, epochs=1, processes=1)
    timed = ocr("train", "data", "-o", "timed", "--from", "mine.safetensors", "--minutes", "0.01",
                "--processes", "1")  # fmt: skip
    assert timed.exit_code == 0, timed.output
    assert load_run(Path("timed.training")).options.epochs is None, "as long as the user wants"
    old, new = (read_spec(Path(f"{name}.safetensors")) for name in ("mine", "tuned"))
    assert new.alphabet == old.alphabet + "\u00e8\u00e9"
    assert new.network == old.network
    grown = ocr("train", "data", "-o", "wide", "--from", "mine.safetensors", "--hidden", "20",
                "--epochs", "1", "--processes", "1")  # fmt: skip
    assert grown.exit_code == 0, grown.output
    wide = read_spec(Path("wide.safetensors")).network
    assert wide == dataclasses.replace(old.network, hidden=20)
    anew = ocr("train", "data", "-o", "anew", "--from", "mine.safetensors", "--retain", "0.5",
               "--epochs", "1", "--processes", "1")  # fmt: skip
    assert anew.exit_code == 0, anew.output
    assert "few lines: a hand" not in anew.stdout  # what is kept lies near nothing that reads
    assert load_run(Path("anew.training")).options.blend == 1
    both = ocr("train", "data", "-o", "x", "--from", "mine.safetensors", "--retain", "0.5",
               "--blend", "0.5")  # fmt: skip
    assert both.exit_code == 2
    assert "--retain below 1 goes with no blend below 1" in both.stderr
    clash = ocr("train", "data", "-o", "x", "--from", "mine.safetensors", "--height", "40")
    assert clash.exit_code == 2
    assert "leave --height out, or begin from nothing, without --from" in clash.stderr
    clash = ocr("train", "data", "-o", "x", "--from", "mine.safetensors", "--hidden", "12")
    assert clash.exit_code == 2
    assert "a network can be widened, not narrowed" in clash.stderr
    assert not Path("x.training").exists()


@pytest.fixture(autouse=True)
def _hears_interrupts() -> Iterator[None]:
    """Also where the tests run in the background, which is not to hear them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_signal_after_the_last_step_stops_nothing(
    ocr: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = TrainingDisplay.show

    def show_and_stop(self: TrainingDisplay, progress: Progress) -> None:
        show(self, progress)
        if progress.fraction == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TrainingDisplay, "show", show_and_stop)
    result = ocr("train", "data", "-o", "mine", "--epochs", "2", "--batch-size", "24", *SMALL)
    assert result.exit_code == 0, result.output
    assert "--resume" not in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_training_can_go_on(
    ocr: Run, data: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    show, seen = TrainingDisplay.show, []

    def show_and_stop(self: TrainingDisplay, progress: Progress) -> None:
        show(self, progress)
        seen.append(progress.step)
        if progress.step == 2:
            signal.raise_signal(number)

    monkeypatch.setattr(TrainingDisplay, "show", show_and_stop)
    before = signal.getsignal(number)
    result = ocr("train", "data", "-o", "mine", "--epochs", "6", "--batch-size", "24", *SMALL)
    assert result.exit_code == 128 + number
    assert seen == [1, 2, 3]
    assert "continue with: ocr train -o mine.safetensors --resume" in result.stderr
    assert signal.getsignal(number) == before
    assert ocr("train", "-o", "mine", "--resume", "--hidden", "17").exit_code == 2
    changed = ocr("train", "-o", "mine", "--resume", "--no-deskew")
    assert changed.exit_code == 2
    assert "deskew True, which cannot become False; leave --no-deskew out" in changed.stderr
    result = ocr("train", "data", "-o", "mine", "--resume", "--epochs", "6")
    assert result.exit_code == 0, result.output
    assert seen == [1, 2, 3, 4, 5, 6]


def test_a_signal_that_is_ignored_stops_nothing(
    ocr: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As SIGHUP under nohup, and SIGINT in what a script leaves in the background."""
    show = TrainingDisplay.show

    def show_and_hang_up(self: TrainingDisplay, progress: Progress) -> None:
        show(self, progress)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(TrainingDisplay, "show", show_and_hang_up)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        result = ocr("train", "data", "-o", "mine", "--epochs", "2", *SMALL)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    assert result.exit_code == 0, result.output


def test_a_second_signal_stops_at_once(
    ocr: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def show(self: TrainingDisplay, progress: Progress) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TrainingDisplay, "show", show)
    result = ocr("train", "data", "-o", "mine", "--epochs", "9", *SMALL)
    assert result.exit_code == 130
    assert result.stderr.endswith("stopped\n")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("-o", "x"), 2, "no training data given"),
        (("gone", "-o", "x"), 2, "gone does not exist"),
        (("data", "-o", "."), 2, "-o . names no file; give the name of a model file"),
        (("data", "-o", ".."), 2, "-o .. names no file; give the name of a model file"),
        (
            ("data", "-o", "hand"),
            2,
            "hand is the name of a shipped model; choose another -o, or say",
        ),
        (("data", "-o", "x", "--resume"), 2, "no training to resume in x.training"),
        (("data", "-o", "x", "--resume", "--overwrite"), 2, "contradict"),
        (("data", "-o", "x", "--from", "gone"), 5, "there is no model gone"),
        (("data", "-o", "x", "--retain", "0.4"), 2, "retain and blend below 1, need a model"),
        (("data", "-o", "x", "--blend", "0.4"), 2, "retain and blend below 1, need a model"),
        (("data", "-o", "x", "--remember"), 2, "remember, and retain and blend below 1, need a"),
        (("data", "-o", "x", "--hidden", "0"), 2, "--hidden is 0, but at least 1"),
        (("data", "-o", "x", "--augment", "9"), 2, "--augment is 9"),
        (
            ("data", "-o", "x", "--validation", "data", "--validation-share", "0.5"),
            2,
            "leave it or --validation out",
        ),
        (("data", "-o", "x", "--validation-share", "2"), 2, "--validation-share is 2"),
        (("data", "-o", "x", "--convolutions", "1,2"), 2, "give four sizes"),
        (("data/broken.gt.txt", "-o", "x"), 4, "the first, data/broken.gt.txt: no image"),
        (("data/b*", "-o", "x"), 4, "no line is left to train on"),
    ],
)
def test_a_training_that_cannot_begin(
    ocr: Run, data: Path, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    (data / "broken.gt.txt").write_text("a", encoding="utf-8")
    result = ocr("train", *arguments)
    assert result.exit_code == code, result.output
    assert reason in result.stderr
    assert not Path("x.safetensors").exists()


def test_what_lies_in_the_way_of_a_run_stays(ocr: Run, data: Path) -> None:
    Path("notes.training").mkdir()
    Path("notes.training/lines.txt").write_text("mine", encoding="utf-8")
    for more in ((), ("--overwrite",)):
        result = ocr("train", "data", "-o", "notes", *more, *SMALL)
        assert result.exit_code == 2
        assert "notes.training is not the folder of a training" in result.stderr
    assert [path.name for path in Path("notes.training").iterdir()] == ["lines.txt"]
    Path("folder.safetensors").mkdir()
    assert ocr("train", "data", "-o", "folder").exit_code == 2
    Path("old.safetensors").write_bytes(b"precious")
    assert ocr("train", "data", "-o", "old").exit_code == 2
    assert Path("old.safetensors").read_bytes() == b"precious"


def test_overwrite_begins_anew(ocr: Run, data: Path) -> None:
    first = ocr("train", "data", "-o", "mine", "--epochs", "1", *SMALL)
    assert first.exit_code == 0, first.output
    again = ocr("train", "data", "-o", "mine", "--epochs", "1", "--overwrite", *SMALL)
    assert again.exit_code == 0
    assert "epoch   1.00" in again.stdout


def test_training_with_rendered_lines(ocr: Run, data: Path, font_folder: Path) -> None:
    fonts = ("--synthetic", font_folder / "text")
    Path("novel.txt").write_text("A minimum of words.", encoding="utf-8")
    small = ("--batch-size", "8", "--longest", "10", *SMALL)
    result = ocr("train", "data", "-o", "mine", *fonts, "--texts", "novel.txt", "--epochs", "0.5",
                 "--synthetic-share", "0.25", *small)  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "training on 23 lines and 2 rendered in every 8" in result.stdout
    assert {"A", "€"} <= set(read_spec(Path("mine.safetensors")).alphabet)
    assert ocr("train", "-o", "mine", "--resume").exit_code == 0
    changed = ocr("train", "-o", "mine", "--resume", "--longest", "12")
    assert (changed.exit_code, "leave --longest out" in changed.stderr) == (2, True)
    lonely = ocr("train", "data", "-o", "other", "--texts", "novel.txt")
    assert (lonely.exit_code, "--synthetic" in lonely.stderr) == (2, True)
    for switch in ("--longest", "--synthetic-share"):
        lonely = ocr("train", "data", "-o", "other", switch, "8" if "long" in switch else "1")
        assert lonely.exit_code == 2
        assert f"{switch} tells of rendered lines; name the fonts" in lonely.stderr
    bad = ocr("train", "data", "-o", "other", "--synthetic", "nowhere")
    assert (bad.exit_code, "nowhere does not exist" in bad.stderr) == (2, True)
