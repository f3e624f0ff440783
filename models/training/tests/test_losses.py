"""Every loss against a case small enough to do by hand, and against the original's numbers."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from whence_training import losses

GOLDEN = np.load(Path(__file__).parent / "golden_evaluation.npz")


def golden(name: str) -> torch.Tensor:
    return torch.from_numpy(GOLDEN[name])


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("non_negative", [False, True])
def test_clip_similarity_is_the_originals(heads: int, non_negative: bool) -> None:
    audio = golden("agg_audio_feats")[:, :, 0]
    active = golden("agg_audio_mask").bool()
    found = losses.clip_similarity(
        audio, golden("agg_image_feats"), active, heads, non_negative=non_negative
    )
    wanted = golden(f"agg_misa_k{heads}_nonneg{int(non_negative)}_cls0")
    assert torch.allclose(found, wanted, atol=1e-5)


def test_per_head_similarity_is_the_originals() -> None:
    audio, active = golden("rec2_audio_feats")[:, :, 0], golden("rec2_audio_mask") > 0
    pictures = golden("rec2_image_feats")
    for head in range(2):
        code = slice(6 * head, 6 * head + 6)
        found = losses.clip_similarity(audio[:, code], pictures[:, code], active, 1)
        assert torch.allclose(found, golden("rec2_sims_heads")[..., head], atol=1e-5)


@pytest.mark.parametrize("initial", ["1.0", "500.0", "0.0001"])
def test_temperature_is_the_originals(initial: str) -> None:
    found = losses.temperature(torch.tensor([math.log(float(initial))]))
    assert torch.allclose(found, golden(f"cal_{initial}_w"), rtol=1e-5)


def test_similarity_volume_by_hand() -> None:
    audio = torch.tensor([[[1.0], [2.0], [3.0], [4.0]]])  # one clip, C = 4, one step
    picture = torch.tensor([[[[1.0, 0.0]], [[1.0, 1.0]], [[0.0, 2.0]], [[1.0, -1.0]]]])
    volume = losses.similarity_volume(audio, picture, 2)
    assert volume.tolist() == [[[[3.0, 2.0]], [[4.0, 2.0]]]]


def test_peak_similarity_has_the_gradient_of_the_maximum() -> None:
    codes = torch.randn(5, 3, requires_grad=True)
    pictures = torch.randn(4, 3, 6, requires_grad=True)
    wanted = torch.einsum("nc,vcp->nvp", codes, pictures).amax(2)
    found = losses.peak_similarity(codes, pictures)
    assert torch.allclose(found, wanted, atol=1e-6)
    weight = torch.randn(5, 4)
    expected = torch.autograd.grad((wanted * weight).sum(), (codes, pictures))
    received = torch.autograd.grad((found * weight).sum(), (codes, pictures))
    for a, b in zip(received, expected, strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_a_mix_up_is_searched_in_its_own_scene_only() -> None:
    codes, pictures = torch.ones(1, 1), torch.tensor([[[1.0, 5.0]], [[2.0, 3.0]]])
    own = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert losses.peak_similarity(codes, pictures, own).tolist() == [[1.0, 3.0]]


def test_info_nce_by_hand() -> None:
    similarity = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    loss, accuracy = losses.info_nce(similarity, torch.tensor([0, 1]))
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-2)))
    assert float(accuracy) == 1
    doubled, _ = losses.info_nce(similarity + 5, torch.tensor([0, 1]), 2.0)
    assert float(doubled) == pytest.approx(math.log(1 + math.exp(-4)), rel=1e-5)


def test_clips_of_one_picture_do_not_compete() -> None:
    similarity = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    owner = torch.tensor([0, 0, 1])
    loss, _ = losses.info_nce(similarity, owner)
    to_picture = math.log(1 + math.exp(-1))
    first = math.log(1 + math.exp(0 - 1))  # against clip 2 on picture 0
    last = math.log(1 + 2 * math.exp(0 - 1))  # against clips 0 and 1 on picture 1
    assert float(loss) == pytest.approx((to_picture + (2 * first + last) / 3) / 2)


def test_info_nce_of_equal_scores_is_log_n() -> None:
    loss, _ = losses.info_nce(torch.zeros(8, 8), torch.arange(8))
    assert float(loss) == pytest.approx(math.log(8))


def test_matching_by_hand() -> None:
    activation = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    owner = torch.tensor([0, -1])  # the second step matches no picture at all
    found = losses.matching(activation, owner, torch.tensor(2.0), torch.tensor(-1.0))
    matched = math.log(1 + math.exp(-1))
    mismatched = math.log(1 + math.exp(-1))
    assert float(found) == pytest.approx((matched + mismatched) / 2)
    nothing = losses.matching(activation[1:], owner[1:], torch.tensor(2.0), torch.tensor(0.0))
    assert float(nothing) == pytest.approx(math.log(2) / 2)


def test_pressures_by_hand() -> None:
    volume = torch.tensor([[[[1.0, -2.0], [3.0, 0.0]]]])  # n = K = 1, T = P = 2
    assert float(losses.non_negative_pressure(volume)) == pytest.approx(1.0)
    assert float(losses.total_variation(volume)) == pytest.approx(4.0)
    assert float(losses.silence_pressure(volume)) == pytest.approx(10 / 4)
    assert float(losses.specialisation(volume)) == 0
    own = torch.tensor([[1.0, 0.0]])
    assert float(losses.mix_up_pressure(volume, own)) == 0
    assert float(losses.mix_up_pressure(volume, 1 - own)) == pytest.approx(5.0)
    assert float(losses.temperature_pressure(torch.tensor(-0.5))) == pytest.approx(0.25)
    assert float(losses.temperature_pressure(torch.tensor(0.5))) == 0


def test_specialisation_counts_every_pair_of_heads() -> None:
    volume = torch.tensor([1.0, -2.0, 3.0]).reshape(1, 3, 1, 1)
    assert float(losses.specialisation(volume)) == pytest.approx((2 + 3 + 6) / 3)


def test_separation_teaches_the_mixture_only() -> None:
    mixture = torch.ones(1, 2, 2, requires_grad=True)
    clean = torch.zeros(1, 2, 2, requires_grad=True)
    loss = losses.separation(mixture, clean, torch.tensor([[True, False]]))
    assert float(loss) == pytest.approx(1.0)
    loss.backward()
    assert clean.grad is None
    assert mixture.grad is not None
    assert mixture.grad[0, :, 1].abs().sum() == 0


def test_pooled_similarity_by_hand() -> None:
    audio = torch.tensor([[[3.0, 100.0], [4.0, 0.0]]])
    active = torch.tensor([[True, False]])
    pictures = torch.tensor([[[[1.0]], [[0.0]]]])
    found = losses.pooled_similarity(audio, pictures, active)
    assert float(found) == pytest.approx(8 * 0.6)
