"""What the network says of a line, column by column, as a picture.

Under the image stand the output activations over the columns, as in the slides of 2013 on text
recognition: every character's probability as a curve, the blank's in grey, and the same as a
table of characters and frames through which the path runs that was taken. Below them, if asked
for, are the gates and cell states of one LSTM layer. All panels share the image's own x axis, so
what stands above each other belongs together.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ocr.alphabet import BLANK, Alphabet
from ocr.errors import ImageError
from ocr.preprocessing import ImageSource, columns_of
from ocr.preprocessing.columns import COLUMNS_PER_FRAME
from ocr.preprocessing.image import load_image
from ocr.preprocessing.kind import is_page
from ocr.recognition import Recognizer, transcript_of
from ocr.types import Float32Array, IntArray, Transcript

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ocr.network.inspection import CellActivity


SHOWN = 0.05  # probability that a character must reach to have a row in the table
NAMED = 0.1  # and to be named where its curve peaks
GREY = 2.0  # top of the blank's colour scale: its certainty is grey, not black
DOTS_PER_INCH = 120
LARGEST_WIDTH = 28.0  # inches
INCHES_PER_FRAME = 0.1
ROW_HEIGHT = 0.17  # inches, of a character's row
CELLS_HEIGHT = 0.9  # inches, of a panel of cells
MOST_CELLS = 24  # of a direction; those whose states change most


@dataclass(frozen=True, slots=True)
class Explanation:
    """A line as the network sees it.

    image          (H, W) float32, ink 0..1, the source
    frames         (T + 1,) source-pixel x of the frames' edges
    probabilities  (T, K) of every label at every frame, the blank first
    path           (T,) the label that the reading has at each frame
    cells          what a layer's gates and states do, where that was asked for
    """

    image: Float32Array
    frames: Float32Array
    probabilities: Float32Array
    path: IntArray
    transcript: Transcript
    alphabet: Alphabet
    cells: CellActivity | None = None

    @property
    def rows(self) -> list[int]:
        """The labels to be shown in the order in which the line has them: the blank, those of
        the path, and those that come near."""
        shown = self.probabilities >= SHOWN
        shown[np.arange(len(self.path)), self.path] = True
        labels = np.flatnonzero(shown.any(axis=0))
        first = shown[:, labels].argmax(axis=0) if len(labels) else labels
        order = labels[np.argsort(first, kind="stable")].tolist()
        return [BLANK, *(label for label in order if label != BLANK)]


def explain(recognizer: Recognizer, source: ImageSource, layer: int | None = None) -> Explanation:
    """Read one line and keep what the network said. ``layer``, counted from 1, is the one whose
    cells are looked into. Raises ImageError, for a page too, and UsageError if a layer has no
    gates."""
    image = load_image(source)
    if is_page(image):
        raise ImageError("the image shows a page", "give one of its lines, cut out")
    columns = columns_of(image, recognizer.spec.preprocessing)
    (log_probs,) = recognizer.log_probs([columns])
    hypotheses = recognizer.decode(log_probs)
    path = np.full(len(log_probs), BLANK)
    for label, (start, end) in zip(hypotheses[0].labels, hypotheses[0].spans, strict=True):
        path[start:end] = label
    places = np.minimum(np.arange(len(log_probs) + 1) * COLUMNS_PER_FRAME, len(columns.edges) - 1)
    cells = None
    if layer is not None:
        from ocr.network.inspection import cell_activity

        cells = cell_activity(recognizer.engine, columns, layer)
    return Explanation(
        image=image,
        frames=columns.edges[places],
        probabilities=np.exp(log_probs),
        path=path,
        transcript=transcript_of(hypotheses, recognizer.alphabet, columns.edges),
        alphabet=recognizer.alphabet,
        cells=cells,
    )


def draw(explanation: Explanation, kind: str = "png") -> bytes:
    """The picture as a file of a kind that matplotlib writes: png, svg or pdf."""
    from matplotlib.figure import Figure

    frames, rows = len(explanation.path), len(explanation.rows)
    width = min(LARGEST_WIDTH, 2.0 + INCHES_PER_FRAME * frames)
    image_height = width * explanation.image.shape[0] / explanation.image.shape[1]
    heights = [min(3.0, max(0.5, image_height)), 2.0, max(1.0, ROW_HEIGHT * rows)]
    panels = cell_panels(explanation.cells) if explanation.cells else []
    heights += [CELLS_HEIGHT] * len(panels)
    figure = Figure(figsize=(width, sum(heights) + 1.5), layout="constrained")
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    draw_image(axes[0], explanation)
    draw_curves(axes[1], explanation)
    draw_table(axes[2], explanation)
    for place, (name, values) in zip(axes[3:], panels, strict=True):
        draw_cells(place, explanation.frames, name, values)
    axes[-1].set_xlabel("pixels of the image")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def draw_image(axes: Axes, explanation: Explanation) -> None:
    """The line with its character boxes, and above them what was read."""
    height, width = explanation.image.shape
    paper = 1 - explanation.image
    axes.imshow(paper, cmap="gray", vmin=0, vmax=1, aspect="auto", extent=(0, width, height, 0))
    axes.set_yticks([])
    for number, character in enumerate(explanation.transcript.characters):
        axes.axvspan(character.left, character.right, color=f"C{number % 2}", alpha=0.2, lw=0)
        middle = (character.left + character.right) / 2
        axes.annotate(
            _drawable(character.text),
            (middle, 1),
            (0, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
        )


def draw_curves(axes: Axes, explanation: Explanation) -> None:
    """A curve per character, the blank as a grey area, and a dot wherever the path leaves it."""
    middles = (explanation.frames[1:] + explanation.frames[:-1]) / 2
    probabilities, path = explanation.probabilities, explanation.path
    axes.fill_between(middles, probabilities[:, BLANK], color="0.88", label="blank")
    for number, label in enumerate(explanation.rows[1:]):
        axes.plot(middles, probabilities[:, label], color=f"C{number % 10}", lw=1.2)
    inside = np.flatnonzero(path != BLANK)
    axes.plot(middles[inside], probabilities[inside, path[inside]], "k.", ms=4, label="path")
    for frame, label in rivals(explanation):
        where = (middles[frame], probabilities[frame, label])
        name = _name(explanation.alphabet, label)
        axes.annotate(name, where, (0, 2), textcoords="offset points", ha="center", size=7)
    axes.set_ylim(0, 1.04)
    axes.set_ylabel("probability")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderpad=0)


def rivals(explanation: Explanation) -> list[tuple[int, int]]:
    """(frame, label) of every peak of ``NAMED`` or more that the path passes by."""
    padded = np.pad(explanation.probabilities, ((1, 1), (0, 0)))  # (T + 2, K)
    here = padded[1:-1]
    peaks = (here >= NAMED) & (here >= padded[:-2]) & (here > padded[2:])
    peaks[:, BLANK] = False
    return [(t, k) for t, k in np.argwhere(peaks).tolist() if k != explanation.path[t]]


def draw_table(axes: Axes, explanation: Explanation) -> None:
    """Frames across, characters down; the darker the more probable. The line is the path."""
    rows, probabilities = explanation.rows, explanation.probabilities
    borders = np.arange(len(rows) + 1) - 0.5
    for part, colours, top in ((slice(0, 1), "Greys", GREY), (slice(1, None), "Blues", 1.0)):
        axes.pcolormesh(
            explanation.frames,
            borders[part.start : (part.stop or len(rows)) + 1],
            probabilities[:, rows[part]].T,  # (rows, T)
            cmap=colours,
            vmin=0,
            vmax=top,
        )
    middles = (explanation.frames[1:] + explanation.frames[:-1]) / 2
    places = [rows.index(label) for label in explanation.path.tolist()]
    axes.step(middles, places, where="mid", color="C3", lw=0.8)
    axes.set_yticks(range(len(rows)), [_name(explanation.alphabet, label) for label in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def cell_panels(cells: CellActivity) -> list[tuple[str, Float32Array]]:
    """(name, (T, cells)) of every gate and of the states, by direction. Each cell's state is
    divided by the largest it has; the cells are those whose states change most, in the order in
    which they are largest."""
    from ocr.network.inspection import DIRECTIONS

    panels = []
    largest = np.maximum(np.abs(cells.states).max(axis=0, initial=0.0), 1e-9)  # (D, H)
    states = cells.states / largest
    for d in range(states.shape[1]):
        lively = np.argsort(-states[:, d].std(axis=0), kind="stable")[:MOST_CELLS]
        peaks = np.abs(states[:, d, lively]).argmax(axis=0)
        order = lively[np.argsort(peaks, kind="stable")]
        for name, values in (*cells.gates.items(), ("cell state", states)):
            panels.append((f"{name}\n{DIRECTIONS[d]}", values[:, d, order]))
    return panels


def draw_cells(axes: Axes, frames: Float32Array, name: str, values: Float32Array) -> None:
    """A row per cell: a gate is the darker the more it is open; a state is red above 0 and blue
    below."""
    colours, lowest = ("Greys", 0.0) if "gate" in name else ("RdBu_r", -1.0)
    cells = np.arange(values.shape[1] + 1)
    mesh = axes.pcolormesh(frames, cells, values.T, cmap=colours, vmin=lowest, vmax=1.0)
    axes.figure.colorbar(mesh, ax=axes, pad=0.005, aspect=8)
    axes.set_yticks([])
    axes.set_ylabel(name, rotation=0, ha="right", va="center")


def _name(alphabet: Alphabet, label: int) -> str:
    if label == BLANK:
        return "blank"
    character = alphabet.decode([label])
    return "space" if character == " " else _drawable(character)


@cache
def _drawable(character: str) -> str:
    """The character, or its code where the font of the picture has no picture of it."""
    from matplotlib.font_manager import findfont, get_font

    has = all(get_font(findfont("DejaVu Sans")).get_char_index(ord(part)) for part in character)
    return character if has else " ".join(f"U+{ord(part):04X}" for part in character)
