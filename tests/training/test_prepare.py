"""From what the user names to a run: sides that never overlap, and a report of everything."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocr.errors import InputError, ModelError, UsageError
from ocr.network.modelfile import save_described
from ocr.network.modelheader import model_id, read_spec
from ocr.options import NetworkOptions, PreprocessingOptions, SynthesisOptions, TrainingOptions
from ocr.training.balance import Sources
from ocr.training.beginning import initial_network
from ocr.training.data.dataset import read_samples
from ocr.training.loop import train
from ocr.training.prepare import Recipe, prepare
from ocr.training.run import Run, load_run
from ocr.training.session import train_run
from ocr.training.store import LineStore
from ocr.training.synthesis.material import Material

DrawLine = Callable[..., Path]
MakeRun = Callable[..., Run]
WORDS = ("line", "sample", "nine", "plain", "mine", "pile", "name", "lap", "mesa", "lens", "pin")


def recipe(**training: Any) -> Recipe:
    return Recipe(
        PreprocessingOptions(height=16, features="pixels"),
        NetworkOptions(convolutions="4,4,4,4", layers=1, hidden=8),
        TrainingOptions(**training),
    )


@pytest.fixture
def pairs(draw_line: DrawLine) -> Callable[..., Path]:
    """pairs(folder, words): x.png + x.gt.txt for each word."""

    def write(folder: Path, words: tuple[str, ...] = WORDS, first: int = 0) -> Path:
        for number, word in enumerate(words, start=first):
            draw_line(folder / f"{number:03}.png", word)
            (folder / f"{number:03}.gt.txt").write_text(word + "\n", encoding="utf-8")
        return folder

    return write


def sides(run: Run) -> tuple[list[str], list[str]]:
    """The texts of the training and of the validation lines, read from the run's own store."""
    store = LineStore(run.folder)
    train, validation = (
        [store.lines[i].text for i in side] for side in (run.train, run.validation)
    )
    return sorted(train), sorted(validation)


def write_list(path: Path, rows: dict[str, str]) -> Path:
    path.write_text("".join(f"{image}\t{text}\n" for image, text in rows.items()), encoding="utf-8")
    return path


def test_a_share_is_held_back(tmp_path: Path, pairs: Callable[..., Path]) -> None:
    output = tmp_path / "mine.safetensors"
    run, report = prepare([pairs(tmp_path / "data")], output, recipe(validation=0.2))
    assert run.folder == tmp_path / "mine.training"
    assert not set(run.train) & set(run.validation)
    assert sorted(run.train + run.validation) == list(range(len(WORDS)))
    assert 1 <= len(run.validation) <= 4
    assert run.spec.alphabet == "".join(sorted(set("".join(WORDS))))
    assert run.spec.training == {
        "lines": len(run.train),
        "validation_lines": len(run.validation),
    }
    assert (report.lines, report.problems) == (len(WORDS), ())
    assert report.sources == ((str(tmp_path / "data"), len(WORDS)),)
    again, _ = prepare([tmp_path / "data"], output, recipe(validation=0.2))
    assert again == run


def test_no_share_means_no_validation(tmp_path: Path, pairs: Callable[..., Path]) -> None:
    run, _ = prepare([pairs(tmp_path / "data")], tmp_path / "m", recipe(validation=0))
    assert (len(run.train), run.validation) == (len(WORDS), ())


def test_named_validation_data_is_never_trained_on(
    tmp_path: Path, pairs: Callable[..., Path]
) -> None:
    """The folders have the same file names, hence the same ids to begin with."""
    data = pairs(tmp_path / "a" / "lines", WORDS[:6])
    held_back = pairs(tmp_path / "b" / "lines", WORDS[6:9])
    run, report = prepare([data], tmp_path / "m", recipe(), [held_back])
    assert sides(run) == (sorted(WORDS[:6]), sorted(WORDS[6:9]))
    assert report.sources == ((str(data), 6), (str(held_back), 3))
    store = LineStore(run.folder)
    assert len({line.id for line in store.lines}) == len(store) == 9


