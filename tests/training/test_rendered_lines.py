"""Rendered lines beside those of the store: numbering, order, and training to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from ocr.errors import InputError
from ocr.options import NetworkOptions, PreprocessingOptions, SynthesisOptions, TrainingOptions
from ocr.preprocessing import normalized
from ocr.training import loop
from ocr.training.batches import POOL, Order
from ocr.training.lines import RenderedToo, training_lines
from ocr.training.loop import train
from ocr.training.prepare import Recipe, prepare
from ocr.training.run import Run, load_run
from ocr.training.synthesis.material import Material

MakeRun = Callable[..., Run]
LETTERS = "abcdefghijklmnopqrstuvwxyz .,"


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "draw_curve", lambda folder, history: None)


@pytest.fixture
def material(tmp_path: Path, font_folder: Path) -> Material:
    text = tmp_path / "novel.txt"
    text.write_text("a cab and a bab, seen by all.\n" * 3, encoding="utf-8")
    return Material((font_folder / "text",), (text,), SynthesisOptions(longest=8), seed=1)


@pytest.fixture
def rendering_run(make_run: MakeRun, material: Material) -> MakeRun:
    """make_run(...), with half of every step's lines rendered."""

    def make(folder: Path, **changes: Any) -> Run:
        run = make_run(folder, **{"alphabet": LETTERS, **changes})
        return dataclasses.replace(run, material=material, material_key=material.key())

    return make


def test_after_the_store_come_rendered_lines(tmp_path: Path, rendering_run: MakeRun) -> None:
    run = rendering_run(tmp_path)
    lines = training_lines(run)
    assert isinstance(lines, RenderedToo)
    stored = len(lines.store)
    assert (lines.text(0), lines.name(0)) == (lines.store.text(0), "line-0")
    np.testing.assert_array_equal(lines.image(0), lines.store.image(0))
    for number in range(3):
        line = lines.synthesizer.line(number)
        assert lines.text(stored + number) == line.text
        assert set(line.text) <= set(LETTERS)
        expected = normalized(line.image, run.spec.preprocessing).values
        np.testing.assert_array_equal(lines.image(stored + number), expected)
        assert lines.name(stored + number) == f"rendered line {number}"


def test_a_run_that_goes_on_renders_other_lines(tmp_path: Path, rendering_run: MakeRun) -> None:
    run = rendering_run(tmp_path)
    later = dataclasses.replace(run, spec=dataclasses.replace(run.spec, training={"earlier": {}}))
    both = [training_lines(each) for each in (run, later)]
    texts = [[lines.text(len(lines.widths) + n) for n in range(5)] for lines in both]
    assert texts[0] != texts[1]


def test_transcriptions_of_training_lines_are_written_and_no_others(
    tmp_path: Path, make_run: MakeRun, font_folder: Path
) -> None:
    texts = ("train me", "me too", "never seen")
    run = make_run(tmp_path, texts=texts, held_back=1)
    material = Material((font_folder / "text",), (), SynthesisOptions(), 1)
    run = dataclasses.replace(run, material=material, material_key=material.key())
    lines = training_lines(run)
    assert isinstance(lines, RenderedToo)
    assert lines.synthesizer.texts.corpus.text == "train me\nme too"


