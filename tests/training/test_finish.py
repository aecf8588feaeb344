"""What the end of a run does to its model."""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ocr.alphabet import Alphabet
from ocr.calibration import calibrate_model
from ocr.decoding.greedy import greedy
from ocr.metrics import edit_counts
from ocr.network.modelfile import load_model_file, save_model
from ocr.network.recognizer import RecognizerNetwork
from ocr.network.surer import sureness
from ocr.preprocessing.columns import columns_alone
from ocr.training import loop, session
from ocr.training.finish import SHARE, _known, calibrate_run
from ocr.training.run import Run
from ocr.training.store import LineStore


def writing_network(run: Run) -> RecognizerNetwork:
    """Weights without sense, but so large that it writes something for every image."""
    torch.manual_seed(7)
    spec = run.spec
    network = RecognizerNetwork(spec.preprocessing, spec.network, len(spec.alphabet) + 1)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(4)
        network.output.bias.zero_()
    return network.eval()


def test_the_model_gets_a_temperature_and_keeps_everything_else(
    make_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = make_run(tmp_path, features="pixels")
    save_model(run.output, writing_network(run), run.spec, half=True)
    before, spec = load_model_file(run.output)
    size = run.output.stat().st_size
    calibrate_run(run)
    after, calibrated = load_model_file(run.output)
    assert (calibrated.alphabet, calibrated.training) == (spec.alphabet, spec.training)
    for name, weight in before.state_dict().items():
        assert torch.equal(weight, after.state_dict()[name]), name
    assert abs(run.output.stat().st_size - size) < 64  # still half precision
    # nonsense is read with too much confidence: it is softened, as far as few characters tell
    assert 1.05 < calibrated.temperature < 1.5


def test_a_former_network_is_to_be_surpassed_by_a_share_of_what_is_usual(
    make_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = make_run(tmp_path, features="pixels")
    network, former = writing_network(run), writing_network(run)
    former.output.weight.data = former.output.weight.flip(0) * 0.5  # less sure, of other labels
    for new, old, expected in ((network, former, True), (former, network, False)):
        new.remember(old)
        save_model(run.output, new, run.spec)
        new.remember(None)
        calibrate_run(run)
        (found, spec), store = load_model_file(run.output), LineStore(run.folder)
        assert found.margin is not None
        differences = []
        for index in run.validation:
            columns = columns_alone(store.image(index), "pixels").values
            batch, lengths = torch.from_numpy(columns)[None], torch.tensor([len(columns)])
            both = [sureness(*reader(batch, lengths)).item() for reader in (new, old)]
            differences.append(both[0] - both[1])
        usual = statistics.median(differences)
        assert (usual > 0) == expected
        assert found.margin.item() == pytest.approx(max(0.0, SHARE * usual), rel=0.02)
        alphabet, edits, alone, characters = Alphabet(spec.alphabet), 0, 0, 0
        for index in run.validation:
            columns = columns_alone(store.image(index), "pixels").values
            log_probs = found(torch.from_numpy(columns)[None], torch.tensor([len(columns)]))[0]
            reading = alphabet.decode(greedy(log_probs[:, 0].detach().numpy())[0].labels)
            edits += edit_counts(store.text(index), reading).count
            log_probs = new(torch.from_numpy(columns)[None], torch.tensor([len(columns)]))[0]
            reading = alphabet.decode(greedy(log_probs[:, 0].detach().numpy())[0].labels)
            alone += edit_counts(store.text(index), reading).count
            characters += len(store.text(index))
        assert (edits == alone) == expected  # surer, it reads them all
        assert spec.training["validation_cer"] == pytest.approx(edits / characters)


def test_a_temperature_that_was_found_since_stays(
    make_run: Callable[..., Run], tmp_path: Path
) -> None:
    """As ocr calibrate found it on other lines."""
    run = make_run(tmp_path, features="pixels")
    save_model(run.output, writing_network(run), dataclasses.replace(run.spec, temperature=1.7))
    content = run.output.read_bytes()
    calibrate_run(run)
    assert run.output.read_bytes() == content


def test_a_margin_that_serves_worse_is_not_taken(
    make_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = make_run(tmp_path, features="pixels")
    network, former = writing_network(run), writing_network(run)
    former.output.weight.data = former.output.weight.flip(0) * 0.5
    network.remember(former, 7.0)
    spec = dataclasses.replace(run.spec, training={"step": 9, "validation_cer": 0.01})
    save_model(run.output, network, spec)
    calibrate_run(run)
    found, spec = load_model_file(run.output)
    assert found.margin == 7.0
    alphabet = Alphabet(spec.alphabet)
    as_read = calibrate_model(_known(run, found, spec), alphabet)
    assert spec.temperature == pytest.approx(as_read.temperature)  # not with the other margin
    assert spec.training["validation_cer"] == 0.01


@pytest.mark.parametrize(("given_up", "taken"), [(0.05, True), (0.2, False)])
def test_a_margin_may_cost_a_tenth_of_what_was_learnt(
    make_run: Callable[..., Run], tmp_path: Path, given_up: float, taken: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run = make_run(tmp_path, features="pixels")
    network = writing_network(run)
    network.remember(writing_network(run), 7.0)
    spec = dataclasses.replace(run.spec, training={"step": 9, "validation_cer": 0.2})
    save_model(run.output, network, spec)
    rates = iter((0.2 + 0.3 * given_up, 0.5))  # with the margin found, and of the former network
    monkeypatch.setattr("ocr.training.finish.error_rate", lambda lines, alphabet: next(rates))
    calibrate_run(run)
    found, spec = load_model_file(run.output)
    assert (found.margin != 7.0) == taken
    assert spec.training["validation_cer"] == pytest.approx(0.2 + 0.3 * given_up * taken)


def test_a_model_that_reads_nothing_or_has_no_lines_stays(
    make_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = make_run(tmp_path, features="pixels", held_back=2)
    network = writing_network(run)
    with torch.no_grad():
        network.output.bias[0] = 1e4
    save_model(run.output, network, run.spec)
    content = run.output.read_bytes()
    calibrate_run(run)
    assert run.output.read_bytes() == content
    alone = make_run(tmp_path, features="pixels", held_back=0)
    calibrate_run(alone)  # which has no model file yet


def test_a_run_is_calibrated_at_its_end_and_not_when_stopped(
    make_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Path] = []
    monkeypatch.setattr(session, "calibrate_run", lambda run: calls.append(run.output))
    monkeypatch.setattr(loop, "draw_curve", lambda folder, history: None)
    run = make_run(tmp_path, features="pixels", epochs=1)
    (first,) = session.train_run(run, lambda: True)
    assert (first.stopping, calls) == (True, [])
    late = itertools.chain([False] * 2, itertools.repeat(True))  # after the last step has begun
    progress = list(session.train_run(run, late.__next__))
    assert (progress[-1].fraction, progress[-1].stopping) == (1, False)
    assert calls == [run.output]
