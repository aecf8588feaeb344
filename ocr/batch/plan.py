"""Sources -> every page of a batch and the names of its outputs, decided before any work.

The tree below each folder is kept: ``scans/a/x.png`` becomes ``OUT/a/x.txt``; page 3 of
``scans/b.tif`` becomes ``OUT/b-0003.txt``. An image that a page file (PAGE, ALTO, ...) among the
inputs names is read there, where its lines are given, and not once more by itself.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ocr.batch.failures import NAME as LIST_NAME
from ocr.batch.inputs import KNOWN, InputFile, OutputFolder, find, find_listed
from ocr.batch.job import Job
from ocr.batch.ledger import read_history
from ocr.batch.refusal import Refusal, refused_for_length
from ocr.errors import ImageError, InputError, OutputError, UsageError
from ocr.files.names import PAGE_SUFFIXES, image_stem, printable, real_path
from ocr.formats import SUFFIXES
from ocr.formats.naming import listed_formats, page_stem
from ocr.formats.pagefile import read_page
from ocr.formats.references import namesake
from ocr.options import BatchOptions
from ocr.preprocessing.pages import page_images


@dataclass(frozen=True, slots=True)
class Plan:
    """The pages of a batch (those of its shard), in the order of the sources.

    out      folder of the outputs
    kinds    the formats to write, keys of ``ocr.formats.WRITERS``
    refused  further pages, that cannot be done
    """

    jobs: tuple[Job, ...]
    out: Path
    kinds: tuple[str, ...]
    options: BatchOptions
    refused: tuple[Refusal, ...] = ()

    def names(self, job: Job) -> dict[str, str]:
        """Format -> the job's file, below ``out`` and with ``/``."""
        return {kind: job.name + SUFFIXES[kind] for kind in self.kinds}


def plan(
    sources: Sequence[str | Path],
    out: Path,
    formats: Sequence[str] = ("txt",),
    options: BatchOptions = BatchOptions(),
    listed: Sequence[str] = (),
) -> Plan:
    """Find the pages and name their outputs; touches nothing.

    sources  folders (with all below them), files, or patterns
    listed   names of files and folders, whose whole name is kept below ``out``; one that is not
             there is refused alone
    Raises UsageError for two pages with one output, an output in the place of an input, a source
    that is not there, and a list of which nothing is there; InputError if there is nothing to
    read; OutputError if an output's place is taken or lies outside ``out``.
    """
    kinds = tuple(listed_formats(",".join(formats)))
    if out.exists() and not out.is_dir():
        raise OutputError(f"{printable(out)} is not a folder", "choose another -o")
    files = _files(sources, listed, out, shared=options.part()[1] > 1)
    found = {job: error for file in files for job, error in _jobs(file)}
    wanted = _unclaimed(found)
    if not wanted:
        names = ", ".join(printable(str(source)) for source in sources) or "the list"
        raise InputError(f"there is no image or page in {names}", "known are " + " ".join(KNOWN))
    jobs = tuple(job for job in wanted if not found[job])
    refused = tuple(Refusal(job, found[job]) for job in wanted if found[job])
    whole = _refusing(Plan(jobs, out, kinds, options, refused))
    _check_collisions(whole)
    _check_places({out / name for job in whole.jobs for name in whole.names(job).values()}, out)
    return _shard(whole)


def _files(
    sources: Sequence[str | Path], listed: Sequence[str], out: Path, shared: bool
) -> Iterable[InputFile]:
    """The files to read, each once; where ``out`` is shared with other shards, without what these
    write while they are looked for."""
    before = set(read_history(out).written())
    folder = OutputFolder(out, before)
    files = dict.fromkeys((*find(sources, folder), *find_listed(listed, folder)))
    if not shared:
        return files
    new = OutputFolder(out, set(read_history(out).written()) - before)
    return [file for file in files if not new.holds(file.path)]


