"""Image of a line or a page -> transcript. The whole pipeline, on one screen.

    source --preprocess--> Columns --engine--> log-probabilities --decoder--> Hypotheses
           --transcript_of--> Transcript

Each arrow is one call; the engine alone sees many lines at once. A page is first cut into lines
(``ocr.preprocessing.segment``), unless they are given. From the engine on, threads share the lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ocr.alphabet import Alphabet
from ocr.confidence import tempered, whole
from ocr.decoding import Decoder, decoder_for
from ocr.decoding.companion import with_companion
from ocr.errors import ImageError
from ocr.options import DecodingOptions, ReadingOptions
from ocr.preprocessing import ImageSource, columns_of, preprocess
from ocr.preprocessing.columns import COLUMNS_PER_FRAME
from ocr.preprocessing.crop import crop_line
from ocr.preprocessing.image import load_image
from ocr.preprocessing.kind import is_page
from ocr.preprocessing.lines import page_lines
from ocr.preprocessing.pages import PageImage, load_page
from ocr.preprocessing.segment import page_of
from ocr.types import (
    Character,
    Columns,
    Float32Array,
    Hypothesis,
    ModelSpec,
    Page,
    PageTranscript,
    Score,
    Transcript,
)

if TYPE_CHECKING:
    from ocr.network.engines import Engine

AT_ONCE = 32  # lines that a thread has in memory
LONE_REACH = 2.0  # frames from the middle of a line's only character to either side


class Recognizer:
    """A model ready to read. Make one with ``load_model``."""

    def __init__(
        self,
        engine: Engine,
        spec: ModelSpec,
        model_id: str,
        decoding: DecodingOptions = DecodingOptions(),
        threads: int = 1,
    ) -> None:
        self.engine, self.spec, self.model_id = engine, spec, model_id
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads)  # starts them when there is work
        self.alphabet, self.decoding = Alphabet(spec.alphabet), decoding
        self.decode: Decoder = decoder_for(decoding, self.alphabet)

    def recognize(self, source: ImageSource) -> Transcript:
        """Read one line: a path, encoded bytes, a Pillow image or an array. Raises ImageError."""
        return self.recognize_columns([preprocess(source, self.spec.preprocessing)])[0]

    def recognize_many(self, sources: Sequence[ImageSource]) -> list[Transcript | ImageError]:
        """Read many lines; an unusable image has its ImageError in its place."""
        size = AT_ONCE * self.threads  # what is read is small, what it is read from is not
        blocks = (sources[start : start + size] for start in range(0, len(sources), size))
        return [read for block in blocks for read in self._recognize_block(block)]

    def _recognize_block(self, sources: Sequence[ImageSource]) -> list[Transcript | ImageError]:
        prepared = [self._prepare(source) for source in sources]
        usable = [columns for columns in prepared if isinstance(columns, Columns)]
        transcripts = iter(self.recognize_columns(usable))
        return [p if isinstance(p, ImageError) else next(transcripts) for p in prepared]

    def recognize_page(self, source: Page | str | Path, index: int = 0) -> PageTranscript:
        """Read a page: the lines of a ``Page`` as they are given, those of an image as they are
        found; of a TIFF or a PDF of several pages that of the index, from 0. Raises ImageError for
        an image that cannot be read or is not the one that the lines were drawn on."""
        if isinstance(source, Page):
            return self._read_lines(source, page_lines(source))
        path = Path(source)
        return self._read_page(load_page(path, index), path, index)

    def read_many(
        self, sources: Sequence[str | Path | bytes | PageImage], options: ReadingOptions
    ) -> list[Transcript | PageTranscript | ImageError]:
        """Read lines and pages; an unusable image has its ImageError in its place. The image of a
        page that comes as bytes is called ``-``."""
        seen = [self._look(source, options.input) for source in sources]
        lines = [line for line in seen if isinstance(line, Columns)]
        transcripts = iter(self.recognize_columns(lines))
        return [next(transcripts) if isinstance(each, Columns) else each for each in seen]

    def recognize_columns(self, lines: Sequence[Columns]) -> list[Transcript]:
        """Read lines that are preprocessed already (by this model's own options)."""
        shares = [lines[first :: self.threads] for first in range(self.threads)]
        read = list((map if self.threads == 1 else self._pool.map)(self._read_share, shares))
        return [read[place % self.threads][place // self.threads] for place in range(len(lines))]

    def _read_share(self, lines: Sequence[Columns]) -> list[Transcript]:
        """What one thread reads."""
        return [
            transcript_of(self.decode(log_probs), self.alphabet, columns.edges)
            for log_probs, columns in zip(self.log_probs(lines), lines, strict=True)
        ]

    def log_probs(self, lines: Sequence[Columns]) -> list[Float32Array]:
        """Per line the calibrated log-probabilities (T', K) that the decoder is given."""
        results = self.engine.log_probs(lines)
        return [tempered(log_probs, self.spec.temperature) for log_probs in results]

    def _look(
        self, source: str | Path | bytes | PageImage, kind: str
    ) -> Columns | PageTranscript | ImageError:
        """A line preprocessed, a page read: one page at a time is in memory."""
        try:
            ink = source.load() if isinstance(source, PageImage) else load_image(source)
        except ImageError as error:
            return error
        if kind == "line" or (kind == "auto" and not is_page(ink)):
            return columns_of(ink, self.spec.preprocessing)
        if isinstance(source, PageImage):
            return self._read_page(ink, source.path, source.index)
        return self._read_page(ink, Path("-") if isinstance(source, bytes) else Path(source))

    def _read_page(self, ink: Float32Array, path: Path, index: int = 0) -> PageTranscript:
        page = page_of(ink, path, index)
        return self._read_lines(page, (crop_line(ink, line) for line in page.lines))

    def _read_lines(self, page: Page, inks: Iterable[Float32Array]) -> PageTranscript:
        lines = [columns_of(ink, self.spec.preprocessing) for ink in inks]
        transcripts = tuple(self.recognize_columns(lines))
        return PageTranscript(page, transcripts, self.model_id, self.decoding.stated)

    def _prepare(self, source: ImageSource) -> Columns | ImageError:
        try:
            return preprocess(source, self.spec.preprocessing)
        except ImageError as error:
            return error


def load_model(
    name_or_path: str | Path = "default",
    decoding: DecodingOptions = DecodingOptions(),
    threads: int = 1,
) -> Recognizer:
    """A model file, or a shipped model by its name. Where ``decoding`` leaves it open, the text is
    found with the language model that the model names. ``threads`` share the lines of a call; each
    is quickest where torch uses one itself (OMP_NUM_THREADS=1). Raises ModelError, also for the
    language model of ``decoding``, and InputError for its lexicon."""
    from ocr.network.engines import TorchEngine  # torch is loaded only when a model is
    from ocr.network.modelfile import load_model_file
    from ocr.network.modelheader import model_id
    from ocr.network.shipped import resolve_model

    path = resolve_model(name_or_path)
    network, spec = load_model_file(path)
    decoding = with_companion(decoding, spec.training)
    return Recognizer(TorchEngine(network), spec, model_id(path), decoding, threads)


def transcript_of(
    hypotheses: Sequence[Hypothesis], alphabet: Alphabet, edges: Float32Array
) -> Transcript:
    """The best hypothesis as text with boxes in source pixels, the others as alternatives.

    edges  (T + 1,) source-pixel x of the columns' edges
    CTC marks a character by a few frames near its middle. Between two characters the boundary is
    put halfway between the middles of their spans.
    """
    best, *others = hypotheses
    text = alphabet.decode(best.labels)
    bounds = _boundaries(best.spans, edges)
    characters = tuple(
        Character(character, float(left), float(right), confidence)
        for character, left, right, confidence in zip(
            text, bounds[:-1], bounds[1:], best.posteriors, strict=True
        )
    )
    return Transcript(
        text,
        whole(best.posteriors),
        characters,
        alternatives=tuple(alphabet.decode(other.labels) for other in others),
        scores=tuple(Score(entry.optical, entry.language, entry.share) for entry in hypotheses),
    )


def _boundaries(spans: Sequence[tuple[int, int]], edges: Float32Array) -> Float32Array:
    """(characters + 1,) source-pixel x of the boundaries between neighbours. The outer ones are
    as far from their character's middle as the inner boundary on its other side."""
    if not spans:
        return edges[:1]
    middles = np.array([(start + end) / 2 for start, end in spans])  # frames
    inner = (middles[1:] + middles[:-1]) / 2
    reaches = np.abs(inner[[0, -1]] - middles[[0, -1]]) if len(inner) else [LONE_REACH] * 2
    frames = np.concatenate([[middles[0] - reaches[0]], inner, [middles[-1] + reaches[1]]])
    columns = np.arange(len(edges))
    return np.asarray(np.interp(frames * COLUMNS_PER_FRAME, columns, edges), np.float32)
