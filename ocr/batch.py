"""Folders of images, lines or pages -> one file per image and format.

    plan(...)         names every output and finds what is done; touches nothing
    work(...)         reads the rest in batches, writes each output whole, yields Outcomes
    transcribe(...)   both, for use from Python

The tree below each folder is kept: ``scans/a/x.png`` becomes ``OUT/a/x.txt``. An output that is
there is never written again unless asked for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ocr.errors import ImageError, InputError, OutputError, UsageError
from ocr.files.atomic import write_atomically
from ocr.files.names import IMAGE_SUFFIXES, image_stem, printable
from ocr.files.sources import expand
from ocr.formats import LINE_WRITERS, WRITERS
from ocr.options import BatchOptions, ReadingOptions
from ocr.types import Outcome, PageTranscript, Transcript

FAILURES = "failures.tsv"
FAILURES_HEADER = "image\treason\n"


class Reader(Protocol):
    """What a batch needs of a recognizer."""

    @property
    def model_id(self) -> str: ...

    def read_many(
        self, sources: Sequence[Path], options: ReadingOptions, /
    ) -> Sequence[Transcript | PageTranscript | ImageError]:
        """One result per source, in order; an unusable image gives its error."""


@dataclass(frozen=True, slots=True)
class Job:
    """One image and what is made of it. ``missing`` are those outputs that are to be written."""

    source: Path
    outputs: tuple[Path, ...]
    missing: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Every image of a batch, in the order of the sources: what is to do and what is done."""

    pending: tuple[Job, ...]
    done: tuple[Job, ...]


def plan(
    sources: Sequence[str | Path],
    out: Path,
    formats: Sequence[str] = ("txt",),
    overwrite: bool = False,
) -> Plan:
    """Find the images and name their outputs, before any work.

    sources  folders (with all below them), images, or patterns; hidden names and ``out`` are
             left out, symbolic links are followed to files but not to folders
    formats  keys of ``LINE_WRITERS``
    Raises UsageError for two images with one output and for a source that is not there,
    InputError if there is no image, OutputError if an output's place is taken or lies outside
    ``out``.
    """
    _check_formats(formats)
    if out.exists() and not out.is_dir():
        raise OutputError(f"{printable(out)} is not a folder", "choose another -o")
    images = list(dict.fromkeys(found for source in sources for found in _images(source, out)))
    if not images:
        names = ", ".join(printable(str(source)) for source in sources)
        raise InputError(
            f"there is no image in {names or 'no folder'}",
            "known are " + " ".join(IMAGE_SUFFIXES),
        )
    jobs = [_job(root, image, out, formats, overwrite) for root, image in images]
    jobs = list({job.source: job for job in jobs}.values())
    _check_collisions(jobs)
    _check_places({output for job in jobs for output in job.outputs}, out)
    return Plan(
        pending=tuple(job for job in jobs if job.missing),
        done=tuple(job for job in jobs if not job.missing),
    )


def work(
    recognizer: Reader, jobs: Sequence[Job], options: BatchOptions
) -> Generator[Outcome, None, None]:
    """Read the jobs' images and write their outputs; an image that fails costs only itself.

    Raises OutputError, after which everything written so far is whole and stays.
    """
    for start in range(0, len(jobs), options.batch_size):
        part = jobs[start : start + options.batch_size]
        began = time.perf_counter()
        results = _read(recognizer, [job.source for job in part], options)
        seconds = (time.perf_counter() - began) / len(part)
        for job, result in zip(part, results, strict=True):
            if isinstance(result, Transcript | PageTranscript):
                _write(job, result, recognizer.model_id)
                yield Outcome(job.source, job.outputs, "done", seconds=seconds)
            else:
                yield Outcome(job.source, (), "failed", str(result), seconds)


