"""CTC prefix beam search (Graves 2012; Hannun et al. 2014, algorithm 1).

A prefix l is a text read so far. After each frame it has two probabilities, summed over all
paths that collapse to it: p_b(l) of those that end in a blank, p_o(l) of the others, which end
in its last label. With y(k) the network's probability of label k at the next frame, and
p = p_b + p_o,

    p_b'(l)   = p(l) y(blank)                     the prefix stays
    p_o'(l)   = p_o(l) y(last of l)
    p_o'(l+k) += p(l) y(k)      k != last of l    the prefix grows
    p_o'(l+k) += p_b(l) y(k)    k == last of l    only a blank parts a doubled letter

The prefixes best by  ln p + weight * language + bonus * length  go on, ``width`` of them at most
and none that is far behind the best; the language's score is that of an automaton which reads the
prefix as it grows. Prefixes are nodes of a tree, so one that was dropped and grows again is known
to be the same.

All numbers below are natural logarithms. search.c holds the same search, fifty times as
fast; it is taken where it can be built (native.py), and what stands here otherwise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ocr.alphabet import BLANK
from ocr.decoding.automaton import END, START, Automaton, step
from ocr.types import Float64Array, IntArray

NOTHING = -math.inf
NOBODY = -1
EMPTY = 0  # the node of the prefix without labels


class Frames(NamedTuple):
    """What the network saw, and which labels are worth a try.

    log_probs  (T, K) natural logs
    labels     (C,) those a prefix may grow by at frame t are first[t] .. first[t + 1] - 1
    symbols    (K,) the automaton's symbol of each label
    """

    log_probs: Float64Array
    labels: IntArray
    first: IntArray
    symbols: IntArray


class Merit(NamedTuple):
    """How a prefix is judged beside its optical score, and which go on: ``width`` of them at most,
    none by more than ``reach`` nats worse than the best."""

    weight: float
    bonus: float
    width: int
    reach: float = math.inf


class Tree(NamedTuple):
    """Nodes. Each knows its parent, its last label and its length in labels.

    child, sibling  its youngest child, and the next older one of its own parent
    state, language  of the automaton after the prefix, and the score so far
    row             where it stands in the beam that is being made
    used            (1,) how many nodes there are
    """

    parent: IntArray
    label: IntArray
    length: IntArray
    child: IntArray
    sibling: IntArray
    state: IntArray
    language: Float64Array
    row: IntArray
    used: IntArray


class Beam(NamedTuple):
    """Rows: a node, ln p_b and ln p_o. ``used`` (1,) rows count."""

    node: IntArray
    blank: Float64Array
    other: Float64Array
    used: IntArray


def log_add(a: float, b: float) -> float:
    """ln(e^a + e^b)."""
    if a < b:
        a, b = b, a
    return a if b == NOTHING else a + math.log1p(math.exp(b - a))


def child_of(tree: Tree, node: int, label: int, symbol: int, automaton: Automaton) -> int:
    """The node grown by a label, made if it is not there."""
    found = tree.child[node]
    while found != NOBODY:
        if tree.label[found] == label:
            return int(found)
        found = tree.sibling[found]
    made = tree.used[0]
    tree.used[0] += 1
    state, score = step(automaton, tree.state[node], symbol)
    tree.parent[made] = node
    tree.label[made] = label
    tree.length[made] = tree.length[node] + 1
    tree.sibling[made] = tree.child[node]
    tree.child[node] = made
    tree.state[made] = state
    tree.language[made] = tree.language[node] + score
    return int(made)


def add(tree: Tree, beam: Beam, node: int, blank: float, other: float) -> None:
    """Add probability to a node's row, made if it is not there."""
    row = tree.row[node]
    if row == NOBODY:
        row = beam.used[0]
        beam.used[0] += 1
        tree.row[node] = row
        beam.node[row] = node
        beam.blank[row] = blank
        beam.other[row] = other
    else:
        beam.blank[row] = log_add(beam.blank[row], blank)
        beam.other[row] = log_add(beam.other[row], other)


def advance(
    tree: Tree, beam: Beam, after: Beam, frames: Frames, t: int, automaton: Automaton
) -> None:
    """Every prefix of ``beam`` stays or grows at frame t: the rows of ``after``."""
    y = frames.log_probs[t]
    after.used[0] = 0
    for row in range(beam.used[0]):
        node, blank, other = beam.node[row], beam.blank[row], beam.other[row]
        total, last = log_add(blank, other), tree.label[node]
        add(tree, after, node, total + y[BLANK], other + y[last])
        for index in range(frames.first[t], frames.first[t + 1]):
            label = frames.labels[index]
            before = blank if label == last else total
            if before != NOTHING:
                child = child_of(tree, node, label, frames.symbols[label], automaton)
                add(tree, after, child, NOTHING, before + y[label])


def merits(tree: Tree, beam: Beam, merit: Merit) -> Float64Array:
    """(rows,) what each row is judged by."""
    values = np.empty(beam.used[0])
    for row in range(len(values)):
        node = beam.node[row]
        values[row] = (
            log_add(beam.blank[row], beam.other[row])
            + merit.weight * tree.language[node]
            + merit.bonus * tree.length[node]
        )
    return values


def select(tree: Tree, beam: Beam, best: Beam, merit: Merit) -> None:
    """The best rows of ``beam`` become those of ``best``, best first; equals keep their order."""
    values = merits(tree, beam, merit)
    order = np.argsort(-values, kind="mergesort")
    near = int(np.count_nonzero(values >= values[order[0]] - merit.reach))
    for row in range(beam.used[0]):
        tree.row[beam.node[row]] = NOBODY
    best.used[0] = min(near, merit.width)
    for row in range(best.used[0]):
        chosen = order[row]
        best.node[row] = beam.node[chosen]
        best.blank[row] = beam.blank[chosen]
        best.other[row] = beam.other[chosen]


def search(frames: Frames, automaton: Automaton, merit: Merit) -> tuple[Tree, Beam]:
    """The beam after the last frame, in no order, the end of the line scored by the automaton."""
    tree, beam, after = allocate(frames, merit)
    add(tree, beam, EMPTY, 0.0, NOTHING)
    tree.row[EMPTY] = NOBODY
    for t in range(len(frames.log_probs)):
        advance(tree, beam, after, frames, t, automaton)
        select(tree, after, beam, merit)
    for row in range(beam.used[0]):
        node = beam.node[row]
        tree.language[node] += step(automaton, tree.state[node], END)[1]
    return tree, beam


def allocate(frames: Frames, merit: Merit) -> tuple[Tree, Beam, Beam]:
    """A tree of the empty prefix, a beam of ``width`` rows, and one for all that these may become
    at a frame; both are empty."""
    widest = int(np.diff(frames.first).max(initial=0))
    tree = new_tree(1 + merit.width * len(frames.labels))
    return tree, new_beam(merit.width), new_beam(merit.width * (1 + widest))


def new_tree(capacity: int) -> Tree:
    links = np.full((6, capacity), NOBODY, np.int64)
    zeros = np.zeros(capacity, np.int64)
    used = np.ones(1, np.int64)
    tree = Tree(
        links[0], links[1], zeros, links[2], links[3], links[4], np.zeros(capacity), links[5], used
    )
    tree.label[EMPTY] = BLANK
    tree.state[EMPTY] = START
    return tree


def new_beam(capacity: int) -> Beam:
    logs = np.full((2, capacity), NOTHING)
    return Beam(np.full(capacity, NOBODY, np.int64), logs[0], logs[1], np.zeros(1, np.int64))
