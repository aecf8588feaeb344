"""Muon: a step of the same length in every direction of a matrix (Jordan et al. 2024).

The gradient of a large matrix is mostly of few directions; AdamW, which sizes the step of each
weight by itself, follows them, and what is rarely called for is learnt slowly. Muon takes the
running mean of the gradient, M = U S V^T, and steps along U V^T, where all directions count alike:

    M <- mu M + (1 - mu) G
    W <- (1 - rate decay) W - rate RMS sqrt(max(rows, columns)) orthogonal(mu M + (1 - mu) G)

The factor makes the entries of a step about as large as AdamW's, so that both have one step size
(Liu et al. 2025, "Muon is scalable for LLM training", section 2.2). torch.optim.Muon, of torch 2.9,
takes no parameter that holds several matrices, as those of the recurrent layers do.

The products take as long as a few lines of a batch, so the processes of a run share them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ocr.training.parallel import Alone, Exchange, add_together

MOMENTUM = 0.95
RMS = 0.2  # of the entries of a step, in step sizes: as AdamW's commonly are
# One turn of Newton and Schulz's iteration, X <- a X + (b A + c A^2) X with A = X X^T, applies
# a s + b s^3 + c s^5 to every singular value s: five turns bring any of 0.01..1 to 0.68..1.14.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
TURNS = 5


class Muon(torch.optim.Optimizer):
    """Steps for stacks of matrices.

    shapes    each parameter and the shape (matrices, rows, columns) in which it is seen
    dtype     of the products: bfloat16 does where the processor multiplies it
    exchange  all processes step with the same gradients; each works out its share of the matrices
    """

    def __init__(
        self,
        shapes: list[tuple[nn.Parameter, tuple[int, int, int]]],
        lr: float,
        weight_decay: float,
        dtype: torch.dtype,
        exchange: Exchange | None = None,
    ) -> None:
        self.shapes, self.dtype, self.exchange = dict(shapes), dtype, exchange or Alone()
        super().__init__(self.shapes, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None
        for group in self.param_groups:
            rate, decay = group["lr"], group["weight_decay"]
            parameters = [p for p in group["params"] if p.grad is not None]
            for parameter, direction in zip(parameters, self._directions(parameters), strict=True):
                size = rate * RMS * max(self.shapes[parameter][1:]) ** 0.5
                parameter.mul_(1 - rate * decay)
                parameter.add_(direction.view_as(parameter), alpha=-size)

    def _directions(self, parameters: list[nn.Parameter]) -> list[Tensor]:
        """Per parameter (matrices, rows, columns): the share of this process is worked out here,
        the rest is 0 until the shares are added up."""
        rank, size = self.exchange.rank, self.exchange.size
        directions = [
            torch.zeros(self.shapes[p], dtype=p.dtype, device=p.device) for p in parameters
        ]
        matrices = 0  # seen so far: every process takes each ``size``-th of all
        for parameter, direction in zip(parameters, directions, strict=True):
            ahead = self._ahead(parameter).reshape(direction.shape)
            mine = slice((rank - matrices) % size, None, size)
            if len(direction[mine]):
                direction[mine] = orthogonal(ahead[mine].to(self.dtype)).to(direction.dtype)
            matrices += len(direction)
        add_together(directions, self.exchange)
        return directions

    def _ahead(self, parameter: nn.Parameter) -> Tensor:
        """The running mean of the gradient, moved in, and one turn further."""
        state, gradient = self.state[parameter], parameter.grad
        assert gradient is not None
        if not state:
            state["exp_avg"] = torch.zeros_like(parameter)
        mean = state["exp_avg"].lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(mean, MOMENTUM)


def orthogonal(matrices: Tensor) -> Tensor:
    """(matrices, rows, columns) U S V^T -> about U V^T of each; 0 stays 0."""
    wide = matrices.shape[1] <= matrices.shape[2]
    x = matrices if wide else matrices.mT  # A is the smaller of the two squares
    norms: Tensor = torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True)
    x = x / norms.clamp(min=1e-20)  # now no singular value is above 1
    a, b, c = NEWTON_SCHULZ
    for _ in range(TURNS):
        square = x @ x.mT
        x = a * x + (b * square + c * (square @ square)) @ x
    return x if wide else x.mT
