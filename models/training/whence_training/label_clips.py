"""Recordings as a pipeline hears them, and the codes that their names are told by.

A pipeline's time step is final 200 ms after it was heard: its features know that much of what comes
next, not the .9 s of a recording that is encoded whole. `heard` encodes as the pipeline does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .concepts import read_concepts
from .frontend import SAMPLE_RATE
from .hearings import Recordings, Row, Vocabulary, bare
from .metrics import FEATURE_RATE, FIRST_FEATURE
from .natural import session
from .open_pack import OpenPack
from .rooms import impulse_response

BEFORE, AFTER = 1.6, 0.5
"""Seconds of near silence around a recording."""
LONGEST = 4.0
STRETCH, HOP, MOST_STRETCHES = 2.0, 1.0, 4
"""A sound is heard in stretches: length and distance in seconds, and how many of a recording."""
LOUD = 0.01
"""RMS of a stretch in which something sounds."""
ROOMS = 120
NOISE = (-45.0, -15.0)
"""Level of the noise of a room, dB under a recording's usual loudness of .1."""
GAIN = (-12.0, 6.0)
WINDOW, HOP_SAMPLES, LOOKAHEAD = 19, 3200, 0.2
"""Time steps that a window holds, samples between two windows, seconds a final step lies behind."""
STEP = round(SAMPLE_RATE / FEATURE_RATE)
BATCH = 16
KINDS = ("sound", "speech")
Samples = NDArray[np.float32]
Codes = NDArray[np.float32]
Encode = Callable[[Samples], NDArray[np.float32]]
"""`[n, samples]` → features `[n, C, T]`."""


@dataclass(frozen=True)
class Spoken:
    """A recording with its name; without one, nothing in the bank has its name."""

    name: str
    kind: str
    split: str
    engine: str
    samples: NDArray[np.int16]


def words(names: Vocabulary, chosen: Iterable[tuple[int, tuple[Recordings, Row]]]) -> list[Spoken]:
    """Recordings of words, `chosen` as (number of the name, recording)."""
    out = []
    for number, (recordings, row) in chosen:
        place = slice(row["offset"], row["offset"] + row["length"])
        samples = recordings.samples[place].numpy()
        out.append(Spoken(names.names[number], "speech", row["split"], row["engine"], samples))
    return out


