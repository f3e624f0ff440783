"""Scenes of photographs: the truth fits the picture, names and words are apart where they must be."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_pack import make_pack

from whence_training.media import sha256_of
from whence_training.open_pack import OpenPack
from whence_training.photo_scenes import PHOTO_POOLS, PhotoScenes, Recordings, confusable
from whence_training.photographs import Photograph, Thing
from whence_training.scene_set import load_scenes

NAMES = "ant bell cat dog egg fan goat hat ink jug kite lamp".split()
BOX = (0.25, 0.2, 0.75, 0.8)


def scenes_in(root: Path, seed: int = 3) -> Path:
    make_pack(root / "pack", len(NAMES))
    index = json.loads((root / "pack/index.json").read_text())
    for number, name in enumerate(NAMES):
        index["concepts"][number]["name"] = name
    for part in ("sounds", "words"):
        for row in index[part]:
            row["split"] = "val"
    (root / "pack/index.json").write_text(json.dumps(index))
    listed = []
    for number, name in enumerate(NAMES):
        picture = np.full((50, 80, 3), 10, np.uint8)
        picture[10:40, 20:60] = 80 + 10 * number
        Image.fromarray(picture).save(root / f"{name}.png")
        digest = sha256_of(root / f"{name}.png")
        listed.append(Photograph(f"{name}.png", "val", digest, [Thing(name, BOX)]))
    recordings = Recordings(OpenPack(root / "pack"), "val")
    maker = PhotoScenes(listed, recordings, root, root / "out", seed)
    maker.write_all(PHOTO_POOLS, 20)
    return root / "out"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes_in(tmp_path_factory.mktemp("photographs"))


def test_boxes_cover_what_they_name(folder: Path):
    lines = [json.loads(line) for line in (folder / "scenes.jsonl").read_text().splitlines()]
    assert Counter(line["pool"] for line in lines) == dict.fromkeys(PHOTO_POOLS, 4)
    for line in lines:
        picture = np.asarray(Image.open(folder / line["image"]).convert("L"))
        count = {"photo_mosaic": 4, "photo_sound": 4, "photo_mosaic_3x3": 9}.get(line["pool"], 1)
        assert len({thing["name"] for thing in line["objects"]}) == count
        for thing in line["objects"]:
            mask = np.asarray(Image.open(folder / thing["mask"]).convert("L")) > 127
            level = 80 + 10 * NAMES.index(thing["name"])
            assert np.median(picture[mask]) == pytest.approx(level, abs=3)
        named = [target["name"] for target in line["targets"]]
        if line["pool"] == "photo_single_wrong":
            assert not named
            assert line["said"] not in [thing["name"] for thing in line["objects"]]
        else:
            assert named == [line["said"]]
            kind = "sound" if line["pool"] == "photo_sound" else "speech"
            assert line["targets"][0]["kind"] == kind


def test_scenes_are_read_as_any_others(folder: Path):
    scenes = load_scenes(folder, 448)
    assert scenes[0].frame.shape == (448, 448, 3)
    assert all(scene.targets or scene.pool == "photo_single_wrong" for scene in scenes)


def test_the_same_seed_gives_the_same_scenes(folder: Path, tmp_path: Path):
    again = scenes_in(tmp_path)
    assert (again / "scenes.jsonl").read_bytes() == (folder / "scenes.jsonl").read_bytes()


def test_names_that_are_easily_meant_by_one_another_are_kept_apart():
    assert confusable("electric guitar", "guitar")
    assert confusable("duck", "bird")
    assert confusable("space shuttle", "rocket")
    assert not confusable("dog", "cup")
