"""``ocr adapt``: the draft, what was corrected, and the learning."""

from __future__ import annotations

import codecs
import dataclasses
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image

from ocr.cli.draft import spread
from ocr.network.modelfile import save_described
from ocr.network.modelheader import read_spec
from ocr.training.data.dataset import read_samples
from ocr.training.run import load_run

Run = Callable[..., Result]


@pytest.fixture
def draft(ocr: Run, lines: Path, model: Path, tmp_path: Path) -> Path:
    """What the first call writes, into mine.tsv."""
    result = ocr("adapt", lines, "-o", "mine", "-m", model)
    assert result.exit_code == 0, result.output
    assert "read 3 lines into mine.tsv" in result.output
    assert f"ocr adapt {lines} -o mine.safetensors -m {model}" in result.output
    return tmp_path / "mine.tsv"


def test_the_first_call_lists_what_it_read(ocr: Run, draft: Path, lines: Path, model: Path) -> None:
    assert draft.read_bytes().startswith(codecs.BOM_UTF8), "which spreadsheets ask for"
    rows = [row.split("\t") for row in draft.read_text(encoding="utf-8-sig").splitlines()]
    images = [Path(image) for image, _ in rows]
    assert images == [lines / "a.png", lines / "c.png", lines / "b" / "two.png"]
    printed = ocr("recognize", *images, "-m", model).stdout.splitlines()
    assert [text for _, text in rows] == printed
    assert not draft.with_suffix(".safetensors").exists()