def test_every_batch_has_its_share_and_no_rendered_line_comes_twice(
    tmp_path: Path, rendering_run: MakeRun
) -> None:
    run = rendering_run(tmp_path, batch_size=5, synthetic_share=0.4)
    lines, members = training_lines(run), np.array(run.train)
    order = Order(lines, members, run)
    stored = len(lines.widths)
    assert run.rendered == 2
    assert order.steps_per_epoch == -(-len(members) // 3)
    batches = [order.batch(step) for step in range(3 * order.steps_per_epoch)]
    for epoch in range(3):
        part = batches[epoch * order.steps_per_epoch :][: order.steps_per_epoch]
        real = np.concatenate([batch[batch < stored] for batch in part])
        assert sorted(real) == sorted(members)
    rendered = [batch[batch >= stored] for batch in batches]
    assert {len(each) for each in rendered} == {2}
    numbers = np.concatenate(rendered) - stored
    assert sorted(numbers) == list(range(2 * len(batches)))
    again = Order(lines, members, run)  # as after a resume, from anywhere
    for step in (7, 2, 11):
        np.testing.assert_array_equal(again.batch(step), batches[step])


def test_long_rendered_lines_stand_beside_wide_ones(
    tmp_path: Path, rendering_run: MakeRun, write_store: Callable[..., Any]
) -> None:
    run = rendering_run(tmp_path, batch_size=4)
    images = [np.zeros((16, 20 + 3 * number), np.float32) for number in range(4 * POOL)]
    write_store(run.folder, ["a"] * len(images), images)
    run = dataclasses.replace(run, train=tuple(range(len(images))))
    lines = training_lines(run)
    order = Order(lines, np.array(run.train), run)
    batches = [order.batch(step) for step in range(order.steps_per_epoch)]
    widths = [lines.widths[batch[:2]].mean() for batch in batches]
    lengths = [np.mean([len(lines.text(int(i))) for i in batch[2:]]) for batch in batches]
    by_width = [lengths[place] for place in np.argsort(widths)]
    assert by_width == sorted(by_width)
    assert by_width[0] < by_width[-1]


@pytest.mark.parametrize(
    ("share", "size", "expected"), [(0.5, 16, 8), (0.0, 16, 0), (1.0, 16, 15), (0.5, 1, 0)]
)
def test_a_step_has_at_least_one_real_line(
    tmp_path: Path, rendering_run: MakeRun, share: float, size: int, expected: int
) -> None:
    run = rendering_run(tmp_path, synthetic_share=share, batch_size=size)
    assert run.rendered == expected
    assert dataclasses.replace(run, material=None).rendered == 0


def tensors(run: Run) -> dict[str, torch.Tensor]:
    with safe_open(str(run.checkpoint), framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def test_a_resumed_run_with_rendered_lines_is_the_same_to_the_bit(
    tmp_path: Path, rendering_run: MakeRun
) -> None:
    options = {"epochs": 1, "augment": 1.0, "validate_every": 4}
    whole = rendering_run(tmp_path / "whole", **options)
    steps = [progress.step for progress in train(whole)]
    parts = rendering_run(tmp_path / "parts", **options)
    parts.save()
    assert [p.step for p in train(load_run(parts.folder), should_stop=lambda: True)] == [1]
    assert [p.step for p in train(load_run(parts.folder))] == steps[1:]
    left, right = tensors(whole), tensors(parts)
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)
    plain = dataclasses.replace(rendering_run(tmp_path / "plain", **options), material=None)
    list(train(plain))
    assert not torch.equal(tensors(plain)["mean.output.weight"], left["mean.output.weight"])


def test_other_fonts_or_texts_stop_a_resume(
    tmp_path: Path, rendering_run: MakeRun, material: Material
) -> None:
    run = rendering_run(tmp_path)
    run.save()
    assert load_run(run.folder) == run
    material.texts[0].write_text("other words", encoding="utf-8")
    with pytest.raises(InputError, match="fonts or texts of this training have changed"):
        list(train(load_run(run.folder)))


def test_the_alphabet_covers_what_is_rendered(
    tmp_path: Path, draw_line: Callable[..., Path], font_folder: Path
) -> None:
    for number, text in enumerate(("plain", "lines")):
        draw_line(tmp_path / "data" / f"{number}.png", text)
        (tmp_path / "data" / f"{number}.gt.txt").write_text(text, encoding="utf-8")
    material = Material((font_folder / "text",), (), SynthesisOptions(), 1)
    recipe = Recipe(
        PreprocessingOptions(height=16),
        NetworkOptions(convolutions="4,4,4,4", layers=1, hidden=8),
        TrainingOptions(validation=0),
        material=material,
    )
    run, _ = prepare([tmp_path / "data"], tmp_path / "mine.safetensors", recipe)
    assert set("plain lines€£ÄÉ0123456789") <= set(run.spec.alphabet)
    assert run.material_key == material.key()
    assert run.spec.training["rendered_share"] == 0.5
    lines = training_lines(run)
    assert {c for index in range(2, 60) for c in lines.text(index)} <= set(run.spec.alphabet)
