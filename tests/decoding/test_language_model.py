"""The n-gram model against the formulas written out over dictionaries, and worked by hand."""

from __future__ import annotations

import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linescore import line_score

from ocr.alphabet import normalize_text
from ocr.decoding.automaton import END, START, Automaton, check, step, without_dead_ends
from ocr.decoding.kneserney import ALWAYS_KEPT, USUAL_DISCOUNTS, discounts
from ocr.decoding.language import CLASSES, LanguageModel, train_language_model, wrapped
from ocr.errors import InputError
from ocr.options import LanguageOptions

BAR = "|"  # the beginning and the end of a line
UNKNOWN = "?"
RHYME = (
    "round and round the rugged rock",
    "the ragged rascal ran",
    "a rat a tat a tat",
    "round and round and round he ran",
)


class SlowModel:
    """Interpolated modified Kneser-Ney on strings, straight from the formulas of the paper."""

    def __init__(self, lines: Sequence[str], order: int, prune: int = 1) -> None:
        self.order, self.prune = order, prune
        self.counts: Counter[str] = Counter()
        for line in lines:
            whole = BAR + line + BAR
            for end in range(1, len(whole)):
                for length in range(1, min(order, end + 1) + 1):
                    self.counts[whole[end + 1 - length : end + 1]] += 1
        self.symbols = sorted({c for line in lines for c in line} | {BAR, UNKNOWN})
        before = defaultdict(set)
        for gram in self.counts:
            if len(gram) > 1:
                before[gram[1:]].add(gram[0])
        self.adjusted = {
            gram: count
            if len(gram) == order or (len(gram) > 1 and gram[0] == BAR)
            else len(before[gram])
            for gram, count in self.counts.items()
        }
        self.discounts = [self._discounts(length) for length in range(1, order + 1)]
        self.probability = cache(self._probability)

    def _discounts(self, length: int) -> list[float]:
        values = [a for gram, a in self.adjusted.items() if len(gram) == length]
        n = [values.count(number) for number in range(5)]
        if not n[1] or not n[2] or not n[3]:
            return [0.0, *USUAL_DISCOUNTS]
        y = n[1] / (n[1] + 2 * n[2])
        found = [0.0] + [k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)]
        return found if min(found[1:]) > 0 else [0.0, *USUAL_DISCOUNTS]

    def _left(self, gram: str) -> float:
        """What discounting leaves of an n-gram's count."""
        if gram not in self.counts or (len(gram) > ALWAYS_KEPT and self.counts[gram] < self.prune):
            return 0.0
        a = self.adjusted[gram]
        return a - self.discounts[len(gram) - 1][min(a, 3)]

    def _probability(self, history: str, symbol: str) -> float:
        """p(symbol | history), the history no longer than order - 1."""
        lower = self.probability(history[1:], symbol) if history else 1 / len(self.symbols)
        total = sum(self.adjusted.get(history + s, 0) for s in self.symbols)
        if not total:
            return float(lower)
        gamma = 1 - sum(self._left(history + s) for s in self.symbols) / total
        return float(self._left(history + symbol) / total + gamma * lower)


def symbol_numbers(model: LanguageModel) -> dict[str, int]:
    numbers = {c: number for number, c in enumerate(model.characters, start=1)}
    return numbers | {BAR: END, UNKNOWN: model.symbol_count - 1}


def fast_probability(model: LanguageModel, history: str, symbol: str) -> float:
    """p(symbol | history), the automaton walked there from where the history allows it."""
    numbers, state = symbol_numbers(model), START if history[:1] == BAR else 0
    for character in history.removeprefix(BAR):
        state, _ = step(model.automaton, state, numbers[character])
    return math.exp(step(model.automaton, state, numbers[symbol])[1])


@pytest.mark.parametrize("prune", [1, 2, 3])
@pytest.mark.parametrize("order", [2, 3, 5, 8])
def test_every_probability_is_that_of_the_formulas(order: int, prune: int) -> None:
    model = train_language_model(RHYME, LanguageOptions(order=order, prune=prune))
    slow = SlowModel(RHYME, order, prune)
    histories = {
        (BAR + line)[start:end]
        for line in RHYME
        for end in range(len(line) + 1)
        for start in range(max(0, end + 1 - order), end + 1)
    }
    dice = random.Random(order)
    histories |= {"".join(dice.choices(slow.symbols[:-1], k=order - 1)) for _ in range(20)}
    for history in sorted(h for h in histories if BAR not in h[1:]):
        for symbol in slow.symbols:
            expected = slow.probability(history, symbol)
            found = fast_probability(model, history, symbol)
            assert found == pytest.approx(expected, rel=1e-5), (history, symbol)


@settings(max_examples=30)
@given(
    st.lists(st.text("abc 1'", min_size=1, max_size=12), min_size=1, max_size=6),
    st.integers(2, 8),
    st.integers(1, 3),
)
def test_in_every_state_the_probabilities_sum_to_one(
    lines: list[str], order: int, prune: int
) -> None:
    try:
        model = train_language_model(lines, LanguageOptions(order=order, prune=prune))
    except InputError:
        assert not "".join(lines).split()
        return
    check(model.automaton, model.symbol_count)
    sizes = {int(model.symbols(one)[0]): len(one) for one in CLASSES}
    for state in range(len(model.automaton.fallbacks)):
        total = 0.0
        for symbol in range(model.symbol_count):
            several = sizes.get(symbol, 1) if symbol + 1 < model.symbol_count else 1
            total += several * math.exp(step(model.automaton, state, symbol)[1])
        assert total == pytest.approx(1.0, abs=1e-5)


