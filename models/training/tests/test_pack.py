"""From files of a cache to a pack: contents, splits, and that frozen things stay out of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_cache import concept, make_cache, sound

from whence_training import freeze, freeze_rules, licences
from whence_training.open_pack import OpenPack
from whence_training.pack import selected, write_pack
from whence_training.sources import STAMPS, Sources
from whence_training.word_store import Store


NATURAL = (("owl", "af_sky", "train"), ("bell", "af_heart", "test"), ("cup", "af_sky", "train"))


class Made:
    """A cache with the pack made from it."""

    def __init__(self, root: Path) -> None:
        self.cache = root / "cache"
        self.concepts = make_cache(self.cache)
        self.frozen = freeze.Frozen()
        freeze_rules.extend(self.frozen, self.concepts, Sources(self.cache))
        store = Store(root / "natural")
        for text, voice, split in NATURAL:
            row = {"text": text, "said": f"a {text}", "engine": "kokoro", "voice": voice}
            store.add({**row, "split": split}, np.full(4000, 0.25, np.float32))
        self.index = write_pack(
            root / "pack",
            self.cache,
            self.concepts,
            voices=2,
            stores=(root / "natural",),
            frozen=self.frozen,
        )
        self.pack = OpenPack(root / "pack")

    def rows(self, part: str, **wanted: Any) -> list[dict[str, Any]]:
        return [row for row in self.index[part] if wanted.items() <= row.items()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("media"))


def test_pictures_are_cropped_to_the_thing(made: Made):
    row = made.rows("pictures", source=f"{STAMPS}/bell.png")[0]
    picture = made.pack.picture(row)
    assert picture.shape == (121, 121, 4)
    assert picture[60, 60].tolist() == [230, 200, 30, 255]
    assert picture[0, 0, 3] == 0


def test_natural_voices_say_the_names_of_the_packs_concepts(made: Made):
    rows = made.rows("words", engine="kokoro")
    assert [(row["concept"], row["text"], row["voice"], row["split"]) for row in rows] == [
        (0, "a owl", "af_sky", "train"),
        (1, "a bell", "af_heart", "test"),
    ]
    assert rows[0]["licence"] == "Apache-2.0 AND MIT"
    samples = made.pack.samples(rows[1])
    assert len(samples) == 4000
    assert np.isclose(samples.astype(float).mean() / 32767, 0.25, atol=1e-3)


def test_further_names_are_only_heard(made: Made, tmp_path: Path):
    index = write_pack(
        tmp_path, made.cache, made.concepts, core=True, voices=1, names=frozenset({"cup", "owl"}),
        frozen=made.frozen,
    )  # fmt: skip
    assert [(c["name"], c["set"]) for c in index["concepts"]] == [("owl", "core"), ("cup", "named")]
    assert {row["text"].split()[-1] for row in index["words"] if row["concept"] == 1} == {"cup"}
    assert not [row for row in index["pictures"] if row["concept"] == 1]


def test_further_recordings_are_found_and_one_of_three_decides(tmp_path: Path):
    cache = tmp_path / "cache"
    owl = make_cache(cache)[0]
    sources = Sources(cache)
    sources.more_recordings = {"owl": ["extra/a.wav", "extra/b.wav", "extra/missing.wav"]}
    for name, hertz in (("a", 400), ("b", 700)):
        sound(cache / f"extra/{name}.wav", hertz, 1.0)
    assert [file.name for file in sources.more_sounds(owl)] == ["a.wav", "b.wav"]
    files = [str(name) for names in Sources(cache).more_recordings.values() for name in names]
    assert len(files) == len(set(files)) > 50
    for file in files:
        assert licences.origin_of(file).licence


def test_one_of_four_pictures_is_held_out_and_one_decides(made: Made):
    splits = [row["split"] for row in made.rows("pictures", concept=0)]
    assert sorted(splits) == ["test", "train", "train", "val"]
    ranked = sorted(made.rows("pictures", concept=0), key=lambda row: row["sha256"])
    assert [row["split"] for row in ranked[:2]] == ["test", "val"]


def test_a_long_sound_is_cut_for_the_splits(made: Made):
    parts = made.rows("sounds", source=f"{STAMPS}/owl.ogg")
    assert [row["split"] for row in parts] == ["train", "val", "test"]
    lengths = np.array([row["length"] for row in parts]) / sum(row["length"] for row in parts)
    assert lengths == pytest.approx([0.6, 0.1, 0.3], abs=1e-3)
    whole = np.concatenate([made.pack.samples(row) for row in parts])
    assert np.sqrt((whole / 32767.0) ** 2).mean() > 0.05
    assert [row["recording"].endswith("#part") for row in parts] == [False, True, True]


def test_a_short_sound_is_learned_whole(made: Made):
    (row,) = made.rows("sounds", source=f"{STAMPS}/bell.ogg")
    assert (row["split"], row["part"]) == ("train", [0.0, 1.0])


def test_a_second_recording_is_for_testing(made: Made):
    (row,) = [row for row in made.index["sounds"] if row["recording"].endswith("#other")]
    assert row["split"] == "test"


def test_people_who_speak_english_are_for_testing(made: Made):
    spoken = {row["language"]: row["split"] for row in made.rows("words", engine="human")}
    assert spoken["en"] == "test"
    assert set(spoken) == {"en", "fr", "ru"}
    assert "test" not in (spoken["fr"], spoken["ru"])


def test_voices_keep_to_their_split(made: Made):
    spoken = [row for row in made.index["words"] if row["engine"] != "human"]
    assert {row["engine"] for row in spoken} == {"espeak", "flite", "kokoro"}
    for row in spoken:
        held_out = row["voice"] in made.frozen.voices[row["engine"]]
        assert (row["split"] == "test") == held_out
    french = [row for row in spoken if row["language"] == "fr"]
    assert [row["text"] for row in french] == ["Une chouette"]


def test_every_row_tells_its_licence(made: Made):
    for part in ("pictures", "backgrounds", "sounds", "words", "noises"):
        assert made.index[part], part
        assert all(row["licence"] for row in made.index[part])


def test_a_core_pack_leaves_out_what_came_later(made: Made, tmp_path: Path):
    index = write_pack(tmp_path, made.cache, made.concepts, core=True, voices=1, frozen=made.frozen)
    assert [concept["name"] for concept in index["concepts"]] == ["owl"]
    seen = OpenPack(made.pack.folder, core=True)
    assert [concept["name"] for concept in seen.concepts] == ["owl"]
    assert {row["concept"] for row in seen.index["words"]} == {0}


def test_a_frozen_row_in_training_is_caught(made: Made):
    row = dict(made.rows("pictures", split="test")[0], split="train")
    with pytest.raises(freeze.FrozenError, match="its file is frozen"):
        freeze.check({**made.index, "pictures": [row]}, made.frozen)


def test_an_own_selection_has_the_named_concepts_and_further_names():
    concepts = [concept("owl"), concept("bell")]
    assert selected(concepts, ["cup", "fork"], ["bell", "fork"]) == ([concepts[1]], ["fork"])
    with pytest.raises(ValueError, match="Cannot pack doge: must be a name in"):
        selected(concepts, ["cup"], ["owl", "doge"])
