"""Spoken names: what is planned for which voice, and that the engines say it."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from whence_training.speech import (
    ESPEAK_TEST,
    ESPEAK_TRAIN,
    ESPEAK_VALIDATION,
    Speaker,
    Utterance,
    plan,
    say_all,
    with_article,
)
from whence_training.waveform import SAMPLE_RATE


def test_the_voices_of_the_splits_differ():
    assert not set(ESPEAK_TRAIN) & set(ESPEAK_VALIDATION + ESPEAK_TEST)
    assert not set(ESPEAK_VALIDATION) & set(ESPEAK_TEST)


def test_a_plan_is_repeatable_and_keeps_to_short_names():
    texts = {"fr": "une chouette", "de": "ein sehr langer Name aus sieben Wörtern"}
    first, second = (list(plan(3, ("owl",), texts, random.Random(5), voices=6)) for _ in range(2))
    assert first == second
    assert len({(one.engine, one.voice) for one in first if one.split == "train"}) >= 10
    assert [one.language for one in first if one.language != "en"] == ["fr"]
    for one in first:
        assert (one.split == "test") == (one.voice in (*ESPEAK_TEST, "slt"))


def test_articles():
    assert [with_article(name) for name in ("owl", "bell")] == ["an owl", "a bell"]


def test_the_engines_speak(tmp_path: Path):
    speaker = Speaker(tmp_path, dict(os.environ))
    said = [
        Utterance(0, "elephant", "en", "espeak", "f1", "train", "en-us"),
        Utterance(1, "elephant", "en", "flite", "slt", "test"),
        Utterance(2, " ".join(["a very long sentence"] * 6), "en", "flite", "rms", "train"),
    ]
    heard = list(say_all(speaker, said, workers=2))
    assert [one.concept for one, _ in heard] == [0, 1], "what takes too long is left out"
    for _, samples in heard:
        assert 0.3 * SAMPLE_RATE < len(samples) < 1.5 * SAMPLE_RATE


def test_an_engine_that_fails_is_named(tmp_path: Path):
    broken = tmp_path / "espeak-ng"
    broken.write_text("#!/bin/sh\necho no voice data >&2\nexit 1\n")
    broken.chmod(0o755)
    said = Utterance(0, "owl", "en", "espeak", "f1", "train", "en-us")
    with pytest.raises(RuntimeError, match=r"espeak-ng must run, got: no voice data"):
        Speaker(tmp_path, dict(os.environ)).say(said)
