"""What a model file says of itself, read without loading torch.

The file is judged by its bytes, not by its name: damaged, foreign and too new files are each
refused with a message of their own.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

from ocr.errors import DamagedModelError, ForeignModelError, ModelError, NewerModelError, OcrError
from ocr.fields import from_dict
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.types import MODEL_FORMAT, ModelSpec

METADATA_KEY = "carousel"
CHECKSUM_KEY = "sha256"
LARGEST_HEADER = 16 * 2**20  # bytes; a header longer than this is not one of ours


def read_spec(path: Path) -> ModelSpec:
    """The ModelSpec alone, from the file's header. Raises ModelError."""
    return spec_of(path, read_header(path))


def model_id(path: Path) -> str:
    """The first 12 hexadecimal digits of the file's sha256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def read_header(path: Path) -> dict[str, str]:
    """The string metadata of a safetensors file, after checks that trust no byte of it."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            size = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            raw = file.read(size) if size <= LARGEST_HEADER else b""
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})", "check the path") from error
    if not start:
        raise damaged(path, "it is empty")
    if not raw.startswith(b"{"):  # only then: a header's length can begin like a pickle
        if start[:1] == b"\x80" or start[:2] == b"PK":
            raise ForeignModelError(
                f"{path} is a pickle, which could run any code when opened",
                "give a .safetensors model made by ocr train",
            )
        raise ForeignModelError(f"{path} is not a model file", "give one made by ocr train")
    if len(raw) < size:
        raise damaged(path, "it ends early")
    try:
        metadata: Any = json.loads(raw).get("__metadata__")
    except (ValueError, RecursionError) as error:
        raise damaged(path, "its header cannot be read") from error
    if not isinstance(metadata, dict) or not {METADATA_KEY, CHECKSUM_KEY} <= metadata.keys():
        raise ForeignModelError(
            f"{path} is a safetensors file of another program", "give one made by ocr train"
        )
    return dict(metadata)


def spec_of(path: Path, header: dict[str, str]) -> ModelSpec:
    """The description in a header. Raises DamagedModelError and NewerModelError."""
    try:
        values = json.loads(header[METADATA_KEY])
        version = int(values["version"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise damaged(path, "its description cannot be read") from error
    if version > MODEL_FORMAT:
        raise NewerModelError(
            f"{path} has model format {version}, this program reads up to {MODEL_FORMAT}",
            "get a newer version of the program",
        )
    try:
        parts = {
            "preprocessing": from_dict(PreprocessingOptions, values.pop("preprocessing")),
            "network": from_dict(NetworkOptions, values.pop("network")),
        }
        return from_dict(ModelSpec, {**values, **parts})
    except (OcrError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"its description is wrong ({error})") from error


def damaged(path: Path, why: str) -> DamagedModelError:
    return DamagedModelError(f"{path} is damaged: {why}", "copy or download it again")
