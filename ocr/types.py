"""The values that travel between the rooms: frozen, checked when made, without algorithms.

    path -> image -> Columns -> Batch -> log-probabilities -> Hypothesis -> Transcript

Coordinates are page pixels, origin top left, x to the right, y down. Scores are natural logs.
Confidences are 0..1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ocr.options import NetworkOptions, PreprocessingOptions

if TYPE_CHECKING:
    import torch

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.floating[Any]]
OnProgress = Callable[[int, int], None]  # done, in all
Point = tuple[float, float]

MODEL_FORMAT = 4  # of the model files that are written; from 4 on with a former network maybe
TEMPERATURES = 0.01, 100.0  # that a model may have; far beyond any that lines ask for


@dataclass(frozen=True, slots=True)
class Line:
    """A line on a page: its outline, its baseline and its text if known.

    baseline  in the direction of reading; empty where it is not known
    region    the block of text (paragraph, column, margin) that the line stands in
    """

    id: str
    polygon: tuple[Point, ...]
    baseline: tuple[Point, ...]
    text: str | None = None
    region: str = ""

    def __post_init__(self) -> None:
        if len(self.polygon) < 3:
            raise ValueError(f"line {self.id}: a polygon needs 3 points, not {len(self.polygon)}")


@dataclass(frozen=True, slots=True)
class Page:
    """A page image and its lines; the order of the tuple is the reading order.

    index  which page of the image file, from 0: a TIFF or a PDF can hold several
    """

    id: str
    image: Path
    width: int
    height: int
    lines: tuple[Line, ...] = ()
    index: int = 0

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"page {self.id}: {self.width} x {self.height} pixels")


@dataclass(frozen=True, slots=True)
class Sample:
    """One transcribed line: a reference to pixels, not the pixels. ``line`` crops page ``index``
    of the image file; without it the image is the line."""

    id: str
    image: Path
    text: str
    line: Line | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """What the network sees of a line, column by column from left to right.

    values  (T, F) float32; for ``conv`` and ``pixels`` F is the line height and a value is ink,
            0 (paper) to 1; for ``geometric`` F is 9.
    edges   (T + 1,) float32: the source-pixel x of each column's left edge, and of the last
            one's right edge. Character boxes are read off here and nowhere else.
    """

    values: Float32Array
    edges: Float32Array

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.edges.shape != (self.values.shape[0] + 1,):
            raise ValueError(f"columns {self.values.shape} do not fit edges {self.edges.shape}")


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines padded on the right to one width. The only type that holds torch tensors.

    columns        (N, T, F) float32, 0 beyond each line's own length
    lengths        (N,) int64, columns of each line
    labels         (sum of label lengths,) int64, all lines' labels one after the other
    label_lengths  (N,) int64
    """

    columns: torch.Tensor
    lengths: torch.Tensor
    labels: torch.Tensor
    label_lengths: torch.Tensor
    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.ids)
        if not count == len(self.columns) == len(self.lengths) == len(self.label_lengths):
            raise ValueError(f"a batch of {count} ids and {len(self.columns)} lines")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of the log-probabilities.

    labels    one per character, never the blank (0)
    spans     (first frame, one past the last) of each label
    optical   natural log of the network's score
    language  natural log of the language model's score, 0 where there is none
    posteriors  probability of each label, 0..1
    share     of the probability of all readings found, 0..1
    """

    labels: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    optical: float
    posteriors: tuple[float, ...]
    language: float = 0.0
    share: float = 1.0

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.spans) == len(self.posteriors):
            raise ValueError("every label needs one span and one posterior")


@dataclass(frozen=True, slots=True)
class Character:
    """One character of a transcript; ``left`` and ``right`` in source pixels."""

    text: str
    left: float
    right: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """What a word could be instead; its confidence is None where a file does not tell."""

    text: str
    confidence: float | None = None

    def __post_init__(self) -> None:
        if self.confidence is not None and not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence {self.confidence} is not within 0..1")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its outline on the page; alternatives best first."""

    text: str
    polygon: tuple[Point, ...]
    confidence: float = 1.0
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """What network and language say of one reading, in natural logs, 0 for no language model;
    and its share, 0..1, of the probability of all the line's readings."""

    optical: float
    language: float
    share: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"share {self.share} is not within 0..1")


@dataclass(frozen=True, slots=True)
class Transcript:
    """The reading of one line.

    confidence    0..1, the probability that every character is right; a text that was given and
                  not read counts as certain, 1
    characters    with their boxes in the line's crop
    alternatives  other readings, best first
    words         as a file gave them; of a line that was read they follow from the characters
    scores        of the reading and then of each alternative; empty where there are none
    """

    text: str
    confidence: float
    characters: tuple[Character, ...] = ()
    alternatives: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()
    scores: tuple[Score, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence {self.confidence} is not within 0..1")
        if len(self.scores) not in (0, 1 + len(self.alternatives)):
            raise ValueError("the reading and every alternative need one score")


@dataclass(frozen=True, slots=True)
class PageTranscript:
    """A page with one transcript per line; every writer of a format takes only this."""

    page: Page
    transcripts: tuple[Transcript, ...]
    model_id: str
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.transcripts) != len(self.page.lines):
            raise ValueError(
                f"page {self.page.id}: {len(self.transcripts)} transcripts "
                f"for {len(self.page.lines)} lines"
            )


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps one line out.

    id      the path as the user wrote it, with the line's number or id appended
    reason  what is wrong
    fix     the nearest thing to do about it
    """

    id: str
    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class LoadedPage:
    """A page as a file gives it, and a problem for every line of the file that it lacks."""

    transcript: PageTranscript
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one page of a batch.

    source    its file, as the user named it; ``index`` is the page's number in it, from 0
    outputs   its files that are there, whether written now or before
    status    done, skipped (as it was done before) or failed
    problems  lines that its page file has and that could not be read
    kept      those of its files that someone changed since, and that stay as they are
    remarks   what else there is to say of these, a line each
    """

    source: Path
    outputs: tuple[Path, ...]
    status: str
    error: str = ""
    seconds: float = 0.0
    index: int = 0
    problems: tuple[Problem, ...] = ()
    kept: tuple[Path, ...] = ()
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.status not in ("done", "skipped", "failed"):
            raise ValueError(f"status {self.status!r}")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """All that is needed to go from pixels to text, beside the weights.

    alphabet     the characters of labels 1..K; label 0 is the blank
    training     the record shown by ``ocr info``: data, lines, hours, validation CER, credits
    temperature  divides the network's log-probabilities, so that confidences come true
    version      of the model file's format; 2 brought the temperature
    """

    alphabet: str
    preprocessing: PreprocessingOptions
    network: NetworkOptions
    training: dict[str, Any] = field(default_factory=dict)
    version: int = MODEL_FORMAT
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.alphabet, str) or not isinstance(self.training, dict):
            raise TypeError("the alphabet is no text or the record no table")
        if len(set(self.alphabet)) != len(self.alphabet):
            raise ValueError("the alphabet names a character twice")
        coldest, hottest = TEMPERATURES
        if not coldest <= self.temperature <= hottest:
            raise ValueError(f"temperature {self.temperature} is not within {coldest}..{hottest}")
