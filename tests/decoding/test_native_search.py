"""search.c against the same loops in Python, which have their own oracles."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr import builder
from ocr.alphabet import Alphabet
from ocr.decoding import alignment, native, rivals, search
from ocr.decoding.automaton import anything
from ocr.decoding.beam import BeamDecoder, language_decoder
from ocr.decoding.language import train_language_model
from ocr.decoding.lexicon import lexicon_automaton
from ocr.decoding.search import Beam, Frames, Merit, Tree
from ocr.options import DecodingOptions, LanguageOptions
from ocr.types import Hypothesis

LogProbs = NDArray[np.float32]
ALPHABET = Alphabet("aehrt ")
SIZE = len(ALPHABET)
LINES = ("the hare ate the rat", "a rat ate the tea", "the earth", "there a hat")
EXACT = 1e-12  # relative


def decoder_of(kind: str) -> BeamDecoder:
    if kind == "language":
        model = train_language_model(LINES, LanguageOptions(order=4, weight=0.8, bonus=0.3))
        return language_decoder(model, ALPHABET, DecodingOptions(beam=8, threshold=0))
    free = anything(SIZE)
    words = lexicon_automaton(("hare", "heart", "rate", "ate", "a"), ALPHABET, price=2.0)
    return BeamDecoder(
        words if kind == "lexicon" else free, np.arange(SIZE), Merit(1.0, -0.2, 8), readings=4
    )


DECODERS = {kind: decoder_of(kind) for kind in ("anything", "language", "lexicon")}


def spread(rng: np.random.Generator, frames: int) -> LogProbs:
    """Several labels are probable at a frame."""
    return np.log(rng.dirichlet(np.ones(SIZE) / 2, frames) + 1e-9).astype(np.float32)


def impossible(rng: np.random.Generator, frames: int) -> LogProbs:
    """A third of all labels, blanks too, are not to be had."""
    return np.where(rng.random((frames, SIZE)) < 1 / 3, -np.inf, spread(rng, frames))


def tied(rng: np.random.Generator, frames: int) -> LogProbs:
    """Whole numbers: many prefixes have the same merit."""
    return np.round(spread(rng, frames) / 3)


def alike(rng: np.random.Generator, frames: int) -> LogProbs:
    return np.full((frames, SIZE), -np.log(SIZE), np.float32)


def doubled(rng: np.random.Generator, frames: int) -> LogProbs:
    """Nothing but one letter and the blank, in turn."""
    path = np.arange(frames) % 2 * 3
    return np.log(np.where(np.arange(SIZE) == path[:, None], 0.9, 0.1 / SIZE)).astype(np.float32)


KINDS = (spread, impossible, tied, alike, doubled)


def lines_of(seed: int, lengths: Sequence[int] = (0, 1, 2, 16)) -> list[LogProbs]:
    rng = np.random.default_rng(seed)
    return [make(rng, frames) for make in KINDS for frames in lengths]


@pytest.fixture(autouse=True)
def code() -> None:
    if builder.compiler_command() is None:
        pytest.skip("no compiler here")
    assert native.can_run(), "search.c cannot be built"


@pytest.fixture
def fresh() -> Iterator[None]:
    """``native.library`` as if never called, before and after."""
    native.library.cache_clear()
    yield
    native.library.cache_clear()


def rows(part: Tree | Beam) -> dict[str, NDArray[np.float64]]:
    """The arrays by name, as far as they are used."""
    return {name: values[: part.used[0]] for name, values in part._asdict().items()}


def same(ours: Tree | Beam, theirs: Tree | Beam) -> None:
    for name, values in rows(theirs).items():
        np.testing.assert_allclose(rows(ours)[name], values, rtol=EXACT, err_msg=name)


@pytest.mark.parametrize("threshold", [0.0, 0.03])
@pytest.mark.parametrize("width", [1, 2, 7, 20])
@pytest.mark.parametrize("kind", DECODERS)
@pytest.mark.parametrize("reach", [1.5, math.inf])
def test_the_search_makes_the_same_tree_and_beam(
    kind: str, width: int, threshold: float, reach: float
) -> None:
    decoder = dataclasses.replace(DECODERS[kind], threshold=threshold)
    merit = decoder.merit._replace(width=width, reach=reach)
    for log_probs in lines_of(width):
        frames = decoder.frames(log_probs)
        ours = native.search(frames, decoder.automaton, merit)
        theirs = search.search(frames, decoder.automaton, merit)
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)


def test_the_beam_is_wider_than_there_are_texts() -> None:
    merit = Merit(0.5, 0.1, 5000)
    for log_probs in lines_of(1, lengths=(3,)):
        frames = DECODERS["language"].frames(log_probs)
        ours = native.search(frames, DECODERS["language"].automaton, merit)
        theirs = search.search(frames, DECODERS["language"].automaton, merit)
        assert ours[1].used[0] < merit.width
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)


@pytest.mark.parametrize("threshold", [0.0, 0.03, 0.9])
@pytest.mark.parametrize("kind", DECODERS)
def test_margins_are_the_same(kind: str, threshold: float) -> None:
    decoder = dataclasses.replace(DECODERS[kind], threshold=threshold)
    rng = np.random.default_rng(3)
    for log_probs in lines_of(4, lengths=(1, 16)):
        frames = decoder.frames(log_probs)
        for count in (0, 1, 12):
            labels = rng.integers(1, SIZE, count)
            peaks = np.sort(rng.integers(0, len(log_probs), count))
            given = (frames, decoder.automaton, decoder.merit, labels, peaks)
            with np.errstate(invalid="ignore"):  # -inf of the label from -inf of a rival
                expected = rivals.rival_margins(*given)
            np.testing.assert_allclose(native.rival_margins(*given), expected, rtol=EXACT)


@pytest.mark.parametrize("count", range(1, 7))
def test_the_best_path_is_the_same(count: int) -> None:
    rng, found = np.random.default_rng(count), []
    for frames in (*range(3 * count), 40):
        for values in (rng.normal, lambda size: rng.integers(-2, 0, size)):
            scores = np.asarray(values(size=(frames, 2 * count + 1)), np.float64)
            scores[rng.random(scores.shape) < 0.05] = -np.inf
            skips = np.zeros(2 * count + 1, np.bool_)
            skips[3::2] = rng.random(count - 1) < 0.7  # the others stand after themselves
            expected = alignment.best_path(scores, skips)
            np.testing.assert_array_equal(native.best_path(scores, skips), expected)
            found.append(len(expected) > 0)
    assert True in found
    assert False in found


def close(ours: Hypothesis, theirs: Hypothesis) -> None:
    assert (ours.labels, ours.spans) == (theirs.labels, theirs.spans)
    for name in ("optical", "language", "share", "posteriors"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=EXACT), name


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("kind", DECODERS)
def test_without_a_compiler_a_line_reads_the_same(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = DECODERS[kind]
    lines = [spread(np.random.default_rng(seed), 40) for seed in range(3)]
    ours = [decoder(log_probs) for log_probs in lines]
    monkeypatch.setenv("CC", "")
    native.library.cache_clear()
    assert not native.can_run()
    for one, log_probs in zip(ours, lines, strict=True):
        for hypothesis, expected in zip(one, decoder(log_probs), strict=True):
            close(hypothesis, expected)


def test_the_layout_and_type_of_an_array_do_not_matter() -> None:
    decoder, log_probs = DECODERS["language"], spread(np.random.default_rng(5), 30)
    (expected,) = decoder(log_probs)
    batch = np.zeros((30, 3, SIZE), np.float32)
    batch[:, 1] = log_probs
    for other in (np.asfortranarray(log_probs), batch[:, 1], log_probs.astype(np.float64)):
        assert decoder(other) == (expected,)
    wide = decoder.automaton._replace(
        targets=decoder.automaton.targets.astype(np.int64),
        scores=decoder.automaton.scores.astype(">f4"),
    )
    swapped = dataclasses.replace(decoder, automaton=wide, symbols=decoder.symbols.astype(np.int32))
    assert swapped(log_probs) == (expected,)


def test_threads_do_not_disturb_each_other() -> None:
    decoder = DECODERS["language"]
    lines = [spread(np.random.default_rng(seed), 200) for seed in range(24)]
    alone = [decoder(log_probs) for log_probs in lines]
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(decoder, lines)) == alone


def test_structs_have_the_fields_of_the_named_tuples_in_their_order() -> None:
    for part, record in (
        (anything(2), native.AutomatonRecord),
        (Frames, native.FramesRecord),
        (Merit, native.MeritRecord),
        (Tree, native.TreeRecord),
        (Beam, native.BeamRecord),
    ):
        names = [field[0] for field in record._fields_]
        assert names[: len(part._fields)] == list(part._fields)
