"""Audio codes of a pack's training recordings, to which the picture side is fitted.

    python3 -m whence_training.audio_codes MODEL/audio.onnx --pack PACK --out codes.npz

Of each English word and each stretch of a sound: its mean code over the steps in which it is heard,
`[C]`, similarity's scale inside, with its name, kind, split and engine.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .concepts import read_concepts
from .frontend import SAMPLE_RATE
from .metrics import FEATURE_RATE, FIRST_FEATURE
from .open_pack import OpenPack

PADDING = 0.3
"""Seconds of near silence before and after a recording."""
STRETCH, HOP, LONGEST = 2.0, 1.0, 8.0
QUIET = 1e-4
LOUD = 0.15
"""Share of the loudest step from which on a sound is heard."""
TRAINED_EACH = 5
"""Recordings of a name, at most."""
BATCH = 16
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """A recording between silences, and when it is heard (s)."""

    samples: Samples
    steps: NDArray[np.bool_]
    kind: str
    name: str
    split: str
    engine: str


def bare(text: str) -> str:
    """A name without its article."""
    return text.removeprefix("an ").removeprefix("a ")


def steps_of(samples: Samples, level: float) -> NDArray[np.bool_]:
    """The feature steps, of 80 ms, whose sound reaches a share of the loudest."""
    count = -(-(len(samples) // 160) // 8)
    centers = FIRST_FEATURE + np.arange(count) / FEATURE_RATE
    half = 0.5 / FEATURE_RATE
    power = [
        float(
            (
                samples[max(0, int((c - half) * SAMPLE_RATE)) : int((c + half) * SAMPLE_RATE)] ** 2
            ).mean()
        )
        for c in centers
    ]
    loudness = np.sqrt(power)
    return np.asarray(loudness > level * loudness.max())


def padded(samples: NDArray[np.int16], rng: np.random.Generator) -> Samples:
    space = np.zeros(round(PADDING * SAMPLE_RATE), np.float32)
    joined = np.concatenate([space, samples.astype(np.float32) / 32768, space])
    return (joined + QUIET * rng.standard_normal(len(joined))).astype(np.float32)


def word_clips(pack: OpenPack, rng: np.random.Generator) -> Iterator[Clip]:
    taken: Counter[str] = Counter()
    rows = [row for row in pack.rows("words", "train") if str(row["engine"]) != "human"]
    for place in rng.permutation(len(rows)):
        row = rows[place]
        name = bare(row.get("text") or pack.concepts[row["concept"]]["name"])
        if not row["language"].startswith("en") or taken[name] >= TRAINED_EACH:
            continue
        taken[name] += 1
        samples = padded(pack.samples(row), rng)
        heard = np.zeros(-(-(len(samples) // 160) // 8), bool)
        centers = FIRST_FEATURE + np.arange(len(heard)) / FEATURE_RATE
        heard[(centers >= PADDING) & (centers <= len(samples) / SAMPLE_RATE - PADDING)] = True
        yield Clip(samples, heard, "speech", name, row["split"], str(row["engine"]))


def sound_clips(pack: OpenPack, rng: np.random.Generator) -> Iterator[Clip]:
    english = {concept.name: concept.english[0] for concept in read_concepts()}
    for row in pack.rows("sounds", "train"):
        concept = pack.concepts[row["concept"]]["name"]
        whole = pack.samples(row)
        last = min(len(whole) - SAMPLE_RATE // 2, int(LONGEST * SAMPLE_RATE))
        for start in range(0, max(1, last), int(HOP * SAMPLE_RATE)):
            part = whole[start : start + int(STRETCH * SAMPLE_RATE)]
            if np.sqrt((part.astype(np.float32) ** 2).mean()) < 0.01 * 32768:
                continue
            samples = padded(part, rng)
            heard = steps_of(samples, LOUD)
            name = english.get(concept, concept)
            yield Clip(samples, heard, "sound", name, row["split"], row["source"])


def encode(file: Path, clips: list[Clip]) -> NDArray[np.float32]:
    """Mean features of each clip while it is heard, `[n, C]`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    run = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"]).run
    found: list[Any] = [None] * len(clips)
    order = sorted(range(len(clips)), key=lambda number: len(clips[number].samples))
    for first in range(0, len(order), BATCH):
        chosen = order[first : first + BATCH]
        longest = max(len(clips[number].samples) for number in chosen)
        waves = np.zeros((len(chosen), longest), np.float32)
        for place, number in enumerate(chosen):
            waves[place, : len(clips[number].samples)] = clips[number].samples
        features = run(["features"], {"waveform": waves})[0]
        for place, number in enumerate(chosen):
            steps = np.flatnonzero(clips[number].steps)
            found[number] = features[place][:, steps[steps < features.shape[2]]].mean(1)
    return np.stack(found)


def write_codes(
    audio: Path, pack: OpenPack, out: Path, seed: int = 0, limit: int | None = None
) -> int:
    """Encodes words and sounds, the first `limit` of each if given; returns how many."""
    rng = np.random.default_rng(seed)
    found = (*islice(word_clips(pack, rng), limit), *islice(sound_clips(pack, rng), limit))
    clips = [clip for clip in found if clip.steps.any()]
    columns = {
        key: np.array([getattr(clip, key) for clip in clips])
        for key in ("kind", "name", "split", "engine")
    }
    np.savez(out, codes=encode(audio, clips), **columns)
    return len(clips)


def main() -> None:
    parser = argparse.ArgumentParser(description="Encode a pack's recordings.")
    parser.add_argument("audio", type=Path, help="audio.onnx of a model")
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="only so many words and so many sounds")
    given = parser.parse_args()
    count = write_codes(given.audio, OpenPack(given.pack), given.out, limit=given.limit)
    print(f"{count} recordings in {given.out}")


if __name__ == "__main__":
    main()
