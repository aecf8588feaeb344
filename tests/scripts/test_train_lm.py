"""The texts of a shipped language model: what is taken of them, and how often."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "train_lm"
ROWS = """  1 This software "is not an example of a word"
00001740 00 a 01 able 0 001 ! 00002098 a 0101 | having the means; "able to swim the river"
00001741 00 a 01 fit 0 000 | "short"; what stands between is none; "a KIND as it is used here"
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("train_lm", str(SCRIPT))
    spec = spec_from_loader("train_lm", loader)
    assert spec
    module = sys.modules["train_lm"] = module_from_spec(spec)  # its dataclasses look there
    loader.exec_module(module)
    return module


def test_examples_of_every_kind_of_word(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "WORDNET", tmp_path)
    for kind in ("adj", "adv", "noun", "verb"):
        (tmp_path / f"data.{kind}").write_text(ROWS.replace("KIND", kind), encoding="ascii")
    found = list(script.examples())
    assert found[:2] == ["able to swim the river", "a adj as it is used here"]
    assert found[2::2] == ["able to swim the river"] * 3
    assert found[-1] == "a verb as it is used here"


def test_what_is_not_installed_is_told_at_once(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "WORDNET", tmp_path / "gone")
    monkeypatch.setattr(script, "PACKAGES", ("json", "no_such_package"))
    with pytest.raises(SystemExit, match="missing: no_such_package, wordnet-base"):
        script.main("latin", tmp_path, "default")
    monkeypatch.setattr(script, "WORDNET", tmp_path)
    monkeypatch.setattr(script, "PACKAGES", ("json",))
    assert script.missing() == []


def test_prose_comes_as_often_as_the_recipe_says(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "PROSE", {"articles": lambda: iter(["today", "now"])})
    monkeypatch.setattr(
        script, "invented", lambda language, count: iter([f"{count} of {language}"])
    )
    (tmp_path / "novel.txt").write_text("of old\n", encoding="utf-8")
    recipe = {"prose": {"articles": 2}, "words": {"it": 7}}
    found = list(script.text_of([str(tmp_path / "novel.txt")], recipe))
    assert found == ["of old", "today", "now", "today", "now", "7 of it"]


@pytest.mark.parametrize(
    ("paragraph", "kept"),
    [
        ("A" + "nd so the river runs into the sea, past the old mill" * 2 + ".", True),
        ("É" + "nd so the river runs into the sea, past the old mill" * 2 + ".", False),
        (
            "A" + "nd so the rivière runs into the sea \u2014 \u201cpast\u201d the mill" * 2 + "!",
            True,
        ),
        ("A" + "nd so the river runs into 海, past the old mill, and on" * 2 + ".", False),
        ("A short one.", False),
        ("A" + "nd so the river runs into the sea, past the old mill" * 2, False),
    ],
)
def test_paragraphs(script: ModuleType, paragraph: str, kept: bool) -> None:
    assert bool(script.PARAGRAPH.fullmatch(paragraph)) == kept
