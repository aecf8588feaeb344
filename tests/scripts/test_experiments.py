"""The experiments' tasks against independent descriptions of them, and each program's quick run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

EXPERIMENTS = Path(__file__).resolve().parents[2] / "scripts" / "experiments"
NAMES = ("adding", "cost", "forget_gate", "reber", "temporal_order", "vanishing_gradient")

# The embedded Reber grammar as a regular expression, written down from its picture.
FOURTH = r"(?:XT*VP)*(?:S|XT*VV)"
INNER = rf"B(?:TS*X{FOURTH}|PT*V(?:P{FOURTH}|V))E"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXPERIMENTS))


def module(name: str) -> ModuleType:
    return __import__(name)


@pytest.mark.parametrize("name", NAMES)
def test_quick_runs_write_their_results(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--quick", "--out", str(tmp_path)])
    module(name).main()
    report = (tmp_path / f"{name}.txt").read_text()
    assert "quick version" in report
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_every_program_is_named_here() -> None:
    programs = {path.stem for path in EXPERIMENTS.glob("*.py")}
    assert programs == {*NAMES, "runner", "on_text"}  # that trains for an hour, on given lines


def test_the_sum_is_that_of_the_marked_numbers() -> None:
    batch = module("adding").Adding(100).draw(200, np.random.default_rng(1))
    for n in range(200):
        pairs = batch.inputs[: batch.lengths[n], n]
        marked = pairs[pairs[:, 1] == 1, 0]
        assert len(marked) == 2
        assert batch.targets[n] == pytest.approx(0.5 + float(marked.sum()) / 4)
        where = (pairs[:, 1] == 1).nonzero().flatten().tolist()
        assert where[0] < 10
        assert where[1] < 50
        assert pairs[-1, 1] == -1
        assert 100 <= len(pairs) <= 110


def test_an_answer_may_be_off_by_a_twenty_fifth() -> None:
    adding = module("adding")
    batch = adding.Adding(20).draw(2, np.random.default_rng(1))
    outputs = torch.zeros(len(batch.inputs), 2, 1)
    ends = (batch.lengths - 1, torch.arange(2))
    outputs[ends] = (batch.targets + torch.tensor([0.039, -0.041]))[:, None]
    assert adding.Adding(20).wrong(outputs, batch).tolist() == [False, True]


@pytest.mark.parametrize("name", ["6a", "6b"])
def test_the_class_is_the_order_of_the_two_letters(name: str) -> None:
    order = module("temporal_order")
    batch = order.TemporalOrder(name).draw(200, np.random.default_rng(1))
    for n in range(200):
        letters = batch.inputs[: batch.lengths[n], n].argmax(1)
        text = "".join(order.LETTERS[int(k)] for k in letters)
        assert re.fullmatch("E[abcdXY]{98,108}B", text)
        told = re.sub("[^XY]", "", text)
        assert int(told.replace("X", "0").replace("Y", "1"), 2) == batch.targets[n]
        assert len(told) == len(order.PLACES[name])


def test_strings_are_of_the_grammar_and_name_what_may_follow() -> None:
    reber = module("reber")
    random = np.random.default_rng(1)
    strings = [reber.embedded(random) for _ in range(3000)]
    seen: dict[str, set[str]] = {}
    for text, follow in strings:
        assert re.fullmatch(f"B(?:T{INNER}T|P{INNER}P)E", text)
        assert len(follow) == len(text) - 1
        for t in range(len(follow)):
            seen.setdefault(text[: t + 1], set()).add(text[t + 1])
    for text, follow in strings[:100]:
        for t in range(4):  # short enough for every continuation to have been seen
            assert set(follow[t]) == seen[text[: t + 1]]


def test_a_reading_is_wrong_if_a_possible_symbol_is_below_an_impossible_one() -> None:
    reber = module("reber")
    strings = [reber.embedded(np.random.default_rng(seed)) for seed in (1, 2)]
    batch = reber.pack(strings)
    outputs = batch.targets.clone()
    assert not reber.wrong(outputs, batch).any()
    outputs[3, 1] = 1 - outputs[3, 1]
    assert reber.wrong(outputs, batch).tolist() == [False, True]


def test_a_stream_goes_on_with_the_next_string() -> None:
    gate, reber = module("forget_gate"), module("reber")
    labels, possible = gate.stream(500, np.random.default_rng(1))
    text = "".join(reber.SYMBOLS[int(k)] for k in labels)
    assert re.match(f"(?:B(?:T{INNER}T|P{INNER}P)E){{10}}", text)
    assert len(possible) == 500
    assert possible[np.arange(500), labels[1:]].all()


def test_success_needs_a_long_row_of_right_answers() -> None:
    runner = module("runner")

    class Given:
        """A task whose answers are wrong up to a batch, then right."""

        inputs = outputs = 1
        drawn = 0

        def draw(self, count: int, random: np.random.Generator) -> object:
            self.drawn += 1
            return runner.Sequences(
                torch.zeros(2, count, 1), torch.full((count,), 2), torch.zeros(count)
            )

        def loss(self, outputs: torch.Tensor, batch: object) -> torch.Tensor:
            return outputs.square().mean()

        def wrong(self, outputs: torch.Tensor, batch: object) -> np.ndarray:
            result = np.zeros(outputs.shape[1], bool)
            result[0] = self.drawn <= 3
            return result

    how = runner.Training(batch=100, minutes=1)
    outcome = runner.train(runner.SequenceNetwork("rnn", 1, 4, 1), Given(), how, "given")
    assert outcome.after == 300 + runner.HELD
    assert outcome.wrong == 0


def test_the_carousel_passes_on_all_of_the_error() -> None:
    """With the outputs cut off, what reaches a frame is what reached the last state, times what
    the frame adds to it: for any number of frames between them the factor is 1."""
    experiment = module("vanishing_gradient")
    torch.manual_seed(3)
    network = module("runner").SequenceNetwork("lstm-1997", 3, 4, 1).double()
    x = torch.randn(30, 3, dtype=torch.float64, requires_grad=True)
    outputs = experiment.walk_1997(network, x)
    whole = network.read(x[:, None], torch.tensor([len(x)]))[:, 0]
    torch.testing.assert_close(outputs, whole)
    (cut,) = torch.autograd.grad(outputs[-1].sum(), x)
    layer, read = network.layer, torch.cat([torch.zeros(1, 4).double(), outputs[:-1]]).detach()
    a = (
        x @ layer.input_weights[0].T + read @ layer.recurrent_weights[0].T + layer.bias[0]
    )  # (T, 3H)
    i, z, o = a.view(-1, 3, 4).unbind(1)
    added = i.sigmoid() * layer.cell.g(z)
    state = added.sum(0).detach().requires_grad_()
    (error,) = torch.autograd.grad((o[-1].detach().sigmoid() * layer.cell.h(state)).sum(), state)
    (expected,) = torch.autograd.grad((error * added).sum(), x)
    torch.testing.assert_close(cut[:-1], expected[:-1])  # the last frame has an output gate too


def test_no_string_is_learnt_from_and_tested_on() -> None:
    reber = module("reber")
    strings = [text for text, _ in reber.draw(np.random.default_rng(1))]
    learnt, tested = strings[: reber.STRINGS], strings[reber.STRINGS :]
    assert len(learnt) == len(tested) == reber.STRINGS
    assert not set(learnt) & set(tested)
