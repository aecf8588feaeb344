"""Pairs of an image and its transcription: ``x.png`` + ``x.gt.txt``."""

from __future__ import annotations

import codecs
from pathlib import Path

from ocr.alphabet import normalize_text
from ocr.errors import InputError, UsageError
from ocr.files.names import (
    IMAGE_SUFFIXES,
    LIST_SUFFIXES,
    PAGE_SUFFIXES,
    TEXT_SUFFIX,
    VARIANTS,
    image_stem,
    line_stem,
    printable,
)
from ocr.training.data.folders import Entry, Folder, Folders
from ocr.training.data.problems import encoding_problem, unreadable_problem
from ocr.training.data.suggestions import Suggestions
from ocr.types import Problem

LISTS_NAMED = 3
"""Lists that the error about a folder without pairs names."""
LIST_START = 4096
"""Bytes of a file in which a TAB is looked for, to tell a list from other text."""


class Pairing:
    """The files of one folder, paired by name.

    images       text -> its image, sorted by text
    lone_images  without a text
    lone_texts   without an image
    surplus      (image, the image that has its text): x.jpg beside x.png + x.gt.txt
    """

    def __init__(self, folder: Folder) -> None:
        self.images: dict[str, str] = {}
        self.lone_texts: list[str] = []
        self.surplus: list[tuple[str, str]] = []
        stems: dict[str, list[str]] = {}
        for name in sorted(folder.files, key=_by_format):
            stem = image_stem(name)
            if stem is not None:
                stems.setdefault(stem, []).append(name)
        plain = [name for name in folder.files if name.endswith(".txt")]
        texts = sorted(name for name in plain if name.endswith(TEXT_SUFFIX))
        # A variant with a text of its own is a line of its own, and none of the other.
        for text in sorted(texts, key=_is_plain):
            self._add(text, stems)
        self.images = dict(sorted(self.images.items()))
        self.lone_texts.sort()
        self.lone_images = sorted(name for names in stems.values() for name in names)
        spare = [name for name in plain if not name.endswith(TEXT_SUFFIX)]
        self.texts_meant = Suggestions(self.lone_texts + spare)
        self.images_meant = Suggestions(self.lone_images)

    def _add(self, text: str, stems: dict[str, list[str]]) -> None:
        """Give ``text`` its image, and take that and its variants out of ``stems``."""
        stem = text.removesuffix(TEXT_SUFFIX)
        groups = [stems.pop(stem + variant, []) for variant in ("", *VARIANTS)]
        images = next((names for names in groups if names), None)
        if images is None:
            self.lone_texts.append(text)
            return
        self.images[text] = images[0]
        self.surplus += [(name, images[0]) for name in images[1:]]


def _is_plain(text: str) -> bool:
    """Whether the text is not named like a variant of an image."""
    stem = text.removesuffix(TEXT_SUFFIX)
    return line_stem(stem) == stem


