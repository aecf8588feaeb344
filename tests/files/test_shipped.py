"""Where the files that came with the program are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocr.decoding.languagefile import shipped_language_models
from ocr.files import shipped
from ocr.network.shipped import shipped_models


def test_they_are_the_packages_or_else_the_repositorys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "__file__", str(tmp_path / "ocr" / "files" / "shipped.py"))
    repository = tmp_path / "models"
    assert shipped_models() == {}
    for name in ("print", "default"):
        repository.mkdir(exist_ok=True)
        (repository / f"{name}.safetensors").touch()
        (repository / f"{name}.md").touch()
    (repository / "latin.lm").touch()
    assert list(shipped_models().items()) == [
        ("default", repository / "default.safetensors"),
        ("print", repository / "print.safetensors"),
    ]
    assert shipped_language_models() == {"latin": repository / "latin.lm"}
    installed = tmp_path / "ocr" / "shipped_models"
    installed.mkdir(parents=True)
    (installed / "hand.safetensors").touch()
    assert shipped_models() == {"hand": installed / "hand.safetensors"}
    assert shipped_language_models() == {}
