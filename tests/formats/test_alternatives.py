"""What else a word could be: worked by hand, and what holds for any readings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pageexamples import rectangle, spelled

from ocr.formats.alternatives import alternatives_of, shares_by_word
from ocr.formats.words import words_of
from ocr.types import Alternative, Line, Score, Transcript

LINE = Line("l", rectangle(0, 0, 400, 40), ())


def readings(*shared: tuple[str, float]) -> Transcript:
    """A line read in these ways, the first the best, each with its share."""
    (text, _), *others = shared
    return Transcript(
        text,
        0.5,
        spelled(text),
        tuple(other for other, _ in others),
        scores=tuple(Score(0.0, 0.0, share) for _, share in shared),
    )


def confidences(alternatives: tuple[Alternative, ...]) -> dict[str, float | None]:
    return {other.text: other.confidence for other in alternatives}


def test_equal_words_are_added_up_in_their_place() -> None:
    found = shares_by_word(
        readings(("the cat sat", 0.4), ("the cot sat", 0.3), ("tho cot sat", 0.2), ("the cat", 0.1))
    )
    assert found == [
        pytest.approx({"the": 0.8, "tho": 0.2}),
        pytest.approx({"cat": 0.4, "cot": 0.5, "": 0.1}),  # the last reading has one word for two
        pytest.approx({"sat": 0.9, "": 0.1}),
    ]


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("to day is", "today is", ["", "", "is"]),  # drawn together: no word of its own
        ("today is", "to day is", ["to day", "is"]),
        ("Go home", "Go, home.", ["Go,", "home."]),
        ("Go home", "Gohome", ["", ""]),
        ("Go  home ", "Co  home ", ["Co", "home"]),
        (" a b", "a  b", ["a", "b"]),
        ("a b c", "", ["", "", ""]),
        ("", "a", []),
    ],
)
def test_places(text: str, other: str, expected: list[str]) -> None:
    found = shares_by_word(readings((text, 0.0), (other, 1.0)))
    assert [next((word for word in place if place[word]), None) for place in found] == expected


def test_odds_are_those_of_the_readings() -> None:
    shares = {"cat": 0.5, "cot": 0.25, "cut": 0.125, "": 0.125}
    found = alternatives_of("cat", 0.4, shares)
    assert found == (Alternative("cot", 0.4 * 0.25 / 0.5), Alternative("cut", 0.4 * 0.125 / 0.5))


def test_together_they_have_no_more_than_the_word_leaves() -> None:
    shares = {"cat": 0.25, "cot": 0.5, "cut": 0.25}
    found = alternatives_of("cat", 0.7, shares)
    assert confidences(found) == pytest.approx({"cot": 0.2, "cut": 0.1})


def test_words_of_a_line_carry_them() -> None:
    transcript = readings(("Go home", 0.5), ("Co home", 0.3), ("Go hone", 0.2))
    first, second = words_of(LINE, transcript)
    assert first.confidence == 0.5**2  # each character 0.5
    assert confidences(first.alternatives) == pytest.approx({"Co": 0.25 * 0.3 / 0.7})
    assert second.confidence == 0.5**4
    assert confidences(second.alternatives) == pytest.approx({"hone": 0.5**4 * 0.2 / 0.8})
    unscored = replace(transcript, scores=())
    assert all(word.alternatives == () for word in words_of(LINE, unscored))


TEXTS = st.text("ab ", max_size=8)
READINGS = st.lists(st.tuples(TEXTS, st.floats(0, 1)), min_size=1, max_size=5)


@given(READINGS, st.floats(0, 1))
def test_for_any_readings(shared: list[tuple[str, float]], confidence: float) -> None:
    """Every word has its place, its reading's share at least, and never more than certainty."""
    whole = sum(share for _, share in shared) or 1.0
    transcript = readings(*((text, share / whole) for text, share in shared))
    words, found = transcript.text.split(), shares_by_word(transcript)
    assert len(words) == len(found)
    for word, shares in zip(words, found, strict=True):
        assert transcript.scores[0].share <= shares[word] <= sum(shares.values()) <= 1 + 1e-9
        others = alternatives_of(word, confidence, shares)
        given_away = [other.confidence for other in others if other.confidence is not None]
        assert confidence + sum(given_away) <= 1 + 1e-9
        assert given_away == sorted(given_away, reverse=True)
        assert word not in [other.text for other in others]
