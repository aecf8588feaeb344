"""What of a page is done, by the ledger and by the files themselves.

    the file is                      then it is
    not there                        written
    as the ledger has it             left, if input, model and options are those of its record
                                     written anew otherwise
    another than the ledger has      left: someone corrected it, or it is not ours

``overwrite`` writes all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr.batch.job import Job
from ocr.batch.ledger import History, Record
from ocr.batch.plan import Plan
from ocr.errors import UsageError
from ocr.files.fingerprint import Fingerprints, digest
from ocr.files.names import PAGE_SUFFIXES, is_file, printable, real_path
from ocr.types import Problem


@dataclass(frozen=True, slots=True)
class Standing:
    """What is to be done for a page.

    missing   formats whose files are to be written
    kept      files that someone else wrote or changed, and that stay
    problems  lines that could not be read when it was done
    remarks   what somebody who corrected its files should know, a line each
    """

    missing: tuple[str, ...]
    kept: tuple[Path, ...]
    problems: tuple[Problem, ...]
    remarks: tuple[str, ...]


class Standings:
    """Compares pages with what the ledgers say of them.

    settings  the model and how it reads, as in a record
    """

    def __init__(
        self,
        planned: Plan,
        history: History,
        settings: dict[str, Any],
        fingerprints: Fingerprints,
    ) -> None:
        self._planned, self._history = planned, history
        self._settings, self._fingerprints = settings, fingerprints

    def of(self, job: Job) -> Standing:
        """Where a job stands. Raises UsageError if its outputs are those of another source, which
        would be lost."""
        records = self._history.of(job.name)
        overwrite = self._planned.options.overwrite
        unchanged = [record for record in records if self._unchanged(job, record)]
        if records and not (unchanged or overwrite) and self._is_there(records):
            self._check_source(job, records[-1])
        current = [record for record in unchanged if record.settings == self._settings]
        missing, kept = [], []
        for kind, name in self._planned.names(job).items():
            path = self._planned.out / name
            if overwrite or not path.is_file():
                missing.append(kind)
                continue
            found = digest(path)
            if found in _hashes(current, name):
                continue
            elif found in _hashes(self._history.left(job.name), name):
                missing.append(kind)
            else:
                kept.append(path)
        known = current or unchanged  # what was kept may have been made with other options
        problems = known[-1].problems if known else ()
        remarks = (*self._outdated(job, kept, unchanged), *self._unheeded(job, missing))
        return Standing(tuple(missing), tuple(kept), problems, remarks)

    def _outdated(
        self, job: Job, kept: Sequence[Path], unchanged: Sequence[Record]
    ) -> Iterator[str]:
        """Of corrected files those whose scan is another now."""
        for path in kept:
            name = path.relative_to(self._planned.out).as_posix()
            made = [record for record in self._history.of(job.name) if name in record.outputs]
            if made and made[-1] not in unchanged:
                yield (
                    f"{job.place} has changed since {printable(path)} was made and corrected; "
                    "compare them"
                )

    def _unheeded(self, job: Job, missing: Sequence[str]) -> Iterator[str]:
        """Corrected page files of other formats, of which those to be written know nothing."""
        names = self._planned.names(job)
        others = {name for record in self._history.of(job.name) for name in record.outputs}
        for name in sorted(others - set(names.values())) if missing else ():
            path = self._planned.out / name
            if path.suffix.lower() not in PAGE_SUFFIXES or not path.is_file():
                continue
            if digest(path) not in _hashes(self._history.of(job.name), name):
                made = printable(self._planned.out / names[missing[0]])
                yield (
                    f"{made} is read from the scan, without the corrections in {printable(path)}; "
                    "ocr convert takes them"
                )

    def _check_source(self, job: Job, record: Record) -> None:
        """Raise UsageError if the record's source is another than the job's. A page file put beside
        an image says more of the same page, and a scan in the place of one that is gone is it."""
        source = Path(record.source)
        own = {real_path(path) for path in job.inputs}
        replaced = not is_file(source) and real_path(source.parent) == real_path(job.source.parent)
        if not replaced and real_path(source) not in own:
            made = printable(self._planned.out / job.name)
            raise UsageError(
                f"{job.place} would replace what was made of {printable(source)}",
                f"choose another -o, or move {made}.* away",
            )

    def _is_there(self, records: Sequence[Record]) -> bool:
        """Whether any file of the records is."""
        names = {name for record in records for name in record.outputs}
        return any((self._planned.out / name).is_file() for name in names)

    def _unchanged(self, job: Job, record: Record) -> bool:
        """Whether the record's inputs are those that the job has now."""
        pairs = zip(job.inputs, record.inputs, strict=False)
        return len(job.inputs) == len(record.inputs) and all(
            self._fingerprints.match(path, earlier) for path, earlier in pairs
        )


def _hashes(records: Sequence[Record], name: str) -> set[str]:
    return {record.outputs[name] for record in records if name in record.outputs}
