"""Counts of n-grams -> probabilities: interpolated modified Kneser-Ney smoothing.

S. F. Chen & J. Goodman, "An empirical study of smoothing techniques for language modeling",
Computer Speech and Language 13, 1999, section 3:

    p(w | h) = (a(hw) - D(a(hw))) / a(h*) + gamma(h) p(w | h')

h' is h without its first symbol, a(h*) = sum over w of a(hw). At the highest order a is the
count c. Below it a(g) is the number of different symbols that stand before g, for a sequence
matters to a lower order only where the higher ones do not know it; a sequence that begins a
line, which nothing stands before, keeps its count. Discounts come from the n-grams seen once to
four times, n1 to n4, of each order:

    Y = n1 / (n1 + 2 n2)    D(1) = 1 - 2 Y n2/n1    D(2) = 2 - 3 Y n3/n2    D(3+) = 3 - 4 Y n4/n3

gamma(h) is what the discounts have taken from h, so that p sums to 1. Below order 1 stands the
uniform distribution. An n-gram left out for its size is discounted altogether, which keeps the
sum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ocr.decoding.automaton import Automaton, without_dead_ends
from ocr.decoding.ngrams import NGrams
from ocr.types import Float64Array, IntArray

USUAL_DISCOUNTS = (0.5, 1.0, 1.5)
"""Of n-grams seen once, twice and more often, where a text is too small to estimate them, as in
KenLM's ``--discount_fallback`` (Heafield et al. 2013)."""
ALWAYS_KEPT = 3  # orders: what is pruned is longer than this


def kneser_ney(orders: Sequence[NGrams], prune: int) -> Automaton:
    """The model as an automaton whose states are contexts; its root is the empty context.

    prune  n-grams of more than ``ALWAYS_KEPT`` symbols seen fewer times than this are left out
    """
    kept = _kept(orders, prune)
    lower = np.full(1, 1.0 / len(orders[0].count))  # the uniform distribution
    probabilities, gammas = [], []
    for index, ngrams in enumerate(orders):
        contexts = len(orders[index - 1].count) if index else 1
        counts = _adjusted(ngrams, orders[index + 1] if index + 1 < len(orders) else None)
        left = np.where(kept[index], counts - discounts(counts)[np.minimum(counts, 3)], 0.0)
        total = np.maximum(np.bincount(ngrams.prefix, counts, contexts), 1.0)  # 1 for an ending
        gamma = 1.0 - np.bincount(ngrams.prefix, left, contexts) / total
        lower = left / total[ngrams.prefix] + gamma[ngrams.prefix] * lower[ngrams.suffix]
        probabilities.append(lower)
        gammas.append(gamma)
    return _automaton(orders, kept, probabilities, gammas)


def discounts(counts: IntArray) -> Float64Array:
    """(4,) D(0) = 0, D(1), D(2), D(3+) for n-grams with these counts."""
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == value)) for value in range(1, 5))
    if min(n1, n2, n3) == 0:
        return np.array([0.0, *USUAL_DISCOUNTS])
    y = n1 / (n1 + 2 * n2)
    estimated = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    sound = bool((estimated[1:] > 0).all())  # none exceeds 1, 2 or 3 by itself
    return estimated if sound else np.array([0.0, *USUAL_DISCOUNTS])


def _adjusted(ngrams: NGrams, longer: NGrams | None) -> IntArray:
    """a(g) of every n-gram; ``longer`` are those of the next order."""
    if longer is None:
        return ngrams.count
    before = np.bincount(longer.suffix, minlength=len(ngrams.count))
    return np.where(ngrams.opening, ngrams.count, before)


def _kept(orders: Sequence[NGrams], prune: int) -> list[npt.NDArray[np.bool_]]:
    """Which n-grams of each order stay: counts fall with length, so prefixes and suffixes do."""
    return [
        np.full(len(ngrams.count), True) if length <= ALWAYS_KEPT else ngrams.count >= prune
        for length, ngrams in enumerate(orders, start=1)
    ]


def _automaton(
    orders: Sequence[NGrams],
    kept: Sequence[npt.NDArray[np.bool_]],
    probabilities: Sequence[Float64Array],
    gammas: Sequence[Float64Array],
) -> Automaton:
    """State 0 is the empty context; then come the kept n-grams of orders 1 .. N - 1 in order.
    The kept n-grams of all orders are the arcs, already sorted by state and symbol. Contexts that
    nothing kept follows are then left out."""
    states = [np.zeros(1, np.int64)]  # per order of context: number -> state
    for keep in kept[:-1]:
        states.append(int(states[-1].max(initial=0)) + np.cumsum(keep))
    sources, targets, fallbacks = [], [], [states[0]]
    for index, (ngrams, keep) in enumerate(zip(orders, kept, strict=True)):
        sources.append(states[index][ngrams.prefix[keep]])
        shorter = states[index][ngrams.suffix[keep]]
        longest = index + 1 == len(orders)
        targets.append(shorter if longest else states[index + 1][keep])
        fallbacks += [] if longest else [shorter]
    count = sum(map(len, fallbacks))
    prices = [gammas[0], *(g[keep] for g, keep in zip(gammas[1:], kept[:-1], strict=True))]
    chosen = [values[keep] for values, keep in zip(probabilities, kept, strict=True)]
    symbols = [ngrams.symbol[keep] for ngrams, keep in zip(orders, kept, strict=True)]
    automaton = Automaton(
        first=np.searchsorted(np.concatenate(sources), np.arange(count + 1)).astype(np.int32),
        symbols=np.concatenate(symbols).astype(np.int32),
        targets=np.concatenate(targets).astype(np.int32),
        scores=np.log(np.concatenate(chosen)).astype(np.float32),
        fallbacks=np.concatenate(fallbacks).astype(np.int32),
        prices=np.log(np.concatenate(prices)).astype(np.float32),
    )
    return without_dead_ends(automaton)
