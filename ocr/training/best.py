"""The model that a run keeps: the weights with the lowest validation CER."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ocr.decoding.greedy import greedy
from ocr.metrics import edit_counts
from ocr.network.modelfile import save_model
from ocr.network.recognizer import RecognizerNetwork
from ocr.training.average import WeightAverage
from ocr.training.batches import Batcher
from ocr.training.checkpoint import Counters
from ocr.training.parallel import Exchange
from ocr.training.run import Run
from ocr.types import Batch, IntArray

# Log-probabilities (T, N, K) and frames (N,), in the run's precision.
Forward = Callable[[RecognizerNetwork, Batch], tuple[Tensor, Tensor]]
# Until the end of the run tells a better one: models of 25 and 50 lines came to 0.11 to 0.23.
USUAL_MARGIN = 0.15
# A model that read further lines to learn from was chosen by the validation lines: what is as good
# seems worse by them. It is kept if its successor is worse than so many times its CER.
CHOSEN = 1.1


@dataclass(slots=True)
class BestModel:
    """Judges the mean of the weights, and keeps the best in ``weights`` and in the model file,
    there beside the one begun with if that is to be remembered.

    Every process of a run has one and reads its share of the lines; the first one writes.
    ``begun``: see ``beginning.begun_with``.
    """

    run: Run
    exchange: Exchange
    batcher: Batcher
    forward: Forward
    mean: WeightAverage
    counters: Counters
    weights: dict[str, Tensor]
    begun: RecognizerNetwork | None

    def validate(self) -> float | None:
        """The CER, 0..1, after which the best weights are kept. Without validation lines None:
        the last weights are the best then."""
        counters = self.counters
        cer = self.cer()
        if cer is None:
            self._keep(None)
            return None
        if min(cer, counters.best_cer) < 1:  # before that it has yet to begin to read
            counters.unimproved += 1
        if cer < self._limit():
            counters.best_cer, counters.best_step, counters.unimproved = cer, counters.step, 0
            if self.run.teaches_itself:
                counters.kept_cer = max(cer, counters.kept_cer)
            self._keep(cer)
        return cer

    def _limit(self) -> float:
        """The CER to stay below."""
        counters = self.counters
        first = self.run.teaches_itself and counters.best_step == 0 and counters.step > 0
        return CHOSEN * counters.best_cer if first else counters.best_cer

    def look(self) -> float | None:
        """A validation for whoever stops here: a better model is written, to stay until there is
        a better one, but nothing else counted, so that the run goes on as if it had never
        stopped."""
        cer = self.cer()
        if cer is None or cer < self.counters.kept_cer:
            self._write(cer)
        return cer

    def cer(self) -> float | None:
        """Of the mean's model, as its file reads, the same in all processes; None without
        validation lines."""
        if not self.run.validation:
            return None
        mine = np.array(self.run.validation[self.exchange.rank :: self.exchange.size], np.int64)
        counts = torch.tensor(self._edits(mine), dtype=torch.float32)  # exact up to 16 million
        self.exchange.add(counts)
        edits, characters = counts.tolist()
        return float(edits / max(1.0, characters))

    @torch.inference_mode()
    def _edits(self, indices: IntArray) -> tuple[int, int]:
        """Edits and reference characters of the lines, read as recognition does."""
        edits = characters = 0
        lines, model = self.batcher.lines, self._whole(self.mean.model, self.counters.step)
        by_width = indices[np.argsort(lines.widths[indices], kind="stable")]
        for start in range(0, len(by_width), self.run.options.batch_size):
            part = by_width[start : start + self.run.options.batch_size]
            log_probs, frames = self.forward(model, self.batcher.plain(part))
            log_probs = log_probs.cpu()  # (T, N, K)
            for row, index in enumerate(part):
                (reading,) = greedy(log_probs[: int(frames[row]), row].numpy())
                text = lines.text(int(index))
                edits += edit_counts(text, self.batcher.alphabet.decode(reading.labels)).count
                characters += len(text)
        return edits, characters

    def restore(self) -> None:
        """Write the best weights of a resumed run again if its model file has gone."""
        counters = self.counters
        if not self.weights or self.run.output.exists() or self.exchange.rank != 0:
            return
        if counters.history:
            counters.kept_cer = counters.best_cer
        network = copy.deepcopy(self.mean.network)
        network.load_state_dict(self.weights)
        step, seconds = counters.step, counters.seconds
        for row in counters.history:
            if row["step"] == counters.best_step:
                step, seconds = counters.best_step, row["seconds"]
                break
        self._save(network, step, seconds, counters.best_cer if counters.history else None)

    def _keep(self, cer: float | None) -> None:
        state = self.mean.model.state_dict()
        self.weights = {name: value.detach().cpu().clone() for name, value in state.items()}
        self._write(cer)

    def _write(self, cer: float | None) -> None:
        """Put the model into its file unless a better one is there."""
        counters = self.counters
        if cer is not None:
            if cer > counters.kept_cer:
                return
            counters.kept_cer = cer
        if self.exchange.rank == 0:
            self._save(self.mean.model, counters.step, counters.seconds, cer)

    def _save(
        self, network: RecognizerNetwork, step: int, seconds: float, cer: float | None
    ) -> None:
        """Write the network as it was after that step, with what is known of it."""
        training = {**self.run.spec.training, "step": step, "minutes": round(seconds / 60, 1)}
        if cer is not None:
            training["validation_cer"] = cer
        spec = dataclasses.replace(self.run.spec, training=training)
        save_model(self.run.output, self._whole(network, step), spec)

    def _whole(self, network: RecognizerNetwork, step: int) -> RecognizerNetwork:
        """The network of that step as it is judged and written: before the first with what the
        model begun with remembers, then with that model if it is to be remembered."""
        begun, options = self.begun, self.run.options
        former, margin = None, USUAL_MARGIN
        if begun is not None and step and options.remember:
            former = begun.former or begun
        elif begun is not None and begun.margin is not None and not step and options.retain == 1:
            former, margin = begun.former, float(begun.margin)
        if former is None:
            return network
        network = copy.deepcopy(network)
        network.remember(former, margin)
        return network.to(next(network.parameters()).device)
