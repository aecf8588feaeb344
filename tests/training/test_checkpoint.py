from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import nn

from ocr.errors import InputError, OutputError
from ocr.training.checkpoint import Counters, load_checkpoint, save_checkpoint
from ocr.training.muon import Muon
from ocr.training.optimizers import Optimizers, take_step

State = tuple[nn.Module, Optimizers]


def fresh(seed: int, outputs: int = 3) -> State:
    torch.manual_seed(seed)
    first, norm, last = nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, outputs)
    muon = Muon([(first.weight, (1, 4, 5))], 0.1, 0.0, torch.float32)
    others = [first.bias, *norm.parameters(), *last.parameters()]
    return nn.Sequential(first, norm, last), (muon, torch.optim.AdamW(others, lr=0.1))


def step(network: nn.Module, optimizers: Optimizers, seed: int) -> None:
    torch.manual_seed(seed)
    network.zero_grad()
    network(torch.randn(8, 5)).square().sum().backward()
    take_step(optimizers, 0.1)


def trained(seed: int = 0) -> State:
    network, optimizers = fresh(seed)
    for number in range(3):
        step(network, optimizers, number)
    return network, optimizers


COUNTERS = Counters(
    step=7,
    seconds=12.5,
    fraction=1 / 3,
    loss=1 / 7,
    best_cer=0.125,
    best_step=5,
    unimproved=2,
    history=[{"step": 5, "epoch": 0.1, "seconds": 9.25, "loss": 1 / 7, "cer": 0.125}],
)


def saved(path: Path) -> State:
    network, optimizers = trained()
    best = {name: value.clone() + 1 for name, value in network.state_dict().items()}
    mean = {name: value.clone() + 2 for name, value in network.state_dict().items()}
    save_checkpoint(path, COUNTERS, network, optimizers, {"mean": mean, "best": best})
    return network, optimizers


def test_everything_comes_back_to_the_bit(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    network, optimizers = saved(path)
    other, other_optimizers = fresh(seed=9)
    counters, kept = load_checkpoint(path, other, other_optimizers)
    assert counters == COUNTERS
    for name, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)
        assert torch.equal(kept["best"][name], value + 1)
        assert torch.equal(kept["mean"][name], value + 2)
    step(network, optimizers, seed=50)  # equal only if the moments and their age came back
    step(other, other_optimizers, seed=50)
    for name, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)


def test_a_run_that_never_validated_has_no_best(tmp_path: Path) -> None:
    network, optimizers = fresh(0)
    path = tmp_path / "new.safetensors"
    save_checkpoint(path, Counters(), network, optimizers, {})
    counters, kept = load_checkpoint(path, *fresh(1))
    assert counters == Counters()
    assert counters.best_cer == float("inf")
    assert kept == {"mean": {}, "best": {}}


def test_saving_replaces_the_old_state_whole(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    saved(path)
    network, optimizers = trained(seed=4)
    save_checkpoint(path, dataclasses.replace(COUNTERS, step=8), network, optimizers, {})
    other = fresh(5)
    counters, kept = load_checkpoint(path, *other)
    assert (counters.step, kept["best"]) == (8, {})
    assert torch.equal(other[0].state_dict()["0.weight"], network.state_dict()["0.weight"])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("keep", [0, 4, 100, 1000, -1])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "checkpoint.safetensors"
    saved(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match="start the training anew"):
        load_checkpoint(path, *fresh(0))


@pytest.mark.parametrize(("old", "new"), [(b"counters", b"encounters"), (b"fraction", b"friction")])
def test_a_checkpoint_with_other_counters_is_refused(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    saved(path)
    size, content = int.from_bytes(path.read_bytes()[:8], "little"), path.read_bytes()[8:]
    header = content[:size].replace(old, new).rstrip()
    header += b" " * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, "little") + header + content[size:])
    with pytest.raises(InputError, match="cannot be used"):
        load_checkpoint(path, *fresh(0))


def test_a_missing_checkpoint_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        load_checkpoint(tmp_path / "none.safetensors", *fresh(0))


def test_the_checkpoint_of_another_network_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    saved(path)
    with pytest.raises(InputError, match="another network") as caught:
        load_checkpoint(path, *fresh(0, outputs=4))
    assert "\n" not in str(caught.value)


def test_the_moments_of_another_optimiser_are_refused_or_left(tmp_path: Path) -> None:
    """Muon needs a part of what AdamW keeps, and AdamW more than Muon keeps."""
    path = tmp_path / "checkpoint.safetensors"
    network, _ = saved(path)
    with pytest.raises(InputError, match="another optimiser"):
        load_checkpoint(path, network, (torch.optim.AdamW(network.parameters()),))
    adam = torch.optim.AdamW(network.parameters())
    network(torch.randn(8, 5)).square().sum().backward()
    adam.step()
    save_checkpoint(path, COUNTERS, network, (adam,), {})
    again, (muon, other) = fresh(0)
    load_checkpoint(path, again, (muon, other))
    (state,) = muon.state.values()
    assert set(state) == {"exp_avg"}
    assert torch.equal(state["exp_avg"], adam.state[network[0].weight]["exp_avg"])


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        saved(tmp_path / "file" / "checkpoint.safetensors")