@pytest.mark.parametrize(
    "way", ["same", "absolute", "dots", "linked folder", "linked image", "list"]
)
def test_an_image_named_by_both_is_a_validation_line(
    tmp_path: Path, pairs: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.chdir(tmp_path)
    data = pairs(Path("data"), WORDS[:6])
    other = tmp_path / "other"
    named: Path = data / "002.png"
    if way == "absolute":
        named = named.resolve()
    elif way == "dots":
        named = Path("data") / ".." / "data" / "002.png"
    elif way == "linked folder":
        other.symlink_to(data.resolve(), target_is_directory=True)
        named = other / "002.png"
    elif way == "linked image":
        other.mkdir()
        (other / "x.png").symlink_to((data / "002.png").resolve())
        shutil.copy(data / "002.gt.txt", other / "x.gt.txt")
        named = other / "x.png"
    elif way == "list":
        named = write_list(tmp_path / "valid.tsv", {"data/002.png": WORDS[2]})
    run, _ = prepare([data], tmp_path / "m.safetensors", recipe(), [named])
    assert sides(run) == (sorted(w for w in WORDS[:6] if w != WORDS[2]), [WORDS[2]])


def test_another_text_of_a_validation_line_is_a_problem(
    tmp_path: Path, pairs: Callable[..., Path]
) -> None:
    data = pairs(tmp_path / "data", WORDS[:4])
    valid = write_list(tmp_path / "valid.tsv", {"data/001.png": "lapel"})
    run, report = prepare([data], tmp_path / "m", recipe(), [valid])
    assert sides(run) == (sorted((WORDS[0], WORDS[2], WORDS[3])), ["lapel"])
    assert [p.reason for p in report.problems] == [
        f"001.png already has another text, in {valid}:1"
    ]


def test_validation_is_thinned_to_what_is_read_each_time(
    tmp_path: Path, pairs: Callable[..., Path]
) -> None:
    data = pairs(tmp_path / "a", WORDS[:3])
    held_back = pairs(tmp_path / "b", WORDS[3:])
    picked = []
    for seed in (1, 1, 2, 3):
        options = recipe(validation_lines=4, seed=seed)
        run, _ = prepare([data], tmp_path / "m", options, [held_back])
        trained, validated = sides(run)
        assert trained == sorted(WORDS[:3])
        assert len(validated) == 4
        assert set(validated) < set(WORDS[3:])
        assert list(run.validation) == sorted(run.validation)
        picked.append(validated)
    assert picked[0] == picked[1]
    assert picked[2] != picked[1] or picked[3] != picked[1]


def test_unusable_lines_are_reported_and_left_out(
    tmp_path: Path, pairs: Callable[..., Path]
) -> None:
    data = pairs(tmp_path / "data", WORDS[:5])
    (data / "001.png").write_bytes(b"no picture")
    (data / "002.gt.txt").write_text("much too long for so short a line " * 9, encoding="utf-8")
    (data / "003.gt.txt").unlink()
    run, report = prepare([data], tmp_path / "m", recipe())
    left = sides(run)[0] + sides(run)[1]
    assert sorted(left) == sorted((WORDS[0], WORDS[4]))
    assert {Path(problem.id).name[:3] for problem in report.problems} == {"001", "002", "003"}
    assert report.lines == 2
    assert set(run.spec.alphabet) == set(WORDS[0] + WORDS[4])


def test_nothing_usable_is_said_with_the_first_reason(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "x.png").write_bytes(b"no picture")
    (data / "x.gt.txt").write_text("text", encoding="utf-8")
    with pytest.raises(InputError, match=r"no line is left to train on, 1 .*x\.png") as caught:
        prepare([data], tmp_path / "m", recipe())
    assert "\n" not in str(caught.value)
    (data / "x.gt.txt").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="no line is left"):
        prepare([data], tmp_path / "n", recipe())
    assert not (tmp_path / "n.training").exists()


def test_all_data_held_back_leaves_nothing_to_train_on(
    tmp_path: Path, pairs: Callable[..., Path]
) -> None:
    data = pairs(tmp_path / "data", WORDS[:3])
    with pytest.raises(InputError, match="every line to train on is one to validate with"):
        prepare([data], tmp_path / "m", recipe(), [data])


