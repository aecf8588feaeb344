"""The options of every stage: one frozen dataclass each, the only place where a default stands.

A field is made by ``option`` of fields.py. The command line builds its switches from these
fields, the model file stores them as JSON, and the Python API takes them as they are, so the
three cannot disagree. A misspelt or ill-typed key is an error, never ignored.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr.errors import UsageError
from ocr.fields import FieldError, check, option
from ocr.files.names import printable

FEATURES = ("conv", "pixels", "geometric")
CELLS = ("lstm", "lstm-peephole", "lstm-1997", "rnn", "tdnn")
LARGEST_SEED = 2**32 - 1
FEW = 500  # fewer lines than this are a hand to be learnt, no collection


@dataclass(frozen=True, slots=True)
class PreprocessingOptions:
    """Pixels -> columns. Stored in the model: training and use see the same image."""

    height: int = option(
        48, "height to which every line is scaled", unit="px", minimum=16, maximum=512
    )
    background: bool = option(True, "flatten uneven paper and stretch the contrast")
    deskew: bool = option(True, "level lines that climb or fall")
    deslant: bool = option(True, "set slanted writing upright")
    features: str = option("conv", "what the network sees of each column", choices=FEATURES)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Sizes of the recognizer. Stored in the model."""

    convolutions: str = option("16,32,64,128", "channels of the convolutional front end")
    residuals: int = option(
        0, "residual convolutions after each block but the first", minimum=0, maximum=8
    )
    layers: int = option(2, "stacked bidirectional layers", minimum=1, maximum=8)
    hidden: int = option(192, "cells per direction and layer", minimum=1)
    cell: str = option("lstm", "what the bidirectional layers are made of", choices=CELLS)
    truncate: int = option(
        0, "cut the gradient through time every so many frames, 0 never", unit="frames", minimum=0
    )
    dropout: float = option(
        0.1, "share of activations dropped while training", minimum=0, maximum=0.9
    )

    def __post_init__(self) -> None:
        check(self)
        self.channels()

    def channels(self) -> tuple[int, ...]:
        """The front end's channel counts, e.g. (16, 32, 64, 128). Raises UsageError."""
        try:
            counts = tuple(int(part) for part in self.convolutions.split(","))
        except ValueError:
            counts = ()
        if len(counts) != 4 or min(counts) < 1:
            raise FieldError(
                "convolutions", f"cannot be {self.convolutions!r}", "give four sizes: 16,32,64,128"
            )
        return counts


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """One training run. Stored in the run's folder."""

    minutes: float | None = option(None, "stop after this much training", unit="min", minimum=0.01)
    epochs: float | None = option(
        None,
        "stop after this many passes over the data (default: 40, or no limit with --minutes)",
        minimum=0.01,
    )
    batch_size: int = option(16, "lines per step, over all processes", minimum=1)
    learning_rate: float | None = option(
        None, "peak step size (default: 6e-3; with --from, but for --retain, 1e-3)", minimum=0
    )
    weight_decay: float = option(1e-4, "pull of the weights towards zero", minimum=0)
    warmup: int = option(100, "steps in which the step size rises", minimum=0)
    clip: float = option(5.0, "largest norm of a gradient; 0 sets no limit", minimum=0)
    synthetic_share: float = option(
        0.5, "share of every step's lines that are rendered, with --synthetic", minimum=0, maximum=1
    )
    balance: float = option(
        1.0,
        "1: every line comes equally often; lower: more often those of small sources; "
        "0: all sources have the same share",
        minimum=0,
        maximum=1,
    )
    shortcut: float = option(
        0.1,
        "weight of a second output that reads the convolutions directly while training; 0: none",
        minimum=0,
    )
    augment: float = option(
        0.5,
        "strength of the distortions made while training; 0 turns them off",
        minimum=0,
        maximum=1.5,
    )
    blend: float = option(
        1.0,
        "with --from: how far from the old weights to the new the model lies that is kept; "
        "less than 1 forgets less; 1 where most letters are new to the model",
        minimum=0,
        maximum=1,
    )
    remember: bool = option(
        False,
        "with --from: read every line with the old weights too and believe those that are surer, "
        "so that little is forgotten; the network then takes twice the time to read. Of a model "
        "that remembers some already, those. Not where most letters are new to the model",
    )
    retain: float = option(
        1.0,
        "with --from: how much of the old weights is begun with, beside fresh ones; less than 1 "
        "lets a model that was trained many times learn anew",
        minimum=0,
        maximum=1,
    )
    validation: float = option(
        0.05,
        "share of the pages held back to choose the best model",
        minimum=0,
        maximum=0.9,
        flag="--validation-share",
    )
    validation_lines: int = option(400, "read at most this many lines per validation", minimum=1)
    validate_every: int = option(
        8000,
        "training lines between validations, at least four times as many as are read then "
        "(sooner when an epoch is over)",
        minimum=1,
    )
    patience: int = option(
        15, "stop when this many validations in a row bring nothing; 0 never stops", minimum=0
    )
    precision: str = option(
        "auto", "arithmetic of the large products", choices=("auto", "float32", "bfloat16")
    )
    processes: int = option(
        0,
        "data-parallel processes of one thread each; 0: one per core, at most 8, or one for a GPU",
        minimum=0,
    )
    seed: int = option(1, "of every random choice", minimum=0, maximum=LARGEST_SEED)

    def __post_init__(self) -> None:
        check(self)
        if self.retain < 1 and self.blend < 1:  # what it begins with reads nothing to go back to
            raise FieldError(
                "retain", "below 1 goes with no blend below 1", "leave one of them out"
            )