class Pairs:
    """Reads pairs from folders and single files, pairing each folder once."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._pairings: dict[str, Pairing] = {}

    def _pairing(self, folder: Folder) -> Pairing:
        if folder.key not in self._pairings:
            self._pairings[folder.key] = Pairing(folder)
        return self._pairings[folder.key]

    def in_file(self, path: Path) -> Entry | Problem:
        """The pair that one image or one transcription belongs to. Raises OSError."""
        folder = self._folders.read(path.parent)
        stem = image_stem(path.name)
        if stem is None:
            image = self._pairing(folder).images.get(path.name)
            if image is None:
                return self._lone_text(folder, path.name)
            return read_pair(folder, image, path.name)
        for text in (stem + TEXT_SUFFIX, line_stem(stem) + TEXT_SUFFIX):
            if text in folder.files:
                return read_pair(folder, path.name, text)
        return self._lone_image(folder, path.name)

    def in_folder(self, root: Path) -> list[Entry | Problem]:
        """Every pair under ``root``, sorted by folder and name.

        Raises InputError if there is no transcription at all, UsageError if there are lists
        instead: which of them are for training is the user's to say.
        """
        visited, found = self._walk(root)
        pairings = [self._pairing(folder) for folder in visited]
        if visited and not any(pairing.images or pairing.lone_texts for pairing in pairings):
            raise _no_pairs(root, visited)
        for folder, pairing in zip(visited, pairings, strict=True):
            found += [read_pair(folder, image, text) for text, image in pairing.images.items()]
            found += [self._lone_text(folder, text) for text in pairing.lone_texts]
            found += [self._lone_image(folder, image) for image in pairing.lone_images]
            found += [_surplus(folder, *names) for names in pairing.surplus]
        return found

    def _walk(self, root: Path) -> tuple[list[Folder], list[Entry | Problem]]:
        """The folders from ``root`` down, and a problem for each that cannot be listed."""
        visited: dict[str, Folder] = {}
        problems: list[Entry | Problem] = []
        waiting = [root]
        while waiting:
            path = waiting.pop()
            try:
                folder = self._folders.read(path)
            except OSError as error:
                problems.append(unreadable_problem(path, error))
                continue
            if folder.key not in visited:  # a symbolic link may lead back into the tree
                visited[folder.key] = folder
                waiting.extend(path / name for name in reversed(folder.folders))
        return list(visited.values()), problems

    def _lone_image(self, folder: Folder, image: str) -> Problem:
        wanted = line_stem(image_stem(image) or image) + TEXT_SUFFIX
        meant = self._pairing(folder).texts_meant.nearest(wanted)
        fix = f"write its text into {wanted}"
        if meant is not None:
            fix = f"did you mean {meant}? then rename it {wanted}"
        return Problem(
            printable(folder.path / image), f"no transcription {printable(wanted)}", printable(fix)
        )

    def _lone_text(self, folder: Folder, text: str) -> Problem:
        stem = text.removesuffix(TEXT_SUFFIX)
        meant = self._pairing(folder).images_meant.nearest(text)
        fix = "put the image beside it, or remove the transcription"
        if meant is not None:
            fix = f"did you mean {meant}? then give both the same name"
        reason = f"no image {stem}.png (or .jpg, .tif, .webp ...)"
        return Problem(printable(folder.path / text), printable(reason), printable(fix))


def read_pair(folder: Folder, image: str, text: str) -> Entry | Problem:
    """The entry of a pair, or what is wrong with its transcription."""
    file = folder.path / text
    name = printable(file)
    try:
        data = file.read_bytes()
    except OSError as error:
        return unreadable_problem(file, error)
    problem = encoding_problem(name, file, data)
    if problem is not None:
        return problem
    raw = data.removeprefix(codecs.BOM_UTF8).splitlines()
    lines = [line for line in (normalize_text(part.decode("utf-8")) for part in raw) if line]
    if not lines:
        return Problem(name, "the transcription is empty", f"write the text of {printable(image)}")
    if len(lines) > 1:
        fix = "keep only the text of this one line, or cut the image into lines"
        return Problem(name, f"{len(lines)} lines of text for one line image", fix)
    return Entry(name, folder.path / image, (folder.key, image), lines[0])


def _by_format(name: str) -> tuple[int, str]:
    """Sorts the images of one line: the formats in the order in which we prefer them."""
    suffix = Path(name).suffix.lower()
    return (IMAGE_SUFFIXES.index(suffix) if suffix in IMAGE_SUFFIXES else 0, name)


def _surplus(folder: Folder, image: str, first: str) -> Problem:
    reason = f"its transcription is already taken by {first}"
    return Problem(printable(folder.path / image), printable(reason), "keep one of the two images")


def _no_pairs(root: Path, visited: list[Folder]) -> InputError | UsageError:
    files = [folder.path / name for folder in visited for name in sorted(folder.files)]
    images = sum(image_stem(file.name) is not None for file in files)
    stems = {file.with_suffix("") for file in files if image_stem(file.name) is not None}
    texts = [file for file in files if file.suffix.lower() in LIST_SUFFIXES]
    if images and any(file.with_suffix("") in stems for file in texts):
        message = f"{printable(root)} has no transcription named like its image: x.png + x.gt.txt"
        return InputError(message, "rename x.txt to x.gt.txt")
    lists = [printable(file) for file in texts if _has_tab(file)][:LISTS_NAMED]
    if lists:
        message = f"{printable(root)} holds no pairs x.png + x.gt.txt"
        return UsageError(message, f"it has lists; name the one to use: {', '.join(lists)}")
    if any(file.suffix.lower() == PAGE_SUFFIXES[0] for file in files):
        message = f"{printable(root)} holds no pairs x.png + x.gt.txt"
        return UsageError(message, f"it has XML; if these are pages: {printable(root)}/*.xml")
    message = f"{printable(root)} holds images ({images}) and no transcription x.gt.txt"
    return InputError(message, "put the text of each x.png into x.gt.txt beside it")


def _has_tab(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return b"\t" in stream.read(LIST_START)
    except OSError:  # what cannot be read is no list worth naming
        return False
