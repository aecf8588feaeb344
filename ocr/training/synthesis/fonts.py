"""Folders of fonts -> faces by kind and family, and one that has every character of a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from ocr.errors import UsageError
from ocr.files.names import passed_over_below, printable
from ocr.training.synthesis.chance import Rng, pick
from ocr.training.synthesis.faces import Face, in_hand_folder, read_face

SUFFIXES = (".ttf", ".otf")
# Families tried for one text before another text is drawn.
ATTEMPTS = 8


class Library:
    """Faces by kind and family."""

    def __init__(self, faces: Sequence[Face]) -> None:
        self.faces = tuple(faces)
        families: dict[str, dict[str, list[Face]]] = defaultdict(lambda: defaultdict(list))
        for face in faces:
            families[face.kind][face.family].append(face)
        self._families = {kind: list(named.values()) for kind, named in families.items()}

    def has(self, kind: str) -> bool:
        return kind in self._families

    def characters(self, kinds: Iterable[str]) -> frozenset[str]:
        """Every character that some face of the kinds can write."""
        kinds = set(kinds)
        return frozenset().union(*(face.characters for face in self.faces if face.kind in kinds))

    def choose(self, rng: Rng, kind: str, text: str, regular: float) -> Face | None:
        """A face of ``kind`` for ``text``, every family as likely, its regular face with the
        probability ``regular``; None if none that was tried has all characters."""
        families = self._families[kind]
        for _ in range(ATTEMPTS):
            faces = [face for face in pick(rng, families) if face.suits(text)]
            if faces:
                usual = rng.random() < regular
                return pick(rng, [face for face in faces if face.regular == usual] or faces)
        return None

    def sibling(self, rng: Rng, face: Face, text: str) -> Face:
        """Another face of the same family that can write ``text``, else the same face."""
        family = next(faces for faces in self._families[face.kind] if face in faces)
        return pick(rng, [f for f in family if f is not face and f.suits(text)] or [face])


def read_fonts(folders: Sequence[Path]) -> Library:
    """Every .ttf and .otf below the folders (a file may be named as well).

    Faces below a folder called hand, handwriting or script are handwriting, and those that say so
    themselves. Raises UsageError for a folder that does not exist or holds no font, InputError
    for a font that cannot be read.
    """
    places = [(path, folder) for folder in folders for path in font_files(folder)]
    hands = {path for path, folder in places if in_hand_folder(path, folder)}
    return Library([read_face(path, path in hands) for path in dict(places)])


def font_files(folder: Path) -> list[Path]:
    """Every font below the folder, in order. Raises UsageError if there is none."""
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise UsageError(f"{printable(folder)} does not exist", "name a folder of fonts")
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not passed_over_below(folder, path)
    )
    if not found:
        raise UsageError(f"no font in {printable(folder)}", "name a folder of .ttf or .otf")
    return found
