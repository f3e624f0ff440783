"""Simulated rooms: geometry against hand-computed echoes, decay, and what they do to clips."""

from __future__ import annotations

import numpy as np
import torch

from whence_training.rooms import (
    SECONDS,
    SPEED,
    Rooms,
    images,
    impulse_response,
    reverberation_time,
)
from whence_training.waveform import SAMPLE_RATE


def test_sabine_time_of_a_hand_computed_room() -> None:
    # 6 x 5 x 3 m: 90 m3, 126 m2 of walls that absorb a quarter.
    assert np.isclose(reverberation_time(np.array([6.0, 5.0, 3.0]), 0.25), 0.161 * 90 / 31.5)


def test_the_nearest_images_are_the_source_and_its_mirror_images_in_the_walls() -> None:
    size, source = np.array([4.0, 5.0, 3.0]), np.array([1.0, 2.0, 1.0])
    listener = np.array([3.0, 2.0, 1.0])
    distance, bounces = images(size, source, listener)
    assert np.isclose(distance[bounces == 0], 2.0).all()
    # One bounce: the walls x = 0 and 4, y = 0 and 5, floor and ceiling.
    walls = [4.0, 4.0, np.hypot(2, 4), np.hypot(2, 6), np.hypot(2, 2), np.hypot(2, 4)]
    assert np.allclose(sorted(distance[bounces == 1]), sorted(walls))


def test_a_response_begins_with_the_direct_sound_and_decays() -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        response = impulse_response(rng)
        assert response.shape == (int(SECONDS * SAMPLE_RATE),)
        assert np.isclose(response[0], 1.0)
        assert np.isfinite(response).all()
        quarter = len(response) // 4
        energy = [float((part**2).sum()) for part in np.split(response, 4)]
        assert energy[0] > energy[1] > energy[3], (energy, quarter, SPEED)


def test_a_share_of_clips_is_heard_in_a_room_and_keeps_its_energy() -> None:
    rooms, generator = Rooms(5, 0), torch.Generator().manual_seed(0)
    wave = torch.zeros(200, 8000)
    wave[:, :2000] = torch.randn(200, 2000, generator=generator)
    heard = rooms.heard(wave, 0.5, generator)
    changed = (heard != wave).any(1)
    assert 70 < int(changed.sum()) < 130
    assert torch.allclose(heard.square().mean(1), wave.square().mean(1), rtol=1e-3)
    assert (heard[changed][:, 2000:].square().sum(1) > 0).all()
