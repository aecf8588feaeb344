"""Reading with a lexicon: any sequence of its words with whatever is no letter between them.

The lexicon becomes an automaton, and the beam search passes its prefixes through it as tokens
(token passing: Young, Russell & Thornton 1989; for CTC Graves 2012, section 7.5.3):

    0 unknown   inside a word that the lexicon has not; every symbol has its arc here
    1 between   after what is no letter, and where a line begins
    2 ended     at the end of a word of the lexicon
    3 ..        inside a word of the lexicon: the nodes of a tree of its words

Letters and the marks that combine with them make words, so that "l'homme" is two of them. A
word may stand as it is, with a capital or in capitals. Only to become unknown has a price, so
the score of a text is that price times its words which the lexicon has not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ocr.alphabet import Alphabet, normalize_text
from ocr.decoding.automaton import END, Automaton
from ocr.decoding.beam import BeamDecoder
from ocr.decoding.search import Merit
from ocr.errors import InputError, UsageError
from ocr.files.texts import read_text
from ocr.options import DecodingOptions

UNKNOWN, BETWEEN, ENDED, FIRST_NODE = range(4)
TEMPERATURE = 1.3  # of the posteriors, as fitted on the default model's validation lines

Nodes = list[tuple[dict[int, int], bool]]
"""Per node of the tree its children by symbol, and whether a word ends there."""


def lexicon_decoder(options: DecodingOptions, alphabet: Alphabet) -> BeamDecoder:
    """The decoder for the words of the options' lexicon. Raises UsageError without one and
    InputError if it cannot be used."""
    if options.lexicon is None:
        raise UsageError("the lexicon decoder needs a lexicon", "name its file: --lexicon")
    words = set(words_of(read_text(Path(options.lexicon))))
    return BeamDecoder(
        automaton=lexicon_automaton(words, alphabet, options.price),
        symbols=np.arange(len(alphabet)),
        merit=Merit(1.0, options.bonus or 0.0, options.beam),
        threshold=options.threshold,
        temperature=TEMPERATURE,
        readings=1 + options.alternatives,
    )


def is_letter(character: str) -> bool:
    """Whether a character is part of words: a letter or a mark on one."""
    return unicodedata.category(character)[0] in "LM"


def words_of(text: str) -> Iterator[str]:
    """The runs of letters of a text."""
    return iter("".join(c if is_letter(c) else " " for c in normalize_text(text)).split())


def lexicon_automaton(words: Iterable[str], alphabet: Alphabet, price: float) -> Automaton:
    """The automaton over an alphabet's labels.

    words  of letters alone; those that the alphabet cannot write change nothing
    price  nats, 0 or more, that a word costs which the lexicon has not
    Raises InputError if the alphabet can write none of the words.
    """
    first, nodes = _tree(words, alphabet)
    if not nodes:
        raise InputError("the model can write no word of the lexicon", "give another lexicon")
    letters = [label for label, c in enumerate(alphabet.characters, start=1) if is_letter(c)]
    others = [END, *sorted(set(range(1, len(alphabet))) - set(letters))]
    unknown = dict.fromkeys(letters, UNKNOWN) | dict.fromkeys(others, BETWEEN)
    rows = [
        (unknown, UNKNOWN, 0.0),
        (dict.fromkeys(others, BETWEEN) | first, UNKNOWN, -price),
        (dict.fromkeys(others, BETWEEN), UNKNOWN, -price),
    ]
    for children, is_word in nodes:
        rows.append((children, ENDED, 0.0) if is_word else (children, UNKNOWN, -price))
    return _packed(rows)


def _tree(words: Iterable[str], alphabet: Alphabet) -> tuple[dict[int, int], Nodes]:
    """The states of the words' first letters, and the nodes from state ``FIRST_NODE`` on."""
    first: dict[int, int] = {}
    children: list[dict[int, int]] = []
    ends: set[int] = set()
    forms = {form for word in words for form in (word, word.capitalize(), word.upper())}
    for word in sorted(forms):
        if not word or alphabet.missing(word):
            continue
        here = first
        for label in alphabet.encode(word):
            if label not in here:
                here[label] = FIRST_NODE + len(children)
                children.append({})
            state = here[label]
            here = children[state - FIRST_NODE]
        ends.add(state)
    return first, [(child, FIRST_NODE + n in ends) for n, child in enumerate(children)]


def _packed(rows: list[tuple[dict[int, int], int, float]]) -> Automaton:
    """(symbol -> target, fallback, price) of every state as arrays."""
    arcs = [arc for targets, _, _ in rows for arc in sorted(targets.items())]
    return Automaton(
        first=np.cumsum([0, *(len(targets) for targets, _, _ in rows)], dtype=np.int32),
        symbols=np.array([symbol for symbol, _ in arcs], np.int32),
        targets=np.array([target for _, target in arcs], np.int32),
        scores=np.zeros(len(arcs), np.float32),
        fallbacks=np.array([fallback for _, fallback, _ in rows], np.int32),
        prices=np.array([price for _, _, price in rows], np.float32),
    )
