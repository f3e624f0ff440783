"""The exported folder: the model contract, torch and ONNX Runtime alike, calibration, card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import yaml
from tiny_pack import make_pack

from whence_training.batches import SOUND, SPEECH, BatchConfig, BatchMaker, Pack
from whence_training.calibration import Evidence, fit_logistic
from whence_training.card import write_card
from whence_training.export import export, load_model, receptive_field
from whence_training.label_file import FILE
from whence_training.media import sha256_of
from whence_training.metrics import Scene, measure
from whence_training.nets import NetConfig
from whence_training.scene_set import SceneComposer
from whence_training.settings import Settings
from whence_training.train import Trainer

CONFIG = BatchConfig(pictures=8, size=64, seconds=0.8)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Scene]]:
    """A checkpoint after a few steps, with both pretrained structures in it, and scenes."""
    folder = tmp_path_factory.mktemp("run")
    root = make_pack(folder / "pack", 8)
    pack = Pack(root, ("train",), torch.device("cpu"))
    net = NetConfig(
        channels=32,
        backbone="lite0",
        speech=True,
        picture_size=64,
        picture_width=16,
        sound_width=8,
        audio_width=24,
    )
    settings = Settings(out=str(folder / "out"), pack=str(root), steps=3, net=net, batch=CONFIG)
    run = Trainer(settings, BatchMaker(pack, CONFIG, 0))
    run.run()
    composer = SceneComposer(BatchMaker(pack, CONFIG, 1))
    scenes = composer.pool("sound", [(SOUND, s) for s in pack.sounds], 6)
    scenes += composer.pool("word", [(SPEECH, w) for w in pack.words], 6)
    scenes += composer.mixtures("mixture", pack.sounds, pack.words, 4)
    scenes += composer.off_screen("off-screen", [(SOUND, s) for s in pack.sounds], 4)
    scenes += composer.quiet(4)
    return folder / "out" / "checkpoint.pt", scenes


def test_composed_scenes_have_the_truth_they_should(trained: tuple[Path, list[Scene]]) -> None:
    _, scenes = trained
    targets = {pool: [] for pool in ("sound", "word", "mixture", "off-screen", "silence", "noise")}
    for scene in scenes:
        targets[scene.pool].append(sorted(t.kind for t in scene.targets))
    assert targets["sound"] == [[0]] * 6
    assert targets["word"] == [[1]] * 6
    assert targets["mixture"].count([0, 1]) >= 3
    assert targets["off-screen"] == [[]] * 4
    assert targets["silence"] == targets["noise"] == [[]] * 2
    assert all(scene.waveform.abs().sum() == 0 for scene in scenes if scene.pool == "silence")


def test_the_exported_folder_keeps_the_contract(
    trained: tuple[Path, list[Scene]], tmp_path: Path
) -> None:
    checkpoint, scenes = trained
    export(checkpoint, tmp_path, {"scenes": scenes}, name="small", version=3, fitted_on="a test")
    content = yaml.safe_load((tmp_path / "model.yaml").read_text())
    assert (content["name"], content["version"], content["channels"]) == ("small", 3, 32)
    assert content["check"]["relative_l2"] <= 1e-4
    for part in ("image", "audio"):
        path = tmp_path / content[part]["file"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == content[part]["sha256"]
    assert [head["kind"] for head in content["heads"]] == ["sound", "speech"]
    assert all(np.isfinite(head["calibration"]["slope"]) for head in content["heads"])
    image = onnxruntime.InferenceSession(str(tmp_path / "image.onnx"))
    frames = np.zeros((3, 64, 64, 3), np.uint8)
    assert image.run(["features"], {"frames": frames})[0].shape == (3, 32, 8, 8)
    audio = onnxruntime.InferenceSession(str(tmp_path / "audio.onnx"))
    least = content["audio"]["min_samples"]
    for samples in (least, 16_000, 33_333):
        wave = np.zeros((1, samples), np.float32)
        steps = -(-(samples // 160) // 8)
        assert audio.run(["features"], {"waveform": wave})[0].shape == (1, 32, steps)


def test_an_export_keeps_the_labels_of_the_same_audio_encoder(
    trained: tuple[Path, list[Scene]], tmp_path: Path
) -> None:
    checkpoint, scenes = trained

    def exported(version: int) -> dict[str, Any]:
        export(checkpoint, tmp_path, {"s": scenes}, name="small", version=version, fitted_on="")
        found: dict[str, Any] = yaml.safe_load((tmp_path / "model.yaml").read_text())
        return found

    first = exported(3)
    assert "labels" not in first
    (tmp_path / FILE).write_text(json.dumps({"audio": first["audio"]["sha256"]}))
    assert exported(4)["labels"] == {"file": FILE, "sha256": sha256_of(tmp_path / FILE)}
    (tmp_path / FILE).write_text(json.dumps({"audio": "another"}))
    assert "labels" not in exported(5)


def test_the_export_holds_the_averaged_weights(trained: tuple[Path, list[Scene]]) -> None:
    checkpoint, scenes = trained
    model = load_model(checkpoint)
    assert not model.training
    # Of weights that hardly trained, the edges of the field move the output too little to count.
    assert 0.3 < receptive_field(model) < 3

    def encoder(frames: torch.Tensor, waves: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return model.picture(frames), model.audio(waves) * model.config.code_scale

    report = measure(encoder, scenes, heads=2, calibration=[(1, 0), (1, 0)])
    assert set(report["pools"]) == {s.pool for s in scenes}
    assert 0 <= report["mixture"]["speech"] <= 1


def test_logistic_regression_finds_the_line_it_was_made_from() -> None:
    draw = np.random.default_rng(0)
    values = draw.normal(size=20_000)
    truth = (draw.random(20_000) < 1 / (1 + np.exp(-(3 * values - 1)))).astype(float)
    slope, offset = fit_logistic(values, truth, np.ones(20_000))
    assert slope == pytest.approx(3, abs=0.15)
    assert offset == pytest.approx(-1, abs=0.1)


def test_score_one_half_lies_where_both_are_as_likely() -> None:
    draw = np.random.default_rng(1)
    matched, other = draw.normal(2, 1, 3000), draw.normal(0, 1, 30_000)
    slope, offset = Evidence([matched], [other]).fit()
    assert -offset / slope == pytest.approx(1, abs=0.1)


def test_the_card_tells_figures_and_licences(tmp_path: Path) -> None:
    for part in ("image", "audio"):
        (tmp_path / f"{part}.onnx").write_bytes(b"0" * 1_000_000)
    head = {"kind": "sound", "calibration": {"slope": 5.0, "offset": -3.0, "fitted_on": "x"}}
    content = {
        "name": "small",
        "version": 3,
        "description": "A model",
        "channels": 32,
        "image": {"width": 64, "height": 64, "grid": {"width": 8, "height": 8}},
        "audio": {"feature_rate": 12.5, "receptive_field": 1.2},
        "check": {"relative_l2": 1e-6},
        "heads": [head],
    }
    report = {
        "pools": {"sound_unseen_part": {"n": 4, "pointing": 0.5, "ap": 0.25, "iou": 0.125}},
        "mixture": {"sound": 0.75, "speech": 0.25},
        "ap_dis": 0.987,
        "act_dis": 0.9,
    }
    index = {"concepts": [{}] * 5, "pictures": [{"split": "train", "licence": "CC0-1.0"}]}
    write_card(tmp_path, content, report=report, index=index)
    text = (tmp_path / "README.md").read_text()
    for told in ("small, version 3", "2.0 MB", "5 concepts", "CC0-1.0", "0.50", "0.987", "0.90"):
        assert told in text