def _jobs(file: InputFile) -> Iterator[tuple[Job, str]]:
    """The pages of a file, and why they cannot be read, where that is known. A file whose pages
    cannot be counted is one that cannot: its first could be read, and the rest would be lost
    without a word."""
    whole = _whole_file(file)
    if file.error:
        yield whole, file.error
    elif whole.has_lines:
        yield _with_image(whole), ""
    else:
        try:
            for page in page_images(file.path):
                yield replace(whole, name=_output_name(file, page.name), index=page.index), ""
        except ImageError as error:
            yield whole, str(error)


def _whole_file(file: InputFile) -> Job:
    """A file as one page, whatever it holds."""
    name = file.path.name
    is_page = file.path.suffix.lower() in PAGE_SUFFIXES
    stem = page_stem(name) if is_page else image_stem(name) or file.path.stem
    return Job(_output_name(file, stem), file.path)


def _output_name(file: InputFile, stem: str) -> str:
    return (file.path.parent.relative_to(file.root) / stem).as_posix()


def _with_image(job: Job) -> Job:
    """The job of a page file with its image. Where the file cannot be read, the image of its own
    name is taken to be its image, so that this is not read as something else."""
    try:
        page = read_page(job.source).transcript.page
    except InputError:
        return replace(job, image=namesake(job.source))
    return replace(job, index=page.index, image=page.image)


def _unclaimed(jobs: Iterable[Job]) -> list[Job]:
    """The jobs without the images that a page file among them gives the lines of."""
    jobs = list({(job.source, job.index): job for job in jobs}.values())
    claimed = {(real_path(job.image), job.index) for job in jobs if job.image}
    return [job for job in jobs if job.image or (real_path(job.source), job.index) not in claimed]


def _refusing(whole: Plan) -> Plan:
    """The plan with the jobs that cannot be done told from the others."""
    outputs = {job: whole.names(job).values() for job in whole.jobs}
    refused = tuple(refused_for_length(outputs, whole.out))
    impossible = {refusal.job for refusal in refused}
    jobs = tuple(job for job in whole.jobs if job not in impossible)
    return replace(whole, jobs=jobs, refused=whole.refused + refused)


def _shard(whole: Plan) -> Plan:
    """The plan of part ``index`` of ``count``: the pages whose names have the hash index - 1
    modulo count, whatever else is to be done."""
    index, count = whole.options.part()

    def mine(job: Job) -> bool:
        digest = hashlib.sha256(job.name.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % count == index - 1

    return replace(
        whole,
        jobs=tuple(job for job in whole.jobs if mine(job)),
        refused=tuple(refusal for refusal in whole.refused if mine(refusal.job)),
    )


def _check_collisions(planned: Plan) -> None:
    """No file is written twice, and none is both input and output."""
    check_apart(planned, str)
    inputs = {real_path(path) for job in planned.jobs for path in job.inputs}
    real_out = planned.out.resolve()
    for job in planned.jobs:
        for name in planned.names(job).values():
            output = printable(planned.out / name)
            if LIST_NAME.fullmatch(name):
                raise UsageError(
                    f"{output}, made from {job.place}, would be taken for the list of failures",
                    "rename it",
                )
            if real_out / name in inputs:
                raise UsageError(
                    f"{output}, made from {job.place}, is an input too", "choose another -o"
                )


def check_apart(planned: Plan, key: Callable[[str], str]) -> None:
    """Raise UsageError where the outputs of two pages have the same ``key``."""
    owners: dict[str, Job] = {}
    for job in planned.jobs:
        for name in planned.names(job).values():
            owner = owners.setdefault(key(name), job)
            if owner is not job:
                advice = "rename one, or transcribe them into different folders"
                if owner.has_lines and job.has_lines:
                    advice += "; of page files give one format"
                output = printable(planned.out / name)
                raise UsageError(
                    f"{owner.place} and {job.place} would both become {output}", advice
                )


def folded(name: str) -> str:
    """The same for names that a disk may take for one: of macOS, of Windows, of a camera's card."""
    return unicodedata.normalize("NFC", name).casefold()


def _check_places(outputs: Collection[Path], out: Path) -> None:
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
