"""Names that are added: recordings of one voice, and what becomes of those of the bank."""

from __future__ import annotations

import numpy as np
from test_labels import SIZE, made

from whence_training.added_names import (
    NEW_NAMES,
    SPEEDS,
    Outcome,
    measure_sounds,
    measure_words,
    pair,
    taught,
    wanted,
    without,
)
from whence_training.label_clips import Spoken
from whence_training.labels import Bank
from whence_training.natural import KOKORO_VOICES


def test_a_name_is_added_by_one_voice_and_asked_for_by_another():
    for name in ("cup", NEW_NAMES[0]):
        own, other = pair(name, "test")
        assert own != other
        assert {own, other} <= set(KOKORO_VOICES["test"])
        assert pair(name, "test", other)[1] != other
    own, other = pair("rosie", "test")
    voices = {"rosie": (own, other), "cup": ("af_heart",)}
    rows = list(wanted(voices, "test", []))
    assert [(row["text"], row["voice"]) for row in rows] == [
        ("rosie", own),
        ("rosie", other),
        ("cup", "af_heart"),
    ]
    assert list(wanted(voices, "test", rows[:2])) == rows[2:]


def test_recordings_that_add_a_name_have_three_speeds():
    samples = np.full(16_000, 32_767, np.int16)
    clips = taught(Spoken("cup", "speech", "test", "kokoro", samples))
    assert len(clips) == 10
    assert [len(clip.samples) for clip in clips[:3]] == [-(-1_600_000 // one) for one in SPEEDS]
    # What is interpolated above the largest value is cut off, not wrapped.
    assert all((clip.samples[100:-100] > 30_000).all() for clip in clips)


def test_more_recordings_make_added_names_better_and_leave_others_alone():
    rng = np.random.default_rng(6)
    names = [f"name {number}" for number in range(60)]
    means = rng.standard_normal((60, SIZE))
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    asked = made(rng, means, names, 10)
    bank = Bank.of(made(rng, means, names, 6)).calibrated(asked)
    own, others = (made(rng, means[part], names[part], 10) for part in (slice(8), slice(8, 60)))
    report = measure_words(bank, made(rng, means[:8], names[:8], 10), own, others)
    one, ten = (report[f"{count} recordings"] for count in (1, 10))
    assert one["made"]["top-1"] < ten["made"]["top-1"]
    assert ten["made"]["recordings"] == 80
    assert ten["made"]["top-1"] > 0.5
    assert ten["other names"]["top-1"] > ten["other names"]["top-1 before"] - 0.1
    sounds = measure_sounds(bank, made(rng, means, names, 10), own)
    assert sounds["names"] == 8
    assert sounds["1 stretches"]["made"]["top-1"] < sounds["10 stretches"]["made"]["top-1"]


def test_what_is_heard_scores_less_where_its_name_is_not_in_the_bank():
    rng = np.random.default_rng(7)
    names = [f"name {number}" for number in range(20)]
    means = rng.standard_normal((20, SIZE))
    bank = Bank.of(made(rng, means, names, 6))
    found = Outcome.of(without(bank, names[:5]), made(rng, means[5:], names[5:], 3))
    assert found.right.mean() > 0.8
    assert found.unknown.mean() < found.score.mean() - 0.2
