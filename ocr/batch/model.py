"""The model of a batch, by its file: known before it is loaded, and the same to the end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ocr.decoding.companion import with_companion
from ocr.decoding.languagefile import resolve_language_model
from ocr.errors import ModelError
from ocr.fields import from_dict
from ocr.files.fingerprint import digest
from ocr.files.names import printable
from ocr.network.modelheader import model_id, read_spec
from ocr.network.shipped import resolve_model
from ocr.options import DecodingOptions
from ocr.recognition import Recognizer, load_model


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file, and how what it says becomes text.

    settings  all of this that a text depends on, when the batch began: see ``settings_of``
    """

    path: Path
    decoding: DecodingOptions
    settings: dict[str, Any]

    @staticmethod
    def named(name_or_path: str | Path, decoding: DecodingOptions = DecodingOptions()) -> ModelFile:
        """Look into a model's file without loading it. Raises ModelError."""
        path = resolve_model(name_or_path)
        decoding = with_companion(decoding, read_spec(path).training)
        return ModelFile(path, decoding, settings_of(model_id(path), decoding))

    def load(self) -> Recognizer:
        """Load it. Raises ModelError, also where a file is not what it was: a training may have
        gone on."""
        recognizer = load_model(self.path, self.decoding)
        if settings_of(recognizer.model_id, self.decoding) != self.settings:
            raise ModelError(
                f"{printable(self.path)} or what it is used with has changed since the batch began",
                "give it a copy",
            )
        return recognizer

    def to_dict(self) -> dict[str, Any]:
        """As values of JSON."""
        return {**asdict(self), "path": str(self.path)}

    @staticmethod
    def from_dict(values: dict[str, Any]) -> ModelFile:
        """What ``to_dict`` gave."""
        decoding = from_dict(DecodingOptions, values["decoding"])
        return ModelFile(Path(values["path"]), decoding, values["settings"])


def settings_of(model_id: str, decoding: DecodingOptions) -> dict[str, Any]:
    """The model and how its output is decoded, as values of JSON. A file stands there by its
    sha256, so that another name changes nothing and other contents do."""
    values = asdict(decoding)
    if decoding.language is not None:
        values["language_model"] = digest(resolve_language_model(decoding.language))
    if decoding.lexicon is not None:
        values["lexicon"] = digest(Path(decoding.lexicon))
    return {"model": model_id, "decoding": values}
