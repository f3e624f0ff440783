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
    spoken_clips,
    wanted,
    without,
)
from whence_training.labels import Bank
from whence_training.natural import KOKORO_VOICES
from whence_training.word_store import Store


def test_a_name_is_added_by_one_voice_and_asked_for_in_others(tmp_path):
    voices, new = KOKORO_VOICES["test"], NEW_NAMES[0]
    teachers = {new: voices[1], "cup": voices[0]}
    rows = list(wanted(teachers, "test", []))
    assert {(row["text"], row["voice"]) for row in rows} == {
        (new, voices[1]),
        (new, voices[0]),
        (new, voices[2]),
        ("cup", voices[0]),
    }
    store = Store(tmp_path)
    for row in rows[:-1]:
        store.add(row, np.full(1600, 0.5, np.float32))
    assert list(wanted(teachers, "test", store.rows)) == rows[-1:]
    teaching, asking = spoken_clips(tmp_path, teachers)
    assert len(teaching) == 10
    assert {len(clip.samples) for clip in teaching} == {-(-1600 * 100 // one) for one in SPEEDS}
    assert [clip.name for clip in asking] == [new, new]


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
