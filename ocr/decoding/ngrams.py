"""How often every sequence of 1 to N symbols stands in a text.

A line c1 c2 .. cn is read as  | c1 c2 .. cn |  where the bar, symbol 0, is its beginning and its
end. Sequences do not reach over lines; the first bar is only ever a context.

An n-gram is known by its number among those of its order, which are sorted by (prefix, symbol),
the prefix being the number of the n-gram without its last symbol. So one integer, prefix times
symbols plus symbol, stands for a sequence of any length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ocr.decoding.automaton import END
from ocr.types import IntArray


@dataclass(frozen=True, slots=True)
class NGrams:
    """The n-grams of one order, G of them.

    prefix   (G,) number of the n-gram without its last symbol; 0 for order 1
    suffix   (G,) number of the n-gram without its first symbol; 0 for order 1
    symbol   (G,) the last symbol
    count    (G,) occurrences
    opening  (G,) whether it begins with the beginning of a line
    """

    prefix: IntArray
    suffix: IntArray
    symbol: IntArray
    count: IntArray
    opening: npt.NDArray[np.bool_]


def count_ngrams(stream: IntArray, symbols: int, order: int) -> list[NGrams]:
    """The n-grams of orders 1 to ``order``.

    stream   (M,) symbols 0 .. symbols - 1: a bar, then every line with a bar after it
    symbols  how many there are; each has an entry in order 1, also one that does not occur
    """
    depth = _depths(stream)
    orders = [_unigrams(stream[1:], symbols)]
    ending = stream.copy()  # number of the n-gram of the last order that ends at each place
    for length in range(2, order + 1):
        places = np.flatnonzero(depth >= length - 1)
        keys = ending[places - 1] * symbols + stream[places]
        unique, first, numbers, count = np.unique(
            keys, return_index=True, return_inverse=True, return_counts=True
        )
        suffix = ending[places[first]]
        prefix, symbol = np.divmod(unique, symbols)
        opening = depth[places[first]] == length - 1
        orders.append(NGrams(prefix, suffix, symbol, count, opening))
        ending = np.full(len(stream), -1)
        ending[places] = numbers
    return orders


def _unigrams(predicted: IntArray, symbols: int) -> NGrams:
    zeros = np.zeros(symbols, np.int64)
    count = np.bincount(predicted, minlength=symbols)
    return NGrams(zeros, zeros, np.arange(symbols), count, zeros > 0)


def _depths(stream: IntArray) -> IntArray:
    """(M,) how many symbols of its line stand before each, the bar at the beginning included; 0
    for the very first bar."""
    bars = np.flatnonzero(stream == END)
    places = np.arange(len(stream))
    latest = bars[np.maximum(np.searchsorted(bars, places) - 1, 0)]  # the bar before each place
    return places - latest
