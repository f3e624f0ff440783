"""Composes batches of audio clips from the pack, in tensor code for CPU or GPU."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .frontend import HOP_SIZE, SAMPLE_RATE
from .nets import FRAMES_PER_FEATURE
from .pictures import uniform

ACTIVE_SHARE = 0.05  # of the clip's loudest 10 ms frame
BRIDGED_FRAMES = 9


@dataclass
class Clips:
    """`waveform float [n, samples]` and `active bool [n, T]`: the feature steps with sound."""

    waveform: Tensor
    active: Tensor


def cut(
    samples: Tensor,
    offset: Tensor,
    length: Tensor,
    duration: int,
    difficulty: float,
    generator: torch.Generator,
) -> Clips:
    """Places one recording in each clip, at another speed (pitch goes with it), loudness and time.

    `samples int16` is the pack's whole audio; `offset, length [n]` in samples. A recording longer
    than the clip is entered at a random place, a shorter one starts at a random time.
    """
    n, device = len(offset), samples.device
    speed = 1 + difficulty * uniform(n, -0.12, 0.12, generator)
    played = length / speed
    late = (duration - played).clamp_min(0) * torch.rand(n, generator=generator) * difficulty
    skipped = (played - duration).clamp_min(0) * torch.rand(n, generator=generator) * difficulty
    time = torch.arange(duration)[None] - late[:, None] + skipped[:, None]
    position = (time * speed[:, None]).to(device)
    inside = (position >= 0) & (position < (length[:, None] - 1).to(device))
    floor = position.clamp_min(0).floor()
    index = (offset.to(device)[:, None] + floor.long()).clamp(0, len(samples) - 2)
    part = position - floor
    wave = samples[index].float() * (1 - part) + samples[index + 1].float() * part
    gain = 10 ** (difficulty * uniform(n, -10, 4, generator) / 20)
    wave = wave / 32768 * gain.to(device)[:, None] * inside
    return Clips(wave, activity(wave))


def activity(wave: Tensor) -> Tensor:
    """Feature steps during which something sounds: `[n, samples]` → `bool [n, T]`."""
    frames = wave.shape[1] // HOP_SIZE
    energy = wave[:, : frames * HOP_SIZE].reshape(len(wave), frames, HOP_SIZE).square().mean(2)
    loudest = energy.amax(1, keepdim=True)
    loud = ((energy > ACTIVE_SHARE**2 * loudest) & (loudest > 1e-9)).float()
    loud = F.max_pool1d(loud[:, None], BRIDGED_FRAMES, 1, BRIDGED_FRAMES // 2)
    missing = -frames % FRAMES_PER_FEATURE
    # A step counts when at least half of its 80 ms is loud.
    return F.avg_pool1d(F.pad(loud, (0, missing)), FRAMES_PER_FEATURE)[:, 0] >= 0.5


def colour(wave: Tensor, difficulty: float, generator: torch.Generator) -> Tensor:
    """Another microphone and room: random smooth equaliser and, for some, a decaying echo."""
    n, duration = wave.shape
    device = wave.device
    bins = duration // 2 + 1
    points = difficulty * 8 * torch.randn(n, 1, 7, generator=generator).to(device) / 20
    # Equaliser points lie an octave apart, so the curve is drawn on a logarithmic axis.
    hertz = torch.arange(bins, device=device) * (SAMPLE_RATE / duration)
    octave = (torch.log2(hertz.clamp_min(62.5) / 62.5) / 7 * 2 - 1).expand(n, bins)
    axis = torch.stack([octave, torch.zeros_like(octave)], 2)[:, None]
    curve = F.grid_sample(points[:, :, None], axis, align_corners=True, padding_mode="border")
    response = torch.pow(10.0, curve[:, 0, 0]).to(torch.complex64)
    tail = SAMPLE_RATE // 4
    seconds = torch.arange(tail, device=device) / SAMPLE_RATE
    decay = uniform(n, 15, 60, generator).to(device)[:, None]
    wet = torch.where(torch.rand(n, generator=generator) < 0.35 * difficulty, 1.0, 0.0).to(device)
    amount = wet * uniform(n, 0.02, 0.12, generator).to(device)
    echo = torch.randn(n, tail, generator=generator).to(device) * torch.exp(-seconds * decay)
    echo = echo * amount[:, None]
    echo[:, 0] = 1
    spectrum = torch.fft.rfft(wave, duration) * response * torch.fft.rfft(echo, duration)
    return torch.fft.irfft(spectrum, duration)


def noise(count: int, duration: int, generator: torch.Generator) -> Tensor:
    """Unit-power noise `[count, duration]` of random spectral slope, white to brown."""
    spectrum = torch.fft.rfft(torch.randn(count, duration, generator=generator))
    hertz = torch.arange(spectrum.shape[1]) * (SAMPLE_RATE / duration)
    slope = uniform(count, 0, 1, generator)[:, None]
    shaped = spectrum * (hertz.clamp_min(40.0) / 40) ** -slope
    wave = torch.fft.irfft(shaped, duration)
    return wave / wave.square().mean(1, keepdim=True).sqrt().clamp_min(1e-9)


def add_noise(wave: Tensor, difficulty: float, generator: torch.Generator) -> Tensor:
    """Background noise from inaudible to 15 dB under the pack's usual loudness."""
    n, duration = wave.shape
    level = 0.1 * 10 ** (uniform(n, -60, -40 + 25 * difficulty, generator) / 20)
    return wave + (noise(n, duration, generator) * level[:, None]).to(wave.device)
