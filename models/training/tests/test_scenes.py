"""Scenes for evaluation: the truth fits the picture and the sound, from held-out rows only."""

from __future__ import annotations

import json
import wave
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_pack import RATE, make_pack, shape

from whence_training.open_pack import OpenPack
from whence_training.scene_pools import NEGATIVE_POOLS, POOLS
from whence_training.scenes import write_scenes

COUNT = 36
SILENT_UNDER = 1e-4


def with_test_rows(root: Path) -> Path:
    """A pack in which every recording is for testing: tones, and words of people and machines."""
    make_pack(root, concepts=9)
    index = json.loads((root / "index.json").read_text())
    for part in ("sounds", "words", "backgrounds"):
        for row in index[part]:
            row["split"] = "test"
    for number, row in enumerate(index["sounds"]):
        row["recording"] += "#other" if number % 3 == 0 else "#part"
    for number, row in enumerate(index["words"]):
        if number % 2:
            row.update(engine="human", voice="human")
    for row in index["pictures"]:
        row["split"] = "test" if row["concept"] == 4 else "train"
    for number, name in enumerate("ant bell cat dog egg fan goat hat ink".split()):
        index["concepts"][number]["name"] = name
    (root / "index.json").write_text(json.dumps(index))
    return root


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> OpenPack:
    return OpenPack(with_test_rows(tmp_path_factory.mktemp("pack")))


@pytest.fixture(scope="module")
def folder(pack: OpenPack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("scenes")
    write_scenes(pack, "test", out, COUNT, seed=4, size=96)
    return out


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "scenes.jsonl").read_text().splitlines()]


def read_wav(file: Path) -> np.ndarray:
    with wave.open(str(file)) as opened:
        assert (opened.getframerate(), opened.getnchannels()) == (RATE, 1)
        return np.frombuffer(opened.readframes(opened.getnframes()), "<i2") / 32767


def test_all_pools_come_evenly(lines: list[dict[str, Any]]):
    counts = Counter(line["pool"] for line in lines)
    assert set(counts) == set(POOLS) - {"sound_trained", "word_natural_voice"}
    assert max(counts.values()) - min(counts.values()) <= 1


def test_masks_cover_what_they_name(folder: Path, lines: list[dict[str, Any]]):
    names = "ant bell cat dog egg fan goat hat ink".split()
    for line in lines:
        picture = np.asarray(Image.open(folder / line["image"]), np.float64)
        assert 2 <= len(line["objects"]) <= 3
        for item in line["objects"]:
            mask = np.asarray(Image.open(folder / item["mask"]).convert("L")) > 127
            assert mask.shape == (96, 96)
            if mask.mean() < 0.01:
                continue
            own = shape(names.index(item["name"]))[50, 40, :3].astype(np.float64)
            seen = picture[mask].mean(axis=0)
            # Lighting changes brightness, saturation and cast: hues are compared, and roughly.
            hues = [colour - colour.mean() for colour in (own, seen)]
            lengths = [np.linalg.norm(hue) for hue in hues]
            if lengths[0] > 40:
                assert hues[0] @ hues[1] > 0.7 * lengths[0] * lengths[1], item["name"]


def test_targets_are_seen_and_heard(folder: Path, lines: list[dict[str, Any]]):
    for line in lines:
        heard = read_wav(folder / line["audio"])
        assert len(heard) == 2 * RATE
        for target in line["targets"]:
            mask = np.asarray(Image.open(folder / target["mask"]).convert("L")) > 127
            left, top, right, bottom = target["box"]
            assert mask[top:bottom, left:right].sum() == mask.sum() >= 0.01 * mask.size
            assert target["name"] in [item["name"] for item in line["objects"]]
            during = heard[int(target["onset"] * RATE) : int(target["offset"] * RATE)]
            assert np.sqrt((during**2).mean()) > 0.01


def test_pools_hold_what_they_say(folder: Path, lines: list[dict[str, Any]]):
    for line in lines:
        kinds = sorted(target["kind"] for target in line["targets"])
        if line["pool"] in NEGATIVE_POOLS:
            assert not kinds
        elif line["pool"] == "mixture":
            assert kinds == ["sound", "speech"]
            first, second = line["targets"]
            assert first["name"] != second["name"]
            together = min(first["offset"], second["offset"]) - max(first["onset"], second["onset"])
            assert together > 0.25
        else:
            expected = "sound" if line["pool"].startswith("sound") else "speech"
            assert kinds == [expected]
        if line["pool"] == "picture_unseen":
            assert line["targets"][0]["name"] == "egg"
        level = np.sqrt((read_wav(folder / line["audio"]) ** 2).mean())
        assert (level < SILENT_UNDER) == (line["pool"] == "silence")


def test_the_same_seed_gives_the_same_files(pack: OpenPack, folder: Path, tmp_path: Path):
    write_scenes(pack, "test", tmp_path, COUNT, seed=4, size=96)
    files = sorted(file.name for file in folder.iterdir())
    assert files == sorted(file.name for file in tmp_path.iterdir())
    assert all((folder / f).read_bytes() == (tmp_path / f).read_bytes() for f in files)
    write_scenes(pack, "test", tmp_path / "other", COUNT, seed=5, size=96)
    assert (tmp_path / "other/scenes.jsonl").read_bytes() != (folder / "scenes.jsonl").read_bytes()


def test_a_split_without_recordings_is_refused(pack: OpenPack, tmp_path: Path):
    pools = ("sound_unseen_part", "mixture")
    with pytest.raises(ValueError, match="pack must have val recordings, got none"):
        write_scenes(pack, "val", tmp_path, 4, seed=1, pools=pools)
