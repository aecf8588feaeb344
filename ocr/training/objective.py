"""What a step makes smaller: the CTC loss of the network, and of a shortcut past its layers.

    loss = - ln P(labels | network) - w ln P(labels | shortcut)

The shortcut is a second output layer that reads the frames of the convolutional front end
directly, through one convolution over time (Retsinas et al. 2022, "Best practices for a
handwritten text recognition system"). What it learns reaches the front end without passing
through the recurrent layers, which at first pass on little. It is dropped with the run.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from ocr.alphabet import BLANK
from ocr.network.convolution import ConvolutionalFrontEnd, frame_lengths
from ocr.network.precision import autocast
from ocr.network.recognizer import RecognizerNetwork
from ocr.options import TrainingOptions
from ocr.types import Batch

SHORTCUT_FRAMES = 3  # a character is about so wide


class Objective(nn.Module):
    """Batch -> loss, summed over its lines, in nats: of both readings, and of the network's."""

    def __init__(self, network: RecognizerNetwork, options: TrainingOptions) -> None:
        super().__init__()
        self.network, self.options = network, options
        self.shortcut: nn.Conv1d | None = None
        front_end = network.front_end
        if options.shortcut and isinstance(front_end, ConvolutionalFrontEnd):
            labels = network.output.out_features
            self.shortcut = nn.Conv1d(
                front_end.features, labels, SHORTCUT_FRAMES, padding=SHORTCUT_FRAMES // 2
            )

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        device = self.network.output.weight.device
        columns, lengths = batch.columns.to(device), batch.lengths.to(device)
        frame_counts = frame_lengths(lengths)
        with autocast(device, self.options.precision):
            frames = self.network.front_end(columns, lengths)  # (T', N, features)
            log_probs = self.network.read(frames, frame_counts)  # (T', N, K)
            network_loss = ctc(log_probs, frame_counts, batch)
            if self.shortcut is None:
                return network_loss, network_loss
            activations = self.shortcut(frames.permute(1, 2, 0))  # (N, K, T')
        log_probs = activations.permute(2, 0, 1).float().log_softmax(dim=2)  # (T', N, K)
        whole = network_loss + self.options.shortcut * ctc(log_probs, frame_counts, batch)
        return whole, network_loss


def ctc(log_probs: Tensor, frame_counts: Tensor, batch: Batch) -> Tensor:
    """Negative log-likelihood of the lines, summed, in nats (Graves et al. 2006)."""
    return functional.ctc_loss(
        log_probs,
        batch.labels.to(log_probs.device),
        frame_counts,
        batch.label_lengths,
        blank=BLANK,
        reduction="sum",
        zero_infinity=True,
    )
