"""The lines of a training under one numbering: those of the store, then rendered ones.

Rendered lines have no end and are made anew whenever they are asked for, each from its number
alone; they are normalised like every other line before anyone sees them.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ocr.errors import InputError
from ocr.options import PreprocessingOptions
from ocr.preprocessing import normalized
from ocr.training.run import Run
from ocr.training.store import LineStore
from ocr.training.synthesis.synthesize import Synthesizer
from ocr.types import Float32Array


class Lines(Protocol):
    """Random access to normalised lines. ``widths`` (lines,) px of those in the store."""

    widths: npt.NDArray[np.int64]

    def text(self, index: int) -> str:
        """The transcription."""

    def name(self, index: int) -> str:
        """What the line is called in messages."""

    def image(self, index: int) -> Float32Array:
        """(H, W) float32 ink 0..1."""


class RenderedToo:
    """The lines of a store and, from index ``len(store)`` on, rendered ones."""

    def __init__(
        self, store: LineStore, synthesizer: Synthesizer, options: PreprocessingOptions
    ) -> None:
        self.store, self.synthesizer, self.options = store, synthesizer, options
        self.widths = store.widths

    def text(self, index: int) -> str:
        number = index - len(self.store)
        return self.store.text(index) if number < 0 else self.synthesizer.text(number)

    def name(self, index: int) -> str:
        number = index - len(self.store)
        return self.store.name(index) if number < 0 else f"rendered line {number}"

    def image(self, index: int) -> Float32Array:
        number = index - len(self.store)
        if number < 0:
            return self.store.image(index)
        return normalized(self.synthesizer.line(number).image, self.options).values


def training_lines(run: Run) -> Lines:
    """The lines that ``run`` trains on. Raises InputError if those of the store are damaged, or
    if the fonts and texts that lines are rendered from are no longer those it began with."""
    store = LineStore(run.folder)
    if run.material is None:
        return store
    if run.material.key() != run.material_key:
        raise InputError(
            "the fonts or texts of this training have changed, or how lines are rendered",
            "put the old ones back, or go on with the version of the program that began it",
        )
    transcriptions = (store.text(index) for index in run.train)
    allowed = frozenset(run.spec.alphabet)
    material = dataclasses.replace(run.material, seed=run.seed)
    synthesizer = material.synthesizer(transcriptions, allowed)
    return RenderedToo(store, synthesizer, run.spec.preprocessing)