def test_validation_data_of_which_nothing_can_be_used_is_an_error(
    tmp_path: Path, pairs: Callable[..., Path]
) -> None:
    data, held_back = pairs(tmp_path / "a", WORDS[:3]), pairs(tmp_path / "b", WORDS[:1])
    (held_back / "000.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="none of the validation lines"):
        prepare([data], tmp_path / "m", recipe(), [held_back])


def test_a_run_knows_where_each_of_its_lines_came_from(
    tmp_path: Path, pairs: Callable[..., Path]
) -> None:
    held, first, second = (
        pairs(tmp_path / name, words)
        for name, words in (("held", WORDS[:2]), ("first", WORDS[2:5]), ("second", WORDS[5:]))
    )
    weighed = dataclasses.replace(recipe(epochs=1), weights=(1.0, 2.5))
    run, _ = prepare([first, second], tmp_path / "m.safetensors", weighed, [held])
    run.save()
    assert load_run(run.folder).sources == run.sources == Sources((0,) * 3 + (1,) * 6, (1.0, 2.5))
    store = LineStore(run.folder)
    texts = [store.lines[i].text for i in run.train]
    assert set(texts[:3]) == set(WORDS[2:5])


def test_no_data_is_a_usage_error(tmp_path: Path, pairs: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="no training data"):
        prepare([], tmp_path / "m", recipe(), [pairs(tmp_path / "a", WORDS[:2])])
    with pytest.raises(UsageError):
        prepare([tmp_path / "nowhere"], tmp_path / "m", recipe())


def test_one_source_may_be_named_without_a_list(tmp_path: Path, pairs: Callable[..., Path]) -> None:
    data, held_back = pairs(tmp_path / "a", WORDS[:3]), pairs(tmp_path / "b", WORDS[3:5])
    run, _ = prepare(str(data), tmp_path / "m", recipe(), str(held_back))
    assert sides(run) == (sorted(WORDS[:3]), sorted(WORDS[3:5]))


@pytest.mark.parametrize("foreign", [False, True])
def test_a_started_model_brings_its_network_and_gains_new_characters(
    tmp_path: Path, pairs: Callable[..., Path], make_run: MakeRun, foreign: bool
) -> None:
    first = make_run(tmp_path / "first", features="pixels", epochs=0.1)
    list(train(first))
    save_described(
        first.output, first.output, dataclasses.replace(read_spec(first.output), temperature=1.5)
    )
    words = ("pdef", "fed", "pede") if foreign else ("cape", "bead", "face")
    started = Recipe(
        training=TrainingOptions(validation=0, blend=0.4, remember=True), start=first.output
    )
    run, _ = prepare([pairs(tmp_path / "data", words)], tmp_path / "second", started)
    assert run.spec.alphabet == "abc" + "defp"
    assert run.spec.preprocessing == first.spec.preprocessing
    assert run.spec.network == first.spec.network
    assert run.spec.temperature == 1.5
    assert run.options.blend == (1.0 if foreign else 0.4)
    assert run.options.remember != foreign  # of the other letters' reading nothing is worth it
    assert run.start == run.folder / "start.safetensors"
    assert run.start.read_bytes() == first.output.read_bytes()
    card = run.spec.training
    assert card["from"] == model_id(first.output)
    assert card["earlier"]["step"] == 1
    wider = dataclasses.replace(first.spec.network, hidden=first.spec.network.hidden + 3)
    wide, _ = prepare(
        [tmp_path / "data"], tmp_path / "wide", dataclasses.replace(started, network=wider)
    )
    assert wide.spec.network == wider
    assert initial_network(wide).recurrent[0].hidden == wider.hidden
    narrower = Recipe(network=dataclasses.replace(wider, hidden=1), start=first.output)
    with pytest.raises(UsageError, match="not narrowed"):
        prepare([tmp_path / "data"], tmp_path / "x", narrower)
    with pytest.raises(ModelError):
        prepare([tmp_path / "data"], tmp_path / "x", Recipe(start=tmp_path / "none"))


def test_what_a_model_read_itself_is_trained_on_and_never_held_back(
    tmp_path: Path, pairs: Callable[..., Path], make_run: MakeRun
) -> None:
    first = make_run(tmp_path / "first", features="pixels", epochs=0.1)
    list(train(first))
    read = read_samples([pairs(tmp_path / "unread", ("abcab", "bcabc", "cabca"))]).samples
    read = tuple(dataclasses.replace(sample, id=f"read/{sample.id}") for sample in read)
    recipe = Recipe(training=TrainingOptions(validation=0.4), start=first.output, read=read)
    run, report = prepare([pairs(tmp_path / "data", ("cab", "bac", "ab"))], tmp_path / "m", recipe)
    texts = LineStore(run.folder).text
    assert {texts(index) for index in run.validation} < {"cab", "bac", "ab"}
    assert {texts(index) for index in run.train} > {"abcab", "bcabc", "cabca"}
    assert len(run.train) == 3 + 2
    assert run.sources.of_line == (0, 0, 1, 1, 1)
    assert run.sources.weights == pytest.approx((1, 2 / 3))
    assert report.lines == 3
    assert (run.spec.training["lines"], run.spec.training["read_lines"]) == (2, 3)
    assert run.teaches_itself
    run.save()
    assert load_run(run.folder) == run
    alone, _ = prepare([tmp_path / "data"], tmp_path / "n", dataclasses.replace(recipe, read=()))
    assert not alone.teaches_itself


@pytest.mark.parametrize(("strange", "stays"), [(0, True), (1, True), (3, False)])
def test_a_started_model_keeps_its_language_model_unless_the_script_is_another(
    tmp_path: Path, pairs: Callable[..., Path], make_run: MakeRun, strange: int, stays: bool
) -> None:
    first = make_run(tmp_path / "first", features="pixels", epochs=0.1)
    list(train(first))
    spec = read_spec(first.output)
    described = dataclasses.replace(spec, training={**spec.training, "language": "latin"})
    named = tmp_path / "named.safetensors"
    save_described(named, first.output, described)
    words = ["abc" * 11] * 3 + ["cab" * 33 + "x" * strange]  # about 200 known characters
    started = Recipe(training=TrainingOptions(validation=0), start=named)
    run, _ = prepare([pairs(tmp_path / "data", words)], tmp_path / "second", started)
    assert run.spec.training.get("language") == ("latin" if stays else None)


def test_few_lines_are_learnt_from_by_options_of_their_own(
    tmp_path: Path, pairs: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = dataclasses.replace(recipe(epochs=3), few=TrainingOptions(epochs=2))
    data, held_back = pairs(tmp_path / "a", WORDS[:3]), pairs(tmp_path / "b", WORDS[3:5])
    monkeypatch.setattr("ocr.training.prepare.FEW", 4)  # the lines held back do not count
    assert prepare([data], tmp_path / "few", options, [held_back])[0].options.epochs == 2
    monkeypatch.setattr("ocr.training.prepare.FEW", 3)
    assert prepare([data], tmp_path / "many", options, [held_back])[0].options.epochs == 3


def test_the_usual_learning_rate_is_kept_with_the_run(
    tmp_path: Path, pairs: Callable[..., Path]
) -> None:
    run, _ = prepare([pairs(tmp_path / "a", WORDS)], tmp_path / "mine", recipe())
    assert run.options.learning_rate == run.learning_rate == 6e-3


def test_a_run_does_not_go_on_with_the_weights_of_another(
    tmp_path: Path, pairs: Callable[..., Path], font_folder: Path
) -> None:
    """Who calls again, with more lines, would see no training at all."""
    data, output = pairs(tmp_path / "data", WORDS[:8]), tmp_path / "mine.safetensors"
    run, _ = prepare([data], output, recipe(epochs=1, processes=1))
    steps = len(list(train_run(run)))
    pairs(tmp_path / "data", WORDS[8:], first=8)
    with pytest.raises(UsageError, match=r"mine\.safetensors exists already"):
        prepare([data], output, recipe(epochs=1, processes=1))
    assert run.checkpoint.is_file()
    (tmp_path / "old.txt").write_bytes("Stra\u00dfe".encode("latin-1"))
    material = Material((font_folder,), (tmp_path / "old.txt",), SynthesisOptions(), seed=1)
    with pytest.raises(InputError, match=r"old\.txt is not UTF-8"):
        prepare([data], output, dataclasses.replace(recipe(), material=material), overwrite=True)
    assert run.checkpoint.is_file(), "what cannot begin costs nothing"
    again, _ = prepare([data], output, recipe(epochs=1, processes=1), overwrite=True)
    assert len(again.train) > len(run.train)
    assert not run.checkpoint.is_file()
    assert len(list(train_run(again))) >= steps
