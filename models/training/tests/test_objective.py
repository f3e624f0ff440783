"""The whole loss of a batch: what its parts see of the batch."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from whence_training.nets import Aligner, NetConfig
from whence_training.objective import LossWeights, Sample, objective

NET = NetConfig(channels=8, picture_width=16, sound_width=8, audio_width=16, audio_blocks=1)


def make_sample() -> Sample:
    """Four pictures; two clips with a sound, two with a word, each in its first two steps."""
    torch.manual_seed(0)
    active = torch.zeros(4, 2, 4, dtype=torch.bool)
    active[:2, 0, :2] = True
    active[2:, 1, :2] = True
    owner = torch.tensor([[0, -1], [1, -1], [-1, 2], [-1, 3]])
    pictures, audio = torch.randn(4, 8, 3, 3), torch.randn(4, 8, 4)
    return Sample(pictures, audio, active, owner, torch.full((4, 2), -1))


def test_gates_learn_which_kind_is_heard_when() -> None:
    """Cross-entropy of a hand-computed case: right by 2 at every step, wrong by 1 at one."""
    sample = make_sample()
    gate = torch.where(sample.active, 2.0, -2.0)
    gate[0, 1, 3] = 1
    model, weights = Aligner(NET), LossWeights()
    _, parts = objective(model, replace(sample, gate=gate), weights, 1.0)
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(1))
    assert float(parts["gate"]) == pytest.approx((31 * right + wrong) / 32, rel=1e-5)


def test_the_total_is_the_weighted_sum_of_the_parts() -> None:
    sample = replace(make_sample(), gate=torch.zeros(4, 2, 4))
    weights = LossWeights()
    total, parts = objective(Aligner(NET), sample, weights, 1.0)
    weighed = {n: p for n, p in parts.items() if n != "contrast" and "accuracy" not in n}
    expected = parts["contrast"] + sum(getattr(weights, n) * p for n, p in weighed.items())
    assert float(total) == pytest.approx(float(expected), rel=1e-5)


def test_without_tags_no_gate_is_taught() -> None:
    sample = replace(make_sample(), gate=torch.zeros(4, 2, 4))
    _, parts = objective(Aligner(NET), sample, LossWeights(routed=False), 1.0)
    assert "gate" not in parts
