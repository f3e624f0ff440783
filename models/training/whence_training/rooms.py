"""Impulse responses of simulated rooms: a box's first echoes by mirror images, then a decaying tail.

Allen and Berkley's image method for a shoebox of one absorption, and noise that decays with the
room's Sabine time from where the images end. The direct sound is at sample 0 with amplitude 1, so
that what distance changes is the balance of direct sound and echoes, not the loudness.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from .waveform import SAMPLE_RATE, Samples

SPEED = 343.0
SECONDS = 0.4
ORDER = 4
SMALLEST, LARGEST = (2.2, 2.2, 2.2), (9.0, 7.0, 3.5)
ABSORPTION = (0.12, 0.6)
DISTANCE = (0.3, 5.0)


def reverberation_time(size: Samples, absorption: float) -> float:
    """Sabine's time in seconds for the sound to fall by 60 dB."""
    length, width, height = (float(side) for side in size)
    surface = 2 * (length * width + length * height + width * height)
    return 0.161 * length * width * height / (surface * absorption)


def images(size: Samples, source: Samples, listener: Samples) -> tuple[Samples, Samples]:
    """Distances of all mirror images up to `ORDER`, and how often each was reflected."""
    cells = np.arange(-ORDER, ORDER + 1)
    offsets, bounces = [], []
    for axis in range(3):
        straight = 2 * cells * size[axis] + source[axis]
        mirrored = 2 * cells * size[axis] - source[axis]
        offsets.append(np.r_[straight, mirrored] - listener[axis])
        bounces.append(np.r_[2 * abs(cells), abs(2 * cells - 1)])
    x, y, z = np.meshgrid(*offsets, indexing="ij")
    count = sum(np.meshgrid(*bounces, indexing="ij"))
    return np.sqrt(x**2 + y**2 + z**2).ravel(), np.asarray(count).ravel()


def impulse_response(rng: Generator) -> Samples:
    """The response of a random room between two random places; float32 [SECONDS · 16,000]."""
    size = rng.uniform(SMALLEST, LARGEST)
    absorption = float(rng.uniform(*ABSORPTION))
    listener = size * rng.uniform(0.15, 0.85, 3)
    direction = rng.standard_normal(3)
    wanted = listener + direction / np.linalg.norm(direction) * rng.uniform(*DISTANCE)
    source = np.clip(wanted, 0.1, size - 0.1)
    return response_between(size, absorption, source, listener, rng)


def response_between(
    size: Samples, absorption: float, source: Samples, listener: Samples, rng: Generator
) -> Samples:
    """The response of a room between two places in it, in meters; float32 [SECONDS · 16,000]."""
    distance, bounces = images(size, source, listener)
    direct = max(float(distance.min()), 0.1)
    place = np.rint((distance - direct) / SPEED * SAMPLE_RATE).astype(int)
    strength = direct / np.maximum(distance, 0.1) * np.sqrt(1 - absorption) ** bounces
    count = int(SECONDS * SAMPLE_RATE)
    inside = (place < count) & (bounces <= 2 * ORDER)
    response = np.bincount(place[inside], strength[inside], count)
    return with_tail(response, reverberation_time(size, absorption), size, rng)


def with_tail(response: Samples, seconds: float, size: Samples, rng: Generator) -> Samples:
    """Adds the diffuse tail, as strong as the images' echoes where it takes over."""
    begin = min(int(2 * ORDER * float(size.min()) / SPEED * SAMPLE_RATE / 2), len(response) // 2)
    window = response[begin // 2 : begin]
    level = float(np.sqrt((window**2).mean())) if len(window) else 0.0
    time = np.arange(len(response) - begin) / SAMPLE_RATE
    tail = rng.standard_normal(len(time)) * level * 10 ** (-3 * time / max(seconds, 0.05))
    out = response.astype(np.float32)
    out[begin:] = 0.5 * out[begin:] + tail.astype(np.float32)
    return out / np.float32(max(abs(float(out[0])), 1e-3))


class Rooms:
    """A set of rooms, heard by clips at random."""

    def __init__(self, count: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        responses = np.stack([impulse_response(rng) for _ in range(count)])
        self.responses = torch.from_numpy(responses)

    def heard(self, wave: Tensor, share: float, generator: torch.Generator) -> Tensor:
        """`wave [n, samples]`, a share of the clips in a room each; their energy stays."""
        out = wave.clone()
        rows = (torch.rand(len(wave), generator=generator) < share).nonzero()[:, 0]
        if not len(rows):
            return out
        chosen = torch.randint(len(self.responses), (len(rows),), generator=generator)
        length = wave.shape[1] + self.responses.shape[1]
        spectrum = torch.fft.rfft(wave[rows], length)
        spectrum = spectrum * torch.fft.rfft(self.responses[chosen], length)
        wet = torch.fft.irfft(spectrum, length)[:, : wave.shape[1]]
        before = wave[rows].square().mean(1, keepdim=True)
        after = wet.square().mean(1, keepdim=True).clamp_min(1e-12)
        out[rows] = wet * (before / after).sqrt()
        return out
