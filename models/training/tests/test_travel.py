"""A pack that travelled is the pack, but for what compression loses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_pack import make_pack

from whence_training import travel
from whence_training.open_pack import OpenPack


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> OpenPack:
    return OpenPack(make_pack(tmp_path_factory.mktemp("sent"), 5))


@pytest.fixture(scope="module")
def parts(sent: OpenPack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parts and reels so small that there are several of each."""
    folder = tmp_path_factory.mktemp("parts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(travel, "PART_BYTES", 90_000)
        patch.setattr(travel, "REEL_SECONDS", 2)
        assert travel.write_parts(travel.files_of(sent, 24_000), folder) > 1
    assert all(part.stat().st_size <= 90_000 for part in folder.glob("*.tar"))
    return folder


def test_what_arrives_is_what_was_sent(sent: OpenPack, parts: Path, tmp_path: Path):
    travel.unpack(parts, tmp_path)
    arrived = OpenPack(tmp_path)
    assert arrived.index == sent.index
    assert len(arrived.audio) == len(sent.audio)
    for row in sent.index["pictures"]:
        there, here = (pack.picture(row).astype(float) for pack in (arrived, sent))
        solid = here[..., 3] > 127
        assert np.abs(there - here)[solid].mean() < 6
        assert ((there[..., 3] > 127) == solid).mean() > 0.99
    for row in sent.index["sounds"]:
        there, here = (pack.samples(row).astype(float) for pack in (arrived, sent))
        # Low tones keep their wave form; one sample's shift would show at the highest of them.
        assert there @ here / np.linalg.norm(there) / np.linalg.norm(here) > 0.95
        assert np.linalg.norm(there) == pytest.approx(np.linalg.norm(here), rel=0.1)


def test_a_missing_part_is_named(parts: Path, tmp_path: Path):
    broken = tmp_path / "broken"
    shutil.copytree(parts, broken)
    sorted(broken.glob("*.tar"))[-1].unlink()
    with pytest.raises(ValueError, match="all parts must be there"):
        travel.unpack(broken, tmp_path / "out")
    with pytest.raises(ValueError, match=r"must hold part-00.tar, got none"):
        travel.unpack(tmp_path / "out", tmp_path / "other")


def test_the_index_travels_first(parts: Path):
    name, content = next(travel.read_parts(parts))
    assert name == "index.json"
    assert json.loads(content)["format"] == "whence/pack/1"
