"""A label file: made from recordings, written, read again; recordings heard as a pipeline does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from whence_training.frontend import SAMPLE_RATE
from whence_training.label_clips import STEP, heard, placed, whole
from whence_training.label_file import FILE, manifest_part
from whence_training.labels import (
    Bank,
    Heard,
    kept_codes,
    made_bank,
    measure,
    read_bank,
    write,
)

SIZE, EACH = 8, 6


def loudness(waves: np.ndarray) -> np.ndarray:
    """Features `[n, 2, T]` of a made-up encoder: loudness of each step, and ones."""
    count = waves.shape[1] // STEP
    loud = np.abs(waves[:, : count * STEP]).reshape(len(waves), count, STEP).mean(2)
    return np.stack([loud, np.ones_like(loud)], 1)


def test_every_step_of_a_recording_is_heard_once():
    rng = np.random.default_rng(3)
    samples = (8000 * np.sin(np.arange(SAMPLE_RATE) / 5)).astype(np.int16)
    for rooms in (None, [np.r_[1.0, np.zeros(4000), 0.3].astype(np.float32)]):
        wave, start, end = placed(samples, rng, rooms)
        live, at_once = (
            heard(loudness, wave, start, end, rng),
            whole(loudness, wave, start, end),
        )
        # 1 s has 12.5 steps, and one that overlaps at either end.
        assert 12 <= live[1] <= 14
        assert abs(live[1] - at_once[1]) <= 2
        assert abs(live[0] / at_once[0] - 1) < 0.05


def made(rng: np.random.Generator, means: np.ndarray, names: list[str], each: int) -> Heard:
    heard_names, codes = [], []
    for name, mean in zip(names, means, strict=True):
        for _ in range(each):
            code = mean + 0.25 * rng.standard_normal(SIZE)
            heard_names.append(name)
            codes.append(code / np.linalg.norm(code))
    engines = np.full(len(codes), "made")
    return Heard(np.array(heard_names), engines, np.stack(codes))


def test_a_label_file_is_read_as_it_was_written(tmp_path: Path):
    rng = np.random.default_rng(4)
    names = [f"name {number}" for number in range(40)]
    means = rng.standard_normal((40, SIZE))
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    asked = made(rng, means, names, 10)
    bank = Bank.of(made(rng, means, names, EACH)).calibrated(asked)
    (tmp_path / "model.yaml").write_text(yaml.safe_dump({"audio": {"sha256": "a1"}}))
    write(tmp_path, {"speech": (bank, "made up")})
    content = json.loads((tmp_path / FILE).read_text())
    assert content["audio"] == "a1"
    manifest = yaml.safe_load((tmp_path / "model.yaml").read_text())
    assert manifest["labels"] == manifest_part(tmp_path, "a1")
    assert manifest_part(tmp_path, "another encoder") is None
    again = read_bank(content["kinds"][0])
    assert list(again.names) == sorted(names)
    assert np.abs(again.codes - bank.codes).max() < np.abs(bank.codes).max() / 200
    before, after = measure(bank, asked), measure(again, asked)
    assert before["made"]["top-1"] > 0.6
    assert abs(before["made"]["top-1"] - after["made"]["top-1"]) < 0.03
    assert before["unknown"]["wrong label"] < 0.3
    for row in before["reliability"]:
        assert row["share"] < 0.02 or abs(row["said"] - row["right"]) < 0.15


def test_kept_codes_are_those_of_one_encoder(tmp_path: Path):
    audio, other = tmp_path / "audio.onnx", tmp_path / "other.onnx"
    audio.write_bytes(b"one")
    other.write_bytes(b"two")
    kept = kept_codes(tmp_path, audio, "val", live=True)
    assert kept == tmp_path / "val-live-7692c3ad3540.npz"
    assert kept != kept_codes(tmp_path, other, "val", live=True)
    assert kept != kept_codes(tmp_path, audio, "val", live=False)


def test_too_few_recordings_make_no_bank():
    rng = np.random.default_rng(5)
    names = [f"name {number}" for number in range(4)]
    means = rng.standard_normal((4, SIZE))
    asked = made(rng, means, names, 2)
    made_bank("speech", made(rng, means, names, SIZE), asked)
    with pytest.raises(ValueError, match="must be 8 more than names, got 4"):
        made_bank("speech", made(rng, means, names, 2), asked)
    with pytest.raises(ValueError, match="must have a training name"):
        made_bank("speech", made(rng, means, names, SIZE), made(rng, means, ["other"] * 4, 2))
    with pytest.raises(ValueError, match="must be 1 more than names, got 0"):
        made_bank("sound", made(rng, means, names, 1), asked)
