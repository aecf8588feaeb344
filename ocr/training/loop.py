"""The training loop: CTC on distorted lines, Muon and AdamW, one cycle of the step size.

    for each step:
        take this process's lines of the step's batch, distort them
        log-probabilities = network(columns)
        loss = - ln P(labels | log-probabilities), summed over lines / characters of the batch,
               and some of the shortcut's (see objective.py)
        back-propagate, add gradients over the processes, clip, step, average the weights
        now and then: read the validation lines, keep the best mean, write a checkpoint

The loop yields Progress and knows no terminal. The loss is in nats per character.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from ocr.alphabet import Alphabet
from ocr.network.modelheader import read_spec
from ocr.network.precision import autocast, product_dtype
from ocr.network.recognizer import RecognizerNetwork
from ocr.training.ahead import batches_ahead, maker_count
from ocr.training.average import WeightAverage, weights_of
from ocr.training.batches import Batcher, Order
from ocr.training.beginning import begun_with, initial_network
from ocr.training.best import BestModel
from ocr.training.checkpoint import Counters, load_checkpoint, save_checkpoint
from ocr.training.lines import training_lines
from ocr.training.objective import Objective
from ocr.training.optimizers import make_optimizers, take_step
from ocr.training.parallel import Alone, Exchange, add_up
from ocr.training.record import draw_curve, write_log
from ocr.training.run import Run
from ocr.training.schedule import Schedule
from ocr.types import Batch, IntArray

CHECKPOINT_SECONDS = 120.0
SPEED_MEMORY = 0.95  # of the running means of loss and seconds per line, per step


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the run stands after a step.

    loss in nats per character; ``cer`` is set on the steps that were followed by a validation;
    ``fraction`` of the run that is over, 0..1; times in seconds.
    """

    step: int
    epoch: float
    fraction: float
    seconds: float
    seconds_left: float
    lines_per_second: float
    loss: float
    best_cer: float
    cer: float | None = None
    stopping: bool = False


def train(
    run: Run,
    exchange: Exchange | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Progress]:
    """Train until the run's limits, its patience or ``should_stop`` end it; yields after every
    step. Continues from the run's checkpoint if there is one. The best model lies at
    ``run.output`` from the first validation on."""
    trainer = Trainer(run, exchange or Alone())
    with closing(trainer):
        yield from trainer.steps(should_stop)