@pytest.mark.parametrize("pattern", ["lines/*.png", "lines/a.png"])
def test_a_draft_is_made_of_a_pattern_and_of_one_image(
    ocr: Run, lines: Path, model: Path, tmp_path: Path, pattern: str
) -> None:
    lines.rename(tmp_path / "lines")
    result = ocr("adapt", pattern, "-o", "mine", "-m", model)
    assert result.exit_code == 0, result.output
    rows = (tmp_path / "mine.tsv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == (2 if "*" in pattern else 1)


def test_an_empty_transcription_is_named_and_not_drafted(
    ocr: Run, lines: Path, model: Path, tmp_path: Path
) -> None:
    (lines / "a.gt.txt").write_text("", encoding="utf-8")
    result = ocr("adapt", lines, "-o", "mine", "-m", model)
    assert result.exit_code == 4
    assert "a.gt.txt: the transcription is empty" in result.stderr
    assert not (tmp_path / "mine.tsv").exists()


def test_the_command_to_give_again_keeps_its_switches(ocr: Run, lines: Path, model: Path) -> None:
    result = ocr("adapt", lines, "-o", "mine", "-m", model, "--lines", "5", "--minutes", "20",
                 "--overwrite")  # fmt: skip
    assert f"-m {model} --minutes 20 --overwrite\n" in result.stdout


def test_more_lines_than_the_draft_has_are_asked_for_with_more(
    ocr: Run, draft: Path, lines: Path, model: Path
) -> None:
    result = ocr("adapt", lines, "-o", "mine", "-m", model, "--lines", "9")
    assert result.exit_code == 2
    assert "mine.tsv has lines already; read further ones with --more" in result.stderr


def test_further_lines_are_read_into_a_corrected_draft(
    ocr: Run, lines: Path, model: Path, tmp_path: Path
) -> None:
    call = ("adapt", lines, "-o", "mine", "-m", model)
    for name in ("d", "e", "f", "g"):
        shutil.copy(lines / "a.png", lines / f"{name}.png")
    assert ocr(*call, "--lines", "5").exit_code == 0
    draft = tmp_path / "mine.tsv"
    first, *rest = draft.read_text(encoding="utf-8-sig").splitlines()
    draft.write_text("\n".join([first.split("\t")[0] + "\tcorrected", *rest]), encoding="utf-8")
    before = draft.read_text(encoding="utf-8")
    Path("mine.safetensors").write_bytes(b"of the first time")
    more = ocr(*call, "--more", "20", "--lines", "5")
    assert more.exit_code == 0, more.output
    assert "read 2 lines into mine.tsv" in more.stdout
    assert f"ocr adapt {lines} -o mine" in more.stdout
    assert more.stdout.endswith("--overwrite\n")
    after = draft.read_text(encoding="utf-8")
    assert after.startswith(before + "\n")
    images = [row.split("\t")[0] for row in after.splitlines()]
    assert sorted(images) == sorted(str(path) for path in lines.rglob("*.png"))
    refused = ocr("adapt", "mine.tsv", "-o", "mine", "-m", model, "--more", "20")
    assert refused.exit_code == 2
    assert "--more reads lines into mine.tsv; name their images" in refused.stderr
    assert ocr("adapt", lines, "-o", "other", "-m", model, "--more", "20").exit_code == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_further_lines_are_quoted_as_a_spreadsheet_has_quoted_the_others(
    ocr: Run, draft: Path, lines: Path, model: Path, encoding: str
) -> None:
    """Or its quotes around commas would count as text again."""
    rows = [row.split("\t")[0] for row in draft.read_text(encoding="utf-8-sig").splitlines()]
    shutil.copy(lines / "a.png", lines / "d, e.png")
    rows = [f'"{lines / "d, e.png"}"', *rows]
    shutil.copy(lines / "a.png", lines / "f, g.png")
    draft.write_text("".join(f'{image}\t"so, then"\n' for image in rows), encoding=encoding)
    assert ocr("adapt", lines, "-o", "mine", "-m", model, "--more", "5").exit_code == 0
    assert f'"{lines}/f, g.png"\t' in draft.read_text(encoding="utf-8")
    texts = [sample.text for sample in read_samples([draft]).samples]
    assert texts[:4] == ["so, then"] * 4
    assert len(texts) == 5


@pytest.mark.parametrize("place", ["lines/mine", "lines/b/mine"])
def test_the_draft_may_lie_below_one_of_several_folders(
    ocr: Run, lines: Path, model: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "others").mkdir()
    shutil.copy(lines / "a.png", tmp_path / "others" / "z.png")
    call = ("adapt", "lines", "others", "-o", place, "-m", model)
    assert ocr(*call).exit_code == 0
    run = Path(f"{place}.training")
    run.mkdir()
    (run / "problems.tsv").write_text("of the first time", encoding="utf-8")
    again = ocr(*call)
    assert again.exit_code == 2
    assert f"no text of {place}.tsv differs" in again.stderr


def test_no_draft_is_made_for_a_model_that_is_there(ocr: Run, lines: Path, model: Path) -> None:
    """To be corrected in vain."""
    Path("mine.safetensors").write_bytes(b"of another training")
    refused = ocr("adapt", lines, "-o", "mine", "-m", model)
    assert refused.exit_code == 2
    assert "mine.safetensors exists already" in refused.stderr
    assert not Path("mine.tsv").exists()


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_draft_saved_in_another_encoding_is_refused_whole(
    ocr: Run, draft: Path, lines: Path, model: Path, encoding: str
) -> None:
    """Else what was corrected would be left out, and the rest learnt."""
    first, *rest = draft.read_text(encoding="utf-8-sig").splitlines()
    rows = [f"{row.split(chr(9))[0]}\t\u00e9t\u00e9" for row in rest]
    draft.write_bytes("\n".join([first, *rows]).encode(encoding))
    result = ocr("adapt", lines, "-o", "mine", "-m", model)
    assert result.exit_code == 4
    assert "of mine.tsv cannot be used; the first, mine.tsv" in result.stderr
    assert "save it as UTF-8, under the same name" in result.stderr
    named = ocr("adapt", "mine.tsv", "-o", "mine", "-m", model)
    assert named.stderr == result.stderr
    assert not draft.with_suffix(".safetensors").exists()


def test_that_the_language_model_is_lost_is_told(
    ocr: Run, drawn: Path, model: Path, tmp_path: Path
) -> None:
    spec = read_spec(model)
    named = dataclasses.replace(spec, training={**spec.training, "language": "latin"})
    save_described(tmp_path / "named.safetensors", model, named)
    shutil.copytree(drawn, tmp_path / "data")
    short = ("--minutes", "0.01", "--processes", "1")
    kept = ocr("adapt", "data", "-o", "kept", "-m", "named.safetensors", *short)
    assert "language model" not in kept.stderr
    for text in (tmp_path / "data").glob("*.gt.txt"):
        text.write_text(text.read_text(encoding="utf-8") + "\u2e17", encoding="utf-8")
    lost = ocr("adapt", "data", "-o", "lost", "-m", "named.safetensors", *short)
    assert "will be read without it, but with --lm latin" in " ".join(lost.stderr.split())


def test_an_uncorrected_draft_teaches_nothing(
    ocr: Run, draft: Path, lines: Path, model: Path
) -> None:
    before = draft.read_bytes()
    result = ocr("adapt", lines, "-o", "mine", "-m", model)
    assert result.exit_code == 2
    assert "no text of mine.tsv differs" in result.stderr
    assert draft.read_bytes() == before


def test_all_transcribed_lines_are_learnt_from(ocr: Run, drawn: Path, model: Path) -> None:
    result = ocr("adapt", drawn, "-o", "mine", "-m", model, "--lines", "9")
    assert result.exit_code == 2
    assert "transcribed lines are all learnt; leave out --lines" in result.stderr


def test_corrected_lines_are_learnt_and_the_gain_is_told(
    ocr: Run, drawn: Path, model: Path, tmp_path: Path
) -> None:
    rows = [
        f"{image}\t{image.with_suffix('').with_suffix('.gt.txt').read_text(encoding='utf-8')}\n"
        for image in sorted(drawn.glob("*.png"))
    ]
    (tmp_path / "mine.tsv").write_text("".join(rows), encoding="utf-8")
    call = ("adapt", "mine.tsv", "-o", "mine", "-m", model, "--minutes", "0.05", "--processes", "1")
    result = ocr(*call)
    assert result.exit_code == 0, result.output
    assert "24 lines of 24 in mine.tsv corrected" in result.output
    log = (tmp_path / "mine.training" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    errors = [json.loads(row)["cer"] for row in log]
    assert json.loads(log[0])["step"] == 0, "the model begun with is judged first"
    made = read_spec(tmp_path / "mine.safetensors").training["validation_cer"]
    if made < errors[0]:
        told = re.search(
            r"([\d.]+) % before, ([\d.]+) % after, (\d+) % fewer errors", result.output
        )
        assert told is not None, result.output
        assert [float(told[1]), float(told[2])] == pytest.approx(
            [100 * errors[0], 100 * made], abs=0.01
        )
        assert "half of the weights are former ones" in ocr("info", "mine.safetensors").stdout
    else:
        assert "no better after" in result.output
    second = ocr("adapt", "mine.tsv", "-o", "other", "-m", "mine.safetensors", *call[6:])
    assert second.exit_code == 0, second.output
    remembers = "half of the weights" in ocr("info", "mine.safetensors").stdout
    assert ("remembers former weights: it keeps those" in second.stderr) == remembers
    again = ocr(*call)
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_the_draft_may_lie_among_the_images(
    ocr: Run, lines: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lines)
    call = ("adapt", ".", "-o", "mine", "-m", model, "--minutes", "0.01", "--processes", "1")
    assert ocr(*call).exit_code == 0
    draft = Path("mine.tsv")
    rows = draft.read_text(encoding="utf-8-sig").splitlines()
    draft.write_text("".join(f"{row.split(chr(9))[0]}\tab\n" for row in rows), encoding="utf-8")
    result = ocr(*call)
    assert result.exit_code == 0, result.output
    assert "learning from mine.tsv, into which lines were read before" in result.output


def test_other_transcribed_lines_are_not_passed_over_for_a_draft(
    ocr: Run, drawn: Path, draft: Path, model: Path
) -> None:
    result = ocr("adapt", drawn, "-o", "mine", "-m", model)
    assert result.exit_code == 2
    assert "mine.tsv holds transcribed lines, and so do those given" in result.stderr
    assert not draft.with_suffix(".training").exists()


def test_a_corrected_draft_is_learnt_from(ocr: Run, draft: Path, lines: Path, model: Path) -> None:
    rows = draft.read_text(encoding="utf-8-sig").splitlines()
    draft.write_text("".join(f"{row.split(chr(9))[0]}\tab\n" for row in rows), encoding="utf-8")
    result = ocr("adapt", lines, "-o", "mine", "-m", model, "--minutes", "0.01", "--processes", "1")
    assert result.exit_code == 0, result.output
    assert "learning from mine.tsv, into which lines were read before" in result.output
    assert "3 lines of 3 in mine.tsv corrected" in result.output


def test_transcribed_lines_need_no_draft(
    ocr: Run, drawn: Path, model: Path, tmp_path: Path
) -> None:
    result = ocr("adapt", drawn, "-o", "mine", "-m", model, "--minutes", "0.01", "--processes", "1")
    assert result.exit_code == 0, result.output
    assert "learning from 20 lines, 4 held back" in result.output
    assert not (tmp_path / "mine.tsv").exists()


def test_images_that_nobody_transcribed_are_learnt_from_as_they_are_read(
    ocr: Run, drawn: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocr.training.selftraining.SHORTEST", 1)  # a model without sense
    shutil.copytree(drawn, tmp_path / "data")
    for number in range(12):
        shutil.copy(tmp_path / "data" / f"page0_0{number % 4}.png", f"data/other{number}.png")
    (tmp_path / "data" / "torn.png").write_bytes(b"no image")
    shutil.copy(tmp_path / "data" / "page0_00.png", "data/page0_00.bin.png")
    (tmp_path / "apart").mkdir()
    shutil.copy(tmp_path / "data" / "page0_00.png", "apart/z.png")
    short = ("-m", model, "--minutes", "0.02", "--processes", "1")
    result = ocr("adapt", "data", "apart", "-o", "mine", *short)
    assert result.exit_code == 0, result.output
    told = re.search(r"learning from (\d+) lines, \d+ held back", result.output)
    assert told is not None
    assert "read 13 lines that nobody transcribed, learning from the 8 read" in result.output
    assert "left out" not in result.stderr
    assert result.output.count("the model begun with: CER") == 2
    run = load_run(tmp_path / "mine.training")
    assert (len(run.train), run.sources.of_line[-8:]) == (int(told[1]) + 8, (1,) * 8)
    assert 0.01 <= (run.options.minutes or 0) < 0.02
    none = ocr("adapt", "data", "apart", "-o", "none", *short, "--unread", "0")
    assert none.exit_code == 0, none.output
    assert "that nobody transcribed" not in none.output
    assert "13 lines left out" in none.stderr


@pytest.mark.parametrize("letters", ["aei", "\u03b1\u03b2\u03b3"])
def test_a_model_of_other_letters_is_not_remembered_while_it_teaches_itself(
    ocr: Run,
    drawn: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    letters: str,
) -> None:
    monkeypatch.setattr("ocr.training.selftraining.SHORTEST", 1)
    shutil.copytree(drawn, tmp_path / "data")
    for number, text in enumerate(sorted((tmp_path / "data").glob("*.gt.txt"))):
        text.write_text(letters[number % 3] * 4, encoding="utf-8")
    shutil.copy(tmp_path / "data" / "page0_00.png", "data/other.png")
    short = ("-m", model, "--minutes", "0.01", "--processes", "1")
    result = ocr("adapt", "data", "-o", "mine", *short)
    assert "read 1 line that nobody transcribed" in result.output, result.output
    run = load_run(tmp_path / "mine.training")
    assert run.teaches_itself
    assert run.options.remember == (letters == "aei")


def test_the_images_beside_the_draft_are_learnt_from_as_they_are_read(
    ocr: Run, draft: Path, lines: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocr.training.selftraining.SHORTEST", 1)
    rows = draft.read_text(encoding="utf-8-sig").splitlines()
    draft.write_text("".join(f"{row.split(chr(9))[0]}\tab\n" for row in rows), encoding="utf-8")
    for name in ("d", "e"):
        shutil.copy(lines / "a.png", lines / f"{name}.png")
    short = ("-m", model, "--minutes", "0.01", "--processes", "1")
    assert "read 2 lines that nobody" in ocr("adapt", lines, "-o", "mine", *short).output
    named = ocr("adapt", "mine.tsv", "-o", "mine", *short, "--overwrite")
    assert named.exit_code == 0, named.output
    assert "that nobody transcribed" not in named.output


def test_too_few_lines_are_said_to_be_too_few(
    ocr: Run, drawn: Path, model: Path, tmp_path: Path
) -> None:
    image = min(drawn.glob("*.png"))
    (tmp_path / "mine.tsv").write_text(f"{image}\tanother text\n", encoding="utf-8")
    result = ocr("adapt", "mine.tsv", "-o", "mine", "-m", model)
    assert result.exit_code == 4
    assert "1 line cannot be learnt from" in result.stderr
    assert "transcribe more" in result.stderr
    assert not (tmp_path / "mine.safetensors").exists()


def test_what_cannot_be_read_is_left_out_of_the_draft(
    ocr: Run, lines: Path, model: Path, tmp_path: Path
) -> None:
    (lines / "torn.png").write_bytes(b"no image")
    Image.new("L", (900, 1200), 255).save(lines / "page.png")
    Image.new("L", (90, 30), 255).save(lines / ".hidden.png")
    result = ocr("adapt", lines, "-o", "mine", "-m", model)
    assert result.exit_code == 0
    assert "torn.png" in result.stderr
    assert "page.png shows a page" in result.stderr
    assert len((tmp_path / "mine.tsv").read_text(encoding="utf-8").splitlines()) == 3


def test_names_that_cannot_stand_in_a_list_are_left_out_of_the_draft(
    ocr: Run, lines: Path, model: Path, tmp_path: Path
) -> None:
    image = min(lines.glob("*.png"))
    odd = [os.fsdecode(b"caf\xe9.png"), "tab\tin.png", "two\nrows.png"]
    for name in odd:
        shutil.copy(image, lines / name)
    result = ocr("adapt", lines, "-o", "mine", "-m", model)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("whose name cannot stand in a list") == 3
    assert len((tmp_path / "mine.tsv").read_text(encoding="utf-8").splitlines()) == 3


def test_what_is_missing_of_transcribed_lines_is_named(
    ocr: Run, model: Path, tmp_path: Path
) -> None:
    listed = tmp_path / "leaf.tsv"
    listed.write_text("gone.png\ta text\n", encoding="utf-8")
    result = ocr("adapt", "leaf.tsv", "-o", "mine", "-m", model)
    assert result.exit_code == 4
    assert "gone.png" in result.stderr
    assert "does not exist" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("p.xml", "<!DOCTYPE a><PcGts >", "has a DOCTYPE"), ("leaf.tsv", "", "is empty")],
)
def test_a_page_or_list_that_cannot_be_read_is_not_passed_over_for_a_draft(
    ocr: Run, draft: Path, model: Path, name: str, content: str, reason: str
) -> None:
    Path(name).write_text(content, encoding="utf-8")
    result = ocr("adapt", name, "-o", "mine", "-m", model)
    assert result.exit_code == 4
    assert reason in result.stderr


def test_without_images_there_is_nothing_to_read(ocr: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = ocr("adapt", "empty", "-o", "mine", "-m", model)
    assert result.exit_code == 4
    assert ocr("adapt", "none", "-o", "mine", "-m", model).exit_code == 2


def test_the_draft_is_spread_over_all_lines() -> None:
    images = [Path(f"{number:03d}.png") for number in range(100)]
    assert spread(images, 4) == [images[0], images[25], images[50], images[75]]
    assert spread(images, 200) == images
    assert len(set(spread(images, 99))) == 99