def sounds(pack: OpenPack, part: str, split: str) -> Iterator[Spoken]:
    """Stretches of a pack's `sounds`, or of its `noises`, which have no name."""
    english = {concept.name: concept.english[0] for concept in read_concepts()}
    for row in pack.rows(part, split):
        name = ""
        if part == "sounds":
            concept = pack.concepts[row["concept"]]["name"]
            name = bare(english.get(concept, concept))
        whole = np.asarray(pack.samples(row))
        last = min(len(whole) - SAMPLE_RATE // 2, int(MOST_STRETCHES * HOP * SAMPLE_RATE))
        for start in range(0, max(1, last), int(HOP * SAMPLE_RATE)):
            piece = whole[start : start + int(STRETCH * SAMPLE_RATE)]
            if np.sqrt((piece.astype(np.float32) ** 2).mean()) >= LOUD * 32768:
                yield Spoken(name, "sound", split, part, piece)


def make_rooms(rng: Generator, count: int = ROOMS) -> list[Samples]:
    return [impulse_response(rng) for _ in range(count)]


def placed(
    samples: NDArray[np.int16], rng: Generator, rooms: list[Samples] | None
) -> tuple[Samples, float, float]:
    """A recording between near silences, in one of the rooms with its noise if there are any →
    (samples, when it begins, when it ends; s)."""
    voice = samples[: int(LONGEST * SAMPLE_RATE)].astype(np.float32) / 32768
    before, count = int(BEFORE * SAMPLE_RATE), len(voice)
    wave = np.zeros(before + count + int(AFTER * SAMPLE_RATE), np.float32)
    wave[before : before + count] = voice
    if rooms is None:
        wave += 1e-4 * rng.standard_normal(len(wave)).astype(np.float32)
    else:
        wet = reverberated(voice, rooms[rng.integers(len(rooms))])[: len(wave) - before]
        wave[before : before + len(wet)] = wet
        wave += 0.1 * 10 ** (rng.uniform(*NOISE) / 20) * noise(len(wave), rng)
        wave *= 10 ** (rng.uniform(*GAIN) / 20)
    return wave.astype(np.float32), BEFORE, BEFORE + count / SAMPLE_RATE


def reverberated(voice: Samples, response: Samples) -> Samples:
    size = 1 << int(np.ceil(np.log2(len(voice) + len(response))))
    wet = np.fft.irfft(np.fft.rfft(voice, size) * np.fft.rfft(response, size), size)
    before, after = (voice**2).mean(), max((wet[: len(voice)] ** 2).mean(), 1e-12)
    return (wet * np.sqrt(before / after)).astype(np.float32)


def noise(count: int, rng: Generator) -> Samples:
    """Noise whose power falls with the frequency, more or less; RMS 1."""
    size = 1 << int(np.ceil(np.log2(count)))
    spectrum = np.fft.rfft(rng.standard_normal(size))
    slope = np.maximum(np.arange(len(spectrum)), 8.0) ** (rng.uniform(-1, 0.1) / 2)
    wave = np.fft.irfft(spectrum * slope, size)[:count]
    return (wave / wave.std()).astype(np.float32)


def encoder(file: Path) -> Encode:
    """The features of an exported audio encoder."""
    run = session(file).run
    return lambda waves: np.asarray(run(["features"], {"waveform": waves})[0])


def heard(encode: Encode, wave: Samples, start: float, end: float, rng: Generator) -> Codes:
    """Sum of the features of the steps from `start` to `end` (s), each as it is when final: `[C]`."""
    first = int(np.ceil((start - 0.5 / FEATURE_RATE - FIRST_FEATURE) * FEATURE_RATE))
    last = int(np.floor((end + 0.5 / FEATURE_RATE - FIRST_FEATURE) * FEATURE_RATE))
    windows, taken = [], []
    now = int(rng.integers(HOP_SAMPLES))
    while first <= last:
        now += HOP_SAMPLES
        final = int(np.floor((now / SAMPLE_RATE - LOOKAHEAD - FIRST_FEATURE) * FEATURE_RATE))
        if final < first:
            continue
        begin = max(0, now // STEP - WINDOW)
        window = np.zeros(WINDOW * STEP, np.float32)
        known = wave[begin * STEP : min(now, (begin + WINDOW) * STEP)]
        window[: len(known)] = known
        windows.append(window)
        taken.append([step - begin for step in range(first, min(final, last) + 1)])
        first = final + 1
    total = np.zeros(0, np.float32)
    for place in range(0, len(windows), BATCH):
        features = encode(np.stack(windows[place : place + BATCH]))
        for one, steps in zip(features, taken[place : place + BATCH], strict=True):
            part = one[:, [step for step in steps if 0 <= step < one.shape[1]]].sum(1)
            total = part if not len(total) else total + part
    return total


def whole(encode: Encode, wave: Samples, start: float, end: float) -> Codes:
    """The same of a recording that is encoded whole, which costs an eighth."""
    cut = int((start - 0.6) * SAMPLE_RATE)
    features = encode(wave[None, cut:])[0]
    times = FIRST_FEATURE + np.arange(features.shape[1]) / FEATURE_RATE + cut / SAMPLE_RATE
    inside = (times > start - 1 / FEATURE_RATE) & (times < end + 1 / FEATURE_RATE)
    return np.asarray(features[:, inside].sum(1))


def head_code(features: NDArray[Any], kind: str) -> Codes:
    """The direction of a head's part of summed features, `[n, C]` or `[C]` → length 1."""
    part = np.split(features, len(KINDS), axis=-1)[KINDS.index(kind)]
    length = np.linalg.norm(part, axis=-1, keepdims=True)
    return np.asarray(part / np.maximum(length, 1e-9), np.float32)