def test_one_line_worked_by_hand() -> None:
    """One line "ab", bigrams, the usual discount 0.5. Of the 4 symbols a, b and the end follow
    one symbol each: p(a) = (1 - 0.5) / 3 + 0.5 / 4; after a, p(b | a) = 0.5 / 1 + 0.5 p(b)."""
    model = train_language_model(["ab"], LanguageOptions(order=2))
    single = 0.5 / 3 + 0.5 / 4
    assert fast_probability(model, "", "a") == pytest.approx(single)
    assert fast_probability(model, "", UNKNOWN) == pytest.approx(0.5 / 4)
    assert fast_probability(model, BAR, "a") == pytest.approx(0.5 + 0.5 * single)
    assert fast_probability(model, "a", "a") == pytest.approx(0.5 * single)
    assert line_score(model, "ab") == pytest.approx(3 * math.log(0.5 + 0.5 * single))
    assert line_score(model, "b") == pytest.approx(math.log(0.5 * single * (0.5 + 0.5 * single)))


def test_discounts_worked_by_hand() -> None:
    """n1 to n4 are 4, 2, 1, 1: Y = 4 / 8, so D is 1 - 0.5, 2 - 3 * 0.25 and 3 - 2."""
    counts = np.array([1, 1, 1, 1, 2, 2, 3, 4, 9, 0])
    np.testing.assert_allclose(discounts(counts), [0, 0.5, 1.25, 1.0])
    np.testing.assert_allclose(discounts(np.array([1, 1, 2, 5])), [0, *USUAL_DISCOUNTS])
    lopsided = np.array([1] * 10 + [2] + [3] * 9)  # D(2) would be negative
    np.testing.assert_allclose(discounts(lopsided), [0, *USUAL_DISCOUNTS])


def test_digits_share_what_numbers_have_and_apostrophes_what_they_have() -> None:
    model = train_language_model(["in 1901", "in 1873", "d'un d\u2019or"], LanguageOptions())
    assert line_score(model, "in 1901") == line_score(model, "in 2222")
    assert (
        line_score(model, "d'un")
        == line_score(model, "d\u2019un")
        == line_score(model, "d\u2018un")
    )
    for one in CLASSES:
        assert set(model.symbols(one).tolist()) == {model.characters.index(one[0]) + 1}


def test_what_was_seen_is_more_probable_than_what_was_not() -> None:
    model = train_language_model(RHYME, LanguageOptions())
    texts = "the rascal ran", "teh racsal nar", "thé råscål"
    seen, shuffled, unknown = (line_score(model, text) for text in texts)
    assert seen > shuffled + 5
    assert seen > unknown + 5


def test_pruning_leaves_out_what_is_rare_and_long() -> None:
    sizes = [
        len(train_language_model(RHYME, LanguageOptions(prune=prune)).automaton.symbols)
        for prune in (1, 2, 3)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def test_lines_are_normalised_and_long_ones_broken_at_spaces() -> None:
    assert list(wrapped("  a  bc\tdef ", 5)) == ["a bc", "def"]
    assert list(wrapped("abcdefgh ij", 3)) == ["abc", "def", "gh", "ij"]
    assert list(wrapped("abc de", 3)) == ["abc", "de"]
    assert list(wrapped("abc de", 0)) == ["abc de"]
    assert list(wrapped(" ", 5)) == []


def cut_off(line: str, width: int) -> list[str]:
    """The same, piece after piece taken off the rest."""
    rest, parts = normalize_text(line), []
    while len(rest) > width:
        end = rest[: width + 1].rfind(" ")
        parts.append(rest[: end if end > 0 else width])
        rest = rest[len(parts[-1]) :].lstrip()
    return [*parts, rest] if rest else parts


@given(st.text("ab ", max_size=40), st.integers(1, 9))
def test_lines_are_wrapped_as_if_cut_off_piece_by_piece(line: str, width: int) -> None:
    assert list(wrapped(line, width)) == cut_off(line, width)


def test_a_text_without_line_breaks_is_wrapped_quickly() -> None:
    start = time.process_time()
    assert sum(1 for _ in wrapped("word " * 400_000, 80)) == 25_000
    assert time.process_time() - start < 4


def test_no_text_is_no_model() -> None:
    with pytest.raises(InputError, match="there is no text to learn from"):
        train_language_model([" ", ""], LanguageOptions())


def test_states_that_only_hand_on_can_be_left_out() -> None:
    """2 and 4 have no arcs; 3 has none but a price. Every line keeps its score."""
    whole = Automaton(
        first=np.array([0, 3, 6, 6, 6, 6, 8], np.int32),
        symbols=np.array([0, 1, 2, 0, 1, 2, 1, 2], np.int32),
        targets=np.array([0, 2, 3, 1, 4, 5, 2, 4], np.int32),
        scores=-np.arange(1, 9, dtype=np.float32),
        fallbacks=np.array([0, 0, 0, 2, 2, 4], np.int32),
        prices=np.array([0, -1, 0, -2, 0, -4], np.float32),
    )
    smaller = without_dead_ends(whole)
    check(smaller, 3)
    assert len(smaller.fallbacks) == 4
    for line in product(range(3), repeat=5):
        states = [START, START]
        for symbol in line:
            (left, expected), (right, found) = (
                step(automaton, state, symbol)
                for automaton, state in zip((whole, smaller), states, strict=True)
            )
            assert found == expected
            states = [left, right]
