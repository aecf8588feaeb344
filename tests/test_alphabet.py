"""Text to labels and back, and how many frames a text needs."""

from __future__ import annotations

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.alphabet import BLANK, Alphabet, frames_needed, normalize_text
from ocr.decoding.greedy import collapse
from ocr.errors import LabelError

LETTERS = st.text("abé𐌰 ß", max_size=12)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  a \t\n b\u00a0\u2003c ", "a b c"),  # no-break and em spaces are white space too
        ("e\u0301", "é"),
        ("\u212b", "Å"),  # the Angstrom sign is the letter
        (" \n", ""),
        ("ﬁ \u017f", "ﬁ \u017f"),  # compatibility forms are what was printed: kept
    ],
)
def test_normalize_text(raw: str, text: str) -> None:
    assert normalize_text(raw) == text


@given(st.text())
def test_normalized_text_is_nfc_and_stays_as_it_is(raw: str) -> None:
    text = normalize_text(raw)
    assert unicodedata.is_normalized("NFC", text)
    assert normalize_text(text) == text


@given(st.lists(LETTERS, min_size=1), LETTERS)
def test_labels_come_back_as_text(texts: list[str], other: str) -> None:
    alphabet = Alphabet("").extended(texts)
    assert alphabet.characters == "".join(sorted(set("".join(texts))))
    assert len(alphabet) == len(set("".join(texts))) + 1
    for text in texts:
        labels = alphabet.encode(text)
        assert BLANK not in labels
        assert alphabet.decode(labels) == text
    assert alphabet.missing(other) == [
        c for c in dict.fromkeys(other) if c not in alphabet.characters
    ]


def test_label_k_is_the_kth_character() -> None:
    assert Alphabet("bac").encode("abc") == [2, 1, 3]


@given(LETTERS, st.lists(LETTERS))
def test_an_extended_alphabet_keeps_every_old_label(old: str, texts: list[str]) -> None:
    before = Alphabet("").extended([old])
    after = before.extended(texts)
    assert after.encode(old) == before.encode(old)
    assert not any(after.missing(text) for text in texts)
    assert set(after.characters) == set(old + "".join(texts))


def test_refusals() -> None:
    with pytest.raises(LabelError, match="names a character twice"):
        Alphabet("aba")
    with pytest.raises(LabelError, match=r"the model cannot write 'x' '\\t'$"):
        Alphabet("ab").encode("axb\txx")
    with pytest.raises(ValueError, match="blank"):
        Alphabet("ab").decode([1, BLANK])


@pytest.mark.parametrize("text", ["", "a", "ab", "aa", "aab", "aaa", "abab", "abba"])
def test_frames_needed_is_the_length_of_the_shortest_path(text: str) -> None:
    labels = tuple(Alphabet("ab").encode(text))
    shortest = next(
        length
        for length in range(10)
        if any(collapse(path) == labels for path in product(range(3), repeat=length))
    )
    assert frames_needed(text) == shortest