class Trainer:
    """The state of one process of a run."""

    def __init__(self, run: Run, exchange: Exchange) -> None:
        torch.set_num_threads(1)  # one thread per process, see parallel.py
        cv2.setNumThreads(1)
        torch.manual_seed(run.seed)
        self.run, self.exchange = run, exchange
        self.lines = training_lines(run)
        members = np.array(run.train, dtype=np.int64)
        self.batcher = Batcher(self.lines, run.spec, members, run.seed)
        self.order = Order(self.lines, members, run)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = initial_network(run).to(self.device)
        start = weights_of(self.network) if run.start and run.options.blend < 1 else None
        self.objective = Objective(self.network, run.options).to(self.device)
        self.optimizers = make_optimizers(
            self.objective,
            run.learning_rate,
            run.options.weight_decay,
            product_dtype(self.device, run.options.precision),
            exchange,
        )
        self.counters = Counters()
        kept: dict[str, dict[str, Tensor]] = {}
        if run.checkpoint.is_file():
            self.counters, kept = load_checkpoint(run.checkpoint, self.objective, self.optimizers)
        known = len(Alphabet(read_spec(run.start).alphabet)) if run.start else 0
        self.mean = WeightAverage(self.network, kept.get("mean"), start, run.options.blend, known)
        self.best = BestModel(
            run,
            exchange,
            self.batcher,
            self.forward,
            self.mean,
            self.counters,
            kept.get("best", {}),
            begun_with(run),
        )
        self.schedule = Schedule(run.options, self.order.steps_per_epoch)
        self.makers = maker_count(self.device) if exchange.size == 1 else 0
        self.ahead: Generator[Batch, None, None] | None = None
        lines = min(run.options.validate_every, len(members))
        lines = max(lines, 4 * len(run.validation))  # a fifth of the time at most
        self.steps_per_validation = max(1, lines // run.options.batch_size)

    def close(self) -> None:
        """End the processes that work for this one."""
        if self.ahead is not None:
            self.ahead.close()

    def steps(self, should_stop: Callable[[], bool]) -> Iterator[Progress]:
        """Train; see ``train``."""
        counters, started = self.counters, time.monotonic() - self.counters.seconds
        saved, seconds_per_line = time.monotonic(), None
        self.best.restore()
        # No model is kept that reads worse than the one begun with.
        if self.run.start and not (counters.step or counters.history):
            begun = self._validate()
            self._save_checkpoint()
            yield self._progress(seconds_per_line, begun, False)
        if self.makers:
            self.ahead = batches_ahead(self.run, counters.step, self.makers)
        while not self._finished():
            before = time.monotonic()
            counters.seconds = before - started
            step_loss, lines, stop = self._step(should_stop())
            took = time.monotonic() - before
            counters.loss = _running(counters.loss, step_loss)
            seconds_per_line = _running(seconds_per_line, took / lines)
            due = self._validation_due()
            cer = self._validate() if due else None
            stop = stop and not self._finished()  # what is over anyway is not stopped
            counters.seconds = time.monotonic() - started
            if stop or time.monotonic() - saved > CHECKPOINT_SECONDS:
                self._save()
                saved = time.monotonic()
            elif due and (not self.run.validation or counters.best_step == counters.step):
                # Or a run that is killed would not know how good the model is that it wrote.
                self._save_checkpoint()
            if stop and not due:
                cer = self.best.look()
                self._save()
            yield self._progress(seconds_per_line, cer, stop)
            if stop:
                return
        self._save()

    def _step(self, stop: bool) -> tuple[float, int, bool]:
        """One optimiser step. Returns the loss, the lines of the batch and whether to stop."""
        options, counters = self.run.options, self.counters
        whole = self.order.batch(counters.step)
        mine = whole[self.exchange.rank :: self.exchange.size]
        characters = sum(len(self.lines.text(int(i))) for i in whole)
        self.objective.train()
        torch.manual_seed(_mixed(self.run.seed, counters.step, self.exchange.rank))
        self.objective.zero_grad()
        buffers = [buffer.clone() for buffer in self.objective.buffers()]
        network_loss = torch.zeros((), device=self.device)
        if len(mine):
            loss, network_loss = self.batch_loss(mine, counters.step)
            (loss / characters).backward()  # type: ignore[no-untyped-call]
        total, fraction, stopping = self._share(network_loss.item() / characters, stop)
        parameters = self.objective.parameters()
        norm = torch.nn.utils.clip_grad_norm_(parameters, options.clip or math.inf)
        if torch.isfinite(norm):
            rate = self.schedule.rate(counters.step, counters.fraction)
            take_step(self.optimizers, self.run.learning_rate * rate)
        else:  # one bad step would spoil every weight, and the statistics of the normalisation
            for buffer, before in zip(self.objective.buffers(), buffers, strict=True):
                buffer.copy_(before)
        counters.step += 1
        self.mean.update(self.network, counters.step)
        counters.fraction = fraction
        return total, len(whole), stopping

    def _share(self, loss: float, stop: bool) -> tuple[float, float, bool]:
        """Add up the gradients and the loss; from the first process alone come how far the run
        is after this step and whether to stop."""
        fraction = self.schedule.fraction(self.counters.step + 1, self.counters.seconds)
        decided = [fraction, float(stop)] if self.exchange.rank == 0 else [0.0, 0.0]
        total, fraction, stopping = add_up(self.objective, self.exchange, [loss, *decided])
        return total, fraction, stopping > 0

    def batch_loss(self, indices: IntArray, step: int) -> tuple[Tensor, Tensor]:
        """What the step makes smaller, and the network's part of it; see ``Objective``."""
        if self.ahead is not None:
            batch = next(self.ahead)
        else:
            batch = self.batcher.distorted(indices, step, self.run.options.augment)
        losses: tuple[Tensor, Tensor] = self.objective(batch)
        return losses

    def forward(self, network: RecognizerNetwork, batch: Batch) -> tuple[Tensor, Tensor]:
        """Log-probabilities (T, N, K) and frames (N,), in the run's precision."""
        with autocast(self.device, self.run.options.precision):
            outputs: tuple[Tensor, Tensor] = network(
                batch.columns.to(self.device), batch.lengths.to(self.device)
            )
        return outputs

    def _finished(self) -> bool:
        patience = self.run.options.patience
        worn_out = bool(patience) and self.counters.unimproved >= patience
        return self.counters.fraction >= 1 or worn_out

    def _validation_due(self) -> bool:
        last = self._finished()
        if self.run.teaches_itself:  # few lines would choose by chance; the end is steadiest
            return last
        return last or self.counters.step % self.steps_per_validation == 0

    def _validate(self) -> float | None:
        """A validation, and its row in the log."""
        counters = self.counters
        cer = self.best.validate()
        if cer is not None:
            row = {"step": counters.step, "epoch": counters.step / self.order.steps_per_epoch}
            row |= {"seconds": counters.seconds, "cer": cer}
            row |= {} if counters.loss is None else {"loss": counters.loss}
            counters.history.append(row)
            if self.exchange.rank == 0:
                write_log(self.run.folder, counters.history)
        return cer

    def _save(self) -> None:
        self._save_checkpoint()
        if self.exchange.rank == 0:
            draw_curve(self.run.folder, self.counters.history)

    def _save_checkpoint(self) -> None:
        if self.exchange.rank == 0:
            kept = {"mean": self.mean.network.state_dict(), "best": self.best.weights}
            save_checkpoint(
                self.run.checkpoint, self.counters, self.objective, self.optimizers, kept
            )

    def _progress(
        self, seconds_per_line: float | None, cer: float | None, stopping: bool
    ) -> Progress:
        counters = self.counters
        left = float("inf")
        if counters.fraction > 0:
            left = counters.seconds * (1 - counters.fraction) / counters.fraction
        return Progress(
            step=counters.step,
            epoch=counters.step / self.order.steps_per_epoch,
            fraction=counters.fraction,
            seconds=counters.seconds,
            seconds_left=left,
            lines_per_second=float("nan") if seconds_per_line is None else 1 / seconds_per_line,
            loss=float("nan") if counters.loss is None else counters.loss,
            best_cer=counters.kept_cer,
            cer=cer,
            stopping=stopping,
        )


def _running(mean: float | None, value: float) -> float | None:
    """The mean moved towards the value; a value that is not finite leaves it as it is."""
    if not math.isfinite(value):
        return mean
    return value if mean is None else SPEED_MEMORY * mean + (1 - SPEED_MEMORY) * value


def _mixed(seed: int, step: int, rank: int) -> int:
    """One seed of 63 bits out of three numbers."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0] >> 1)
