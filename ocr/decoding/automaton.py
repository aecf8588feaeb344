"""What may follow what, and at which price: a deterministic automaton with failure arcs.

A state reads one symbol and goes on to another state; the arc it takes has a score. A state
without an arc for the symbol pays its price and lets its fallback try, as an n-gram model backs
off to a shorter context (Allauzen, Mohri & Roark 2003). State 0 has an arc for every symbol,
and fallbacks have lower numbers, so every search for an arc ends. A line begins in state 1.
Knowledge of a language and a lexicon both take this form, and the beam search knows no other.

Symbol 0 is the end of the line. Scores and prices are natural logarithms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ocr.types import Float32Array, Int32Array

START = 1  # the state in which a line begins
END = 0  # the symbol of the line's end


class Automaton(NamedTuple):
    """S states and A arcs; those of a state lie side by side, their symbols rising.

    first      (S + 1,) int32, the arcs of state s are first[s] .. first[s + 1] - 1
    symbols    (A,) int32
    targets    (A,) int32, the state that an arc leads to
    scores     (A,) float32
    fallbacks  (S,) int32, who tries where a state has no arc; the root's own is 0
    prices     (S,) float32, what that adds
    """

    first: Int32Array
    symbols: Int32Array
    targets: Int32Array
    scores: Float32Array
    fallbacks: Int32Array
    prices: Float32Array


def step(automaton: Automaton, state: int, symbol: int) -> tuple[int, float]:
    """The state after ``symbol``, and the score of the way there."""
    score = 0.0
    while True:
        low, end = automaton.first[state], automaton.first[state + 1]
        high = end
        while low < high:
            middle = (low + high) // 2
            if automaton.symbols[middle] < symbol:
                low = middle + 1
            else:
                high = middle
        if low < end and automaton.symbols[low] == symbol:
            return int(automaton.targets[low]), score + float(automaton.scores[low])
        score += float(automaton.prices[state])
        state = automaton.fallbacks[state]


def anything(symbols: int) -> Automaton:
    """The automaton in which every sequence of so many symbols is free."""
    return Automaton(
        first=np.array([0, symbols, symbols], np.int32),
        symbols=np.arange(symbols, dtype=np.int32),
        targets=np.zeros(symbols, np.int32),
        scores=np.zeros(symbols, np.float32),
        fallbacks=np.zeros(2, np.int32),
        prices=np.zeros(2, np.float32),
    )


def without_dead_ends(automaton: Automaton) -> Automaton:
    """The same scores with fewer states: one without arcs, and a price of 0, only hands on to its
    fallback, so whoever leads to it may lead there. The first two states stay."""
    needed = (np.diff(automaton.first) > 0) | (automaton.prices != 0)
    needed[: START + 1] = True
    numbers = np.cumsum(needed, dtype=np.int32) - 1
    for state in np.flatnonzero(~needed):  # fallbacks have lower numbers: theirs are known
        numbers[state] = numbers[automaton.fallbacks[state]]
    arcs = np.diff(automaton.first)[needed]
    return automaton._replace(
        first=np.concatenate([[0], np.cumsum(arcs)]).astype(np.int32),
        targets=numbers[automaton.targets],
        fallbacks=numbers[automaton.fallbacks[needed]],
        prices=automaton.prices[needed],
    )


def check(automaton: Automaton, symbols: int) -> None:
    """Raise ValueError unless every step with one of so many symbols stays inside the arrays and
    ends: search.c would read whatever memory it is sent to."""
    states, arcs = len(automaton.fallbacks), len(automaton.symbols)
    first, fallbacks = automaton.first, automaton.fallbacks
    sound = (
        states > START
        and len(first) == states + 1
        and len(automaton.prices) == states
        and len(automaton.targets) == len(automaton.scores) == arcs
        and (first[0], first[-1]) == (0, arcs)
        and bool((first[1:] >= first[:-1]).all())  # a difference could wrap around
        and np.array_equal(automaton.symbols[: first[1]], np.arange(symbols))
        and bool(((automaton.targets >= 0) & (automaton.targets < states)).all())
        and bool((fallbacks >= 0).all())
        and bool((fallbacks[1:] < np.arange(1, states)).all())
        and bool(np.isfinite(automaton.scores).all())
        and bool(np.isfinite(automaton.prices).all())
    )
    if not sound:
        raise ValueError("the arcs of the automaton lead nowhere")
