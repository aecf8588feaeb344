"""The training loop: resumable to the bit, parallel without a difference, and what it keeps."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from ocr.alphabet import Alphabet
from ocr.decoding.greedy import greedy
from ocr.metrics import edit_counts
from ocr.network.convolution import frame_lengths
from ocr.network.modelfile import load_model_file, save_model
from ocr.network.modelheader import read_spec
from ocr.network.recognizer import RecognizerNetwork
from ocr.preprocessing.columns import columns_alone
from ocr.training import loop
from ocr.training.beginning import initial_network
from ocr.training.best import USUAL_MARGIN, BestModel
from ocr.training.loop import Trainer, train
from ocr.training.parallel import Exchange
from ocr.training.record import draw_curve
from ocr.training.run import Run
from ocr.training.session import lines_per_second, train_run
from ocr.training.store import LineStore
from ocr.types import IntArray

MakeRun = Callable[..., Run]


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing the learning curve takes longer than training these networks."""
    monkeypatch.setattr(loop, "draw_curve", lambda folder, history: None)


def tensors_of(path: Path) -> dict[str, Tensor]:
    with safe_open(str(path), framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def counters_of(run: Run) -> dict[str, Any]:
    """The checkpoint's counters without what a clock or a stop decides."""
    with safe_open(str(run.checkpoint), framework="pt") as file:
        counters = json.loads(file.metadata()["counters"])
    del counters["seconds"], counters["kept_cer"]
    for row in counters["history"]:
        del row["seconds"]
    return dict(counters)


def assert_same_tensors(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    assert left.keys() == right.keys()
    different = [name for name in left if not torch.equal(left[name], right[name])]
    assert not different


def assert_same_state(left: Run, right: Run) -> None:
    assert_same_tensors(tensors_of(left.checkpoint), tensors_of(right.checkpoint))
    assert_same_tensors(tensors_of(left.output), tensors_of(right.output))
    assert counters_of(left) == counters_of(right)


def after(steps: int) -> Callable[[], bool]:
    """Asks to stop after so many steps."""
    calls = itertools.count(1)
    return lambda: next(calls) >= steps


def weights(network: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


class Turns:
    """Processes played by threads of which one runs at a time, so that they can share torch's
    random numbers as if each had its own: a step draws only between its seed and its add."""

    def __init__(self, size: int) -> None:
        self.size, self.turn, self.ended = size, 0, set[int]()
        self.totals: dict[int, Tensor] = {}
        self.changed = threading.Condition()

    def exchange(self, rank: int) -> Exchange:
        rounds = itertools.count()

        def add(values: Tensor) -> None:
            number = next(rounds)
            self.totals[number] = self.totals.get(number, torch.zeros_like(values)) + values
            self.pass_on(rank)
            self.wait(rank)
            values.copy_(self.totals[number])

        played: Exchange = SimpleNamespace(rank=rank, size=self.size, add=add)  # type: ignore
        return played

    def wait(self, rank: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.turn == rank, timeout=20)

    def pass_on(self, rank: int) -> None:
        with self.changed:
            others = [(rank + k) % self.size for k in range(1, self.size + 1)]
            self.turn = next((r for r in others if r not in self.ended), -1)
            self.changed.notify_all()

    def run(self, work: Callable[[Exchange], Any]) -> list[Any]:
        """The results of ``work(exchange)`` of every process."""
        results: list[Any] = [None] * self.size

        def play(rank: int) -> None:
            self.wait(rank)
            try:
                results[rank] = work(self.exchange(rank))
            except Exception as error:  # shown by the thread that waits for the result
                results[rank] = error
            finally:
                self.ended.add(rank)
                self.pass_on(rank)

        threads = [threading.Thread(target=play, args=(rank,)) for rank in range(self.size)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            if isinstance(result, Exception):
                raise result
        return results


@pytest.fixture(scope="module")
def uninterrupted() -> dict[str, Run]:
    return {}


@pytest.mark.parametrize("stop", [1, 4, 7])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_resumed_run_is_the_uninterrupted_run_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory,
    make_run: MakeRun,
    uninterrupted: dict[str, Run],
    stop: int,
    precision: str,
) -> None:
    options = {"epochs": 3, "augment": 1.0, "validate_every": 4, "precision": precision}
    if precision not in uninterrupted:
        whole = make_run(tmp_path_factory.mktemp("whole"), **options)
        assert [p.step for p in train(whole)] == list(range(1, 10))
        uninterrupted[precision] = whole
    parts = make_run(tmp_path_factory.mktemp("parts"), **options)
    *_, last = train(parts, should_stop=after(stop))
    assert (last.step, last.stopping) == (stop, True)
    assert parts.output.is_file()
    assert [p.step for p in train(parts)] == list(range(stop + 1, 10))
    assert_same_state(parts, uninterrupted[precision])


def test_the_seed_the_dropout_and_the_augmentation_take_part(
    tmp_path: Path, make_run: MakeRun
) -> None:
    """Otherwise the comparison to the bit would say nothing about them."""
    changes: tuple[dict[str, Any], ...] = ({}, {"seed": 2}, {"dropout": 0.0}, {"augment": 0.0})
    final = []
    for number, change in enumerate(changes):
        run = make_run(tmp_path / str(number), **{"epochs": 0.5, "augment": 1.0, **change})
        list(train(run))
        final.append(tensors_of(run.checkpoint)["mean.output.weight"])
    assert not any(torch.equal(a, b) for a, b in itertools.combinations(final, 2))


def test_every_step_and_process_has_random_numbers_of_its_own(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, epochs=2)
    seeds: list[int] = []
    original = Trainer.batch_loss

    def watched(self: Trainer, indices: Any, step: int) -> tuple[Tensor, Tensor]:
        seeds.append(torch.initial_seed())
        return original(self, indices, step)

    monkeypatch.setattr(Trainer, "batch_loss", watched)
    Turns(2).run(lambda exchange: list(train(run, exchange)))
    assert len(set(seeds)) == len(seeds) == 2 * 2 * 3


def test_two_processes_stopped_and_resumed_do_what_two_uninterrupted_do(
    tmp_path: Path, make_run: MakeRun
) -> None:
    """Real processes over Gloo against two played by threads, which never stop; in a folder
    whose name a URI escapes."""
    options = {"epochs": 2, "augment": 1.0, "validate_every": 4, "processes": 2}
    whole = make_run(tmp_path / "whole", **options)
    parts = make_run(tmp_path / "my bo\u00eete, 100 %", **options)
    Turns(2).run(lambda exchange: list(train(whole, exchange)))
    assert [p.step for p in train_run(parts, after(3))] == [1, 2, 3]
    assert [p.step for p in train_run(parts)] == [4, 5, 6]
    assert_same_state(whole, parts)


def test_processes_share_every_batch_without_a_line_twice(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, epochs=2)
    seen: list[tuple[int, int]] = []
    original = Trainer.batch_loss

    def watched(self: Trainer, indices: Any, step: int) -> tuple[Tensor, Tensor]:
        seen.extend((step // self.order.steps_per_epoch, int(i)) for i in indices)
        return original(self, indices, step)

    monkeypatch.setattr(Trainer, "batch_loss", watched)
    Turns(3).run(lambda exchange: list(train(run, exchange)))
    assert sorted(seen) == [(epoch, line) for epoch in range(2) for line in run.train]


def test_processes_sum_to_the_gradient_of_the_whole_batch(
    tmp_path: Path, make_run: MakeRun
) -> None:
    """Three processes have 2, 1 and 1 of the four lines; features without batch norm, since
    batch statistics are each process's own."""
    options: dict[str, Any] = {"features": "pixels", "dropout": 0.0, "augment": 0.0, "epochs": 1}
    alone, shared = make_run(tmp_path / "alone", **options), make_run(tmp_path / "both", **options)
    one = next(train(alone, should_stop=after(1)))
    results = Turns(3).run(lambda exchange: next(train(shared, exchange, after(1))))
    assert [r.loss for r in results] == pytest.approx([one.loss] * 3, rel=1e-5)
    left, right = tensors_of(alone.checkpoint), tensors_of(shared.checkpoint)
    gradient = {n: v for n, v in left.items() if n.startswith("optimizer.exp_avg.")}  # (1-b1) g
    assert max(float(v.abs().max()) for v in gradient.values()) > 1e-3
    for name, value in gradient.items():
        torch.testing.assert_close(right[name], value, rtol=1e-4, atol=1e-7)
        weight = name.replace("optimizer.exp_avg", "network")
        clear = value.abs() > 1e-4  # Adam's first step is the gradient's sign: noise near 0
        torch.testing.assert_close(right[weight][clear], left[weight][clear], rtol=0, atol=1e-5)


def test_validation_is_the_same_however_many_processes_share_it(
    tmp_path: Path, make_run: MakeRun
) -> None:
    """Five processes for three lines: two have none, which must not count."""
    options: dict[str, Any] = {"features": "pixels", "dropout": 0.0, "epochs": 1, "batch_size": 8}
    alone, shared = make_run(tmp_path / "alone", **options), make_run(tmp_path / "many", **options)
    (expected,) = {p.cer for p in train(alone) if p.cer is not None}
    for progress in Turns(5).run(lambda exchange: list(train(shared, exchange))):
        assert [p.cer for p in progress if p.cer is not None] == pytest.approx([expected] * 2)


def paths_probability(log_probs: np.ndarray, labels: list[int]) -> float:
    """P(labels) by summing over every path (Graves et al. 2006, equation 3)."""
    frames, nodes = log_probs.shape
    total = 0.0
    for path in itertools.product(range(nodes), repeat=frames):
        collapsed = [k for k, _ in itertools.groupby(path) if k != 0]
        if collapsed == labels:
            total += math.exp(sum(log_probs[t, k] for t, k in enumerate(path)))
    return total


def test_the_loss_is_the_sum_over_all_paths_per_character(
    tmp_path: Path, make_run: MakeRun, write_store: Callable[..., Any]
) -> None:
    texts = ("ab", "aa", "b")
    run = make_run(tmp_path, texts=texts, held_back=0, augment=0.0, dropout=0.0, features="pixels")
    rng = np.random.default_rng(5)
    images = [rng.random((16, width)).astype(np.float32) for width in (20, 16, 9)]
    store = write_store(run.folder, texts, images)
    network = initial_network_of(run).eval()
    nats = 0.0
    for number, text in enumerate(texts):
        columns = torch.tensor(store.image(number).T[None])  # (1, T, H)
        log_probs, frames = network(columns, torch.tensor([columns.shape[1]]))
        assert int(frames[0]) == len(log_probs) == [5, 4, 3][number]
        labels = ["ab".index(character) + 1 for character in text]
        nats -= math.log(paths_probability(log_probs[:, 0].detach().numpy(), labels))
    first = next(train(run))
    assert first.loss == pytest.approx(nats / 5, rel=1e-5)


def initial_network_of(run: Run) -> RecognizerNetwork:
    torch.manual_seed(run.options.seed)
    return initial_network(run)


@pytest.fixture
def scripted_cer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """scripted_cer(5, 3, ...): the edits, in 100 characters, that validations find in turn; the
    last stays."""

    def script(*edits: int) -> None:
        found = itertools.chain(edits, itertools.repeat(edits[-1]))
        monkeypatch.setattr(BestModel, "_edits", lambda *_: (next(found), 100))

    return script


def test_patience_ends_a_run_that_brings_nothing_more(
    tmp_path: Path, make_run: MakeRun, scripted_cer: Callable[..., None]
) -> None:
    scripted_cer(50, 40, 40, 41, 40)  # as good is no better
    run = make_run(tmp_path, epochs=30, validate_every=4, held_back=1, patience=3)
    history = list(train(run))
    assert [p.cer for p in history] == [0.5, 0.4, 0.4, 0.41, 0.4]
    assert history[-1].fraction < 1
    assert not list(train(run)), "a resumed run is as worn out as it was"


def test_patience_waits_until_something_is_read(
    tmp_path: Path, make_run: MakeRun, scripted_cer: Callable[..., None]
) -> None:
    """Few lines are validated often, and a fresh network writes nothing for a hundred steps."""
    scripted_cer(100, 100, 103, 100, 100, 90, 90, 91, 90)
    run = make_run(tmp_path, epochs=30, validate_every=4, held_back=1, patience=3)
    assert len(list(train(run))) == 9


def test_patience_0_never_ends_a_run(
    tmp_path: Path, make_run: MakeRun, scripted_cer: Callable[..., None]
) -> None:
    scripted_cer(50)
    run = make_run(tmp_path, epochs=8, validate_every=4, held_back=1, patience=0)
    assert len(list(train(run))) == 8 * 3


def test_the_model_file_holds_the_weights_of_the_best_validation(
    tmp_path: Path, make_run: MakeRun, scripted_cer: Callable[..., None]
) -> None:
    scripted_cer(50, 30, 40, 35, 30, 45)
    run = make_run(tmp_path, epochs=2, validate_every=4, held_back=1)
    trainer = Trainer(run, loop.Alone())
    snapshots = [weights(trainer.mean.network) for _ in trainer.steps(lambda: False)]
    network, spec = load_model_file(run.output)
    assert len(snapshots) == 6
    assert_same_tensors(weights(network), snapshots[1])
    assert (spec.training["step"], spec.training["validation_cer"]) == (2, 0.3)
    assert spec.alphabet == run.spec.alphabet
    assert counters_of(run)["best_step"] == 2
    assert [row["cer"] for row in counters_of(run)["history"]] == [0.5, 0.3, 0.4, 0.35, 0.3, 0.45]


def test_a_lost_model_file_is_written_again_on_resume(
    tmp_path: Path, make_run: MakeRun, scripted_cer: Callable[..., None]
) -> None:
    scripted_cer(50, 30, 40)
    run = make_run(tmp_path, epochs=2, validate_every=4, held_back=1)
    list(train(run))
    before, card = tensors_of(run.output), read_spec(run.output)
    run.output.unlink()
    assert not list(train(run))
    assert_same_tensors(tensors_of(run.output), before)
    assert read_spec(run.output) == card


def test_a_killed_run_does_not_go_on_over_a_better_model(
    tmp_path: Path, make_run: MakeRun, scripted_cer: Callable[..., None]
) -> None:
    scripted_cer(50, 20, 40)
    run = make_run(tmp_path, epochs=2, validate_every=4, held_back=1)
    killed = train(run)
    assert [next(killed).cer for _ in range(2)] == [0.5, 0.2]
    before = tensors_of(run.output)  # and it ends here, without a word
    resumed = train(run)
    assert (next(resumed).cer, read_spec(run.output).training["step"]) == (0.4, 2)
    assert_same_tensors(tensors_of(run.output), before)


def test_whoever_stops_gets_the_better_model_but_nothing_is_counted(
    tmp_path: Path, make_run: MakeRun, scripted_cer: Callable[..., None]
) -> None:
    scripted_cer(50, 30)
    run = make_run(tmp_path, epochs=5, held_back=3, validate_every=4)  # every third step
    *_, last = train(run, should_stop=after(5))
    assert (last.step, last.cer, last.best_cer) == (5, 0.3, 0.3)
    counters = counters_of(run)
    assert (counters["best_cer"], counters["best_step"], counters["unimproved"]) == (0.5, 3, 0)
    assert len(counters["history"]) == 1
    network, spec = load_model_file(run.output)
    assert (spec.training["step"], spec.training["validation_cer"]) == (5, 0.3)
    assert torch.equal(network.output.weight, tensors_of(run.checkpoint)["mean.output.weight"])


def test_the_better_model_of_a_stop_stays_until_there_is_a_better_one(
    tmp_path: Path, make_run: MakeRun, scripted_cer: Callable[..., None]
) -> None:
    scripted_cer(50, 30)
    run = make_run(tmp_path, epochs=5, held_back=3, validate_every=4)  # every third step
    list(train(run, should_stop=after(5)))
    looked_at = tensors_of(run.output)
    scripted_cer(45, 20)
    resumed = train(run)
    for progress in resumed:
        if progress.step == 6:
            break
    assert (progress.cer, progress.best_cer) == (0.45, 0.3)
    assert_same_tensors(tensors_of(run.output), looked_at)
    for progress in resumed:
        if progress.step == 9:
            break
    assert (progress.cer, progress.best_cer) == (0.2, 0.2)
    assert read_spec(run.output).training["validation_cer"] == 0.2


def test_without_validation_lines_the_last_mean_is_the_model(
    tmp_path: Path, make_run: MakeRun
) -> None:
    run = make_run(tmp_path, epochs=2, held_back=0)
    assert all(p.cer is None for p in train(run))
    kept = tensors_of(run.checkpoint)
    for name, value in tensors_of(run.output).items():
        assert torch.equal(value, kept[f"mean.{name}"])
    assert "validation_cer" not in read_spec(run.output).training


def test_a_gradient_that_is_no_number_skips_its_step(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, epochs=2)  # whose normalisation has statistics
    trainer = Trainer(run, loop.Alone())
    original = Trainer.batch_loss

    def poisoned(self: Trainer, indices: Any, step: int) -> tuple[Tensor, Tensor]:
        whole, network_loss = original(self, indices, step)
        factor = float("nan") if step == 2 else 1.0
        return factor * whole, factor * network_loss

    monkeypatch.setattr(Trainer, "batch_loss", poisoned)
    states, losses = [], []
    for progress in trainer.steps(lambda: False):
        states.append(weights(trainer.network))
        losses.append(progress.loss)
    assert_same_tensors(states[1], states[2])
    assert not torch.equal(states[2]["output.weight"], states[3]["output.weight"])
    assert all(torch.isfinite(value).all() for value in states[-1].values())
    assert np.isfinite(losses).all()


def test_fine_tuning_keeps_what_the_model_says_of_the_old_characters(
    tmp_path: Path, make_run: MakeRun
) -> None:
    first = make_run(tmp_path / "first", epochs=1)
    list(train(first))
    second = make_run(
        tmp_path / "second",
        texts=("abé", "éa", "zb"),
        alphabet="abcéz",
        held_back=1,
        start=first.output,
        epochs=1,
    )
    old, _ = load_model_file(first.output)
    new = initial_network(second).eval()
    columns, lengths = torch.rand(2, 128, 16), torch.tensor([128, 90])
    before, after_growth = old(columns, lengths)[0], new(columns, lengths)[0]
    assert (before.shape[2], after_growth.shape[2]) == (4, 6)
    odds = before - before[..., :1]  # logits up to the normaliser, which the new labels change
    torch.testing.assert_close((after_growth - after_growth[..., :1])[..., :4], odds)
    list(train(second))
    assert read_spec(second.output).alphabet == "abcéz"


@pytest.mark.parametrize("blend", [1.0, 0.5])
def test_no_model_is_kept_that_reads_worse_than_the_one_begun_with(
    tmp_path: Path, make_run: MakeRun, blend: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_run(tmp_path / "first", epochs=1)
    list(train(first))
    rates = iter((0.2, 0.5, 0.4, 0.3))
    monkeypatch.setattr(BestModel, "cer", lambda self: next(rates))
    run = make_run(tmp_path / "second", start=first.output, epochs=2, blend=blend)
    told = [(p.step, p.cer) for p in train(run) if p.cer is not None]
    assert told[0] == (0, 0.2)
    assert read_spec(run.output).training["validation_cer"] == 0.2
    assert_same_tensors(tensors_of(first.output), tensors_of(run.output))


def test_a_blend_keeps_the_weights_between_the_old_and_the_mean(
    tmp_path: Path, make_run: MakeRun
) -> None:
    first = make_run(tmp_path / "first", epochs=1)
    list(train(first))
    run = make_run(tmp_path / "second", start=first.output, epochs=1, blend=0.25, held_back=0)
    list(train(run))
    old, mean, kept = tensors_of(first.output), tensors_of(run.checkpoint), tensors_of(run.output)
    for name in ("output.weight", "front_end.norms.0.running_mean"):
        expected = 0.75 * old[name] + 0.25 * mean[f"mean.{name}"]
        torch.testing.assert_close(kept[name], expected)
        assert not torch.equal(kept[name], old[name])


def test_what_was_begun_with_is_remembered(tmp_path: Path, make_run: MakeRun) -> None:
    """With new labels in wider layers, and by a second model that learns from the first."""
    first = make_run(tmp_path / "first", epochs=1)
    list(train(first))
    old, _ = load_model_file(first.output)
    columns, lengths = torch.rand(2, 128, 16), torch.tensor([128, 90])
    before = old(columns, lengths)[0]
    more: dict[str, Any] = {"texts": ("abé", "éa", "zb"), "alphabet": "abcéz", "remember": True}
    second = make_run(tmp_path / "second", start=first.output, epochs=2, held_back=0, **more)
    network = dataclasses.replace(second.spec.network, hidden=11)
    second = dataclasses.replace(second, spec=dataclasses.replace(second.spec, network=network))
    list(train(second))
    third = make_run(tmp_path / "third", start=second.output, epochs=2, held_back=0, **more)
    third = dataclasses.replace(third, spec=dataclasses.replace(third.spec, network=network))
    list(train(third))
    for run in (second, third):
        model, _ = load_model_file(run.output)
        assert model.former is not None
        remembered = model.former(columns, lengths)[0]
        torch.testing.assert_close(remembered[..., :4], before)
        assert not remembered[..., 4:].exp().any()  # it never learnt to read them
        assert not any(name.startswith("former") for name in initial_network(run).state_dict())
        assert model.margin == pytest.approx(USUAL_MARGIN)  # there are no lines to find one on


def test_what_has_learnt_nothing_is_kept_once(tmp_path: Path, make_run: MakeRun) -> None:
    first = make_run(tmp_path / "first", epochs=1)
    list(train(first))
    run = make_run(tmp_path / "second", start=first.output, epochs=0.1, remember=True)
    stopped = next(iter(train(run)))
    assert stopped.step == 0
    assert load_model_file(run.output)[0].former is None


@pytest.mark.parametrize("remember", [True, False])
def test_what_remembers_and_learns_nothing_reads_as_before(
    tmp_path: Path, make_run: MakeRun, remember: bool
) -> None:
    """Of two networks, of which the new one has been spoilt."""
    first = make_run(tmp_path / "first", epochs=40, learning_rate=0.02, dropout=0.0)
    list(train(first))
    old, spec = load_model_file(first.output)
    old.remember(load_model_file(first.output)[0], margin=0.3)
    old.output.weight.data.normal_()
    start = tmp_path / "two.safetensors"
    save_model(start, old, dataclasses.replace(spec, temperature=1.7))
    nothing = {"learning_rate": 0.0, "remember": remember, "epochs": 1, "dropout": 0.0}
    run = make_run(tmp_path / "second", start=start, **nothing)
    run = dataclasses.replace(run, spec=dataclasses.replace(run.spec, temperature=1.7))
    begun = next(iter(train_run(run)))
    for _ in train_run(run):
        pass
    model, spec = load_model_file(run.output)
    lines, edits, characters = LineStore(run.folder), np.zeros(3, int), 0
    for index in run.validation:
        columns = columns_alone(lines.image(index), "conv").values
        batch, lengths = torch.from_numpy(columns)[None], torch.tensor([len(columns)])
        before, after = old(batch, lengths)[0], model(batch, lengths)[0]
        torch.testing.assert_close(after, before)
        alone = old.read(old.front_end(batch, lengths), frame_lengths(lengths))
        for which, log_probs in enumerate((before, after, alone)):
            (reading,) = greedy(log_probs[:, 0].detach().numpy())
            text = Alphabet(spec.alphabet).decode(reading.labels)
            edits[which] += edit_counts(lines.text(index), text).count
        characters += len(lines.text(index))
    assert model.margin == pytest.approx(0.3)  # found on other lines, as was the temperature
    assert spec.temperature == 1.7
    assert edits[0] != edits[2]
    assert begun.cer == spec.training["validation_cer"] == pytest.approx(edits[0] / characters)


@pytest.mark.parametrize(("rate", "kept"), [(0.32, True), (0.34, False)])
def test_what_teaches_itself_is_judged_at_the_end_and_may_seem_a_little_worse(
    tmp_path: Path, make_run: MakeRun, rate: float, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Than what was chosen by the same lines."""
    first = make_run(tmp_path / "first", epochs=1)
    list(train(first))
    taught = make_run(tmp_path / "taught", start=first.output, epochs=2, held_back=0, remember=True)
    list(train(taught))
    rates = iter((0.3, rate))
    monkeypatch.setattr(BestModel, "cer", lambda self: next(rates))
    run = make_run(tmp_path / "second", start=taught.output, epochs=4, remember=True)
    spec = dataclasses.replace(run.spec, training={"read_lines": 3})
    told = [p.cer for p in train(dataclasses.replace(run, spec=spec)) if p.cer is not None]
    assert told == [0.3, rate]
    old, new = tensors_of(taught.output), tensors_of(run.output)
    if kept:
        former = {name: value for name, value in old.items() if name.startswith("former.")}
        assert_same_tensors(former, {name: new[name] for name in former})
        assert not torch.equal(old["output.weight"], new["output.weight"])
    else:
        assert_same_tensors(old, new)
    assert read_spec(run.output).training["validation_cer"] == (rate if kept else 0.3)


@pytest.mark.parametrize("retain", [0.0, 0.25, 1.0])
def test_a_run_begins_between_fresh_weights_and_those_retained(
    tmp_path: Path, make_run: MakeRun, retain: float
) -> None:
    first = make_run(tmp_path / "first", epochs=1)
    list(train(first))
    run = make_run(tmp_path / "second", start=first.output, retain=retain)
    fresh = initial_network_of(dataclasses.replace(run, start=None)).state_dict()
    begun, old = initial_network_of(run).state_dict(), tensors_of(first.output)
    for name in ("output.weight", "recurrent.0.bias", "front_end.norms.0.running_mean"):
        torch.testing.assert_close(begun[name], (1 - retain) * fresh[name] + retain * old[name])
        assert torch.equal(begun[name], old[name]) == (retain == 1)


def test_the_learning_rate_of_fine_tuning_is_smaller(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(tmp_path)
    started = dataclasses.replace(run, start=tmp_path / "model.safetensors")
    assert (run.learning_rate, started.learning_rate) == (6e-3, 1e-3)
    anew = dataclasses.replace(started.options, retain=0.4)
    assert dataclasses.replace(started, options=anew).learning_rate == 6e-3
    chosen = dataclasses.replace(started.options, learning_rate=0.5)
    assert dataclasses.replace(started, options=chosen).learning_rate == 0.5


def test_the_minutes_end_a_run(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count()  # every look at the clock finds it a second later
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    run = make_run(tmp_path, minutes=1.0)
    history = list(train(run))
    assert history[-1].fraction == 1
    assert all(p.fraction < 1 for p in history[:-1])
    assert 60 <= history[-1].seconds < 60 + 2 * (history[-1].seconds / len(history))
    assert history[-1].cer is not None, "the end is validated"
    assert not list(train(run))


def test_minutes_count_over_all_sittings(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count()
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    whole, parts = make_run(tmp_path / "a", minutes=1.0), make_run(tmp_path / "b", minutes=1.0)
    steps = len(list(train(whole)))
    stopped = list(train(parts, should_stop=after(steps // 2)))
    resumed = list(train(parts))
    assert resumed[0].seconds > stopped[-1].seconds
    assert abs(len(stopped) + len(resumed) - steps) <= 1


def test_batches_made_ahead_change_nothing(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make_run(tmp_path / "plain", epochs=2, augment=1.0)
    list(train(plain))
    made = make_run(tmp_path / "made", epochs=2, augment=1.0)
    monkeypatch.setattr(loop, "maker_count", lambda device: 1)
    assert len(list(train(made, should_stop=after(2)))) == 2
    list(train(made))
    assert_same_state(plain, made)


def test_who_makes_batches_ends_with_a_training_that_fails(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the program would wait for them for ever."""

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(loop, "maker_count", lambda device: 1)
    monkeypatch.setattr(loop, "take_step", fail)
    with pytest.raises(RuntimeError, match="out of memory") as caught:
        list(train(make_run(tmp_path)))
    assert caught.value.__traceback__ is not None, "which holds the frames of the training"
    assert multiprocessing.active_children() == []


def test_several_processes_make_their_own_batches(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "maker_count", lambda device: 1)
    trainer = Trainer(make_run(tmp_path), Turns(2).exchange(0))
    monkeypatch.setattr(Trainer, "_finished", lambda self: True)
    assert list(trainer.steps(lambda: False)) == []
    assert trainer.ahead is None


def test_the_loop_learns_to_read(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(tmp_path, dropout=0.0, augment=0.0, epochs=30, learning_rate=0.05)
    run = dataclasses.replace(run, validation=run.train[:3])
    history = list(train(run))
    assert history[-1].loss < 0.2 * history[0].loss
    assert history[-1].best_cer == 0
    assert [p.step for p in history] == list(range(1, len(history) + 1))
    assert all(p.seconds_left >= 0 for p in history)


def test_measuring_the_speed_changes_nothing(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(tmp_path)
    files = sorted(tmp_path.rglob("*"))
    assert lines_per_second(run) > 0
    assert sorted(tmp_path.rglob("*")) == files


def test_speed_is_measured_on_lines_of_middling_length(
    tmp_path: Path,
    make_run: MakeRun,
    write_store: Callable[..., LineStore],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = make_run(tmp_path, held_back=0, batch_size=2)
    images = [np.zeros((16, 20 + 4 * number), np.float32) for number in range(40)]
    write_store(run.folder, ["a"] * len(images), images)
    run = dataclasses.replace(run, train=tuple(range(len(images))))
    measured: list[list[int]] = []
    whole = Trainer.batch_loss

    def batch_loss(trainer: Trainer, indices: IntArray, step: int) -> tuple[Tensor, Tensor]:
        measured.append(indices.tolist())
        return whole(trainer, indices, step)

    monkeypatch.setattr(Trainer, "batch_loss", batch_loss)
    lines_per_second(run)
    assert measured == [[20, 21]] * 2


def test_the_log_and_the_curve_follow_the_validations(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "draw_curve", draw_curve)
    run = make_run(tmp_path, epochs=2)
    cers = [p.cer for p in train(run) if p.cer is not None]
    rows = [json.loads(row) for row in (run.folder / "log.jsonl").read_text().splitlines()]
    assert [row["cer"] for row in rows] == cers
    assert (run.folder / "curve.png").is_file()


@pytest.mark.parametrize("clip", [0.0, 0.01])
def test_gradients_are_clipped_to_a_norm(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, clip: float
) -> None:
    norms: list[float] = []

    def watch(optimizers: tuple[torch.optim.Optimizer, ...], rate: float) -> None:
        groups = [group["params"] for optimizer in optimizers for group in optimizer.param_groups]
        gradients = [p.grad.flatten() for group in groups for p in group if p.grad is not None]
        norms.append(float(torch.cat(gradients).norm()))

    monkeypatch.setattr(loop, "take_step", watch)
    list(train(make_run(tmp_path, clip=clip, epochs=2)))
    if clip:
        assert norms == pytest.approx([clip] * len(norms), rel=1e-3)
    else:
        assert min(norms) > 0.1


def test_a_stop_in_the_last_step_is_none(tmp_path: Path, make_run: MakeRun) -> None:
    """The run is over, and its model is to be calibrated."""
    steps = len(list(train(make_run(tmp_path / "a", epochs=2))))
    history = list(train(make_run(tmp_path / "b", epochs=2), should_stop=after(steps)))
    assert (len(history), history[-1].stopping) == (steps, False)
