"""The encoders keep the model contract; pretrained parts behave like what they were rebuilt from."""

from __future__ import annotations

import pytest
import torch

from whence_training.frontend import PowerSpectrum
from whence_training.nets import Aligner, NetConfig
from whence_training.trunks import PictureTrunk, SpeechTrunk

torch.set_num_threads(1)
SMALL = {"picture_width": 16, "sound_width": 8, "audio_width": 24, "channels": 32}


@pytest.mark.parametrize("backbone", ["scratch", "lite0"])
@pytest.mark.parametrize("size", [128, 160])
def test_pictures_become_a_grid_of_codes(backbone: str, size: int) -> None:
    config = NetConfig(backbone=backbone, picture_size=size, **SMALL)
    model = Aligner(config).eval()
    frames = torch.randint(256, (2, size, size, 3), dtype=torch.uint8)
    features = model.picture(frames)
    assert features.shape == (2, 32, size // 8, size // 8)
    assert torch.equal(features, model.picture.merge(model.picture.taps(frames)))


def test_a_cell_looks_at_its_own_place() -> None:
    """The pixels that move a cell's code lie round the cell's center, not beside it."""
    torch.manual_seed(0)
    away = []
    for cell in range(6, 14):
        model = Aligner(NetConfig(picture_size=160, **SMALL)).eval()
        frames = 100 + 50 * torch.rand(2, 160, 160, 3)
        frames.requires_grad_(True)
        model.picture(frames)[:, :, cell, cell].square().sum().backward()
        assert frames.grad is not None
        weight = frames.grad.abs().sum((0, 3))
        where = torch.arange(160) + 0.5
        centre = float(((weight.sum(0) + weight.sum(1)) * where).sum() / (2 * weight.sum()))
        away.append(centre - (8 * cell + 4))
    assert abs(sum(away) / len(away)) < 1.5


@pytest.mark.parametrize("samples", [2960, 12_800, 12_801, 20_479, 25_600, 40_007])
@pytest.mark.parametrize("speech", [False, True])
def test_one_feature_for_every_80_ms(samples: int, speech: bool) -> None:
    model = Aligner(NetConfig(speech=speech, **SMALL)).eval()
    features = model.audio(0.1 * torch.randn(1, samples))
    frames = samples // 160
    assert features.shape == (1, 32, -(-frames // 8))
    assert torch.isfinite(features).all()


def test_a_closed_gate_silences_its_head_alone() -> None:
    model = Aligner(NetConfig(**SMALL)).eval()
    wave = 0.1 * torch.randn(2, 16_000)
    model.audio.gate.bias.data[:] = 40
    open_codes = model.audio(wave)
    model.audio.gate.bias.data[1] = -40
    codes = model.audio(wave)
    assert torch.equal(codes[:, :16], open_codes[:, :16])
    assert open_codes[:, 16:].abs().max() > 0.1
    assert codes[:, 16:].abs().max() < 1e-12
    features, gate = model.audio.gated(*model.audio.inputs(wave))
    assert torch.equal(features, codes)
    assert gate.shape == (2, 2, features.shape[2])


def test_features_move_with_the_sound() -> None:
    model = Aligner(NetConfig(speech=True, **SMALL)).eval()
    wave = 0.1 * torch.randn(1, 48_000)
    later = torch.cat([torch.zeros(1, 2 * 1280), wave], 1)
    early, late = model.audio(wave), model.audio(later)
    middle = slice(15, 22)  # away from the edges
    assert torch.allclose(early[..., middle], late[..., 17:24], atol=1e-3)


def test_the_spectrum_is_one_convolution() -> None:
    spectrum = PowerSpectrum()
    wave = 0.1 * torch.randn(2, 16_000)
    by_fft = spectrum(wave)
    spectrum.as_convolution = True
    assert by_fft.shape == (2, 257, 100)
    assert torch.allclose(spectrum(wave), by_fft, rtol=1e-3, atol=1e-5)


def test_the_speech_trunk_slides_over_any_length() -> None:
    trunk = SpeechTrunk().eval()
    mel = 5 + torch.rand(1, 32, 76 + 3 * 8)
    whole = trunk.embed(mel)
    assert whole.shape == (1, 96, 4)
    for step in range(4):
        window = trunk.embed(mel[:, :, 8 * step : 8 * step + 76])
        assert torch.allclose(whole[..., step : step + 1], window, atol=1e-4)


def test_the_picture_trunk_taps_three_strides() -> None:
    taps = PictureTrunk().eval()(torch.zeros(1, 3, 96, 96))
    assert [tap.shape[1:] for tap in taps] == [(24, 24, 24), (40, 12, 12), (80, 6, 6)]


def test_pretrained_parts_are_named_as_frozen() -> None:
    model = Aligner(NetConfig(backbone="lite0", speech=True, **SMALL))
    assert [type(part) for part in model.frozen_parts()] == [PictureTrunk, SpeechTrunk]
    assert Aligner(NetConfig(**SMALL)).frozen_parts() == []
