"""Pages -> the contents of their files: the work itself, in whichever process it is done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from ocr.batch.job import Job
from ocr.errors import ImageError, OcrError, PageFileError
from ocr.files.names import is_file, printable
from ocr.formats import WRITERS
from ocr.formats.pagefile import read_page
from ocr.formats.references import missing_image
from ocr.options import DecodingOptions, ReadingOptions
from ocr.preprocessing.pages import PageImage, load_page, page_size
from ocr.types import Line, LoadedPage, Page, PageTranscript, Problem, Transcript


class PageReader(Protocol):
    """What a batch needs of a recognizer."""

    @property
    def model_id(self) -> str: ...
    @property
    def decoding(self) -> DecodingOptions: ...

    def read_many(
        self, sources: Sequence[PageImage], options: ReadingOptions, /
    ) -> Sequence[Transcript | PageTranscript | ImageError]:
        """One result per image of a line or a page, in order; an unusable one gives its error."""

    def recognize_page(self, page: Page, /) -> PageTranscript:
        """The page with its lines read as they are given. Raises ImageError."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be made of every page of a batch.

    kinds  formats, keys of ``WRITERS``
    input  what an image shows whose lines are not given: auto, line or page
    """

    kinds: tuple[str, ...]
    input: str


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of one page.

    contents  format -> the content of its file; empty where the page failed
    problems  lines that its page file has and that could not be read
    error     why the page failed, one line
    seconds   its share of the time
    """

    contents: dict[str, bytes]
    problems: tuple[Problem, ...] = ()
    error: str = ""
    seconds: float = 0.0


Finished = tuple[Sequence[Job], list[Made]]
"""A batch, and what was made of each of its jobs."""


def make(reader: PageReader, jobs: Sequence[Job], task: Task) -> list[Made]:
    """What becomes of each job; the first may have company only if all are ``in_company``.

    Whatever a page breaks, it costs only itself: where several fail together they are tried one
    by one.
    """
    began = time.perf_counter()
    try:
        made = [_written(page, task.kinds) for page in _read(reader, jobs, task.input)]
    except Exception as error:
        if len(jobs) > 1:
            return [made for job in jobs for made in make(reader, [job], task)]
        made = [Made({}, error=_reason(jobs[0], error))]
    seconds = (time.perf_counter() - began) / len(jobs)
    return [replace(entry, seconds=seconds) for entry in made]


def _read(reader: PageReader, jobs: Sequence[Job], mode: str) -> list[LoadedPage | ImageError]:
    if jobs[0].has_lines:
        return [_from_page_file(reader, jobs[0], mode)]
    results = reader.read_many([_image(job) for job in jobs], ReadingOptions(mode))
    return [_page(job, read, reader) for job, read in zip(jobs, results, strict=True)]


def _from_page_file(reader: PageReader, job: Job, mode: str) -> LoadedPage | ImageError:
    """A page whose lines are given: they are used, not found again. A file without any, as it is
    before somebody drew them, says nothing of its image."""
    loaded = read_page(job.source)
    page = loaded.transcript.page
    if not is_file(page.image):
        raise missing_image(job.source, page.image.name)
    if loaded.problems and not page.lines:
        first = loaded.problems[0]
        raise PageFileError(
            f"no line of {printable(job.source)} can be used: {first.reason}", first.fix
        )
    if not page.lines:
        (read,) = _read(reader, [Job(job.name, page.image, page.index)], mode)
        return read
    return LoadedPage(reader.recognize_page(page), loaded.problems)


def _image(job: Job) -> PageImage:
    load = partial(load_page, job.source, job.index)
    return PageImage(Path(job.name).name, job.source, job.index, load)


def _page(
    job: Job, read: Transcript | PageTranscript | ImageError, reader: PageReader
) -> LoadedPage | ImageError:
    """A page with its lines; the image of a line is a page with one line, which is all of it."""
    if isinstance(read, ImageError):
        return read
    if isinstance(read, PageTranscript):
        return LoadedPage(read)
    width, height = page_size(job.source, job.index)
    right, bottom = float(width), float(height)
    line = Line("line", ((0.0, 0.0), (right, 0.0), (right, bottom), (0.0, bottom)), ())
    page = Page(Path(job.name).name, job.source, width, height, (line,), job.index)
    return LoadedPage(PageTranscript(page, (read,), reader.model_id, reader.decoding.stated))


def _written(page: LoadedPage | ImageError, kinds: Sequence[str]) -> Made:
    if isinstance(page, ImageError):
        return Made({}, error=str(page))
    contents = ((kind, WRITERS[kind](page.transcript)) for kind in kinds)
    return Made(
        {kind: c.encode("utf-8") if isinstance(c, str) else c for kind, c in contents},
        page.problems,
    )


def _reason(job: Job, error: Exception) -> str:
    if isinstance(error, OcrError):
        return str(error)
    reason = " ".join(str(error).split())
    return f"{job.place}: {type(error).__name__}: {printable(reason)}"