def transcribe(
    recognizer: Reader,
    sources: Sequence[str | Path],
    out: str | Path,
    formats: Sequence[str] = ("txt",),
    options: BatchOptions | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Transcribe folders of images, lines or pages, into ``out``; see ``plan`` for what is refused.

    Images that are done come first in the list, as skipped. Failures are listed in
    ``out/failures.tsv`` too, which a run without failures removes.
    """
    options, out = options or BatchOptions(), Path(out)
    planned = plan(sources, out, formats, options.overwrite)
    outcomes = []
    for outcome in (*skipped(planned), *work(recognizer, planned.pending, options)):
        outcomes.append(outcome)
        if on_outcome is not None:
            on_outcome(outcome)
    write_failures(out, outcomes)
    return outcomes


def skipped(planned: Plan) -> Iterator[Outcome]:
    """The outcomes of what was done before."""
    return (Outcome(job.source, job.outputs, "skipped") for job in planned.done)


def write_failures(out: Path, outcomes: Sequence[Outcome]) -> Path | None:
    """List what failed in ``out/failures.tsv`` and return its path; without any failure remove
    the list of an earlier run."""
    path = out / FAILURES
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        rows = "".join(f"{printable(o.source)}\t{printable(o.error)}\n" for o in failed)
        write_atomically(path, FAILURES_HEADER + rows)
        return path
    if path.is_file() and path.read_bytes().startswith(FAILURES_HEADER.encode()):
        path.unlink()
    return None


def _read(
    recognizer: Reader, sources: Sequence[Path], options: ReadingOptions
) -> list[Transcript | PageTranscript | Exception]:
    """One result per source. Where a batch cannot be read at all, its images are tried one by
    one, so that the one to blame is found and the others are not lost with it."""
    try:
        return list(recognizer.read_many(sources, options))
    except Exception as error:
        if len(sources) == 1:
            return [InputError(f"{printable(sources[0])}: {type(error).__name__}: {error}")]
        return [result for source in sources for result in _read(recognizer, [source], options)]


def _write(job: Job, result: Transcript | PageTranscript, model_id: str) -> None:
    for output in job.missing:
        kind = output.suffix[1:]
        if isinstance(result, PageTranscript):
            write_atomically(output, WRITERS[kind](result))
        else:
            write_atomically(output, LINE_WRITERS[kind](job.source, result, model_id))


def _check_formats(formats: Sequence[str]) -> None:
    unknown = [name for name in formats if name not in LINE_WRITERS]
    if unknown or not formats:
        raise UsageError(
            f"there is no format {', '.join(map(repr, unknown)) or 'given'}",
            "choose from " + ", ".join(LINE_WRITERS),
        )


def _images(source: str | Path, out: Path) -> Iterator[tuple[Path, Path]]:
    """(folder that names are relative to, image) for all that a source names, sorted."""
    root, paths = expand(str(source))
    for path in paths:
        if path.is_dir():
            yield from ((root, image) for image in _walk(path, out))
        elif image_stem(path.name) is not None:
            yield root, path
        elif path == Path(source):  # named by the user, not by a pattern
            raise UsageError(
                f"{printable(path)} is not an image", "known are " + " ".join(IMAGE_SUFFIXES)
            )


def _walk(top: Path, out: Path) -> Iterator[Path]:
    real_out = out.resolve()
    for folder, folders, files in os.walk(top, onerror=_refuse):
        here = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (here / name).resolve() != real_out
        )
        for name in sorted(files):
            if not name.startswith(".") and image_stem(name) is not None:
                yield here / name


def _refuse(error: OSError) -> None:
    raise InputError(
        f"{printable(str(error.filename))} cannot be read: {error.strerror}",
        "change its permissions",
    )


def _job(root: Path, image: Path, out: Path, formats: Sequence[str], overwrite: bool) -> Job:
    relative = image.relative_to(root)
    stem = image_stem(image.name)
    outputs = tuple(out / relative.parent / f"{stem}.{suffix}" for suffix in formats)
    missing = outputs if overwrite else tuple(o for o in outputs if not o.is_file())
    return Job(image, outputs, missing)


def _check_collisions(jobs: Sequence[Job]) -> None:
    owners: dict[Path, Path] = {}
    for job in jobs:
        owner = owners.setdefault(job.outputs[0], job.source)
        if owner != job.source:
            raise UsageError(
                f"{printable(owner)} and {printable(job.source)} would both become "
                f"{printable(job.outputs[0])}",
                "rename one, or transcribe them into different folders",
            )


def _check_places(outputs: set[Path], out: Path) -> None:
    """Every output must lie below ``out`` also after symbolic links, and be a file if there."""
    real_out = out.resolve()
    for folder in sorted({output.parent for output in outputs}):
        if not folder.resolve().is_relative_to(real_out):
            raise OutputError(
                f"{printable(folder)} leads out of {printable(out)}", "remove that link"
            )
    for output in sorted(outputs):
        if output.is_dir():
            raise OutputError(f"{printable(output)} is a folder", "choose another -o")
