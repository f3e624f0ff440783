"""Nothing frozen is learned from: by file, by part of a file, by voice, by language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from whence_training import freeze
from whence_training.freeze import Frozen, FrozenError, check
from whence_training.freeze_rules import held_out_picture

FROZEN = Frozen(
    files={"aa": "some/picture.png"},
    tails={"bb": "some/sound.ogg"},
    voices={"espeak": ["f4"], "flite": ["slt"]},
    human_languages=["en"],
)


def index_with(part: str, row: dict[str, Any], split: str = "train") -> dict[str, Any]:
    return {part: [{"source": "here", "split": split, **row}]}


FORBIDDEN = [
    ("pictures", {"sha256": "aa"}),
    ("backgrounds", {"sha256": "aa"}),
    ("sounds", {"sha256": "bb"}),
    ("sounds", {"sha256": "bb", "part": [0.0, 0.8]}),
    ("sounds", {"sha256": "bb", "part": [0.7, 1.0]}),
    ("words", {"engine": "espeak", "voice": "f4", "language": "en"}),
    ("words", {"engine": "human", "voice": "human", "language": "en", "sha256": "cc"}),
    ("pictures", {}),
    ("words", {"engine": "human", "voice": "human", "language": "fr"}),
]
ALLOWED = [
    ("pictures", {"sha256": "cc"}),
    ("sounds", {"sha256": "bb", "part": [0.0, 0.7]}),
    ("words", {"engine": "espeak", "voice": "f1", "language": "en"}),
    ("words", {"engine": "flite", "voice": "f4", "language": "en"}),
    ("words", {"engine": "human", "voice": "human", "language": "fr", "sha256": "cc"}),
]


@pytest.mark.parametrize(("part", "row"), FORBIDDEN)
@pytest.mark.parametrize("split", ["train", "val"])
def test_frozen_rows_are_refused(part: str, row: dict[str, Any], split: str):
    with pytest.raises(FrozenError, match=r"Cannot train on .*\(here\): split must be test"):
        check(index_with(part, row, split), FROZEN)


@pytest.mark.parametrize(("part", "row"), FORBIDDEN)
def test_frozen_rows_may_be_tested_on(part: str, row: dict[str, Any]):
    check(index_with(part, row, "test"), FROZEN)


@pytest.mark.parametrize(("part", "row"), ALLOWED)
def test_other_rows_may_be_learned_from(part: str, row: dict[str, Any]):
    check(index_with(part, row), FROZEN)


def test_of_three_pictures_one_is_held_out(tmp_path: Path):
    files = [tmp_path / name for name in "abcd"]
    for file in files[:3]:
        file.write_text(file.name)
    files[3].write_text("a")
    assert held_out_picture([files[0], files[1], files[3]]) is None, "two are the same"
    chosen = held_out_picture(files[:3])
    assert chosen in files[:3]
    assert held_out_picture(files[2::-1]) == chosen


def test_the_shipped_list():
    frozen = freeze.read_frozen()
    names = list(frozen.files.values())
    assert sum(name.endswith("_desc.ogg") for name in names) == 66
    assert sum("memory-sound" in n or "explore_farm_animals" in n for n in names) > 15
    assert any("montStMichel" in name for name in names)
    assert set(frozen.voices["flite"]) == {"slt"}
    assert len(frozen.voices["espeak"]) == 6
    assert len(frozen.tails) > 40
    assert all(len(digest) == 64 for digest in [*frozen.files, *frozen.tails])
