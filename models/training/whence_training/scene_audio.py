"""What is heard in a scene: recordings at random times and loudness in a little noise."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
LOUDNESS = 0.1
ACTIVE_SHARE = 0.05
BLOCK = 160

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Placed:
    """A recording in the clip, and when it is heard, in seconds."""

    samples: Samples
    onset: float
    offset: float


def heard_between(samples: Samples) -> tuple[float, float]:
    """Seconds from the first to the last 10 ms above 5 % of the loudest."""
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK)
    level = np.sqrt((blocks**2).mean(axis=1))
    loud = np.flatnonzero(level > ACTIVE_SHARE * level.max())
    step = BLOCK / SAMPLE_RATE
    return round(float(loud[0]) * step, 3), round(float(loud[-1] + 1) * step, 3)


def place(recording: NDArray[np.int16], seconds: float, rng: Generator) -> Placed | None:
    """Puts a recording somewhere into a clip, played up to 8 % faster or slower.

    One that is longer than the clip is entered at a random place. None when what was entered is
    all but silent.
    """
    total = round(seconds * SAMPLE_RATE)
    speed = float(rng.uniform(0.92, 1.08))
    source = recording.astype(np.float32) / 32768
    played = np.interp(
        np.arange(int((len(source) - 1) / speed)) * speed, np.arange(len(source)), source
    ).astype(np.float32)
    spare = total - len(played)
    clip = np.zeros(total, np.float32)
    start = int(rng.integers(0, abs(spare) + 1))
    if spare >= 0:
        clip[start : start + len(played)] = played
    else:
        clip = played[start : start + total].copy()
        edge = np.linspace(0, 1, 400, dtype=np.float32)
        clip[:400] *= edge
        clip[-400:] *= edge[::-1]
    if np.sqrt((clip**2).mean()) < 0.02 * LOUDNESS:
        return None
    onset, offset = heard_between(clip)
    return Placed(clip * np.float32(10 ** (rng.uniform(-10, 4) / 20)), onset, offset)


def noise(seconds: float, rng: Generator) -> Samples:
    """Noise of power 1 and a random spectral slope between white and brown."""
    count = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    shaped = spectrum * (np.maximum(hertz, 40) / 40) ** -rng.uniform(0, 1)
    samples = np.fft.irfft(shaped, count)
    return np.asarray(samples / np.sqrt((samples**2).mean()), dtype=np.float32)


def in_noise(samples: Samples, rng: Generator) -> Samples:
    """Adds noise that lies 60 to 18 dB under a recording's usual loudness."""
    level = LOUDNESS * 10 ** (rng.uniform(-60, -18) / 20)
    return samples + np.float32(level) * noise(len(samples) / SAMPLE_RATE, rng)


def write_wav(file: Path, samples: Samples) -> None:
    """Writes mono 16-bit PCM at 16 kHz; what is over full scale is turned down, not clipped."""
    scaled = samples / max(1.0, float(np.abs(samples).max()))
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(np.rint(scaled * 32767).astype("<i2").tobytes())
