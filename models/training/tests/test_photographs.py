"""The list of photographs, what is frozen of it, and the names of ImageNet's classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whence_training import freeze, photographs
from whence_training.concept_names import concept_names
from whence_training.concepts import read_concepts
from whence_training.imagenet_names import classes_by_name, read_names
from whence_training.media import sha256_of
from whence_training.photo_scenes import square_around
from whence_training.photographs import Photograph, Thing

HEADER = "split\tfile\tname\tleft\ttop\tright\tbottom\tsha256\n"


def test_the_shipped_list_keeps_what_is_frozen_for_testing():
    listed = photographs.read_photographs()
    photographs.check(listed, freeze.read_frozen())
    frozen = freeze.read_frozen().files
    for one in listed:
        own = any(part in one.file for part in ("opencv-doc", "skimage", "sklearn", "farm_animals"))
        assert one.split == "test" or not own, one.file
        assert (one.split == "test") == (one.sha256 in frozen), one.file
    for split in photographs.SPLITS:
        assert any(one.things for one in listed if one.split == split)
        assert any(not one.things for one in listed if one.split == split)


def test_a_frozen_photograph_is_refused_for_training():
    one = Photograph("x.jpg", "val", "aa", [Thing("cup", (0, 0, 1, 1))])
    with pytest.raises(freeze.FrozenError, match="split must be test, got val"):
        photographs.check([one], freeze.Frozen(files={"aa": "x.jpg"}))
    photographs.check([one], freeze.Frozen(files={"bb": "x.jpg"}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("learn\ta.jpg\tcup\t0\t0\t1\t1\tff", "split must be one of"),
        ("val\ta.jpg\tcup\t.5\t0\t.4\t1\tff", "a box must lie in 0..1"),
        ("val\ta.jpg\tcup\t0\t0\t1\t1.2\tff", "a box must lie in 0..1"),
        ("val\ta.jpg\tcup\t0\t0\t1\t1\tff\ntest\ta.jpg\tcup\t0\t0\t1\t1\tff", "keep its split"),
    ],
)
def test_a_list_at_fault_is_refused(line: str, message: str, tmp_path: Path):
    file = tmp_path / "list.tsv"
    file.write_text(HEADER + line + "\n")
    with pytest.raises(ValueError, match=message):
        photographs.read_photographs(file)


def test_pixels_are_of_the_file_that_the_list_names(tmp_path: Path):
    Image.fromarray(np.full((4, 6, 3), 7, np.uint8)).save(tmp_path / "a.png")
    one = Photograph("a.png", "val", sha256_of(tmp_path / "a.png"))
    assert one.pixels(tmp_path).shape == (4, 6, 3)
    one.sha256 = "0" * 64
    with pytest.raises(ValueError, match="its sha256 must be"):
        one.pixels(tmp_path)


@pytest.mark.parametrize("box", [(0.0, 0.2, 0.3, 0.9), (0.7, 0.0, 1.0, 0.5), (0.4, 0.4, 0.6, 0.6)])
def test_a_square_part_shows_the_whole_thing(box: tuple[float, float, float, float]):
    picture = np.zeros((60, 100, 3), np.uint8)
    left, top, right, bottom = (round(v * (100, 60)[i % 2]) for i, v in enumerate(box))
    picture[top:bottom, left:right] = 255
    for seed in range(5):
        part, inside = square_around(picture, Thing("cup", box), np.random.default_rng(seed))
        assert part.shape == (60, 60, 3)
        assert (part == 255).sum() == (picture == 255).sum()
        rows, columns = np.nonzero(part[..., 0])
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert np.abs(np.array(found) / 60 - inside).max() < 0.03


def test_names_of_classes_are_everyday_names():
    names = read_names()
    assert names[1] == ("goldfish", "fish")
    assert names[487] == ("cell phone", "phone")
    assert names[684] == ("ocarina",)
    assert "sweet potato" not in classes_by_name()
    assert classes_by_name()["kettle"] == [849]
    assert {207, 208, 235} < set(classes_by_name()["dog"])
    assert not names[116]
    assert sum(bool(n) for n in names) > 900


def test_every_named_concept_is_in_the_table():
    known = {concept.name for concept in read_concepts()}
    assert set(concept_names()) <= known
    assert concept_names()["pair of pliers"] == "pliers"
