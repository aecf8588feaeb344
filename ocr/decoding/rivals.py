"""What else could stand in the place of each character, and how much worse that would be.

The probability of label k in one place, all other labels taken as they are, is proportional to

    exp((ln y(k) + weight * language(text with k there) + bonus * length of it) / temperature)

with y at the frame where the label of the reading is most probable; for the blank the character
is left out. Without a language model that is the network's own posterior, the softmax of the
frame over the labels that were tried there. A conditional of this kind is what Gibbs sampling
draws from (Geman & Geman 1984).
"""

from __future__ import annotations

import numpy as np

from ocr.alphabet import BLANK
from ocr.decoding.automaton import END, START, Automaton, step
from ocr.decoding.search import Frames, Merit
from ocr.types import Float64Array, IntArray


def rival_margins(
    frames: Frames, automaton: Automaton, merit: Merit, labels: IntArray, peaks: IntArray
) -> Float64Array:
    """(U, R) by how much each rival's score exceeds that of the label; -inf for no rival.

    labels  (U,) of the reading; peaks (U,) the frame of each label
    """
    states, symbols = trace(automaton, frames.symbols, labels)
    margins = no_margins(frames, peaks)
    for place in range(len(labels)):
        y = frames.log_probs[peaks[place]]
        own = y[labels[place]]
        without = spelling(automaton, states, symbols, place, BLANK)
        margins[place, -1] = y[BLANK] - own + merit.weight * without - merit.bonus
        first, last = frames.first[peaks[place]], frames.first[peaks[place] + 1]
        for index in range(first, last):
            rival = frames.labels[index]
            if rival != labels[place]:
                other = spelling(automaton, states, symbols, place, frames.symbols[rival])
                margins[place, index - first] = y[rival] - own + merit.weight * other
    return margins


def no_margins(frames: Frames, peaks: IntArray) -> Float64Array:
    """(U, R) -inf, with room for all labels tried at any of the peaks, and the blank as last."""
    most = int(np.diff(frames.first)[peaks].max(initial=0))
    return np.full((len(peaks), most + 1), -np.inf)


def trace(automaton: Automaton, symbol_of: IntArray, labels: IntArray) -> tuple[IntArray, IntArray]:
    """The automaton's states before every symbol of the line and after the last, (U + 2,), and
    those symbols, (U + 1,), of which the last is the end."""
    symbols = np.full(len(labels) + 1, END)
    states = np.full(len(labels) + 2, START)
    for place in range(len(symbols)):
        if place < len(labels):
            symbols[place] = symbol_of[labels[place]]
        states[place + 1] = step(automaton, states[place], symbols[place])[0]
    return states, symbols


def spelling(
    automaton: Automaton, states: IntArray, symbols: IntArray, place: int, symbol: int
) -> float:
    """By how much the line's language score rises with another symbol in one place, or with
    none for the blank. Both ways are followed only until they meet in one state."""
    state, gain = states[place], 0.0
    if symbol != BLANK:
        state, gain = step(automaton, state, symbol)
    gain -= step(automaton, states[place], symbols[place])[1]
    place += 1
    while place < len(symbols) and state != states[place]:
        gain -= step(automaton, states[place], symbols[place])[1]
        state, score = step(automaton, state, symbols[place])
        gain += score
        place += 1
    return gain
