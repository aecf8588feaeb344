"""Knows what remains to be done, and writes what was made: the record first, then the files, and
then that they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ocr.batch.batches import cut
from ocr.batch.job import Job
from ocr.batch.ledger import Ledger, Record, read_history
from ocr.batch.plan import Plan
from ocr.batch.reading import Made
from ocr.batch.standing import Standing, Standings
from ocr.errors import UsageError
from ocr.files.atomic import sync_folders, write_atomically
from ocr.files.fingerprint import Fingerprint, Fingerprints
from ocr.types import Outcome


class Bookkeeper:
    """The books of one run, whose ledger and output folder nobody else writes.

    settings  all that the outputs depend on beside their inputs
    """

    def __init__(self, planned: Plan, settings: dict[str, Any], ledger: Ledger) -> None:
        self._planned, self._settings, self._ledger = planned, settings, ledger
        self._fingerprints = Fingerprints()
        history = read_history(planned.out)
        self._run = history.run
        self._standings = Standings(planned, history, settings, self._fingerprints)
        self._inputs: dict[str, tuple[Fingerprint, ...]] = {}
        self._pending: set[str] = set()

    def skipped(self) -> Iterator[Outcome]:
        """The pages of which nothing is missing, and as failed those that would replace what was
        made of another source. Raises UsageError where all would."""
        in_the_way: list[tuple[Job, UsageError]] = []
        for job in self._planned.jobs:
            try:
                standing = self._standings.of(job)
            except UsageError as error:
                in_the_way.append((job, error))
                continue
            if standing.missing:
                self._pending.add(job.name)
            else:
                yield self._outcome(job, "skipped", standing)
        if in_the_way and len(in_the_way) == len(self._planned.jobs):
            raise in_the_way[0][1]
        yield from (_failed(job, str(error)) for job, error in in_the_way)

    def refused(self) -> Iterator[Outcome]:
        """The pages that cannot be done."""
        return (_failed(each.job, each.reason) for each in self._planned.refused)

    def remaining(self) -> list[list[Job]]:
        """The batches with a page of which something is missing; known after ``skipped``."""
        batches = cut(self._planned.jobs, self._planned.options.batch_size)
        return [batch for batch in batches if any(job.name in self._pending for job in batch)]

    def registered(self, batches: Iterable[list[Job]]) -> Iterator[list[Job]]:
        """The batches as they are taken to be read. Their inputs are fingerprinted before, so
        that one which changes meanwhile is read again in the next run."""
        for batch in batches:
            for job in batch:
                found = [self._fingerprints.of(path) for path in job.inputs]
                self._inputs[job.name] = tuple(each for each in found if each is not None)
            yield batch

    def finish(self, jobs: Sequence[Job], made: Sequence[Made]) -> Iterator[Outcome]:
        """Record and write what was made of a batch. Raises OutputError."""
        pages = []
        for job, page in zip(jobs, made, strict=True):
            if job.name in self._pending:
                try:
                    pages.append((job, page, self._standings.of(job)))
                except UsageError as error:  # its source has changed since the run began
                    yield _failed(job, str(error), page.seconds)
        self._ledger.add(self._record(*page) for page in pages if not page[1].error)
        done = [each for each in pages if not each[1].error]
        for each in done:
            self._write(*each)
        if done:
            sync_folders({path.parent for each in done for path in self._outputs(each[0])})
            self._ledger.confirm([job.name for job, _, _ in done], self._run)
        for job, page, standing in pages:
            if page.error:
                yield _failed(job, page.error, page.seconds)
            else:
                yield self._outcome(job, "done", standing, page)

    def _record(self, job: Job, page: Made, standing: Standing) -> Record:
        names = self._planned.names(job)
        return Record(
            page=job.name,
            source=str(job.source.absolute()),
            inputs=self._inputs[job.name],
            settings=self._settings,
            outputs={
                names[kind]: hashlib.sha256(page.contents[kind]).hexdigest()
                for kind in standing.missing
            },
            problems=page.problems,
            run=self._run,
        )

    def _write(self, job: Job, page: Made, standing: Standing) -> None:
        names = self._planned.names(job)
        for kind in standing.missing:
            write_atomically(self._planned.out / names[kind], page.contents[kind])

    def _outputs(self, job: Job) -> tuple[Path, ...]:
        return tuple(self._planned.out / name for name in self._planned.names(job).values())

    def _outcome(
        self, job: Job, status: str, standing: Standing, page: Made | None = None
    ) -> Outcome:
        return Outcome(
            source=job.source,
            outputs=self._outputs(job),
            status=status,
            seconds=page.seconds if page else 0.0,
            index=0 if job.has_lines else job.index,
            problems=page.problems if page else standing.problems,
            kept=standing.kept,
            remarks=standing.remarks,
        )


def _failed(job: Job, reason: str, seconds: float = 0.0) -> Outcome:
    return Outcome(
        source=job.source,
        outputs=(),
        status="failed",
        error=reason,
        seconds=seconds,
        index=0 if job.has_lines else job.index,
    )
