"""A planned batch -> files in its folder, and what became of every page.

plan  names every output; touches nothing                           plan.py
work  who may write here                                            claim.py
      what is done, by the ledger and by the files themselves       standing.py, ledger.py
      which pages go through the network together                   batches.py
      pages -> contents, in this process or in several              reading.py, workers.py
      the record, then the files, each whole or not at all          bookkeeper.py
      what failed                                                   failures.py
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path

from ocr.batch.bookkeeper import Bookkeeper
from ocr.batch.claim import claimed
from ocr.batch.failures import failures_path, write_failures
from ocr.batch.ledger import FOLDER
from ocr.batch.model import ModelFile, settings_of
from ocr.batch.plan import Plan, check_apart, folded, plan
from ocr.batch.reading import Finished, PageReader, Task, make
from ocr.batch.workers import Workers
from ocr.cores import usable_cores
from ocr.errors import UsageError
from ocr.files.atomic import remove_leftovers
from ocr.options import BatchOptions
from ocr.types import Outcome

MOST_JOBS = 8  # processes, where the user does not say; each needs some 500 MB of memory


def transcribe(
    model: PageReader | ModelFile | str | Path,
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    formats: str | Sequence[str] = ("txt",),
    options: BatchOptions = BatchOptions(),
    on_outcome: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Transcribe folders, images and page files into ``out``; see ``plan`` for what is refused.
    One source or format need not stand in a list.

    model  a model's file or name, or a recognizer that is loaded and reads in this process
    Pages that are done come first in the list, as skipped. Failures are listed in
    ``out/failures.tsv`` too, which a run without failures removes. Raises ModelError for the
    model, OutputError if ``out`` cannot be written or another run is writing there.
    """
    outcomes = []
    sources = [sources] if isinstance(sources, str | Path) else sources
    formats = [formats] if isinstance(formats, str) else formats
    chosen = ModelFile.named(model) if isinstance(model, str | Path) else model
    with closing(work(chosen, plan(sources, Path(out), formats, options))) as coming:
        for outcome in coming:
            outcomes.append(outcome)
            if on_outcome is not None:
                on_outcome(outcome)
    return outcomes


def work(model: PageReader | ModelFile, planned: Plan) -> Generator[Outcome, None, None]:
    """Do what is planned; a page that fails costs only itself. What is written when this is
    closed or raises is whole and stays, and the same call goes on from there."""
    if isinstance(model, ModelFile):
        settings = model.settings
    elif planned.options.jobs > 1:
        raise UsageError("a loaded model reads in one process", "give the name of its file")
    else:
        settings = settings_of(model.model_id, model.decoding)
    settings = {**settings, "input": planned.options.input}
    part, out = planned.options.part(), planned.out
    outcomes = []
    with claimed(out, *part) as ledger:
        if (out / FOLDER.upper()).exists():  # this disk takes A.txt for a.txt
            check_apart(planned, folded)
        names = (name for job in planned.jobs for name in planned.names(job).values())
        remove_leftovers([failures_path(out, part), *(out / name for name in names)])
        books = Bookkeeper(planned, settings, ledger)
        with closing(_outcomes(model, planned, books)) as coming:
            for outcome in coming:
                outcomes.append(outcome)
                yield outcome
        write_failures(out, part, outcomes)


def _outcomes(
    model: PageReader | ModelFile, planned: Plan, books: Bookkeeper
) -> Generator[Outcome, None, None]:
    yield from books.skipped()
    yield from books.refused()
    with closing(_made(model, planned, books)) as finished:
        for jobs, made in finished:
            yield from books.finish(jobs, made)


def _made(
    model: PageReader | ModelFile, planned: Plan, books: Bookkeeper
) -> Generator[Finished, None, None]:
    """Every batch that remains, with what other processes or this one made of it.

    A model's file is always read by processes of one thread, be it one: the number of threads can
    change the last digits, and a page that brings its process down costs only itself.
    """
    batches = books.remaining()
    if not batches:
        return  # nothing to load a model for
    task = Task(planned.kinds, planned.options.input)
    if isinstance(model, ModelFile):
        processes = min(planned.options.jobs or min(MOST_JOBS, usable_cores()), len(batches))
        with Workers(model, task, processes) as workers:
            yield from workers.make_all(books.registered(batches))
    else:
        for jobs in books.registered(batches):
            yield jobs, make(model, jobs, task)