@dataclass(frozen=True, slots=True)
class AdaptationOptions:
    """How a model learns one hand from a few lines."""

    lines: int = option(50, "read so many lines into the draft", minimum=5)
    more: int = option(
        0, "read so many further lines into the draft, and learn nothing yet", minimum=0
    )
    unread: int = option(
        500,
        "read so many lines of the images that have no text, and learn from what is surest; "
        "0: none",
        minimum=0,
    )
    minutes: float = option(5.0, "stop after this much training", unit="min", minimum=0.01)
    processes: int = option(
        0,
        "data-parallel processes of one thread each; 0: one per core, at most 8, or one for a GPU",
        minimum=0,
    )

    def __post_init__(self) -> None:
        check(self)

    @property
    def training(self) -> TrainingOptions:
        """The training that this means, measured by scripts/bench/adaptation.py: small batches
        of strongly distorted lines, for there are few; to the end of the cycle, a fifth held back
        to judge by; and the old weights kept beside the new ones, for all other hands."""
        return TrainingOptions(
            minutes=self.minutes,
            epochs=100,
            batch_size=8,
            learning_rate=1e-3,
            warmup=20,
            augment=1.0,
            remember=True,
            validation=0.2,
            validate_every=400,
            patience=0,
            processes=self.processes,
        )


@dataclass(frozen=True, slots=True)
class LanguageOptions:
    """A character language model: how it is made, and how it is used. Stored in its file."""

    order: int = option(
        6, "length of the sequences that are counted", unit="characters", minimum=2, maximum=8
    )
    wrap: int = option(
        80, "break longer lines of text at a space; 0 never", unit="characters", minimum=0
    )
    prune: int = option(
        1, "leave out sequences of more than 3 characters seen fewer times than this", minimum=1
    )
    weight: float = option(
        0.5, "of the language's score beside the network's; see --tune", minimum=0
    )
    bonus: float = option(
        1.0, "added to the score per character, for every language model likes short texts"
    )
    temperature: float = option(
        1.8, "divides the scores that confidences are made of; see --tune", minimum=0.01
    )

    def __post_init__(self) -> None:
        check(self)


