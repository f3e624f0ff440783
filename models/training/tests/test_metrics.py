"""Metrics against the original's numbers, and on scenes whose answer is known."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from whence_training.metrics import (
    Scene,
    Target,
    average_precision,
    disentanglement,
    measure,
    recalls,
)
from whence_training.scene_set import load_scenes

GOLDEN = np.load(Path(__file__).parent / "golden_evaluation.npz")


@pytest.mark.parametrize(
    ("scores", "wanted"), [("iou_pred", "ap_out"), ("ap_ties_pred", "ap_ties_out")]
)
def test_average_precision_is_the_originals(scores: str, wanted: str) -> None:
    truth, values = GOLDEN["iou_target"].ravel(), GOLDEN[scores].ravel()
    assert average_precision(truth, values) == pytest.approx(float(GOLDEN[wanted]), abs=1e-6)


def test_average_precision_without_positives_is_nan() -> None:
    assert np.isnan(average_precision(np.zeros(3), np.arange(3.0)))


def test_recalls_are_the_originals() -> None:
    found = recalls(GOLDEN["recall_sim"])
    # The original ranks audios for a picture first, then pictures for an audio.
    wanted = GOLDEN["recall_out"]
    assert [found["i2a"][f"r{k}"] for k in (1, 5, 10)] == pytest.approx(
        wanted[:3].tolist(), abs=1e-6
    )
    assert [found["a2i"][f"r{k}"] for k in (1, 5, 10)] == pytest.approx(
        wanted[3:].tolist(), abs=1e-6
    )


def test_disentanglement_is_the_originals() -> None:
    found = disentanglement(GOLDEN["dis0_words_scores"], GOLDEN["dis0_sounds_scores"])
    assert found == pytest.approx(GOLDEN["dis0_out"].tolist(), abs=1e-6)


def perfect(frames: Tensor, waveform: Tensor) -> tuple[Tensor, Tensor]:
    """Head 0 answers to red, head 1 to blue, whenever the waveform is positive or negative."""
    cells = (
        frames.float().permute(0, 3, 1, 2).reshape(len(frames), 3, 4, 8, 4, 8).mean((3, 5)) / 255
    )
    pictures = cells[:, [0, 2]]
    steps = (
        waveform[:, : 1280 * (waveform.shape[1] // 1280)].reshape(len(waveform), -1, 1280).mean(2)
    )
    return pictures, torch.stack([steps.clamp_min(0), (-steps).clamp_min(0)], 1)


def scene(kind: int, pool: str, *, right: bool = True) -> Scene:
    frame = torch.zeros(32, 32, 3, dtype=torch.uint8)
    frame[:8, :8, 0], frame[24:, 24:, 2] = 255, 255
    mask = np.zeros((32, 32), bool)
    corner = slice(0, 8) if (kind == 0) == right else slice(24, 32)
    mask[corner, corner] = True
    waveform = torch.full((12_800,), 1.0 if kind == 0 else -1.0)
    return Scene(pool, frame, waveform, [Target(kind, 0.0, 0.8, mask)])


def test_a_perfect_model_scores_one() -> None:
    scenes = [scene(0, "sound") for _ in range(3)] + [scene(1, "word") for _ in range(3)]
    report = measure(perfect, scenes, heads=2, calibration=[(4, -2), (4, -2)])
    for pool in ("sound", "word"):
        assert report["pools"][pool]["pointing"] == 1
        assert report["pools"][pool]["pointing_any_head"] == 1
        assert report["pools"][pool]["ap"] > 0.9
    assert report["ap_dis"] == 1


def test_a_wrong_mask_scores_zero() -> None:
    report = measure(perfect, [scene(0, "sound", right=False)], heads=2)
    assert report["pools"]["sound"]["pointing"] == 0


def test_false_alarms_count_scenes_that_score_at_any_time() -> None:
    loud, quiet = scene(0, "negative"), scene(0, "negative")
    loud.targets, quiet.targets = [], []
    quiet.waveform = torch.zeros_like(quiet.waveform)
    report = measure(perfect, [loud, quiet], heads=2, calibration=[(4, -2), (4, -2)])
    assert report["pools"]["negative"] == {"n": 2, "false_alarm": 0.5}


def test_reads_scenes_from_a_folder(tmp_path: Path) -> None:
    made = scene(0, "sound")
    Image.fromarray(made.frame.numpy()).resize((64, 64), Image.Resampling.NEAREST).save(
        tmp_path / "a.png"
    )
    mask = np.kron(made.targets[0].mask, np.ones((2, 2), np.uint8)) * 255
    Image.fromarray(mask.astype(np.uint8)).save(tmp_path / "m.png")
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.full(12_800, 16_000, np.int16).tobytes())
    target = {"kind": "sound", "name": "red", "onset": 0.0, "offset": 0.8, "mask": "m.png"}
    line = {"id": "1", "pool": "sound", "image": "a.png", "audio": "a.wav", "targets": [target]}
    negative = {**line, "id": "2", "pool": "negative", "targets": []}
    (tmp_path / "scenes.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(negative) + "\n")
    scenes = load_scenes(tmp_path, 32)
    assert [s.pool for s in scenes] == ["sound", "negative"]
    assert scenes[0].frame.shape == (32, 32, 3)
    assert measure(perfect, scenes, heads=2)["pools"]["sound"]["pointing"] == 1
