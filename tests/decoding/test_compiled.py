"""The inner loops give the same with numba and without it."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from ocr.decoding.compiled import compiled

READ = """
import numpy as np
from ocr.alphabet import Alphabet
from ocr.decoding.beam import language_decoder
from ocr.decoding.language import train_language_model
from ocr.options import LanguageOptions
alphabet = Alphabet("aehrt ")
model = train_language_model(["the hare ate the rat", "a hat"], LanguageOptions(order=4))
rows = np.random.default_rng(0).dirichlet(np.ones(7) / 3, 200)
decoder = language_decoder(model, alphabet, 8)
print([repr(h) for h in decoder(np.log(rows + 1e-9).astype(np.float32))])
"""


def plain(number: int) -> int:
    return number + 1


def test_without_numba_a_function_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    assert compiled(plain) is plain


def test_with_numba_its_machine_code_is_kept_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, bool]] = []

    def njit(**settings: bool) -> object:
        asked.append(settings)
        return lambda function: (function, "compiled")

    monkeypatch.setitem(sys.modules, "numba", SimpleNamespace(njit=njit))
    assert compiled(plain) == (plain, "compiled")
    assert asked == [{"cache": True}]


def test_without_a_place_to_keep_it_the_machine_code_is_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def njit(function: object = None, **settings: bool) -> object:
        if settings:
            raise RuntimeError("cannot cache function: no locator available")
        return (function, "compiled")

    monkeypatch.setitem(sys.modules, "numba", SimpleNamespace(njit=njit))
    assert compiled(plain) == (plain, "compiled")


def test_machine_code_and_python_agree_to_the_last_digit() -> None:
    pytest.importorskip("numba")
    read = [
        subprocess.run(
            [sys.executable, "-c", READ],
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for disabled in ("0", "1")
    ]
    assert "Hypothesis" in read[0]
    assert read[0] == read[1]
