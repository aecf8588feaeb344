"""ocr recognize, transcribe, evaluate, info, models: with a model that writes nonsense."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from PIL import Image

from ocr.cli import evaluate, recognize
from ocr.decoding import languagefile
from ocr.network import modelfile, shipped
from ocr.network.modelheader import model_id
from ocr.options import ReadingOptions
from ocr.preprocessing.pages import page_images
from ocr.recognition import load_model

Run = Callable[..., Result]
NAMES = ("a.png", "b/two.png", "c.png")


@pytest.fixture
def texts(lines: Path, model: Path) -> list[str]:
    """What the model reads, asked without the command line."""
    recognizer = load_model(model)
    texts = [recognizer.recognize(lines / name).text for name in NAMES]
    assert len(set(texts)) == 3  # or the order of outputs could not be told
    assert all(texts)
    return texts


def test_recognize_prints_one_line_per_image_in_order(
    ocr: Run, lines: Path, model: Path, texts: list[str]
) -> None:
    result = ocr("recognize", "-m", model, *(lines / name for name in reversed(NAMES)))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == texts[::-1]
    assert result.stderr == ""


def test_recognize_expands_patterns_to_images(
    ocr: Run, lines: Path, model: Path, texts: list[str]
) -> None:
    (lines / "a.gt.txt").write_text("a minimum", encoding="utf-8")
    result = ocr("recognize", "lines/*", "-m", model, "--with-names")
    assert result.exit_code == 0
    assert result.stdout == f"lines/a.png\t{texts[0]}\nlines/c.png\t{texts[2]}\n"


def test_recognize_as_json(ocr: Run, lines: Path, model: Path, texts: list[str]) -> None:
    result = ocr("recognize", "lines/a.png", "lines/c.png", "-m", model, "--format", "json")
    first, last = map(json.loads, result.stdout.splitlines())
    assert (first["path"], first["text"]) == ("lines/a.png", texts[0])
    assert (last["path"], last["text"]) == ("lines/c.png", texts[2])
    assert first["model"] == model_id(model)
    assert 0 < first["confidence"] <= 1
    assert "".join(box["text"] for box in first["characters"]) == texts[0]
    assert all(0 <= box["left"] <= box["right"] for box in first["characters"])


def test_recognize_says_where_no_line_was_found(
    ocr: Run, lines: Path, model: Path, texts: list[str], tmp_path: Path
) -> None:
    Image.new("L", (700, 900), 255).save(tmp_path / "blank.png")
    result = ocr("recognize", "blank.png", lines / "a.png", "-m", model, "--input", "auto")
    assert result.exit_code == 0
    assert result.stdout == f"{texts[0]}\n"
    assert "blank.png: no line was found" in result.stderr


def test_recognize_refuses_alternatives_that_would_not_be_seen(
    ocr: Run, lines: Path, model: Path
) -> None:
    result = ocr("recognize", lines / "a.png", "-m", model, "--alternatives", "2")
    assert result.exit_code == 2
    assert "add --format json" in result.stderr


def test_lines_of_scans_are_read_together(lines: Path) -> None:
    """Large as they are; what is as large as a page ends its batch."""
    for name, size in (("line.png", (900, 130)), ("page.png", (900, 700))):
        Image.new("L", size, 255).save(lines / name)
    names = ("line.png", "line.png", "page.png", "line.png")
    images = [image for name in names for image in page_images(lines / name)]
    assert [len(b) for b in recognize._batches(images, ReadingOptions())] == [3, 1]
    assert [len(b) for b in recognize._batches(images, ReadingOptions("line"))] == [4]


def test_recognize_reads_standard_input(
    ocr: Run, lines: Path, model: Path, texts: list[str]
) -> None:
    result = ocr("recognize", "-", "-m", model, input=(lines / "a.png").read_bytes())
    assert result.stdout == texts[0] + "\n"


def test_recognize_names_what_it_cannot_read_and_does_the_rest(
    ocr: Run, lines: Path, model: Path, texts: list[str]
) -> None:
    (lines / "bad.png").write_bytes(b"")
    images = ("lines/gone.png", "lines/a.png", "lines/bad.png", "lines", "nix*.png", "lines/c.png")
    result = ocr("recognize", *images, "-m", model)
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [texts[0], texts[2]]
    for name in ("lines/gone.png does not", "lines/bad.png is empty", "lines is a", "nix*.png"):
        assert result.stderr.count(f"error: {name}") == 1
    assert result.stderr.endswith("error: 4 of 6 images could not be read\n")


@pytest.mark.parametrize("images", [("gone.png",), ("*.nix",), ("gone.png", "*.nix")])
def test_recognize_without_any_usable_image(ocr: Run, model: Path, images: tuple[str]) -> None:
    result = ocr("recognize", *images, "-m", model)
    assert result.exit_code == 4
    assert result.stdout == ""
    assert all(image in result.stderr for image in images)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_recognize_reads_a_pipe_once(ocr: Run, lines: Path, model: Path) -> None:
    os.mkfifo("pipe")
    data = (lines / "a.png").read_bytes()
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(data,), daemon=True)
    writer.start()
    result = ocr("recognize", "pipe", "-m", model)
    writer.join(10)
    assert result.stdout == ocr("recognize", "lines/a.png", "-m", model).stdout


def test_recognize_of_an_empty_name(ocr: Run, model: Path) -> None:
    result = ocr("recognize", "", "-m", model)
    assert result.exit_code == 4
    assert result.stderr.startswith("error: an empty name does not exist; check the path\n")


@pytest.mark.parametrize(
    ("command", "code"), [("recognize", 4), ("transcribe", 2), ("segment", 2), ("check", 2)]
)
def test_a_name_that_is_too_long_for_a_file_does_not_exist(
    ocr: Run, model: Path, command: str, code: int
) -> None:
    more = {"recognize": ("-m", model), "transcribe": ("-o", "out")}.get(command, ())
    result = ocr(command, "a" * 300, *more)
    assert result.exit_code == code
    assert result.stderr.startswith(f"error: {'a' * 300} does not exist; check the path\n")


def test_recognize_does_the_rest_where_a_folder_is_locked(
    ocr: Run, lines: Path, model: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def refuse(self: Path, **options: Any) -> os.stat_result:
        if self.parent.name == "locked":
            raise PermissionError(13, "Permission denied", str(self))
        return stat(self, **options)

    monkeypatch.setattr(Path, "stat", refuse)
    result = ocr("recognize", "locked/x.png", "lines/a.png", "-m", model)
    assert (result.exit_code, result.stdout) == (3, texts[0] + "\n")
    assert "error: locked/x.png cannot be read: Permission denied; change its" in result.stderr


@pytest.mark.parametrize("command", ["recognize", "transcribe", "evaluate", "info"])
def test_a_file_that_is_no_model_is_refused(ocr: Run, lines: Path, command: str) -> None:
    (lines / "a.gt.txt").write_text("a minimum", encoding="utf-8")
    image = lines / "a.png"
    arguments: dict[str, tuple[object, ...]] = {
        "recognize": (image, "-m", image),
        "transcribe": (lines, "-o", "out", "-m", image),
        "evaluate": (image, image),
        "info": (image,),
    }
    result = ocr(command, *arguments[command])
    assert result.exit_code == 5
    assert "a.png is not a model file" in result.stderr
    assert not Path("out").exists()


def transcribed(lines: Path, texts: list[str]) -> Path:
    for name, text in zip(NAMES, texts, strict=True):
        (lines / name).with_suffix(".gt.txt").write_text(text, encoding="utf-8")
    return lines


def test_evaluate_prints_rates_and_writes_the_report(
    ocr: Run, lines: Path, model: Path, texts: list[str]
) -> None:
    wrong = ("e" if texts[2][0] != "e" else "a") + texts[2][1:]
    transcribed(lines, [*texts[:2], wrong])
    characters = sum(map(len, texts))
    result = ocr("evaluate", model, "lines")
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    assert (
        f"CER {100 / characters:.2f} % no interval: for one it takes 20 lines and an error" in shown
    )
    assert "correcting the least confident lines" not in shown
    assert f"1 edit in {characters} characters" in shown
    assert f"{wrong[0]} -> {texts[2][0]}: 1" in shown
    assert shown.count("reading ") == 1  # the others have no error
    assert f"text {wrong} reading {texts[2]}" in shown
    page = Path("tiny-evaluation.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 1
    shutil.copy(model, "v1.2.safetensors")
    assert ocr("evaluate", "v1.2", "lines").exit_code == 0
    assert Path("v1.2-evaluation.html").is_file()


def test_evaluate_as_json_without_a_page(
    ocr: Run, lines: Path, model: Path, texts: list[str]
) -> None:
    transcribed(lines, texts)
    result = ocr("evaluate", model, "lines", "--format", "json", "--no-html")
    report = json.loads(result.stdout)
    assert report["cer"]["rate"] == report["wer"]["rate"] == 0
    assert report["cer"]["lines"] == len(report["lines"]) == 3
    assert not list(Path().glob("*.html"))


@pytest.mark.parametrize("kind", ["text", "json"])
def test_evaluate_keeps_its_figures_where_the_page_cannot_be_written(
    ocr: Run, lines: Path, model: Path, texts: list[str], kind: str
) -> None:
    transcribed(lines, texts)
    Path("file").touch()
    expected = ocr("evaluate", model, "lines", "--no-html", "--format", kind)
    result = ocr("evaluate", model, "lines", "--html", "file/page.html", "--format", kind)
    assert result.exit_code == 6
    assert "file/page.html cannot be written" in result.stderr
    if kind == "json":
        assert json.loads(result.stdout).keys() == json.loads(expected.stdout).keys()
    else:
        assert result.stdout.splitlines()[1:] == expected.stdout.splitlines()[1:]  # but the speed


def test_evaluate_writes_its_page_where_nobody_reads_the_figures(
    ocr: Run, lines: Path, model: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    transcribed(lines, texts)
    monkeypatch.setattr(evaluate, "_show", refuse)
    assert ocr("evaluate", model, "lines").exit_code != 0
    assert Path("tiny-evaluation.html").is_file()


def test_evaluate_exit_codes(ocr: Run, lines: Path, model: Path, texts: list[str]) -> None:
    transcribed(lines, texts)
    (lines / "e.png").write_bytes(b"?")
    (lines / "e.gt.txt").write_text("e", encoding="utf-8")
    (lines / "f.gt.txt").write_text("no image", encoding="utf-8")
    result = ocr("evaluate", model, "lines", "--html", "named.html")
    assert result.exit_code == 3
    assert "2 of 5 lines could not be used" in result.stderr
    assert "left out: lines/f.gt.txt" in result.stderr
    assert Path("named.html").is_file()
    assert ocr("evaluate", model, "lines/e.png").exit_code == 4
    assert ocr("evaluate", model, "gone").exit_code == 2
    assert ocr("evaluate", model, "lines", "--html", "x", "--no-html").exit_code == 2


def test_a_report_takes_the_place_of_a_report_only(
    ocr: Run, lines: Path, model: Path, texts: list[str]
) -> None:
    transcribed(lines, texts)
    Path("notes.html").write_text("<p>mine", encoding="utf-8")
    refused = ocr("evaluate", model, "lines", "--html", "notes.html")
    assert refused.exit_code == 2
    assert "notes.html is no report of ocr evaluate; name another file" in refused.stderr
    assert Path("notes.html").read_text(encoding="utf-8") == "<p>mine"
    codes = [ocr("evaluate", model, "lines", "--html", "own.html").exit_code for _ in range(2)]
    assert codes == [0, 0]


def test_info_shows_the_card(ocr: Run, model: Path) -> None:
    shown = " ".join(ocr("info", model).stdout.split())
    for part in (
        model_id(model),
        "writes 12 characters letters aeimnorstuv other space",
        "height 16",
        "hidden 8",
        "lines 1,234",
        "validation cer 12.50 %",
        "Jane Doe, CC BY 4.0",
    ):
        assert part in shown
    values = json.loads(ocr("info", model, "--format", "json").stdout)
    assert values["bytes"] == model.stat().st_size
    network, spec = modelfile.load_model_file(model)
    assert values["weights"] == sum(p.numel() for p in network.parameters())
    assert f"{values['weights']:,} weights" in shown
    assert values["alphabet"] == spec.alphabet
    assert values["training"]["credits"] == ["Jane Doe, CC BY 4.0"]


def test_info_sums_up_the_runs_before(ocr: Run, model: Path) -> None:
    network, spec = modelfile.load_model_file(model)
    old = {"minutes": 30.0, "validation_cer": 0.9, "earlier": {"minutes": 12.0}}
    training = {**spec.training, "earlier": old}
    modelfile.save_model(model, network, dataclasses.replace(spec, training=training))
    shown = ocr("info", model).stdout
    assert "earlier        2 runs, 42 minutes; see: --format json" in shown
    assert "90.00 %" not in shown
    assert json.loads(ocr("info", model, "--format", "json").stdout)["training"] == training


def test_info_as_json_has_null_where_nothing_was_measured(ocr: Run, model: Path) -> None:
    network, spec = modelfile.load_model_file(model)
    spec.training["validation_cer"] = float("nan")
    modelfile.save_model(Path("nan.safetensors"), network, spec)
    shown = ocr("info", "nan.safetensors", "--format", "json").stdout
    assert json.loads(shown, parse_constant=pytest.fail)["training"]["validation_cer"] is None


def test_models_lists_what_is_shipped(
    ocr: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languagefile, "shipped_language_models", dict)
    monkeypatch.setattr(shipped, "shipped_models", lambda: {"default": model})
    shown, alias = ocr("models").stdout.splitlines()
    fields = shown.split()
    assert fields[0] == "default"
    assert model_id(model) in fields
    assert " ".join(fields).endswith("trained on 1,234 lines, validation CER 12.50 %")
    assert alias.split() == ["hand", "another", "name", "of", "default"]
    monkeypatch.setattr(shipped, "shipped_models", lambda: {"print": model})
    assert "hand" not in ocr("models").stdout
    monkeypatch.setattr(shipped, "shipped_models", dict)
    assert "no model came with this installation" in ocr("models").stdout
