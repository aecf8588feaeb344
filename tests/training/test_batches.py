"""Which lines stand together, in which order, and as what tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.alphabet import frames_needed
from ocr.errors import LabelError
from ocr.network.padding import WIDTH_BUCKET
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.preprocessing.columns import frame_count, geometric_features
from ocr.training.augment import Distortions
from ocr.training.batches import POOL, SHORT_FIRST, Batcher, Order, epoch_order
from ocr.training.ranges import NEVER, UNCHANGED, Ratio
from ocr.training.run import Run
from ocr.training.store import LineStore
from ocr.types import ModelSpec

WriteStore = Callable[..., LineStore]
TEXTS = ("ab", "aab", "b", "abba")


def spec_of(features: str = "pixels", alphabet: str = "ab") -> ModelSpec:
    return ModelSpec(alphabet, PreprocessingOptions(height=16, features=features), NetworkOptions())


def batcher_of(store: LineStore, features: str = "pixels", seed: int = 1) -> Batcher:
    return Batcher(store, spec_of(features), np.arange(len(store)), seed)


@settings(max_examples=60)
@given(
    widths=st.lists(st.integers(1, 5000), min_size=1, max_size=300),
    batch_size=st.integers(1, 9),
    seed=st.integers(0, 5),
    epoch=st.integers(0, 5),
    short_first=st.integers(0, 9),
    data=st.data(),
)
def test_an_epoch_has_every_member_once(
    widths: list[int],
    batch_size: int,
    seed: int,
    epoch: int,
    short_first: int,
    data: st.DataObject,
) -> None:
    members = data.draw(st.lists(st.sampled_from(range(len(widths))), min_size=1, unique=True))
    arguments = np.array(widths), np.array(members), batch_size, seed, epoch, short_first
    batches = epoch_order(*arguments)
    assert sorted(np.concatenate(batches)) == sorted(members)
    assert len(batches) == -(-len(members) // batch_size)
    sizes = [len(batch) for batch in batches]
    assert max(sizes) - min(sizes) <= 1, "a line in a smaller batch would weigh more"
    again = epoch_order(*arguments)
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    widths = np.random.default_rng(0).integers(50, 2000, size=400)
    members = np.arange(400)
    orders = [
        np.concatenate(epoch_order(widths, members, 8, seed, epoch)).tolist()
        for seed, epoch in ((1, 0), (1, 1), (2, 0), (0, 1))
    ]
    assert all(a != b for i, a in enumerate(orders) for b in orders[:i])
    first = {frozenset(batch.tolist()) for batch in epoch_order(widths, members, 8, 1, 0)}
    second = {frozenset(batch.tolist()) for batch in epoch_order(widths, members, 8, 1, 1)}
    assert len(first & second) < 3, "batches are mixed anew, not only reordered"
    few = [
        {frozenset(batch.tolist()) for batch in epoch_order(widths, members[:41], 8, 1, epoch)}
        for epoch in range(9)
    ]
    assert len(set.union(*few)) > 40, "few lines too"


def test_neighbours_in_a_batch_are_of_similar_width_and_come_in_any_order() -> None:
    widths = np.random.default_rng(0).integers(50, 2000, size=8 * POOL)
    batches = epoch_order(widths, np.arange(len(widths)), 8, 1, 0)
    spread = [int(np.ptp(widths[batch])) for batch in batches]
    assert max(spread) < 1000, "each of four pools is sorted: neighbours are an eighth of it"
    means = np.array([widths[batch].mean() for batch in batches])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.5


def test_copies_of_a_raised_line_come_in_different_batches() -> None:
    """A step distorts them alike."""
    widths = np.arange(100, 160)
    raised = np.concatenate([np.full(8, 1), np.arange(2, 58)])
    batches = epoch_order(widths, raised, 8, seed=1, epoch=0)
    assert sorted(np.concatenate(batches)) == sorted(raised)
    assert sum(1 in batch for batch in batches) == 8
    alone = epoch_order(widths, np.zeros(20, np.int64), 8, seed=1, epoch=0)
    assert sorted(map(len, alone)) == [6, 7, 7]


def test_short_lines_come_first_where_asked_and_the_rest_in_any_order() -> None:
    widths = np.random.default_rng(0).integers(50, 2000, size=8 * 3 * POOL)
    batches = epoch_order(widths, np.arange(len(widths)), 8, 1, 0, short_first=POOL)
    rising = np.concatenate([widths[batch] for batch in batches[:POOL]])
    assert (np.diff(rising) >= 0).all()
    means = np.array([widths[batch].mean() for batch in batches[POOL:]])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.5


def test_only_a_run_from_nothing_begins_with_short_lines(
    tmp_path: Path, write_store: WriteStore, make_run: Callable[..., Run]
) -> None:
    run = make_run(tmp_path, texts=("a", "b"), held_back=1, batch_size=1)
    count = SHORT_FIRST + 2 * POOL
    widths = np.random.default_rng(0).permutation(count) + 20
    images = [np.zeros((1, width), np.float32) for width in widths]
    store = write_store(run.folder, ["a"] * count, images)
    run = replace(run, train=tuple(range(count)))
    order = Order(store, np.array(run.train), run)
    taken = np.concatenate([order.batch(step) for step in range(2 * count)])
    assert sorted(taken[:count]) == sorted(taken[count:]) == list(run.train)
    assert (np.diff(store.widths[taken[:SHORT_FIRST]]) > 0).all()
    for mixed in (taken[SHORT_FIRST:count], taken[count:]):
        assert (np.diff(store.widths[mixed]) > 0).mean() < 0.7
    again = Order(store, np.array(run.train), run)  # as after a resume, from anywhere
    for step in (SHORT_FIRST, 3, SHORT_FIRST - 1, count):
        assert again.batch(step) == taken[step]
    taught = replace(run, start=tmp_path / "base.safetensors")
    order = Order(store, np.array(run.train), taught)
    first = np.concatenate([order.batch(step) for step in range(SHORT_FIRST)])
    assert (np.diff(store.widths[first]) > 0).mean() < 0.7
    for begun in (run, taught):
        (typical,) = Order(store, np.array(run.train), begun).typical()
        assert abs(store.widths[typical] / np.median(widths) - 1) < 0.25


def test_a_plain_batch_is_the_lines_side_by_side(tmp_path: Path, write_store: WriteStore) -> None:
    store = write_store(tmp_path, TEXTS)
    batch = batcher_of(store).plain([3, 0])
    assert batch.ids == ("line-3", "line-0")
    assert batch.lengths.tolist() == [store.widths[3], store.widths[0]]
    assert batch.label_lengths.tolist() == [4, 2]
    assert batch.labels.tolist() == [1, 2, 2, 1, 1, 2]
    assert batch.columns.dtype == torch.float32
    for row, index in enumerate((3, 0)):
        image, width = store.image(index), store.widths[index]
        np.testing.assert_array_equal(batch.columns[row, :width].numpy(), image.T)
        assert not batch.columns[row, width:].any()


@pytest.mark.parametrize("width", [1, WIDTH_BUCKET - 1, WIDTH_BUCKET, WIDTH_BUCKET + 1, 300])
def test_batches_are_padded_to_whole_buckets(
    tmp_path: Path, write_store: WriteStore, width: int
) -> None:
    images = [np.ones((16, w), np.float32) for w in (width, 1)]
    batch = batcher_of(write_store(tmp_path, ("a", "b"), images)).plain([0, 1])
    padded = batch.columns.shape[1]
    assert padded % WIDTH_BUCKET == 0
    assert padded - WIDTH_BUCKET < width <= padded
    assert batch.columns.sum(dim=(1, 2)).tolist() == [16 * width, 16]


def test_geometric_batches_have_the_geometric_features(
    tmp_path: Path, write_store: WriteStore
) -> None:
    store = write_store(tmp_path, TEXTS)
    batch = batcher_of(store, "geometric").plain([2])
    np.testing.assert_array_equal(
        batch.columns[0, : store.widths[2]].numpy(), geometric_features(store.image(2))
    )


def test_distortions_follow_from_seed_epoch_and_line(
    tmp_path: Path, write_store: WriteStore
) -> None:
    store, everything = write_store(tmp_path, TEXTS), np.arange(4)
    first = batcher_of(store, seed=1).distorted(everything, 3, 1.0)
    same = batcher_of(store, seed=1).distorted(everything, 3, 1.0)
    assert torch.equal(first.columns, same.columns)
    assert torch.equal(first.labels, batcher_of(store).plain(everything).labels)
    other_epoch = batcher_of(store, seed=1).distorted(everything, 4, 1.0)
    other_seed = batcher_of(store, seed=2).distorted(everything, 3, 1.0)
    for other in (other_epoch, other_seed):
        same_size = first.columns.shape == other.columns.shape
        assert not (same_size and torch.equal(first.columns, other.columns))
    alone = batcher_of(store, seed=1).distorted(np.array([2]), 3, 1.0)
    width = int(alone.lengths[0])
    assert width == int(first.lengths[2])
    assert torch.equal(alone.columns[0, :width], first.columns[2, :width]), "company is no matter"


def test_strength_0_leaves_the_lines_alone(tmp_path: Path, write_store: WriteStore) -> None:
    batcher = batcher_of(write_store(tmp_path, TEXTS))
    plain, distorted = batcher.plain([0, 1]), batcher.distorted(np.array([0, 1]), 7, 0.0)
    assert torch.equal(plain.columns, distorted.columns)


def test_what_is_distorted_can_be_chosen(tmp_path: Path, write_store: WriteStore) -> None:
    store, everything = write_store(tmp_path, TEXTS), np.arange(4)
    batcher = batcher_of(store)
    batcher.distortions = Distortions(
        clean=0.0,
        **{
            part.name: NEVER if part.type == "Amount" else UNCHANGED
            for part in fields(Distortions)
            if part.type in ("Amount", "Ratio") and part.name != "stretch"
        },
        stretch=Ratio(1.0, 1.2, 1.2),
    )
    plain, distorted = batcher.plain(everything), batcher.distorted(everything, 0, 1.0)
    assert all(distorted.lengths > plain.lengths), "every line is stretched"
    batcher.distortions = replace(batcher.distortions, stretch=UNCHANGED)
    assert torch.equal(batcher.distorted(everything, 0, 1.0).columns, plain.columns)


def test_distorted_lines_keep_the_frames_that_their_text_needs(
    tmp_path: Path, write_store: WriteStore
) -> None:
    texts = ("aabb", "ab" * 6, "bbbb" * 3, "a")
    widths = [4 * frames_needed(text) - 3 for text in texts]  # not one column to spare
    rng = np.random.default_rng(1)
    images = [rng.random((16, width)).astype(np.float32) for width in widths]
    batcher = batcher_of(write_store(tmp_path, texts, images))
    changed = 0
    for epoch in range(60):
        lengths = batcher.distorted(np.arange(4), epoch, 1.5).lengths.tolist()
        for text, width, length in zip(texts, widths, lengths, strict=True):
            assert frame_count(length) >= frames_needed(text)
            changed += length != width
    assert changed, "no line was stretched at all: the test shows nothing"


def test_only_training_lines_are_seen_in_a_distorted_line(
    tmp_path: Path, write_store: WriteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slice of the neighbouring line may be pasted in; a validation line never is."""
    store = write_store(tmp_path, TEXTS)
    read: list[int] = []
    original = LineStore.image
    monkeypatch.setattr(LineStore, "image", lambda self, i: read.append(i) or original(self, i))
    batcher = Batcher(store, spec_of(), np.array([0, 2]), seed=1)
    for epoch in range(30):
        batcher.distorted(np.array([0, 2]), epoch, 1.0)
    assert set(read) == {0, 2}


def test_a_character_outside_the_alphabet_is_named(tmp_path: Path, write_store: WriteStore) -> None:
    batcher = Batcher(write_store(tmp_path, TEXTS), spec_of(alphabet="a"), np.arange(4), 1)
    with pytest.raises(LabelError, match="'b'"):
        batcher.plain([0])
