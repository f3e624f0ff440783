"""Recordings as the pack keeps them: 16 kHz, mono, without silence at either end, of one loudness."""

from __future__ import annotations

from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

SAMPLE_RATE = 16_000
LOUDNESS = 0.1
"""Root mean square of every piece, 1 = full scale."""

Samples = NDArray[np.float32]


def read(path: Path) -> Samples:
    """Decode any file that libsndfile knows to mono float32 at 16 kHz."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return to_rate(samples.mean(axis=1), rate)


def to_rate(mono: Samples, rate: int) -> Samples:
    """Resamples mono samples to 16 kHz."""
    if rate != SAMPLE_RATE:
        common = gcd(rate, SAMPLE_RATE)
        mono = resample_poly(mono, SAMPLE_RATE // common, rate // common)
    return np.asarray(mono, dtype=np.float32)


def tidy(samples: Samples, floor: float = 0.02) -> Samples | None:
    """Trim silence and set the loudness; None when there is nothing to hear.

    `floor` is the share of the loudest 10 ms below which both ends count as silence.
    """
    block = 160
    count = len(samples) // block
    if count < 5:
        return None
    samples = samples - samples.mean()
    power = np.sqrt((samples[: count * block].reshape(count, block) ** 2).mean(axis=1))
    if power.max() < 1e-4:
        return None
    loud = np.flatnonzero(power > power.max() * floor)
    trimmed = samples[max(0, loud[0] * block - 320) : (loud[-1] + 1) * block + 480]
    level = float(np.sqrt((trimmed**2).mean()))
    trimmed = trimmed * (LOUDNESS / level)
    peak = float(np.abs(trimmed).max())
    return np.asarray(trimmed / max(1.0, peak), dtype=np.float32)


def to_int16(samples: Samples) -> NDArray[np.int16]:
    """Float samples in -1..1 as 16-bit integers."""
    return np.asarray(np.rint(np.clip(samples, -1, 1) * 32767), dtype=np.int16)
