"""ocr lm and calibrate, and reading with what they made."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from ocr import tuning
from ocr.decoding.languagefile import read_language_model
from ocr.network.modelheader import read_spec
from ocr.recognition import load_model

Run = Callable[..., Result]


@pytest.fixture
def language(ocr: Run) -> Path:
    """A language model of what the drawn lines say."""
    Path("text.txt").write_text("a minimum\nstation in the sun\nox\n" * 3, encoding="utf-8")
    result = ocr("lm", "text.txt", "-o", "made.lm", "--order", "3")
    assert result.exit_code == 0
    assert "made.lm: 12 characters, sequences of 3" in " ".join(result.stdout.split())
    return Path("made.lm")


@pytest.fixture
def few(drawn: Path, tmp_path: Path) -> Path:
    """Three transcribed lines in a folder of the test's own."""
    folder = tmp_path / "few"
    folder.mkdir()
    for path in sorted(drawn.iterdir())[:6]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tuning that tries two weights: the search is tested in test_calibration.py."""
    monkeypatch.setattr(tuning, "SEARCHES", ((tuning.with_weight, (0.2, 0.6)),))


def test_info_tells_of_a_language_model(ocr: Run) -> None:
    Path("text.txt").write_text("room 17\n" * 3, encoding="utf-8")
    ocr("lm", "text.txt", "-o", "made.lm", "--order", "3")
    shown = ocr("info", "made.lm").stdout
    assert "digits         0123456789\n" in shown  # of which every one is known where one is
    assert "order          3\n" in shown
    facts = json.loads(ocr("info", "made.lm", "--format", "json").stdout)
    assert (sorted(facts["alphabet"]), facts["options"]["order"]) == (sorted(" 0123456789mor"), 3)
    assert ocr("info", "made").stdout == shown, "as --lm takes it"
    shutil.copy("made.lm", "french")
    assert "language model" in ocr("info", "french").stdout
    Path("made.lm").write_bytes(Path("made.lm").read_bytes()[:-1])
    assert "made.lm is damaged" in ocr("info", "made.lm").stderr


@pytest.mark.usefixtures("quick")
def test_lm_is_tuned_in_place(ocr: Run, language: Path, few: Path, model: Path) -> None:
    before = read_language_model(language)
    result = ocr("lm", "--lm", language, "--tune", few, "-m", model)
    assert result.exit_code == 0
    assert "tuned on 3 lines for model" in result.stdout
    assert "% without a language model, " in result.stdout
    assert "% with this one\n" in result.stdout
    assert "lines that are learnt from too" not in result.stderr
    assert ("as well or better" in result.stderr) != ("next:" in result.stdout)
    after = read_language_model(language)
    assert after.options != before.options
    assert after.options.order == 3
    np.testing.assert_equal(after.automaton, before.automaton)


@pytest.mark.usefixtures("quick")
def test_lm_is_made_and_tuned_at_once(ocr: Run, few: Path, model: Path) -> None:
    (few / "broken.png").write_bytes(b"?")
    (few / "broken.gt.txt").write_text("x", encoding="utf-8")
    arguments = ("-o", "both.lm", "--tune", few, "-m", model, "--lines", "4")
    result = ocr("lm", few, *arguments, "--order", "2")
    assert result.exit_code == 3
    assert "left out: broken" in result.stderr
    assert "1 line could not be used" in result.stderr
    assert "lines that are learnt from too" in result.stderr
    assert "% with this one\n" in result.stdout, "in spite of the line that could not be used"
    assert read_language_model(Path("both.lm")).options.order == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--tune", "few", "--weight", "0.3"), "--tune finds --weight; leave one of them out"),
        (("-m", "typo"), "--model is for --tune; name lines with --tune"),
        (("--lines", "5"), "--lines is for --tune; name lines with --tune"),
        (("--tune", "gone.tsv"), "no line can be used; the first, gone.tsv:1: gone.png"),
    ],
)
def test_lm_does_no_work_on_switches_that_have_no_effect(
    ocr: Run, few: Path, model: Path, arguments: tuple[str, ...], reason: str
) -> None:
    Path("text.txt").write_text("a minimum\n" * 3, encoding="utf-8")
    Path("gone.tsv").write_text("gone.png\tx\n", encoding="utf-8")
    given = [str(few) if part == "few" else part for part in arguments]
    if "--tune" in given:
        given += ["-m", str(model)]
    result = ocr("lm", "text.txt", "-o", "made.lm", *given)
    assert result.exit_code in (2, 4)
    assert reason in result.stderr
    assert not Path("made.lm").exists()


def test_commands_without_alternatives_refuse_them(ocr: Run, lines: Path, model: Path) -> None:
    for call in (("evaluate", model, lines), ("explain", lines / "a.png", "-o", "x.png")):
        result = ocr(*call, "--alternatives", "2")
        assert result.exit_code == 2
        assert "No such option '--alternatives'" in result.stderr


def test_a_price_without_a_lexicon_is_refused(ocr: Run, lines: Path, model: Path) -> None:
    result = ocr("recognize", lines / "a.png", "-m", model, "--unknown-price", "9")
    assert result.exit_code == 2
    assert "--unknown-price has no lexicon to go with; name one with --lexicon" in result.stderr


def test_the_model_to_tune_for_is_looked_for_before_any_work(ocr: Run, few: Path) -> None:
    Path("text.txt").write_text("a minimum\n" * 3, encoding="utf-8")
    result = ocr("lm", "text.txt", "-o", "made.lm", "--tune", few, "-m", "typo")
    assert result.exit_code == 5
    assert "there is no model typo" in result.stderr
    assert not Path("made.lm").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ((), 2, "no text given; give either TEXT to learn from or --lm to tune"),
        (("text.txt",), 2, "there is no place to write to; name the language model with -o"),
        (("text.txt", "--lm", "made.lm"), 2, "TEXT and --lm contradict each other"),
        (("--lm", "made.lm"), 2, "there is nothing to do with --lm alone"),
        (("--lm", "made.lm", "--tune", "x", "--order", "4"), 2, "--order can only be set for a"),
        (("gone.txt", "-o", "x.lm"), 2, "gone.txt does not exist"),
        (("empty.txt", "-o", "x.lm"), 4, "there is no text to learn from"),
        (("text.txt", "-o", "text.txt/x.lm"), 6, "cannot be written"),
        (("--lm", "text.txt", "--tune", "x"), 5, "text.txt is not a language model"),
        (("text.txt", "-o", "x.lm", "--order", "9"), 2, "order is 9, but at most 8 is possible"),
    ],
)
def test_lm_refusals(
    ocr: Run, language: Path, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    Path("empty.txt").touch()
    result = ocr("lm", *arguments)
    assert result.exit_code == code
    assert reason in result.stderr


def test_reading_with_a_language_model(ocr: Run, lines: Path, language: Path, model: Path) -> None:
    arguments = ("recognize", "lines/a.png", "-m", model, "--format", "json")
    plain = json.loads(ocr(*arguments).stdout)
    result = ocr(*arguments, "--lm", language, "--alternatives", "2")
    assert result.exit_code == 0
    values = json.loads(result.stdout)
    assert (plain["language"], plain["alternatives"]) == (0, [])
    assert len(values["alternatives"]) == 2
    assert values["text"] not in [other["text"] for other in values["alternatives"]]
    scores = [values, *values["alternatives"]]
    assert all(reading["language"] < 0 for reading in scores)
    options = read_language_model(language).options
    totals = [
        reading["optical"]
        + options.weight * reading["language"]
        + options.bonus * len(reading["text"])
        for reading in scores
    ]
    assert totals == sorted(totals, reverse=True)
    free = ("--lm", language, "--lm-weight", "0", "--alternatives", "2")
    ignored = json.loads(ocr(*arguments, *free).stdout)
    assert ignored["language"] < 0
    assert ignored["text"] != values["text"]
    totals = [
        reading["optical"] + options.bonus * len(reading["text"])
        for reading in (ignored, *ignored["alternatives"])
    ]
    assert totals == sorted(totals, reverse=True)


def test_a_lexicon_and_a_beam_for_every_reading_command(ocr: Run, lines: Path, model: Path) -> None:
    Path("words.txt").write_text("minimum station sun", encoding="utf-8")
    (lines / "a.gt.txt").write_text("a minimum", encoding="utf-8")
    for arguments in (
        ("recognize", "lines/a.png", "-m", model, "--lexicon", "words.txt"),
        ("transcribe", "lines", "-o", "out", "-m", model, "--lexicon", "words.txt"),
        ("evaluate", model, "lines/a.png", "--lexicon", "words.txt", "--no-html"),
        ("evaluate", model, "lines/a.png", "--decoder", "beam", "--no-html"),
    ):
        assert ocr(*arguments).exit_code == 0
    expected = ocr("recognize", "lines/a.png", "-m", model, "--lexicon", "words.txt").stdout
    assert Path("out/a.txt").read_text(encoding="utf-8") == expected


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("--lm", "gone.lm"), 5, "there is no language model gone.lm"),
        (("--lm", "lines/a.png"), 5, "lines/a.png is not a language model"),
        (("--lexicon", "gone.txt"), 4, "gone.txt cannot be read"),
        (("--decoder", "lexicon"), 2, "the lexicon decoder needs a lexicon"),
        (("--decoder", "greedy", "--alternatives", "2"), 2, "finds one reading only"),
        (("--lm", "none", "--lm-weight", "1"), 2, "--lm-weight weighs nothing without a langu"),
        (("--decoder", "best"), 2, "'best' is not one of"),
    ],
)
def test_decoding_refusals(
    ocr: Run, lines: Path, model: Path, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    result = ocr("recognize", "lines/a.png", "-m", model, *arguments)
    assert result.exit_code == code
    assert reason in result.stderr


def test_calibrate_stores_a_temperature(ocr: Run, few: Path, model: Path) -> None:
    shutil.copy(model, "mine.safetensors")
    result = ocr("calibrate", "mine.safetensors", few)
    assert result.exit_code == 0
    temperature = read_spec(Path("mine.safetensors")).temperature
    assert temperature != 1.0
    assert f"temperature {temperature:.3f} from" in result.stdout
    sources = sorted(few.glob("*.png"))
    plain, calibrated = load_model(model), load_model("mine.safetensors")
    for source in sources:
        before, after = plain.recognize(source), calibrated.recognize(source)
        assert before.text == after.text
        assert (before.confidence > after.confidence) is (temperature > 1)
    call = ("calibrate", "mine.safetensors", few, "-o", "again")
    assert ocr(*call).exit_code == 0
    refused = ocr(*call)
    assert refused.exit_code == 2
    assert "again.safetensors is another model; choose another -o" in refused.stderr
    assert read_spec(Path("again.safetensors")).temperature == pytest.approx(temperature, rel=1e-3)
    assert f"temperature {temperature:.3g}" in ocr("info", "mine.safetensors").stdout


@pytest.mark.usefixtures("quick")
def test_a_shipped_language_model_is_tuned_into_a_copy(
    ocr: Run, language: Path, few: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ocr.decoding import languagefile

    monkeypatch.setattr(languagefile, "shipped_language_models", lambda: {"ours": language})
    before = language.read_bytes()
    result = ocr("lm", "--lm", "ours", "--tune", few, "-m", model, "-o", "copy.lm")
    assert result.exit_code == 0, result.output
    assert read_language_model(Path("copy.lm")).options != read_language_model(language).options
    assert language.read_bytes() == before


@pytest.mark.parametrize("name", ["mine.safetensors", "made.lm"])
def test_what_is_there_is_not_replaced(ocr: Run, language: Path, name: str) -> None:
    Path("mine.safetensors").write_bytes(b"a model of months")
    before = Path(name).read_bytes()
    refused = ocr("lm", "text.txt", "-o", name, "--order", "2")
    assert refused.exit_code == 2
    assert f"{name} exists already; replace it with --overwrite" in refused.stderr
    assert Path(name).read_bytes() == before
    assert ocr("lm", "text.txt", "-o", name, "--order", "2", "--overwrite").exit_code == 0
    assert Path(name).read_bytes() != before


def test_what_a_link_names_is_calibrated(ocr: Run, few: Path, model: Path) -> None:
    shutil.copy(model, "real.safetensors")
    Path("link.safetensors").symlink_to("real.safetensors")
    assert ocr("calibrate", "link.safetensors", few).exit_code == 0
    assert Path("link.safetensors").is_symlink()
    assert read_spec(Path("real.safetensors")).temperature != 1.0


def test_lists_of_lines_that_are_not_there(ocr: Run, model: Path) -> None:
    Path("gone.tsv").write_text("x.png\tx\n", encoding="utf-8")
    result = ocr("calibrate", model, "gone.tsv", "-o", "mine")
    assert result.exit_code == 4
    assert "no line can be used; the first, gone.tsv:1: x.png does not exist" in result.stderr


def test_a_page_file_is_no_text_to_learn_from(ocr: Run) -> None:
    Path("page.xml").write_text("<PcGts/>", encoding="utf-8")
    result = ocr("lm", "page.xml", "-o", "made")
    assert result.exit_code == 4
    assert "page.xml is no plain text; see: ocr convert" in result.stderr


def test_calibrate_refusals(
    ocr: Run, few: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ocr.network import shipped

    monkeypatch.setattr(shipped, "shipped_models", lambda: {"default": model})
    content = model.read_bytes()
    here = os.path.relpath(model)
    for arguments, named in [
        (("default",), "default"),
        ((here,), here),
        (("default", "-o", here), here),
    ]:
        result = ocr("calibrate", *arguments, few)
        assert result.exit_code == 2
        assert f"{named} is a shipped model; name the calibrated copy with -o" in result.stderr
    (few / "broken.png").write_bytes(b"?")
    (few / "broken.gt.txt").write_text("x", encoding="utf-8")
    result = ocr("calibrate", "default", few, "-o", "mine.safetensors")
    assert result.exit_code == 3
    assert Path("mine.safetensors").is_file()
    assert ocr("calibrate", "default", few / "broken.png", "-o", "x").exit_code == 4
    assert model.read_bytes() == content


def test_evaluate_says_what_proofreading_brings(ocr: Run, lines: Path, model: Path) -> None:
    for number in range(20):  # of fewer, one in twenty is none
        shutil.copy(lines / ("a.png", "c.png")[number % 2], lines / f"{number}.png")
        (lines / f"{number}.gt.txt").write_text("a minimum", encoding="utf-8")
    (lines / "a.gt.txt").write_text("a minimum", encoding="utf-8")
    result = ocr("evaluate", model, "lines/?.png", "lines/1?.png")
    assert "expected calibration error" in result.stdout
    assert "correcting the least confident lines" in result.stdout
    assert "50 % of them removes" in result.stdout
    page = Path("tiny-evaluation.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    values = json.loads(
        ocr("evaluate", model, "lines/a.png", "--no-html", "--format", "json").stdout
    )
    assert 0 <= values["calibration_error"] <= 1
    assert sum(entry["count"] for entry in values["reliability"]) > 0
    assert values["errors_removed"][0].keys() == {"lines_corrected", "errors_removed"}


def test_explain_draws_a_picture_and_prints_the_text(ocr: Run, lines: Path, model: Path) -> None:
    arguments = ("explain", "lines/a.png", "-m", model, "-o")
    result = ocr(*arguments, "new/a.png", "--layer", "1")
    assert result.exit_code == 0
    assert result.stdout == ocr("recognize", "lines/a.png", "-m", model).stdout
    assert Path("new/a.png").read_bytes().startswith(b"\x89PNG")
    refused = ocr(*arguments, "new/a.png")
    assert refused.exit_code == 2
    assert "new/a.png exists already; replace it with --overwrite" in refused.stderr
    assert ocr(*arguments, "new/a.png", "--overwrite").exit_code == 0
    beyond = ocr(*arguments, "c.png", "--layer", "2")
    assert beyond.exit_code == 2
    assert "there is no layer 2; choose from 1 to 1" in beyond.stderr
    result = ocr(*arguments, "a.jpeg")
    assert result.exit_code == 2
    assert "a.jpeg is no kind of picture; end its name in .png, .svg or .pdf" in result.stderr
    assert ocr("explain", "gone.png", "-o", "a.png", "-m", model).exit_code == 4


def test_a_shipped_language_model_has_a_name_and_stays_as_it_is(
    ocr: Run, lines: Path, few: Path, language: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ocr.decoding import languagefile

    monkeypatch.setattr(languagefile, "shipped_language_models", lambda: {"latin": language})
    arguments = ("recognize", "lines/a.png", "-m", model, "--lm")
    assert ocr(*arguments, "latin").stdout == ocr(*arguments, language).stdout
    unknown = ocr(*arguments, "latn")
    assert unknown.exit_code == 5
    assert "there is no language model latn" in unknown.stderr
    assert "or a shipped name (latin)" in unknown.stderr
    listed = ocr("models").stdout
    assert re.search(r"^latin +0\.0 MB +[0-9a-f]{12} +language model, sequences of 3", listed, re.M)
    for name in ("latin", os.path.relpath(language)):
        refused = ocr("lm", "--lm", name, "--tune", few, "-m", model)
        assert refused.exit_code == 2
        assert f"{name} is a shipped language model; name the tuned copy with -o" in refused.stderr
