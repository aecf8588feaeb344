"""Prose, inventions, and their mixture."""

from __future__ import annotations

import gzip
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from ocr.alphabet import normalize_text
from ocr.errors import InputError, UsageError
from ocr.training.synthesis import forms, inventions, vocabulary
from ocr.training.synthesis.chance import weighted
from ocr.training.synthesis.corpus import Corpus, read_corpus
from ocr.training.synthesis.texts import INVENTED_CHARACTERS, Texts


def whole_words(piece: str, corpus: Corpus) -> bool:
    """Whether the piece is a run of whole words of one paragraph: brute force over all runs."""
    for paragraph in corpus.text.split("\n"):
        words, wanted = paragraph.split(" "), piece.split(" ")
        runs = (words[i : i + len(wanted)] for i in range(len(words) - len(wanted) + 1))
        if any(run == wanted for run in runs):
            return True
    return False


@pytest.mark.parametrize("longest", [20, 30, 200])
def test_pieces_are_runs_of_whole_words(corpus: Corpus, longest: int) -> None:
    rng = np.random.default_rng(longest)
    pieces = {corpus.piece(rng, longest) for _ in range(300)}
    assert len(pieces) > 20
    for piece in pieces:
        assert 0 < len(piece) <= longest
        assert whole_words(piece, corpus), piece


def test_every_paragraph_is_reached_to_both_its_ends(corpus: Corpus) -> None:
    rng = np.random.default_rng(3)
    pieces = [corpus.piece(rng, 25) for _ in range(3000)]
    for paragraph in corpus.text.split("\n"):
        assert any(paragraph.startswith(piece) and len(piece) > 10 for piece in pieces)
        assert any(paragraph.endswith(piece) for piece in pieces)


def test_a_script_without_spaces_is_reached_everywhere() -> None:
    """And no piece begins with a mark that belongs to the letter before it."""
    text = "".join(chr(0x0E01 + number % 40) + "\u0e34" for number in range(200))  # Thai
    corpus, rng = Corpus([text]), np.random.default_rng(0)
    pieces = [corpus.piece(rng, 30) for _ in range(300)]
    assert all(piece in text and piece[0] != "\u0e34" for piece in pieces)
    assert len({text.index(piece[:10]) for piece in pieces}) > 20


def test_a_word_longer_than_a_line_is_cut() -> None:
    assert Corpus(["x" * 50]).piece(np.random.default_rng(0), 10) == "x" * 10


def test_hyphenated_pieces_break_their_last_word(corpus: Corpus) -> None:
    rng = np.random.default_rng(4)
    broken = [piece for _ in range(300) if (piece := corpus.hyphenated(rng, 30)).endswith("-")]
    assert len(broken) > 15
    for piece in broken:
        head, _, part = piece[:-1].rpartition(" ")
        assert len(part) >= 3
        longer = [w for w in corpus.text.split() if w.startswith(part) and len(w) >= len(part) + 3]
        assert longer, head
        assert len(piece) <= 30


def test_strays_are_no_characters_to_learn() -> None:
    corpus = Corpus(["a b " * 300_000 + "\u03b1"])
    assert corpus.characters == {"a", "b"}


