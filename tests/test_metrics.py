"""Error rates against brute force, a second library and closed forms."""

from __future__ import annotations

import random
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.alphabet import normalize_text
from ocr.errors import InputError
from ocr.metrics import (
    Confusion,
    Edits,
    align,
    character_error_rate,
    confusions,
    edit_counts,
    edit_distance,
    error_rate,
    right_characters,
    word_edit_counts,
    word_error_rate,
)

SHORT = st.text(alphabet="ab c", max_size=6)
LONG = st.text(alphabet="abcde ", max_size=120)


@cache
def fewest_edits(left: str, right: str) -> int:
    """The definition, by trying all three edits at the first character."""
    if not left or not right:
        return len(left) + len(right)
    return min(
        fewest_edits(left[1:], right[1:]) + (left[0] != right[0]),
        fewest_edits(left[1:], right) + 1,
        fewest_edits(left, right[1:]) + 1,
    )


@given(SHORT, SHORT)
def test_edit_counts_are_the_fewest_edits(reference: str, hypothesis: str) -> None:
    left, right = normalize_text(reference), normalize_text(hypothesis)
    assert edit_counts(reference, hypothesis) == Edits(fewest_edits(left, right), len(left))


@given(SHORT, SHORT)
def test_alignment_has_the_fewest_edits_and_keeps_both_texts(left: str, right: str) -> None:
    left, right = normalize_text(left), normalize_text(right)
    steps = align(left, right)
    assert "".join(a for a, _ in steps) == left
    assert "".join(b for _, b in steps) == right
    assert ("", "") not in steps
    assert sum(a != b for a, b in steps) == fewest_edits(left, right)


@settings(max_examples=60)
@given(LONG, LONG)
def test_alignment_agrees_with_the_library_on_lines(left: str, right: str) -> None:
    edits = sum(a != b for a, b in align(left, right))
    assert edits == edit_distance(normalize_text(left), normalize_text(right))
    assert edits == edit_counts(left, right).count


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("kitten", "sitten", [("k", "s"), *((c, c) for c in "itten")]),
        ("ab", "b", [("a", ""), ("b", "b")]),
        ("b", "ba", [("b", "b"), ("", "a")]),
        ("", "", []),
        ("", "x", [("", "x")]),
        ("x", "", [("x", "")]),
    ],
)
def test_alignment_of_plain_cases(
    reference: str, hypothesis: str, expected: list[tuple[str, str]]
) -> None:
    assert align(reference, hypothesis) == expected


def test_both_sides_are_normalised() -> None:
    decomposed, composed = " e\u0301te\u0301 \t 1914\n", "\u00e9t\u00e9 1914"
    assert edit_counts(decomposed, composed) == Edits(0, 8)
    assert edit_counts(composed, decomposed) == Edits(0, 8)
    assert align(decomposed, composed) == [(c, c) for c in composed]


def test_a_character_is_a_code_point_also_beyond_the_first_plane() -> None:
    assert edit_counts("\U0001d504b", "\U0001d505b") == Edits(1, 2)
    assert align("\U0001d504", "\U0001d505") == [("\U0001d504", "\U0001d505")]


def test_words_are_white_space_tokens() -> None:
    assert word_edit_counts("le chat  noir", "le chat, noir") == Edits(1, 3)
    assert word_edit_counts("a b", "ab") == Edits(2, 2)


def test_rates_pool_the_lines() -> None:
    pairs = [("abcdefghij", "abcdefghij"), ("ab", "xy")]
    rate = character_error_rate(pairs)
    assert (rate.edits, rate.length, rate.lines) == (2, 12, 2)
    assert rate.rate == pytest.approx(2 / 12)  # and not (0 + 1) / 2
    assert word_error_rate(pairs).rate == pytest.approx(1 / 2)


def test_an_empty_reference_counts_its_insertions() -> None:
    assert character_error_rate([("", "abc"), ("abcdef", "abcdef")]).rate == pytest.approx(0.5)
    assert character_error_rate([("", "abc")]).rate == 3
    assert word_error_rate([("", "")]).rate == 0
    assert Edits(2, 0).rate == 2
    assert Edits(1, 4).rate == 0.25


def test_no_lines_have_no_rate() -> None:
    with pytest.raises(InputError, match="no line"):
        character_error_rate([])


def test_interval_is_the_normal_one_for_many_lines() -> None:
    """Lines of 10 characters, each 0 or 10 wrong: the rate is a mean of N coin throws."""
    count, share = 2000, 0.3
    wrong = int(count * share)
    rate = error_rate([Edits(10, 10)] * wrong + [Edits(0, 10)] * (count - wrong))
    half = 1.96 * np.sqrt(share * (1 - share) / count)
    assert rate.rate == pytest.approx(share)
    assert rate.interval == pytest.approx((share - half, share + half), abs=0.15 * half)


def test_interval_resamples_lines_and_their_lengths_together() -> None:
    """Where every line has the same rate, no resample has another one."""
    rate = error_rate([Edits(length // 10, length) for length in (10, 20, 70, 400)])
    assert rate.interval == pytest.approx((0.1, 0.1))


def test_interval_of_one_line_is_its_rate() -> None:
    assert error_rate([Edits(1, 4)]).interval == (0.25, 0.25)


def test_interval_equals_a_loop_over_resamples() -> None:
    """Second implementation with its own random numbers: quantiles agree within their noise."""
    drawn = random.Random(5)
    lines = [Edits(drawn.randint(0, 8), drawn.randint(5, 60)) for _ in range(50)]
    rates = []
    for _ in range(4000):
        sample = drawn.choices(lines, k=len(lines))
        rates.append(sum(e.count for e in sample) / sum(e.length for e in sample))
    rates.sort()
    low, high = rates[100], rates[3900]
    width = high - low
    assert error_rate(lines).interval == pytest.approx((low, high), abs=0.1 * width)


def test_interval_is_repeatable_and_seeded() -> None:
    lines = [Edits(index % 7, 10 + index) for index in range(40)]
    assert error_rate(lines) == error_rate(lines)
    assert error_rate(lines, seed=1).interval != error_rate(lines, seed=2).interval


def test_five_thousand_lines_take_no_time() -> None:
    lines = [Edits(index % 7, 40) for index in range(5000)]
    start = time.process_time()
    error_rate(lines)
    assert time.process_time() - start < 2.0


def test_confusions_are_ranked_by_count_then_by_character() -> None:
    pairs = [("rn rn", "m m"), ("nun", "nnn"), ("bug", "bng"), ("a", "ab"), ("same", "same")]
    assert confusions(pairs) == (
        Confusion("n", "m", 2),
        Confusion("r", "", 2),
        Confusion("u", "n", 2),
        Confusion("", "b", 1),
    )
    assert confusions(pairs, top=1) == (Confusion("n", "m", 2),)
    assert confusions([("same", " same ")]) == ()


@given(SHORT, SHORT)
def test_right_characters_are_those_that_an_alignment_keeps(reference: str, text: str) -> None:
    """As it stands: a needless space is wrong, though it costs no edit."""
    right = right_characters(reference, text)
    assert len(right) == len(text)
    kept = [c for c, good in zip(text, right, strict=True) if good]
    rest = iter(normalize_text(reference))
    assert all(c in rest for c in kept)  # a subsequence
    fewest = fewest_edits(normalize_text(reference), text)
    assert len(text) - sum(right) <= fewest


def test_right_characters_by_hand() -> None:
    assert right_characters("abc", "axc") == [True, False, True]
    assert sum(right_characters("a b", " a  b")) == 3
    assert right_characters("abc", "") == []
