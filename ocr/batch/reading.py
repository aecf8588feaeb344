"""Pages -> the contents of their files: the work itself, in whichever process it is done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ocr.batch.job import Job
from ocr.errors import ImageError, OcrError, PageFileError, UsageError
from ocr.files.names import printable
from ocr.formats import WRITERS
from ocr.formats.pagefile import read_page
from ocr.options import DecodingOptions
from ocr.preprocessing import ImageSource
from ocr.preprocessing.pages import page_size, picture
from ocr.preprocessing.pdfpages import is_pdf
from ocr.types import Line, LoadedPage, Page, PageTranscript, Problem, Transcript

NO_LINES = "the lines of a page cannot be found yet"
GIVE_LINES = "give its PAGE, ALTO or hOCR file"


class PageReader(Protocol):
    """What a batch needs of a recognizer."""

    @property
    def model_id(self) -> str: ...
    @property
    def decoding(self) -> DecodingOptions: ...

    def recognize_many(self, lines: Sequence[ImageSource], /) -> Sequence[Transcript | ImageError]:
        """One result per image of a line, in order; an unusable one gives its error."""

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


def check_input(mode: str) -> None:
    """Raise UsageError for what no page can be read as."""
    if mode == "page":
        raise UsageError(NO_LINES, GIVE_LINES)


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
        return [_given_lines(reader, jobs[0])]
    if is_pdf(jobs[0].source) and mode == "auto":
        return [LoadedPage(reader.recognize_page(_segmented(jobs[0])))]
    transcripts = reader.recognize_many([_image(job) for job in jobs])
    pairs = zip(jobs, transcripts, strict=True)
    return [
        read if isinstance(read, ImageError) else _line_page(job, read, reader.model_id)
        for job, read in pairs
    ]


def _given_lines(reader: PageReader, job: Job) -> LoadedPage:
    """A page whose lines are given: they are used, not found again."""
    loaded = read_page(job.source)
    page = loaded.transcript.page
    if loaded.problems and not page.lines:
        first = loaded.problems[0]
        raise PageFileError(
            f"no line of {printable(job.source)} can be used: {first.reason}", first.fix
        )
    return LoadedPage(reader.recognize_page(page), loaded.problems)


def _segmented(job: Job) -> Page:
    """A page whose lines are not given, with the lines that are found on its image. This is the
    one place where a batch asks for them."""
    raise ImageError(f"{job.place}: {NO_LINES}", GIVE_LINES)


def _image(job: Job) -> ImageSource:
    return job.source if job.in_company else picture(job.source, job.index)


def _line_page(job: Job, transcript: Transcript, model_id: str) -> LoadedPage:
    """The image of a line as a page with one line, which is all of it."""
    width, height = page_size(job.source, job.index)
    right, bottom = float(width), float(height)
    line = Line("line", ((0.0, 0.0), (right, 0.0), (right, bottom), (0.0, bottom)), ())
    page = Page(Path(job.name).name, job.source, width, height, (line,), job.index)
    return LoadedPage(PageTranscript(page, (transcript,), model_id))


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
