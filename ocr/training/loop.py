"""The training loop: CTC on distorted lines, AdamW, one cycle of the step size.

    for each step:
        take this process's lines of the step's batch, distort them
        log-probabilities = network(columns)
        loss = - ln P(labels | log-probabilities), summed over lines / characters of the batch
        back-propagate, add gradients over the processes, clip, step
        now and then: read the validation lines, keep the best weights, write a checkpoint

The loop yields Progress and knows no terminal. The loss is in nats per character.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ocr.alphabet import BLANK, Alphabet
from ocr.decoding.greedy import greedy
from ocr.metrics import edit_counts
from ocr.network.modelfile import load_model_file, save_model
from ocr.network.precision import autocast
from ocr.network.recognizer import RecognizerNetwork, resize_output
from ocr.training.batches import Batcher, IndexArray, epoch_order
from ocr.training.checkpoint import Counters, load_checkpoint, save_checkpoint
from ocr.training.parallel import Alone, Exchange
from ocr.training.record import record
from ocr.training.run import Run
from ocr.training.store import LineStore
from ocr.types import ModelSpec

CHECKPOINT_SECONDS = 120.0
DEFAULT_EPOCHS = 40.0
LAST_RATE = 0.01  # step size at the end of the cycle, relative to its peak
SPEED_MEMORY = 0.95  # of the running means of loss and speed, per step


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
    stopping: str = ""


def train(
    run: Run,
    exchange: Exchange | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Progress]:
    """Train until the run's limits, its patience or ``should_stop`` end it; yields after every
    step. Continues from the run's checkpoint if there is one. The best model lies at
    ``run.output`` from the first validation on."""
    return Trainer(run, exchange or Alone()).steps(should_stop)


def lines_per_second(run: Run) -> float:
    """Training speed of one process, measured on one step after a warm-up; changes nothing."""
    trainer = Trainer(run, Alone())
    batch = epoch_order(trainer.store.widths, trainer.members, run.options.batch_size, 0, 0)[0]
    times = []
    for _ in range(2):
        before = time.monotonic()
        trainer.batch_loss(batch, 0).backward()  # type: ignore[no-untyped-call]
        times.append(time.monotonic() - before)
    return len(batch) / times[-1]


class Trainer:
    """The state of one process of a run."""

    def __init__(self, run: Run, exchange: Exchange) -> None:
        torch.set_num_threads(1)  # one thread per process, see parallel.py
        cv2.setNumThreads(1)
        torch.manual_seed(run.options.seed)
        self.run, self.exchange = run, exchange
        self.store = LineStore(run.folder)
        self.alphabet = Alphabet(run.spec.alphabet)
        features = run.spec.preprocessing.features
        self.batcher = Batcher(self.store, self.alphabet, features, run.options.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = initial_network(run).to(self.device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=run.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=run.options.weight_decay,
        )
        self.counters = Counters()
        self.best: dict[str, Tensor] = {}
        if run.checkpoint.is_file():
            self.counters, self.best = load_checkpoint(
                run.checkpoint, self.network, self.optimizer
            )
        self.members = np.array(run.train, dtype=np.int64)
        self.steps_per_epoch = -(-len(self.members) // run.options.batch_size)
        lines = min(run.options.validate_every, len(self.members))
        lines = max(lines, 4 * len(run.validation))  # a fifth of the time at most
        self.steps_per_validation = max(1, lines // run.options.batch_size)
        self._epoch, self._batches = -1, list[IndexArray]()

    def steps(self, should_stop: Callable[[], bool]) -> Iterator[Progress]:
        """Train; see ``train``."""
        counters, started = self.counters, time.monotonic() - self.counters.seconds
        saved, loss, speed = time.monotonic(), float("nan"), float("nan")
        while not self._finished():
            before = time.monotonic()
            counters.seconds = before - started
            step_loss, lines, stop = self._step(should_stop())
            took = time.monotonic() - before
            loss, speed = _running(loss, step_loss), _running(speed, lines / took)
            cer = self._validate(loss) if self._validation_due() or stop else None
            if self.exchange.rank == 0 and (stop or time.monotonic() - saved > CHECKPOINT_SECONDS):
                self._save()
                saved = time.monotonic()
            counters.seconds = time.monotonic() - started
            yield self._progress(loss, speed, cer, "asked to stop" if stop else "")
            if stop:
                return
        if self.exchange.rank == 0:
            self._save()

    def _step(self, stop: bool) -> tuple[float, int, bool]:
        """One optimiser step. Returns the loss, the lines of the batch and whether to stop."""
        options, counters = self.run.options, self.counters
        epoch, position = divmod(counters.step, self.steps_per_epoch)
        whole = self._order(epoch)[position]
        mine = whole[self.exchange.rank :: self.exchange.size]
        characters = sum(len(self.store.lines[int(i)].text) for i in whole)
        self.network.train()
        torch.manual_seed(_mixed(options.seed, counters.step, self.exchange.rank))
        self.optimizer.zero_grad()
        loss = torch.zeros((), device=self.device)
        if len(mine):
            loss = self.batch_loss(mine, epoch) / characters
            loss.backward()  # type: ignore[no-untyped-call]
        total, fraction, stopping = self._share(loss.item(), stop)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), options.clip)
        if torch.isfinite(norm):  # else one bad step would spoil every weight
            for group in self.optimizer.param_groups:
                group["lr"] = self.run.learning_rate * self._rate()
            self.optimizer.step()
        counters.step += 1
        counters.fraction = fraction
        return total, len(whole), stopping

    def _order(self, epoch: int) -> list[IndexArray]:
        if epoch != self._epoch:
            options = self.run.options
            self._epoch = epoch
            self._batches = epoch_order(
                self.store.widths, self.members, options.batch_size, options.seed, epoch
            )
        return self._batches

    def batch_loss(self, indices: IndexArray, epoch: int) -> Tensor:
        """Negative log-likelihood of the lines, summed, in nats."""
        batch = self.batcher.distorted(indices, epoch, self.run.options.augment)
        with autocast(self.device, self.run.options.precision):
            log_probs, frames = self.network(
                batch.columns.to(self.device), batch.lengths.to(self.device)
            )
        return functional.ctc_loss(
            log_probs, batch.labels.to(self.device), frames, batch.label_lengths,
            blank=BLANK, reduction="sum", zero_infinity=True,
        )

    def _share(self, loss: float, stop: bool) -> tuple[float, float, bool]:
        """Add gradients and batch statistics over the processes, in one vector; with them go
        the loss, and from the first process how far the run is and whether to stop."""
        first = self.exchange.rank == 0
        tail = [loss, self._fraction() if first else 0.0, float(stop) if first else 0.0]
        parameters = list(self.network.parameters())
        statistics = [b for b in self.network.buffers() if b.is_floating_point()]
        gradients = [
            torch.zeros_like(p) if p.grad is None else p.grad for p in parameters
        ]
        shares = [b / self.exchange.size for b in statistics]
        vector = torch.cat(
            [t.reshape(-1) for t in (*gradients, *shares)]
            + [torch.tensor(tail, device=self.device)]
        )
        if self.exchange.size > 1:
            self.exchange.add(vector)
        position = 0
        for target in (*gradients, *statistics):
            part = vector[position : position + target.numel()]
            target.copy_(part.view_as(target))
            position += target.numel()
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        total, fraction, stopping = vector[position:].tolist()
        return total, fraction, stopping > 0

    def _rate(self) -> float:
        """Step size relative to its peak: a short linear rise, then the cycle's fall."""
        warmup = self.run.options.warmup
        rise = min(1.0, (self.counters.step + 1) / warmup) if warmup else 1.0
        return rise * cycle(self.counters.fraction)

    def _fraction(self) -> float:
        """Share of the run that will be over after this step, by whichever limit is nearer."""
        options = self.run.options
        epochs = options.epochs or (None if options.minutes else DEFAULT_EPOCHS)
        done = 0.0
        if epochs:
            done = (self.counters.step + 1) / (epochs * self.steps_per_epoch)
        if options.minutes:
            done = max(done, self.counters.seconds / (60 * options.minutes))
        return min(1.0, done)

    def _finished(self) -> bool:
        patience = self.run.options.patience
        worn_out = bool(patience) and self.counters.unimproved >= patience
        return self.counters.fraction >= 1 or worn_out

    def _validation_due(self) -> bool:
        last = self._finished()
        return last or self.counters.step % self.steps_per_validation == 0

    def _validate(self, loss: float) -> float | None:
        """CER on the validation lines, shared among the processes; keeps the best weights."""
        if not self.run.validation:
            self._keep_best(float("nan"))
            return None
        mine = self.run.validation[self.exchange.rank :: self.exchange.size]
        counts = torch.tensor(self._count_edits(np.array(mine, dtype=np.int64)))
        self.exchange.add(counts)
        cer = float(counts[0] / counts[1])
        counters = self.counters
        counters.unimproved += 1
        if cer < counters.best_cer:
            counters.best_cer, counters.best_step, counters.unimproved = cer, counters.step, 0
            self._keep_best(cer)
        epoch = counters.step / self.steps_per_epoch
        counters.history.append(
            {"step": counters.step, "epoch": epoch, "seconds": counters.seconds,
             "loss": loss, "cer": cer}
        )
        if self.exchange.rank == 0:
            record(self.run.folder, counters.history)
        return cer

    @torch.inference_mode()
    def _count_edits(self, indices: IndexArray) -> list[float]:
        """Edits and reference characters over lines of the store, read as recognition does."""
        self.network.eval()
        edits = characters = 0
        by_width = indices[np.argsort(self.store.widths[indices], kind="stable")]
        for start in range(0, len(by_width), self.run.options.batch_size):
            part = by_width[start : start + self.run.options.batch_size]
            batch = self.batcher.plain(part)
            with autocast(self.device, self.run.options.precision):
                log_probs, frames = self.network(
                    batch.columns.to(self.device), batch.lengths.to(self.device)
                )
            log_probs = log_probs.cpu()
            for row, index in enumerate(part):
                reading = greedy(log_probs[: int(frames[row]), row].numpy())
                text = self.store.lines[int(index)].text
                edits += edit_counts(text, self.alphabet.decode(reading.labels)).count
                characters += len(text)
        return [float(edits), float(max(1, characters))]

    def _keep_best(self, cer: float) -> None:
        if self.exchange.rank != 0:
            return
        state = self.network.state_dict()
        self.best = {name: value.detach().cpu().clone() for name, value in state.items()}
        training = {**self.run.spec.training, "validation_cer": cer,
                    "step": self.counters.step, "minutes": round(self.counters.seconds / 60, 1)}
        spec = self.run.spec
        save_model(
            self.run.output, self.network,
            ModelSpec(spec.alphabet, spec.preprocessing, spec.network, training),
        )

    def _save(self) -> None:
        save_checkpoint(
            self.run.checkpoint, self.counters, self.network, self.optimizer, self.best
        )

    def _progress(self, loss: float, speed: float, cer: float | None, stopping: str) -> Progress:
        counters = self.counters
        left = float("inf")
        if counters.fraction > 0:
            left = counters.seconds * (1 - counters.fraction) / counters.fraction
        return Progress(
            step=counters.step,
            epoch=counters.step / self.steps_per_epoch,
            fraction=counters.fraction,
            seconds=counters.seconds,
            seconds_left=left,
            lines_per_second=speed,
            loss=loss,
            best_cer=counters.best_cer,
            cer=cer,
            stopping=stopping,
        )


def initial_network(run: Run) -> RecognizerNetwork:
    """Fresh weights, or those of ``run.start`` with the output layer grown to the alphabet."""
    labels = len(Alphabet(run.spec.alphabet))
    if run.start is None:
        return RecognizerNetwork(run.spec.preprocessing, run.spec.network, labels)
    network, _ = load_model_file(run.start)
    resize_output(network, labels)
    return network


def cycle(fraction: float) -> float:
    """Step size relative to its peak: half a cosine from 1 down to ``LAST_RATE``
    (Loshchilov & Hutter 2017)."""
    return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * fraction))


def _running(mean: float, value: float) -> float:
    return value if mean != mean else SPEED_MEMORY * mean + (1 - SPEED_MEMORY) * value


def _mixed(seed: int, step: int, rank: int) -> int:
    """One seed of 63 bits out of three numbers."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0] >> 1)
