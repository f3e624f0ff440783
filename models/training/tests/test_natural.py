"""What natural voices are asked to say, what is frozen of them, and how Kokoro's spelling is made."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from whence_training import freeze
from whence_training.natural import (
    KOKORO_SPELLING,
    KOKORO_TEST,
    KOKORO_TRAIN,
    KOKORO_VALIDATION,
    KOKORO_VOICES,
    PIPER_VOICE,
    plan,
)
from whence_training.word_store import Store, read_rows


def test_no_voice_is_in_two_splits() -> None:
    voices = [*KOKORO_TRAIN, *KOKORO_VALIDATION, *KOKORO_TEST]
    assert len(set(voices)) == len(voices) == 28


def test_the_frozen_list_names_kokoros_test_voices() -> None:
    frozen = freeze.read_frozen()
    assert frozen.voices["kokoro"] == list(KOKORO_TEST)
    row = {"engine": "kokoro", "voice": "af_heart", "source": "kokoro", "split": "train"}
    with pytest.raises(freeze.FrozenError, match="af_heart is frozen"):
        freeze.check({"words": [row]})
    freeze.check({"words": [{**row, "split": "test"}, {**row, "voice": "af_sky"}]})


def test_each_text_is_said_by_different_voices_of_its_split() -> None:
    for split, voices in KOKORO_VOICES.items():
        said = list(plan(["lamp", "owl"], split, 4, [], random.Random(1)))
        assert [row["text"] for row in said[:2]] == ["lamp", "owl"]
        for text in ("lamp", "owl"):
            used = [row["voice"] for row in said if row["text"] == text]
            assert len(used) == len(set(used)) == 4
            assert set(used) <= {*voices, *([PIPER_VOICE] if split == "train" else [])}
        assert {row["split"] for row in said} == {split}


def test_what_is_stored_is_not_said_again() -> None:
    rng = random.Random(2)
    first = list(plan(["lamp", "owl"], "train", 2, [], rng))
    assert list(plan(["lamp", "owl"], "train", 2, first, rng)) == []
    more = list(plan(["lamp", "owl", "cup"], "train", 3, first[:3], rng))
    assert sorted(row["text"] for row in first[:3] + more) == sorted(["lamp", "owl", "cup"] * 3)


def test_a_store_survives_a_row_that_was_cut_short(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add({"text": "lamp"}, np.full(100, 0.5, np.float32))
    store.add({"text": "owl"}, np.full(50, -0.5, np.float32))
    with (tmp_path / "rows.jsonl").open("a") as file:
        file.write('{"text": "cu')
    rows = read_rows(tmp_path)
    assert [(row["text"], row["offset"], row["length"]) for row in rows] == [
        ("lamp", 0, 100),
        ("owl", 100, 50),
    ]
    samples = np.fromfile(tmp_path / "audio.i16", np.int16)
    assert (samples[:100] > 0).all()
    assert (samples[100:] < 0).all()
    Store(tmp_path).add({"text": "cup"}, np.zeros(10, np.float32))
    lines = (tmp_path / "rows.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["text"] == "cup"


@pytest.mark.parametrize(
    ("espeak", "kokoro"),
    [("plˈe‍ɪt", "plˈAt"), ("t‍ʃˈɛ‍ɹ", "ʧˈɛɹ"), ("həlˈəʊ", "həlˈəʊ"), ("bˈɔ‍ɪ", "bˈY")],
)
def test_diphthongs_are_one_letter_in_kokoros_spelling(espeak: str, kokoro: str) -> None:
    for found, wanted in KOKORO_SPELLING:
        espeak = espeak.replace(found, wanted)
    assert espeak == kokoro