WORD_PRICE = 4.0  # nats
DECODERS = ("greedy", "beam", "lexicon")
NO_LANGUAGE = "none"


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """Log-probabilities -> text. Raises UsageError where the parts contradict each other."""

    decoder: str | None = option(
        None,
        "how the text is found (default: lexicon with --lexicon, beam with a language model or "
        "--alternatives, else greedy)",
        choices=DECODERS,
    )
    language_model: str | None = option(
        None,
        "language model for the beam: a file made by ocr lm, a shipped name (see: ocr models), or "
        "none (default: the one the model names, see: ocr info)",
        unit="file",
        flag="--lm",
    )
    lexicon: str | None = option(
        None,
        "text file with all the words that the lines are made of, UTF-8; read with instead of a "
        "language model",
        unit="file",
    )
    alternatives: int = option(0, "other readings to give with each line", minimum=0)
    beam: int = option(64, "texts that are followed from frame to frame", minimum=1, maximum=10_000)
    threshold: float = option(
        0.001, "try only characters at least so probable at a frame", minimum=0, maximum=1
    )
    weight: float | None = option(
        None,
        "of the language's score (default: as tuned for the language model)",
        minimum=0,
        flag="--lm-weight",
    )
    bonus: float | None = option(
        None,
        "added to the score per character (default: as tuned for the language model)",
        flag="--length-bonus",
    )
    price: float = option(
        WORD_PRICE,
        "of a word that the lexicon has not",
        unit="nats",
        minimum=0,
        flag="--unknown-price",
    )

    def __post_init__(self) -> None:
        check(self)
        for name, given, decoder in (
            ("language model", self.language, "beam"),
            ("lexicon", self.lexicon, "lexicon"),
        ):
            if given is not None and self.method != decoder:
                raise UsageError(
                    f"the {self.method} decoder takes no {name}", "leave one of them out"
                )
        if self.method == "greedy" and self.alternatives:
            raise UsageError("the greedy decoder finds one reading only", "use --decoder beam")
        if self.alternatives and self.alternatives >= self.beam:
            more = f"of {self.beam} texts that are followed {self.beam - 1} can be alternatives"
            raise FieldError("alternatives", f"is {self.alternatives}, but {more}", "raise --beam")
        if self.lexicon is None and self.price != WORD_PRICE:
            raise FieldError("price", "has no lexicon to go with", "name one with --lexicon")
        languageless = self.method != "beam" or self.language_model == NO_LANGUAGE
        if self._settled and self.weight is not None and languageless:
            raise FieldError("weight", "weighs nothing without a language model", "leave it out")
        if self._settled and self.bonus is not None and self.method == "greedy":
            raise FieldError("bonus", "is no part of the greedy decoder", "use --decoder beam")

    @property
    def _settled(self) -> bool:
        """Whether the method stays what it is: unless asked for anything, a model may bring its
        language."""
        asked = (self.decoder, self.language_model, self.lexicon)
        return any(part is not None for part in asked) or bool(self.alternatives)

    @property
    def method(self) -> str:
        """The decoder: the one asked for, or what the other options call for."""
        if self.decoder is not None:
            return self.decoder
        if self.lexicon is not None:
            return "lexicon"
        return "greedy" if self.language is None and not self.alternatives else "beam"

    @property
    def stated(self) -> dict[str, Any]:
        """What differs from the defaults, files by their names alone: what a page tells of how it
        was read."""
        values = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)}
        for name in ("language_model", "lexicon"):
            values[name] = printable(Path(values[name]).name) if values[name] else None
        usual = {entry.name: entry.default for entry in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if value != usual[name]}

    @property
    def language(self) -> str | None:
        """The language model to use, a file or a shipped name."""
        return None if self.language_model == NO_LANGUAGE else self.language_model


INPUTS = ("auto", "line", "page")


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What is read."""

    input: str = option("auto", "what every image shows; auto looks at each", choices=INPUTS)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class BatchOptions(ReadingOptions):
    """Transcription of a folder."""

    jobs: int = option(
        0, "processes of one thread each that read; 0: one per core, at most 8", minimum=0
    )
    batch_size: int = option(32, "lines that go through the network together", minimum=1)
    shard: str | None = option(
        None, "do part i of n, as another computer does the others", unit="i/n"
    )
    overwrite: bool = option(
        False,
        "do again what is already done, and replace what was changed since; it begins anew after "
        "every stop",
    )

    def __post_init__(self) -> None:
        check(self)
        self.part()

    def part(self) -> tuple[int, int]:
        """(i, n) of the shard, 1 <= i <= n; (1, 1) is everything. Raises UsageError."""
        if self.shard is None:
            return 1, 1
        found = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", self.shard, re.ASCII)
        if not found or int(found[1]) > int(found[2]):
            raise UsageError(f"there is no shard {self.shard!r}", "of four, the second is 2/4")
        return int(found[1]), int(found[2])


@dataclass(frozen=True, slots=True)
class RenderingOptions:
    """A folder of rendered lines."""

    lines: int = option(1000, "lines in the folder when it is done", minimum=1)
    processes: int = option(0, "processes of one thread each; 0: one per core", minimum=0)
    seed: int = option(1, "of every random choice", minimum=0, maximum=LARGEST_SEED)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class SynthesisOptions:
    """What rendered lines look like."""

    handwriting: float = option(
        0.5,
        "share of handwriting, where there are fonts for it and for print",
        minimum=0,
        maximum=1,
    )
    longest: int = option(90, "longest text", unit="characters", minimum=8, maximum=200)

    def __post_init__(self) -> None:
        check(self)
