"""What the user names -> the files to read, each with the folder that its output counts from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr.batch.ledger import FOLDER, read_history
from ocr.errors import InputError, OcrError, OutputError, PageFileError, UsageError
from ocr.files.fingerprint import digest
from ocr.files.names import (
    IMAGE_SUFFIXES,
    PAGE_SUFFIXES,
    image_stem,
    passed_over,
    printable,
    real_path,
)
from ocr.files.overlays import is_overlay
from ocr.files.sources import expand, is_there
from ocr.formats.pagefile import is_page
from ocr.preprocessing.pdfpages import PDF_SUFFIX, is_pdf

KNOWN = (*IMAGE_SUFFIXES, PDF_SUFFIX, *PAGE_SUFFIXES)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read; the folders between ``root`` and ``path`` are kept in its output's name.

    error  why it cannot be read, one line, where that is known already
    """

    root: Path
    path: Path
    error: str = ""


class OutputFolder:
    """The folder of the outputs: neither it nor what earlier runs wrote into it is input.

    written  paths of the latter below ``folder``, with ``/``
    """

    def __init__(self, folder: Path, written: Iterable[str] = ()) -> None:
        self.real = folder.resolve()
        self._written = frozenset(self.real / name for name in written)

    def holds(self, path: Path) -> bool:
        """Whether the file is an output of an earlier run."""
        return bool(self._written) and path.parent.resolve() / path.name in self._written


def find(sources: Sequence[str | Path], output: OutputFolder) -> Iterator[InputFile]:
    """The files of folders (with all below them), single files and patterns, sorted.

    Hidden names, the folder of the outputs, what was written there, outputs of other runs below a
    folder and the overlays of ``ocr segment`` are left out, unless a file is named by itself;
    symbolic links are followed to files, and those to folders are refused. In a folder only what
    is an image, a PDF or a page counts. Raises UsageError for a source that is not there or is of
    no known kind, InputError for one that cannot be looked at.
    """
    for source in sources:
        root, paths = expand(str(source))
        for path in paths:
            if path.is_dir():
                given = path == Path(source)
                if not given and path.resolve() == output.real:
                    continue
                for file in _walk(root, path, output, given):
                    if given and file.path == path:  # it cannot be listed
                        raise InputError(file.error)
                    yield file
            elif _is_input(path) and (path == Path(source) or not _is_made(path, output)):
                yield InputFile(root, path)
            elif path == Path(source):  # named by the user, not by a pattern
                raise _unknown(path)


def find_listed(names: Sequence[str], output: OutputFolder) -> Iterator[InputFile]:
    """The files of a list of names, which are no patterns; a folder stands for all below it.

    The whole name is kept below the folder of the outputs, so that it does not depend on what
    else is in the list. A name of nothing costs only itself, as files go between listing and
    reading them. Raises UsageError or InputError where nothing of the list is there.
    """
    absent: OcrError | None = None
    some = False
    for name in names:
        path = Path(os.path.normpath(name))
        if path.parts[:1] == ("..",):
            raise UsageError(
                f"{printable(name)} of the list lies outside the current folder",
                "give its absolute path, or start from a folder above",
            )
        root = Path(path.anchor)
        try:
            if not is_there(path):
                raise UsageError(f"{printable(name)} of the list does not exist", "check the list")
        except OcrError as error:
            absent = absent or error
            yield InputFile(root, path, str(error))
            continue
        some = True
        if path.is_dir():
            yield from _walk(root, path, output, given=True)
        elif not _is_input(path):
            raise _unknown(path)
        else:
            yield InputFile(root, path)
    if absent and not some:  # it is the wrong list, or was made in another folder
        raise absent


def _walk(root: Path, top: Path, output: OutputFolder, given: bool) -> Iterator[InputFile]:
    """The files of a folder, and the folders that cannot be listed, with the reason. ``given``: by
    the user and not by a pattern, so that what another run has written there is meant."""
    failed: list[OSError] = []
    others: set[Path] = set()
    for folder, folders, files in os.walk(top, onerror=failed.append):
        here = Path(folder)
        if FOLDER in folders:
            others |= _outputs_of_others(here, meant=given and here == top)
        folders[:] = sorted(
            name
            for name in folders
            if not passed_over(name) and (here / name).resolve() != output.real
        )
        for name in folders:
            if (here / name).is_symlink():
                link = f"{printable(here / name)} is a link to a folder, which is not followed"
                yield InputFile(root, here / name, f"{link}; name it as an IN of its own")
        for name in sorted(files):
            path = here / name
            if passed_over(name) or path in others:
                continue
            if _is_input(path) and not _is_made(path, output):
                yield InputFile(root, path)
    for error in failed:
        unread = Path(str(error.filename))
        reason = f"{printable(unread)} cannot be read: {error.strerror}; change its permissions"
        yield InputFile(root, unread, reason)


def _outputs_of_others(out: Path, meant: bool) -> set[Path]:
    """The files below an output folder that are not to be read: those that do not stand beside
    their scans, unless the folder is ``meant``, for the scans are the pages; and of those that do,
    which may be corrected pages, all but one of a page."""
    try:
        history = read_history(out)
    except OutputError:  # whose ledger it may be is not to be found out here
        return set()
    written = {out / name for name in history.written()}
    others = set()
    made: dict[tuple[str, str], dict[str, str]] = {}  # of a page and its source: files, as newest
    for record in history.records():
        made.setdefault((record.page, record.source), {}).update(record.outputs)
    for (_, origin), outputs in made.items():
        source, beside = Path(origin), {}
        for name, content in outputs.items():
            path, scan = out / name, (out / name).with_name(source.name)
            if scan.exists() and (scan not in written or real_path(scan) == real_path(source)):
                beside[path] = content
            elif not meant:
                others.add(path)
        others |= beside.keys() - _worth_reading(beside, source)
    return others


def _worth_reading(beside: dict[Path, str], source: Path) -> set[Path]:
    """Of the files beside their scan those that were corrected since they had the given SHA-256,
    or one that gives its lines, unless the source does so. PDFs show the scan again."""
    pages = [path for path in beside if path.suffix.lower() in PAGE_SUFFIXES and path.is_file()]
    corrected = {path for path in pages if len(pages) > 1 and digest(path) != beside[path]}
    given = source.suffix.lower() in PAGE_SUFFIXES
    return corrected or set(() if given else pages[:1])


def _is_made(path: Path, output: OutputFolder) -> bool:
    """Whether the file was made of a page, and is none itself."""
    return output.holds(path) or is_overlay(path)


def _is_input(path: Path) -> bool:
    """Whether the file is to be read. A file that is called like a page but is none, as METS.xml,
    is not; one that is called so and cannot be opened is, and fails."""
    if image_stem(path.name) is not None or is_pdf(path):
        return True
    if path.suffix.lower() not in PAGE_SUFFIXES:
        return False
    try:
        return is_page(path)
    except PageFileError:
        return True


def _unknown(path: Path) -> UsageError:
    return UsageError(
        f"{printable(path)} is neither an image nor a page in a known format",
        "known are " + " ".join(KNOWN),
    )
