"""Reading with a lexicon against brute force over all paths, each text judged by rule."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.decoding.automaton import END, START, check, step
from ocr.decoding.beam import BeamDecoder
from ocr.decoding.greedy import collapse, greedy
from ocr.decoding.lexicon import lexicon_automaton, lexicon_decoder, words_of
from ocr.decoding.search import Merit
from ocr.errors import InputError, UsageError
from ocr.options import DecodingOptions

PRICE = 1.5
ALPHABET = Alphabet("ab ")
WORDS = ("a", "ab", "ba")


def unknown_words(text: str, words: tuple[str, ...]) -> int:
    forms = {form for word in words for form in (word, word.upper(), word.capitalize())}
    runs = "".join(c if c.isalpha() else " " for c in text).split()
    return sum(run not in forms for run in runs)


def language(alphabet: Alphabet, words: tuple[str, ...], text: str) -> float:
    """The automaton's score of a whole line."""
    automaton = lexicon_automaton(words, alphabet, PRICE)
    check(automaton, len(alphabet))
    state, total = START, 0.0
    for symbol in (*alphabet.encode(text), END):
        state, score = step(automaton, state, symbol)
        total += score
    return total


@given(st.text("abcAB 1.-", max_size=12))
def test_only_words_that_are_not_in_the_lexicon_cost_something(text: str) -> None:
    words = ("a", "ab", "abba", "cab")
    expected = -PRICE * unknown_words(text, words)
    assert language(Alphabet("abcAB 1.-"), words, text) == expected


def test_marks_and_apostrophes() -> None:
    assert list(words_of("L'été, 1914: d\u2019ox\u0323!")) == ["L", "été", "d", "ox\u0323"]
    alphabet = Alphabet(" '-.12EéLTlt")
    assert language(alphabet, ("été", "l"), "L'été 12-été.") == 0
    assert language(alphabet, ("été",), "L'ététt") == -2 * PRICE


def random_log_probs(seed: int, frames: int, labels: int) -> NDArray[np.float32]:
    scores = 3.0 * np.random.default_rng(seed).standard_normal((frames, labels))
    log_sums = np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return (scores - log_sums).astype(np.float32)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_the_search_equals_brute_force(seed: int, frames: int) -> None:
    log_probs = random_log_probs(seed, frames, 4)
    texts: dict[tuple[int, ...], float] = {}
    for path in product(range(4), repeat=frames):
        value = math.exp(sum(float(log_probs[t, k]) for t, k in enumerate(path)))
        texts[collapse(path)] = texts.get(collapse(path), 0.0) + value
    expected = {
        text: math.log(p) - PRICE * unknown_words(ALPHABET.decode(text), WORDS)
        for text, p in texts.items()
    }
    decoder = BeamDecoder(
        lexicon_automaton(WORDS, ALPHABET, PRICE),
        np.arange(4),
        Merit(1.0, 0.0, 10_000),
        readings=10_000,
    )
    found = {h.labels: h.optical + h.language for h in decoder(log_probs)}
    assert found.keys() == expected.keys()
    for text, total in expected.items():
        assert found[text] == pytest.approx(total, abs=1e-5)


def written(text: str, alphabet: Alphabet, sure: float) -> NDArray[np.float32]:
    """Frames that read ``text``, each label followed by a blank; other labels share the rest."""
    path = [frame for label in alphabet.encode(text) for frame in (label, 0)]
    log_probs = np.full((len(path), len(alphabet)), (1 - sure) / (len(alphabet) - 1))
    log_probs[np.arange(len(path)), path] = sure
    return np.log(log_probs).astype(np.float32)


def test_a_misread_word_becomes_that_of_the_lexicon_and_a_name_stays(tmp_path: Path) -> None:
    alphabet = Alphabet(" ,.1234abcdefghijklmnoprstuvwTW")
    lexicon = tmp_path / "words.txt"
    lexicon.write_text("the\nriver was\nwide\n", encoding="utf-8")
    text = "Thc river was 42 mtrs wibe, Waal."
    doubtful = written(text, alphabet, 0.999)
    for place, right in ((text.index("c"), "e"), (text.index("be,"), "d")):
        doubtful[2 * place] = math.log(0.002)
        doubtful[2 * place, alphabet.encode(text[place])] = math.log(0.6)
        doubtful[2 * place, alphabet.encode(right)] = math.log(0.3)
    decoder = lexicon_decoder(DecodingOptions(lexicon=str(lexicon)), alphabet)
    assert alphabet.decode(greedy(doubtful)[0].labels) == text
    (best,) = decoder(doubtful)
    assert alphabet.decode(best.labels) == "The river was 42 mtrs wide, Waal."
    assert best.language == -2 * DecodingOptions().price  # mtrs, Waal
    cheap = lexicon_decoder(DecodingOptions(lexicon=str(lexicon), price=0.1), alphabet)
    assert "Thc" in alphabet.decode(cheap(doubtful)[0].labels)


def test_words_that_cannot_be_written() -> None:
    automaton = lexicon_automaton(["ab", "хата", ""], ALPHABET, PRICE)
    assert len(automaton.fallbacks) == 3 + 2  # the nodes of a and ab
    with pytest.raises(InputError, match="can write no word of the lexicon"):
        lexicon_automaton(["хата"], ALPHABET, PRICE)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\xff\xfe", "is not UTF-8 at byte 0"), (b"1 2 3", "can write no word")],
)
def test_a_useless_lexicon_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        lexicon_decoder(DecodingOptions(lexicon=str(path)), ALPHABET)


def test_the_decoder_asks_for_its_lexicon() -> None:
    with pytest.raises(UsageError, match="needs a lexicon; name its file: --lexicon"):
        lexicon_decoder(DecodingOptions(decoder="lexicon"), ALPHABET)
