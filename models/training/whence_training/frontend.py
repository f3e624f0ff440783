"""Waveform to spectrogram, inside the network: framing and windowed DFT, then mel bands."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

SAMPLE_RATE = 16_000
FFT_SIZE = 512
WINDOW_SIZE = 400
HOP_SIZE = 160
EDGE_PADDING = (FFT_SIZE - HOP_SIZE) // 2


def analysis_window() -> np.ndarray:
    """Periodic Hann window of 25 ms, centered in the DFT frame of 32 ms; float64 [512]."""
    window = np.zeros(FFT_SIZE)
    first = (FFT_SIZE - WINDOW_SIZE) // 2
    window[first : first + WINDOW_SIZE] = np.hanning(WINDOW_SIZE + 1)[:WINDOW_SIZE]
    return window


def mel_bands(bands: int, lowest: float = 60.0, highest: float = 7800.0) -> np.ndarray:
    """Triangular HTK mel bands; float32 [257, bands]; frequencies in Hz."""

    def to_mel(hertz: float) -> float:
        return 2595 * math.log10(1 + hertz / 700)

    corners = 700 * (10 ** (np.linspace(to_mel(lowest), to_mel(highest), bands + 2) / 2595) - 1)
    bins = np.arange(FFT_SIZE // 2 + 1)[:, None] * SAMPLE_RATE / FFT_SIZE
    rising = (bins - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - bins) / (corners[2:] - corners[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


class PowerSpectrum(nn.Module):
    """`waveform [n, samples]` → `power [n, 257, samples // 160]`, one frame every 10 ms.

    `as_convolution` switches from the FFT, faster when training, to one strided convolution with
    the DFT's rows, which every ONNX runtime knows. Both give the same numbers up to rounding.
    """

    def __init__(self) -> None:
        super().__init__()
        self.as_convolution = False
        window = analysis_window()
        phase = 2 * np.pi * np.arange(FFT_SIZE // 2 + 1)[:, None] * np.arange(FFT_SIZE) / FFT_SIZE
        rows = np.concatenate([np.cos(phase), np.sin(phase)]) * window
        self.register_buffer("window", torch.tensor(window, dtype=torch.float32), persistent=False)
        self.register_buffer(
            "rows", torch.tensor(rows[:, None], dtype=torch.float32), persistent=False
        )

    def forward(self, waveform: Tensor) -> Tensor:
        padded = F.pad(waveform, (EDGE_PADDING, EDGE_PADDING))
        if self.as_convolution:
            rows = cast(Tensor, self.rows)
            parts = F.conv1d(padded[:, None], rows, stride=HOP_SIZE).square()
            return parts[:, : FFT_SIZE // 2 + 1] + parts[:, FFT_SIZE // 2 + 1 :]
        frames = padded.unfold(1, FFT_SIZE, HOP_SIZE) * self.window
        spectrum = torch.fft.rfft(frames)
        return (spectrum.real.square() + spectrum.imag.square()).transpose(1, 2)


class LogMel(nn.Module):
    """`power [n, 257, frames]` → roughly unit-scaled log-mel `[n, bands, frames]`."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.register_buffer("bands", torch.tensor(mel_bands(bands).T.copy()), persistent=False)

    def forward(self, power: Tensor) -> Tensor:
        return (torch.log(torch.matmul(cast(Tensor, self.bands), power) + 1e-5) + 4.0) / 4.0
