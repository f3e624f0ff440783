"""Phrases for rendered instruments."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from whence_training.instruments import DRUM_KEYS, SOUNDFONTS, Player, phrase, phrases
from whence_training.media import CACHE
from whence_training.waveform import SAMPLE_RATE

FONT_PLACE = SOUNDFONTS["val"].removeprefix("x/")
# Gathered by media.py, or installed: Debian puts it in the same place under the root.
FONT = next(
    (path for base in (CACHE / "x", Path("/")) if (path := base / FONT_PLACE).exists()), None
)


@pytest.mark.parametrize("program", [0, 40, 58, "drums", "maracas"])
def test_a_phrase_lasts_as_long_as_asked(program: int | str):
    notes = phrase(program, random.Random(1), seconds=2.0)
    assert 2.0 <= sum(note.seconds for note in notes) < 3.3
    assert notes == phrase(program, random.Random(1), seconds=2.0)
    assert notes != phrase(program, random.Random(2), seconds=2.0)
    keys = {note.key for note in notes}
    assert keys <= set(DRUM_KEYS[program]) if isinstance(program, str) else max(keys) < 110


def test_an_unknown_drum_is_refused():
    with pytest.raises(ValueError, match=r"instrument must be one of .*, got kazoo"):
        phrase("kazoo", random.Random(1))


def test_instruments_sound_and_differ():
    assert FONT, "install timgm6mb-soundfont (Debian)"
    player = Player(FONT)
    heard = {p: [s for _, s in phrases(player, p, "a", 2)] for p in (40, 73, "drums")}
    for takes in heard.values():
        assert len(takes) == 2
        assert all(2 * SAMPLE_RATE < len(samples) < 6 * SAMPLE_RATE for samples in takes)
    again = next(phrases(Player(FONT), 40, "a", 1))[1]
    assert np.array_equal(again, heard[40][0])
