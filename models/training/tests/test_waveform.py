"""Recordings are trimmed, levelled and resampled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from whence_training.waveform import LOUDNESS, SAMPLE_RATE, read, tidy, to_int16


def tone(seconds: float, hertz: float = 440.0, rate: int = SAMPLE_RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate).astype(np.float32)


def test_silence_goes_and_the_level_is_set():
    quiet = np.zeros(SAMPLE_RATE, np.float32)
    samples = tidy(np.concatenate([quiet, 0.003 * tone(0.5), quiet]))
    assert samples is not None
    assert abs(len(samples) - 0.5 * SAMPLE_RATE) <= 800
    assert np.sqrt((samples**2).mean()) == pytest.approx(LOUDNESS, rel=1e-3)


def test_a_click_is_kept_under_full_scale():
    samples = np.zeros(SAMPLE_RATE, np.float32)
    samples[4000:4016] = 1
    tidied = tidy(samples)
    assert tidied is not None
    assert np.abs(tidied).max() <= 1


@pytest.mark.parametrize("samples", [np.zeros(16000, np.float32), tone(0.01)])
def test_nothing_to_hear(samples: np.ndarray):
    assert tidy(samples) is None


def test_stereo_of_another_rate_becomes_mono_at_16_khz(tmp_path: Path):
    file = tmp_path / "tone.wav"
    left = tone(1, 1000, 44100)
    soundfile.write(file, np.stack([left, np.zeros_like(left)], axis=1), 44100)
    samples = read(file)
    assert len(samples) == SAMPLE_RATE
    middle = samples[2000:-2000]
    expected = 0.5 * tone(1, 1000)[2000:-2000]
    assert np.abs(middle - expected).max() < 0.01


def test_integers_do_not_wrap():
    assert to_int16(np.array([-2, -1, 0, 1, 2], np.float32)).tolist() == [
        -32767, -32767, 0, 32767, 32767,
    ]  # fmt: skip
