"""The normalised lines of a training run in one flat file, shared by all its processes.

    lines.bin    uint8 ink (0 paper, 255 ink), each line (H, W) row by row, one after the other
    lines.json   height, and per line its id, text and width

Reading and normalising a line costs as much as a tenth of a training step; here it is done
once. The file is mapped, not loaded: processes share its pages and memory stays bounded.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ocr.cores import usable_cores
from ocr.errors import ImageError, InputError, OutputError
from ocr.files.atomic import write_atomically
from ocr.options import PreprocessingOptions
from ocr.preprocessing.columns import frame_count
from ocr.preprocessing.lines import LineImages
from ocr.preprocessing.normalize import REVISION, normalize_line
from ocr.training.data.problems import frame_problem, image_problem, sample_name
from ocr.training.run import INDEX, PIXELS
from ocr.types import Float32Array, OnProgress, Problem, Sample


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One line's place in the store. ``offset`` in bytes, ``width`` in px."""

    id: str
    text: str
    offset: int
    width: int


class LineStore:
    """Random access to the normalised lines of a run. Raises InputError if they are missing or
    damaged."""

    def __init__(self, folder: Path) -> None:
        index = _read_index(folder)
        if index is None:
            raise InputError(f"the lines in {folder} are damaged", "start the training anew")
        self.height: int = index["height"]
        self.lines = tuple(StoredLine(*row) for row in index["lines"])
        self.widths = np.array([line.width for line in self.lines], dtype=np.int64)
        self._pixels: npt.NDArray[np.uint8] = np.zeros(0, dtype=np.uint8)
        if self.lines:  # an empty file cannot be mapped
            self._pixels = np.memmap(folder / PIXELS, dtype=np.uint8, mode="r")

    def __len__(self) -> int:
        return len(self.lines)

    def text(self, index: int) -> str:
        return self.lines[index].text

    def name(self, index: int) -> str:
        return self.lines[index].id

    def image(self, index: int) -> Float32Array:
        """Line ``index`` as (H, W) float32 ink 0..1."""
        line = self.lines[index]
        size = self.height * line.width
        pixels = self._pixels[line.offset : line.offset + size].reshape(self.height, line.width)
        return pixels.astype(np.float32) / np.float32(255)


def build_store(
    folder: Path,
    samples: Sequence[Sample],
    options: PreprocessingOptions,
    on_progress: OnProgress | None = None,
) -> tuple[LineStore, list[Problem]]:
    """Normalise every sample into ``folder``; lines that cannot be trained on are returned as
    problems. A store of the same samples and options that is already there is used as it is.
    Raises OutputError if the folder cannot be written."""
    key = _key(samples, options)
    index = _read_index(folder)
    if index is None or index["key"] != key:
        index = {"key": key, "height": options.height}
        index |= _write_lines(folder, samples, options, on_progress)
        write_atomically(folder / INDEX, json.dumps(index, ensure_ascii=False))
    return LineStore(folder), [Problem(*row) for row in index["problems"]]


def _write_lines(
    folder: Path,
    samples: Sequence[Sample],
    options: PreprocessingOptions,
    on_progress: OnProgress | None,
) -> dict[str, Any]:
    """Replace the pixels; returns the index's lines and problems.

    A training that still maps the old pixels keeps them, and whenever this is cut off, no index
    is left that describes other pixels than those beside it.
    """
    temporary = folder / f".{PIXELS}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                index = _write_pixels(file, samples, options, on_progress)
                file.flush()
                os.fsync(file.fileno())
            (folder / INDEX).unlink(missing_ok=True)
            temporary.replace(folder / PIXELS)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror})") from error
    return index


def _write_pixels(
    file: BinaryIO,
    samples: Sequence[Sample],
    options: PreprocessingOptions,
    on_progress: OnProgress | None,
) -> dict[str, Any]:
    lines: list[tuple[str, str, int, int]] = []
    problems: list[tuple[str, str, str]] = []
    offset = 0
    for number, (sample, result) in enumerate(normalise_all(samples, options), start=1):
        if isinstance(result, Problem):
            problems.append((result.id, result.reason, result.fix))
        else:
            file.write(result.tobytes())
            lines.append((sample.id, sample.text, offset, result.shape[1]))
            offset += result.size
        if on_progress:
            on_progress(number, len(samples))
    return {"lines": lines, "problems": problems}


def _read_index(folder: Path) -> dict[str, Any] | None:
    """The index of a whole store, or None if there is none that fits its pixels."""
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        complete = isinstance(index["key"], str) and isinstance(index["problems"], list)
        size = sum(index["height"] * width for _, _, _, width in index["lines"])
        return index if complete and (folder / PIXELS).stat().st_size == size else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # what cannot be read is made again


def normalise_all(
    samples: Sequence[Sample], options: PreprocessingOptions
) -> Iterator[tuple[Sample, npt.NDArray[np.uint8] | Problem]]:
    """In the samples' order, on all cores (Pillow and OpenCV release the interpreter lock)."""
    workers = usable_cores()
    block = 64 * workers  # bounds how many lines wait in memory
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(samples), block):
            part = samples[start : start + block]
            files = [list(lines) for _, lines in groupby(part, key=lambda s: s.image)]
            results = pool.map(lambda lines: _normalise(lines, options), files)
            yield from zip(part, chain.from_iterable(results), strict=True)


def _normalise(
    samples: Sequence[Sample], options: PreprocessingOptions
) -> list[npt.NDArray[np.uint8] | Problem]:
    """The lines of one image file, which is opened once."""
    images = LineImages()
    return [_normalise_line(images, sample, options) for sample in samples]


def _normalise_line(
    images: LineImages, sample: Sample, options: PreprocessingOptions
) -> npt.NDArray[np.uint8] | Problem:
    try:
        values = normalize_line(images.load(sample), options).values  # (H, W)
    except ImageError as error:
        return image_problem(sample, error)
    problem = frame_problem(sample_name(sample), sample.text, frame_count(values.shape[1]))
    return problem or np.round(values * 255).astype(np.uint8)


def _key(samples: Sequence[Sample], options: PreprocessingOptions) -> str:
    """Changes with the normalisation, any option, text, outline, or image's size or time."""
    digest = hashlib.sha256(json.dumps([REVISION, asdict(options)]).encode())
    for sample in samples:
        try:
            status = sample.image.stat()
            state = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:
            state = "missing"
        place = f"{sample.index}\0{sample.line}\0" if sample.line else ""
        entry = f"{sample.id}\0{sample.image}\0{place}{sample.text}\0{state}\n"
        digest.update(entry.encode("utf-8", "surrogateescape"))  # names need not be UTF-8
    return digest.hexdigest()