def test_texts_are_read_in_every_form_and_joined(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffcafe\u0301  noir\n\nzwei\n".encode())
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"drei vier"))
    corpus = read_corpus([tmp_path / "a.txt", tmp_path / "b.txt.gz"], ["von Hand"])
    assert corpus.text == "café noir\nzwei\ndrei vier\nvon Hand"


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("latin.txt", b"caf\xe9", InputError, "latin.txt is not UTF-8 at byte 3"),
        ("empty.txt", b" \n", InputError, "empty.txt is empty"),
        (
            "cut.txt.gz",
            gzip.compress(b"word " * 99)[:-9],
            InputError,
            "cut.txt.gz cannot be read",
        ),
        ("plain.gz", b"word", InputError, "plain.gz cannot be read"),
        ("absent.txt", None, UsageError, "absent.txt does not exist"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused(
    tmp_path: Path, name: str, content: bytes | None, error: type[Exception], message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=message) as raised:
        read_corpus([tmp_path / name])
    assert "\n" not in str(raised.value)


# Inventions


def test_roman_numbers_add_up() -> None:
    worth = dict(zip("IVXLCDM", (1, 5, 10, 50, 100, 500, 1000), strict=True))
    for number in range(1, 2100):
        letters = [worth[letter] for letter in inventions.roman(number)]
        following = [*letters[1:], 0]
        total = sum(-v if v < after else v for v, after in zip(letters, following, strict=True))
        assert total == number
        assert not any(4 * letter in inventions.roman(number) for letter in "IVXLCDM")


def test_numbers_are_grouped_by_thousands() -> None:
    assert inventions.grouped(1234567, "’") == "1’234’567"
    assert inventions.grouped(999, ".") == "999"


def test_every_form_can_be_filled() -> None:
    rng = np.random.default_rng(5)
    settled = {"month": "mai", "weekday": "lundi"}
    groups = [*forms.LONG_DATES.values()]
    groups += [group for group in vars(forms).values() if isinstance(group, tuple)]
    for form in (form for group in groups for form in group):
        text = inventions.filled(rng, (form,), **settled)
        assert text, form
        assert "{" not in text, form


def test_inventions_stay_within_their_characters_and_use_them_all() -> None:
    rng = np.random.default_rng(6)
    seen = set(normalize_text(" ".join(inventions.invented(rng) for _ in range(20_000))))
    assert seen - {" "} <= INVENTED_CHARACTERS
    assert set("".join(vocabulary.DRILLS)) <= seen


def test_a_style_has_its_own_inventions(corpus: Corpus) -> None:
    texts, rng = Texts(corpus, 90, INVENTED_CHARACTERS), np.random.default_rng(1)
    drawn = {texts.draw(rng, 1.0, lambda rng: f"No. {rng.integers(9)}") for _ in range(40)}
    assert all(text.startswith("No. ") for text in drawn)
    for invent in (inventions.receipt, inventions.cell):
        found = [invent(rng) for _ in range(400)]
        assert any(character.isdigit() for character in "".join(found))
        assert len(set(found)) > 200


def test_weighted_choices_follow_their_shares() -> None:
    rng = np.random.default_rng(7)
    drawn = [weighted(rng, ((1, "a"), (0, "b"), (3, "c"))) for _ in range(4000)]
    assert drawn.count("b") == 0
    assert drawn.count("a") / 4000 == pytest.approx(0.25, abs=0.03)


# The mixture


def test_texts_are_labels_as_they_are(corpus: Corpus) -> None:
    texts = Texts(corpus, 60, corpus.characters | INVENTED_CHARACTERS)
    rng = np.random.default_rng(8)
    drawn = [texts.draw(rng, 0.4) for _ in range(2000)]
    for text in drawn:
        assert 0 < len(text) <= 60
        assert text == unicodedata.normalize("NFC", text)
        assert text == " ".join(text.split())
    assert {"'", "’"} <= set("".join(drawn))
    assert min(map(len, drawn)) <= 3
    assert max(map(len, drawn)) > 50


def test_no_character_that_is_not_allowed(corpus: Corpus) -> None:
    allowed = frozenset("abcdefghijklmnopqrstuvwxyz.,")
    texts = Texts(corpus, 40, allowed)
    rng = np.random.default_rng(9)
    assert {c for _ in range(200) for c in texts.draw(rng, 0.3)} <= allowed | {" "}


def test_texts_without_an_allowed_character_are_refused(corpus: Corpus) -> None:
    with pytest.raises(InputError, match="hardly a line"):
        Texts(corpus, 40, frozenset("一")).draw(np.random.default_rng(0), 0.3)


@pytest.mark.parametrize(
    ("text", "allowed", "expected"),
    [
        ("第1章 1999", "19", False),  # numbers say nothing where there are words
        ("第1章 a", "a", True),
        ("12 1999", "19", True),
        ("été fini", "tf", True),
        ("été fini", "éi", True),
        ("été fini", "tin", False),
    ],
)
def test_prose_begins_with_a_letter_that_can_be_written(
    text: str, allowed: str, expected: bool
) -> None:
    texts = Texts(Corpus([text]), 40, frozenset(allowed))
    assert texts.has_prose() is expected
