"""The beam decoder: the texts that search.py finds, with their places and posteriors."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ocr.alphabet import Alphabet
from ocr.confidence import label_posteriors
from ocr.decoding import native
from ocr.decoding.alignment import Spans, align_labels, peak_frames
from ocr.decoding.automaton import END, START, Automaton, anything, check
from ocr.decoding.language import LanguageModel
from ocr.decoding.languagefile import read_language_model, resolve_language_model
from ocr.decoding.paper import paper
from ocr.decoding.rivals import rival_margins
from ocr.decoding.search import EMPTY, Frames, Merit, Tree, merits, search
from ocr.options import DecodingOptions
from ocr.types import Float32Array, Float64Array, Hypothesis, IntArray

# nats; on 3,497 validation lines a reach of 8 makes as many errors as an endless one, in two thirds
# of the time on handwriting and in half of it on print, where one text is clearly the best.
REACH = 10.0


class Reading(NamedTuple):
    """One text with its two scores, natural logs."""

    labels: tuple[int, ...]
    optical: float
    language: float


@dataclass(frozen=True, slots=True)
class BeamDecoder:
    """Prefix beam search under an automaton.

    automaton    what the language says; see automaton.py
    symbols      (K,) the automaton's symbol of each label; that of the blank is not used
    merit        weight and bonus of the language's score, the width and reach of the beam
    threshold    0..1, labels less probable than this at a frame are not tried there
    temperature  of the posteriors, see rivals.py
    readings     how many hypotheses to return at most

    Raises ValueError where a search would leave the arrays.
    """

    automaton: Automaton
    symbols: IntArray
    merit: Merit
    threshold: float = 0.0
    temperature: float = 1.0
    readings: int = 1

    def __post_init__(self) -> None:
        known = int(self.automaton.first[START])  # the root has an arc for every symbol
        check(self.automaton, known)
        if self.symbols.min() < 0 or self.symbols.max() >= known:
            raise ValueError("a label has a symbol that the automaton does not know")
        if self.merit.width < 1:
            raise ValueError(f"a beam of {self.merit.width} texts follows none")
        for array in (*self.automaton, self.symbols):
            array.flags.writeable = False  # stays what was checked: search.c relies on it

    def __call__(self, log_probs: Float32Array) -> tuple[Hypothesis, ...]:
        """Best first. ``optical`` is the log of the sum over the paths that the beam has kept."""
        frames = self.frames(log_probs)
        readings = self.read(frames)
        shares = self.shares(readings).tolist()
        return tuple(
            self._hypothesis(frames, reading, share)
            for reading, share in zip(readings, shares, strict=True)
        )

    def read(self, frames: Frames) -> list[Reading]:
        """The texts alone, best first."""
        find = native.search if native.can_run() else search
        tree, beam = find(frames, self.automaton, self.merit)
        order = np.argsort(-merits(tree, beam, self.merit), kind="stable")[: self.readings]
        return [
            Reading(
                labels=labels_of(tree, int(beam.node[row])),
                optical=float(np.logaddexp(beam.blank[row], beam.other[row])),
                language=float(tree.language[beam.node[row]]),
            )
            for row in order.tolist()
        ]

    def shares(self, readings: Sequence[Reading]) -> Float64Array:
        """(readings,) the probability of each, 0..1, if one of them is right: the softmax of what
        ranks them, tempered like the posteriors."""
        weight, bonus = self.merit.weight, self.merit.bonus
        scores = np.array(
            [r.optical + weight * r.language + bonus * len(r.labels) for r in readings]
        )
        ratios = np.exp((scores - scores.max()) / self.temperature)
        return np.asarray(ratios / ratios.sum())

    def labels(self, log_probs: Float32Array) -> tuple[int, ...]:
        """The best text, without its place."""
        return self.read(self.frames(log_probs))[0].labels

    def _hypothesis(self, frames: Frames, reading: Reading, share: float) -> Hypothesis:
        spans = align_labels(frames.log_probs, reading.labels)
        margins = self.margins(frames, reading.labels, spans)
        return Hypothesis(
            labels=reading.labels,
            spans=spans,
            optical=reading.optical,
            posteriors=tuple(label_posteriors(margins, self.temperature).tolist()),
            language=reading.language,
            share=share,
        )

    def frames(self, log_probs: Float32Array) -> Frames:
        """The log-probabilities (T, K) and the labels to be tried at each frame. Raises ValueError
        for another K than there are symbols."""
        if log_probs.shape[1] != len(self.symbols):
            raise ValueError(f"{log_probs.shape[1]} labels, but {len(self.symbols)} symbols")
        least = math.log(self.threshold) if self.threshold > 0 else -math.inf
        at, labels = np.nonzero((log_probs[:, 1:] >= least) & ~paper(log_probs)[:, None])
        first = np.searchsorted(at, np.arange(len(log_probs) + 1))
        return Frames(log_probs.astype(np.float64), labels + 1, first, self.symbols)

    def margins(self, frames: Frames, labels: Sequence[int], spans: Spans) -> Float64Array:
        """(U, R) the margins of what could stand in the place of each label."""
        peaks = peak_frames(frames.log_probs, labels, spans)
        places = np.array([labels, peaks], np.int64)  # (2, U)
        compare = native.rival_margins if native.can_run() else rival_margins
        return compare(frames, self.automaton, self.merit, places[0], places[1])


def beam_decoder(options: DecodingOptions, alphabet: Alphabet) -> BeamDecoder:
    """With the language model of the options, or without one. Raises ModelError for its file."""
    if options.language is None:
        size = len(alphabet)
        merit = Merit(0.0, options.bonus or 0.0, options.beam, REACH)
        decoder = BeamDecoder(anything(size), np.arange(size), merit)
    else:
        model = read_language_model(resolve_language_model(options.language))
        decoder = language_decoder(model, alphabet, options)
        merit = decoder.merit
        if options.weight is not None:
            merit = merit._replace(weight=options.weight, reach=_reach(options.weight))
        if options.bonus is not None:
            merit = merit._replace(bonus=options.bonus)
    if options.alternatives:  # as many as asked for, however far behind
        merit = merit._replace(reach=math.inf)
    return dataclasses.replace(
        decoder, merit=merit, threshold=options.threshold, readings=1 + options.alternatives
    )


def language_decoder(
    model: LanguageModel, alphabet: Alphabet, options: DecodingOptions = DecodingOptions()
) -> BeamDecoder:
    """The decoder that uses a language model as it was tuned."""
    return BeamDecoder(
        automaton=model.automaton,
        symbols=np.concatenate([[END], model.symbols(alphabet.characters)]),
        merit=Merit(
            model.options.weight, model.options.bonus, options.beam, _reach(model.options.weight)
        ),
        threshold=options.threshold,
        temperature=model.options.temperature,
    )


def _reach(weight: float) -> float:
    """What a heavy language says lies further apart."""
    return REACH * max(1.0, weight)


def labels_of(tree: Tree, node: int) -> tuple[int, ...]:
    """The labels of a prefix, first to last."""
    labels: list[int] = []
    while node != EMPTY:
        labels.append(int(tree.label[node]))
        node = int(tree.parent[node])
    return tuple(labels[::-1])
