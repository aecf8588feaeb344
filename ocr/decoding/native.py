"""search.c, called on numpy's arrays.

Nothing is lost where it cannot be built (builder.py) but speed: ``can_run`` then says no, and the
functions of the same names in search.py, rivals.py and alignment.py do the same. None of these
looks at what it is given: BeamDecoder has checked the automaton, its symbols and the frames.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ocr import builder
from ocr.decoding.automaton import Automaton
from ocr.decoding.rivals import no_margins
from ocr.decoding.search import Beam, Frames, Merit, Tree, allocate
from ocr.types import Float64Array, IntArray

SOURCE = Path(__file__).with_name("search.c")
OPTIONS = ("-ffp-contract=off", "-lm")  # a product rounded as Python rounds it, before it is added

INT = ctypes.c_int64
INTS, INTS32, INTS8 = map(ctypes.POINTER, (ctypes.c_int64, ctypes.c_int32, ctypes.c_int8))
FLOATS, FLOATS32 = map(ctypes.POINTER, (ctypes.c_double, ctypes.c_float))
BOOLS = ctypes.POINTER(ctypes.c_bool)


class Record(ctypes.Structure):
    """A struct of search.c, from the values of its fields in their order. It keeps the arrays; one
    of another type or layout than its field's is copied, which what C fills must not be."""

    def __init__(self, *values: Any) -> None:
        super().__init__()
        self.arrays: list[npt.NDArray[Any]] = []
        fields: Any = self._fields_
        for (name, kind), value in zip(fields, values, strict=True):
            if isinstance(value, np.ndarray):
                self.arrays.append(np.ascontiguousarray(value, kind._type_))
                value = self.arrays[-1].ctypes.data_as(kind)
            setattr(self, name, value)


class AutomatonRecord(Record):
    _fields_ = (
        *((name, INTS32) for name in ("first", "symbols", "targets")),
        ("scores", FLOATS32),
        ("fallbacks", INTS32),
        ("prices", FLOATS32),
    )


class FramesRecord(Record):
    _fields_ = (
        ("log_probs", FLOATS),
        *((name, INTS) for name in ("labels", "first", "symbols")),
        *((name, INT) for name in ("count", "size")),
    )


class MeritRecord(Record):
    _fields_ = (
        ("weight", ctypes.c_double),
        ("bonus", ctypes.c_double),
        ("width", INT),
        ("reach", ctypes.c_double),
    )


class TreeRecord(Record):
    _fields_ = (
        *((name, INTS) for name in ("parent", "label", "length", "child", "sibling", "state")),
        ("language", FLOATS),
        *((name, INTS) for name in ("row", "used")),
    )


class BeamRecord(Record):
    _fields_ = (("node", INTS), ("blank", FLOATS), ("other", FLOATS), ("used", INTS))


class RankingRecord(Record):
    _fields_ = (("merits", FLOATS), ("order", INTS))


class ReadingRecord(Record):
    _fields_ = (
        *((name, INTS) for name in ("labels", "peaks", "states", "symbols")),
        ("margins", FLOATS),
        *((name, INT) for name in ("count", "rivals")),
    )


class LatticeRecord(Record):
    _fields_ = (
        ("scores", FLOATS),
        ("skips", BOOLS),
        ("reached", FLOATS),
        ("moves", INTS8),
        ("path", INTS),
        *((name, INT) for name in ("frames", "states")),
    )


JUDGED = (FramesRecord, AutomatonRecord, MeritRecord)
ARGUMENTS = {
    "search": (*JUDGED, TreeRecord, BeamRecord, BeamRecord, RankingRecord),
    "rival_margins": (*JUDGED, ReadingRecord),
    "best_path": (LatticeRecord,),
}


@functools.cache
def library() -> ctypes.CDLL | None:
    """The built code, or None where it cannot be had."""
    code = builder.library(SOURCE, *OPTIONS)
    if code is not None:
        code.search.restype = code.rival_margins.restype = None
        code.best_path.restype = ctypes.c_bool
        for name, records in ARGUMENTS.items():
            getattr(code, name).argtypes = [ctypes.POINTER(record) for record in records]
    return code


def can_run() -> bool:
    """Whether the functions below can be called."""
    return library() is not None


def search(frames: Frames, automaton: Automaton, merit: Merit) -> tuple[Tree, Beam]:
    """``search.search``."""
    tree, beam, after = allocate(frames, merit)
    _library().search(
        *_judged(frames, automaton, merit),
        TreeRecord(*tree),
        BeamRecord(*beam),
        BeamRecord(*after),
        RankingRecord(np.empty(len(after.node)), np.empty(merit.width, np.int64)),
    )
    return tree, beam


def rival_margins(
    frames: Frames, automaton: Automaton, merit: Merit, labels: IntArray, peaks: IntArray
) -> Float64Array:
    """``rivals.rival_margins``."""
    margins = no_margins(frames, peaks)
    count, rivals = margins.shape
    states, symbols = np.empty(count + 2, np.int64), np.empty(count + 1, np.int64)
    reading = ReadingRecord(labels, peaks, states, symbols, margins, count, rivals)
    _library().rival_margins(*_judged(frames, automaton, merit), reading)
    return margins


def best_path(scores: Float64Array, skips: npt.NDArray[np.bool_]) -> IntArray:
    """``alignment.best_path``, of two states at least."""
    frames, states = scores.shape
    reached, moves = np.empty(states), np.empty((frames, states), np.int8)
    path = np.empty(frames, np.int64)
    lattice = LatticeRecord(scores, skips, reached, moves, path, frames, states)
    return path if _library().best_path(lattice) else path[:0]


def _judged(
    frames: Frames, automaton: Automaton, merit: Merit
) -> tuple[FramesRecord, AutomatonRecord, MeritRecord]:
    whole = FramesRecord(*frames, *frames.log_probs.shape)
    return whole, AutomatonRecord(*automaton), MeritRecord(*merit)


def _library() -> ctypes.CDLL:
    code = library()
    assert code is not None, "can_run was not asked"
    return code
