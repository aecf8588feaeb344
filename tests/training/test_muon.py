from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ocr.training.muon import MOMENTUM, NEWTON_SCHULZ, RMS, TURNS, Muon, orthogonal


def of_singular_values(values: Tensor, rows: int, columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """U, V^T and the matrix U diag(values) V^T, float64."""
    left, _ = torch.linalg.qr(torch.randn(rows, len(values), dtype=torch.float64))
    right, _ = torch.linalg.qr(torch.randn(columns, len(values), dtype=torch.float64))
    return left, right.T, left * values @ right.T


@pytest.mark.parametrize(("rows", "columns"), [(6, 6), (4, 9), (9, 4), (1, 5)])
def test_singular_vectors_stay_and_singular_values_follow_the_polynomial(
    rows: int, columns: int
) -> None:
    torch.manual_seed(0)
    values = torch.rand(min(rows, columns), dtype=torch.float64) + 0.05
    u, vt, matrix = of_singular_values(values, rows, columns)
    a, b, c = NEWTON_SCHULZ
    s = values / values.square().sum().sqrt()
    for _ in range(TURNS):
        s = a * s + b * s**3 + c * s**5
    torch.testing.assert_close(orthogonal(matrix[None])[0], u * s @ vt, rtol=0, atol=1e-9)


def test_directions_a_hundredth_as_strong_count_about_alike() -> None:
    s = torch.linspace(0.01, 1, 1000, dtype=torch.float64)
    a, b, c = NEWTON_SCHULZ
    for _ in range(TURNS):
        s = a * s + b * s**3 + c * s**5
    assert 0.68 < float(s.min()) < 0.7
    assert 1.1 < float(s.max()) < 1.14
    torch.manual_seed(1)
    _, _, matrix = of_singular_values(torch.tensor([1.0, 0.3, 0.02]).double(), 8, 5)
    found = torch.linalg.svdvals(orthogonal(matrix[None])[0])
    assert float(found[2]) > 0.5 * float(found[0])


def test_each_matrix_of_a_stack_is_treated_alone_whatever_its_size() -> None:
    torch.manual_seed(2)
    stack = torch.randn(3, 5, 7) * torch.tensor([1.0, 1e-6, 1e6])[:, None, None]
    for one, alone in zip(orthogonal(stack), stack, strict=True):
        torch.testing.assert_close(one, orthogonal(alone[None])[0], rtol=0, atol=1e-4)
    assert torch.equal(orthogonal(torch.zeros(1, 3, 4)), torch.zeros(1, 3, 4))


def test_bfloat16_is_near_float32() -> None:
    torch.manual_seed(3)
    matrix = torch.randn(1, 16, 24)
    exact, coarse = orthogonal(matrix), orthogonal(matrix.bfloat16()).float()
    assert float((coarse - exact).norm() / exact.norm()) < 0.05


def test_steps_follow_the_formula() -> None:
    """Three steps of a stack of two matrices, against plain sums for each of them."""
    torch.manual_seed(4)
    rate, decay, shape = 0.03, 0.1, (2, 3, 4)
    parameter = nn.Parameter(torch.randn(6, 4, dtype=torch.float64))
    optimizer = Muon([(parameter, shape)], rate, decay, torch.float64)
    expected, mean = parameter.detach().clone(), torch.zeros(6, 4, dtype=torch.float64)
    for _ in range(3):
        gradient = torch.randn(6, 4, dtype=torch.float64)
        parameter.grad = gradient.clone()
        optimizer.step()
        mean = MOMENTUM * mean + (1 - MOMENTUM) * gradient
        ahead = (1 - MOMENTUM) * gradient + MOMENTUM * mean
        for part in (slice(0, 3), slice(3, 6)):
            direction = orthogonal(ahead[part][None])[0]
            expected[part] -= rate * decay * expected[part] + rate * RMS * 2 * direction
        torch.testing.assert_close(parameter.detach(), expected, rtol=0, atol=1e-9)
        assert torch.equal(parameter.grad, gradient)


class Share:
    """One process of several; the others bring what they worked out before."""

    def __init__(self, rank: int, size: int, others: list[Tensor]) -> None:
        self.rank, self.size, self.others = rank, size, others
        self.brought: list[Tensor] = []

    def add(self, values: Tensor) -> None:
        self.brought.append(values.clone())
        values += sum(self.others)


@pytest.mark.parametrize("size", [2, 3, 16])
def test_processes_share_the_matrices_and_step_alike(size: int) -> None:
    torch.manual_seed(7)
    shapes = [(3, 4, 5), (1, 6, 2), (8, 3, 3)]
    gradients = [torch.randn(shape) for shape in shapes]

    def after_a_step(exchange: Share | None) -> list[Tensor]:
        parameters = [nn.Parameter(torch.ones(shape)) for shape in shapes]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient.clone()
        stacks = list(zip(parameters, shapes, strict=True))
        Muon(stacks, 0.1, 0.0, torch.float32, exchange).step()
        return [parameter.detach() for parameter in parameters]

    alone = after_a_step(None)
    shares = []
    for rank in range(size):
        idle = Share(rank, size, [])
        after_a_step(idle)
        [brought] = idle.brought
        shares.append(brought)
    worked_out = torch.stack(shares).ne(0).sum(dim=0)
    assert bool((worked_out == 1).all()), "every matrix by one process"
    assert max(int(share.ne(0).sum()) for share in shares) <= 20 * (12 // size + 1)
    for rank in range(size):
        together = after_a_step(Share(rank, size, shares[:rank] + shares[rank + 1 :]))
        for found, expected in zip(together, alone, strict=True):
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_a_step_is_about_as_large_as_one_of_adamw() -> None:
    torch.manual_seed(5)
    parameter = nn.Parameter(torch.zeros(64, 96))
    parameter.grad = torch.randn(64, 96) * 1e-3
    Muon([(parameter, (1, 64, 96))], 1.0, 0.0, torch.float32).step()
    assert float(parameter.detach().square().mean().sqrt()) == pytest.approx(RMS, rel=0.15)


def test_a_weak_direction_is_learnt_as_fast_as_a_strong_one() -> None:
    """Of a quadratic bowl a thousand times as steep one way as the other, AdamW leaves the flat
    way for last where both ways cut across the weights; Muon goes both at once."""
    torch.manual_seed(6)
    turn, _ = torch.linalg.qr(torch.randn(8, 8))
    steepness = turn * torch.logspace(0, -3, 8) @ turn.T

    def distance(parameter: nn.Parameter, optimizer: torch.optim.Optimizer) -> float:
        for step in range(100):
            optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 100)
            parameter.grad = steepness @ parameter.detach()
            optimizer.step()
        return float(parameter.detach().norm())

    begin = turn @ torch.diag(torch.ones(8))
    one, other = nn.Parameter(begin.clone()), nn.Parameter(begin.clone())
    muon = distance(one, Muon([(one, (1, 8, 8))], 0.1, 0.0, torch.float32))
    adam = distance(other, torch.optim.AdamW([other], lr=0.1, weight_decay=0.0))
    assert muon < 0.5 * adam
