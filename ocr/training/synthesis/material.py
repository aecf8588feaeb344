"""What a run of rendered lines is made from, and the key that tells two runs apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import features

from ocr.errors import InputError
from ocr.fields import from_dict
from ocr.files.names import printable
from ocr.options import SynthesisOptions
from ocr.training.synthesis.corpus import read_corpus, stored_bytes
from ocr.training.synthesis.faces import in_hand_folder
from ocr.training.synthesis.fonts import font_files, read_fonts
from ocr.training.synthesis.synthesize import REVISION, Synthesizer


@dataclass(frozen=True, slots=True)
class Material:
    """Folders of fonts, text files, options and seed: the same material, the same lines."""

    fonts: tuple[Path, ...]
    texts: tuple[Path, ...]
    options: SynthesisOptions
    seed: int

    def synthesizer(
        self, transcriptions: Iterable[str] = (), allowed: frozenset[str] | None = None
    ) -> Synthesizer:
        """Read fonts and texts, with further texts if there are any. Raises UsageError or
        InputError for what cannot be used."""
        corpus = read_corpus(self.texts, transcriptions)
        made = Synthesizer(read_fonts(self.fonts), corpus, self.options, self.seed, allowed)
        if not made.texts.has_prose():  # dates and names would still be invented
            names = ", ".join(printable(path) for path in self.texts)
            raise InputError(
                f"the fonts can write nothing of {names}",
                "give fonts of its script, or other texts",
            )
        return made

    def as_dict(self) -> dict[str, Any]:
        """JSON values; the paths become absolute, links stay: the name of one says whether its
        fonts are handwriting."""
        return {
            "fonts": [str(path.absolute()) for path in self.fonts],
            "texts": [str(path.absolute()) for path in self.texts],
            "options": asdict(self.options),
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Material:
        fonts, texts = (tuple(map(Path, values[name])) for name in ("fonts", "texts"))
        return cls(fonts, texts, from_dict(SynthesisOptions, values["options"]), values["seed"])

    def key(self) -> str:
        """Changes with the renderer, the options, the seed and the content of any file. Raises
        UsageError for a file that cannot be read."""
        # Without the library that shapes words, letters stand otherwise.
        shaped = features.check("raqm")
        settings = [REVISION, shaped, asdict(self.options), self.seed]
        digest = hashlib.sha256(json.dumps(settings).encode())
        fonts = [(path, folder) for folder in self.fonts for path in font_files(folder)]
        for path, folder in (*fonts, *((path, path) for path in self.texts)):
            name = path.name.encode("utf-8", "surrogateescape")  # it need not be UTF-8
            if in_hand_folder(path, folder):
                name = b"hand/" + name
            digest.update(name + b"\0" + hashlib.sha256(stored_bytes(path)).digest())
        return digest.hexdigest()
