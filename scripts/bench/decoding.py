"""Decoders on the test lists: error rate, time per line, and how far confidences come true.

    python scripts/bench/decoding.py SHARED [--model M] [--lm FILE] [--lexicon FILE] [--list NAME]

SHARED/data/<kind>/<collection>/test.tsv are read by the network once; each decoder is then given
the same log-probabilities. Nothing is tuned here: make and tune the language model before, on
training and validation lines (ocr lm). Per list and decoder:

    CER %       and its change relative to greedy
    ms/line     of the decoder alone, on one core; of the network in the row of its own
    ECE         expected calibration error of the characters' confidences, in points
    removed %   of the errors, when the least confident fifth of the lines is corrected
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from ocr.alphabet import Alphabet
from ocr.calibration import KnownLine
from ocr.confidence import calibration_error, errors_removed, reliability, whole
from ocr.decoding import Decoder, decoder_for, native
from ocr.metrics import edit_counts, right_characters
from ocr.options import DecodingOptions
from ocr.preprocessing import preprocess
from ocr.recognition import Recognizer, load_model
from ocr.training.data.dataset import read_samples

CORRECTED = 0.2  # share of the lines


@dataclass
class Result:
    """What one decoder made of some lines."""

    seconds: float = 0.0
    characters: int = 0
    edits: list[int] = field(default_factory=list)
    lines: list[float] = field(default_factory=list)  # their confidences
    confidences: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)

    def add(self, other: Result) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def row(self, name: str, greedy: Result) -> str:
        count = len(self.edits)
        error = calibration_error(reliability(self.confidences, self.right))
        (removed,) = errors_removed(self.lines, self.edits, (CORRECTED,))
        change = sum(self.edits) / max(1, sum(greedy.edits)) - 1
        return (
            f"| {name} | {count} | {100 * sum(self.edits) / self.characters:.2f} "
            f"| {100 * change:+.1f} | {1000 * self.seconds / count:.2f} "
            f"| {100 * error:.1f} | {100 * removed:.0f} |"
        )


def decoded(decoder: Decoder, lines: Sequence[KnownLine], alphabet: Alphabet) -> Result:
    started = time.perf_counter()
    hypotheses = [decoder(line.log_probs)[0] for line in lines]
    result = Result(seconds=time.perf_counter() - started)
    for line, hypothesis in zip(lines, hypotheses, strict=True):
        text = alphabet.decode(hypothesis.labels)
        edits = edit_counts(line.text, text)
        result.characters += edits.length
        result.edits.append(edits.count)
        result.lines.append(whole(hypothesis.posteriors))
        result.confidences += hypothesis.posteriors
        result.right += right_characters(line.text, text)
    return result


def network(recognizer: Recognizer, path: Path) -> tuple[list[KnownLine], float]:
    """The lines of a list, and the seconds that the network took for them."""
    samples = read_samples([path]).samples
    columns = [preprocess(sample.image, recognizer.spec.preprocessing) for sample in samples]
    started = time.perf_counter()
    log_probs = recognizer.log_probs(columns)
    seconds = time.perf_counter() - started
    texts = [sample.text for sample in samples]
    return list(map(KnownLine, log_probs, texts)), seconds


def main() -> None:
    given = arguments()
    recognizer = load_model(given.model)
    options = {"greedy": DecodingOptions(), "beam": DecodingOptions(decoder="beam")}
    if given.lm:
        options["beam + lm"] = DecodingOptions(language_model=given.lm)
    if given.lexicon:
        options["lexicon"] = DecodingOptions(lexicon=given.lexicon)
    decoders = {name: decoder_for(o, recognizer.alphabet) for name, o in options.items()}
    totals = {name: Result() for name in decoders}
    compiled = "compiled" if native.can_run() else "not compiled"
    print(
        f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, one used, "
        f"search.c {compiled}, model {recognizer.model_id}\n\n"
        "| list | decoder | lines | CER % | change % | ms/line | ECE | removed % |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for path in sorted(given.shared.glob("data/*/*/test.tsv")):
        name = f"{path.parent.parent.name}/{path.parent.name}"
        if given.list and name not in given.list:
            continue
        lines, seconds = network(recognizer, path)
        print(f"| {name} | network | {len(lines)} | | | {1000 * seconds / len(lines):.2f} | | |")
        results: dict[str, Result] = {}
        for kind, decoder in decoders.items():
            results[kind] = decoded(decoder, lines, recognizer.alphabet)
            totals[kind].add(results[kind])
            print(f"| {name} {results[kind].row(kind, results['greedy'])}", flush=True)
    for kind, total in totals.items():
        print(f"| **all** {total.row(kind, totals['greedy'])}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shared", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--lm")
    parser.add_argument("--lexicon")
    parser.add_argument("--list", action="append", help="only this one, e.g. hand/poilus")
    return parser.parse_args()


if __name__ == "__main__":
    main()
