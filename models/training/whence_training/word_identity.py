"""How well the audio encoder tells names apart across voices.

    python3 -m whence_training.word_identity AUDIO --pack PACK --store natural --split val

`AUDIO` is a checkpoint or an `audio.onnx`. Each recording of the split is compared with the mean
code of every name in training voices (`mean`), and with one training recording of every name
(`one`); R@1 among all names, and among 200 drawn at random, the mean of 50 draws.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .batches import KINDS, SPEECH
from .export import load_model
from .frontend import SAMPLE_RATE
from .hearings import Recordings, Row, Vocabulary, vocabulary
from .losses import split_heads
from .natural import session
from .sounds import activity

SECONDS = 1.6
PIECE = 16
FEW = 200
DRAWS = 50
Features = Callable[[Tensor], Tensor]


def features_of(path: Path) -> Features:
    """`waveform [n, samples]` → `features [n, C, T]` by a checkpoint or an exported encoder."""
    if path.suffix == ".onnx":
        run = session(path).run
        return lambda waves: torch.from_numpy(run(["features"], {"waveform": waves.numpy()})[0])
    model = load_model(path)
    return model.audio


def clip(recordings: Recordings, row: Row) -> Tensor:
    """A recording in the middle of a clip; the middle of one that is longer."""
    count = int(SECONDS * SAMPLE_RATE)
    wave = recordings.samples[row["offset"] : row["offset"] + row["length"]].float() / 32768
    if len(wave) > count:
        return wave[(len(wave) - count) // 2 :][:count]
    before = (count - len(wave)) // 2
    return F.pad(wave, (before, count - len(wave) - before))


@torch.no_grad()
def codes(features: Features, chosen: list[tuple[Recordings, Row]], head: int = SPEECH) -> Tensor:
    """One code for each recording, the mean over its active steps: `[n, c]`."""
    out = []
    for first in range(0, len(chosen), PIECE):
        waves = torch.stack([clip(*one) for one in chosen[first : first + PIECE]])
        weight = activity(waves).float()[:, None]
        found = split_heads(features(waves), len(KINDS))[:, head].float()
        out.append((found * weight).sum(2) / weight.sum(2).clamp_min(1))
    return torch.cat(out)


def references(
    names: Vocabulary, each: int, seed: int = 0
) -> tuple[list[int], list[tuple[Recordings, Row]]]:
    """Up to `each` recordings of every name, engines in turn → (class of each, recordings)."""
    rng = random.Random(seed)
    labels, chosen = [], []
    for number, engines in enumerate(names.spoken):
        queues = [rng.sample(rows, len(rows)) for _, rows in sorted(engines.items())]
        taken = [row for turn in zip_longest(queues) for row in turn][:each]
        labels += [number] * len(taken)
        chosen += taken
    return labels, chosen


def zip_longest(queues: list[list[Any]]) -> list[list[Any]]:
    longest = max((len(queue) for queue in queues), default=0)
    return [[queue[i] for queue in queues if i < len(queue)] for i in range(longest)]


def mean_codes(found: Tensor, labels: Tensor, count: int) -> Tensor:
    """The mean of each class's codes, each code of length 1; zero for a class without any."""
    total = torch.zeros(count, found.shape[1]).index_add(0, labels, F.normalize(found, dim=1))
    return total / torch.bincount(labels, minlength=count).clamp_min(1)[:, None]


def recall(similarity: Tensor, truth: Tensor, few: int = FEW, seed: int = 0) -> dict[str, float]:
    """R@1 of `similarity [queries, names]` among all names and among `few` of them."""
    own = similarity.gather(1, truth[:, None])
    better = similarity > own
    all_names = float((~better.any(1)).float().mean())
    rng = np.random.default_rng(seed)
    asked, found = sorted(set(truth.tolist())), []
    for _ in range(DRAWS):
        some = rng.permutation(asked)[:few]
        rest = rng.permutation(np.setdiff1d(np.arange(similarity.shape[1]), some))
        drawn = torch.from_numpy(np.r_[some, rest[: max(0, few - len(some))]])
        rows = torch.isin(truth, drawn)
        found.append(float((~better[rows][:, drawn].any(1)).float().mean()))
    return {"all": round(all_names, 3), f"of {few}": round(float(np.mean(found)), 3)}


def measure(
    features: Features,
    names: Vocabulary,
    asked: Vocabulary,
    *,
    each: int = 6,
    limit: int | None = None,
) -> dict[str, Any]:
    """R@1 of what `asked` says, by engine, against the names as training voices say them."""
    labels, chosen = references(names, each)
    found = codes(features, chosen)
    number = torch.tensor(labels)
    mean = F.normalize(mean_codes(found, number, len(names.names)), dim=1)
    first = [labels.index(label) for label in sorted(set(labels))]
    known = sorted(set(labels))
    heard_in_training = set(known)
    one = torch.zeros_like(mean)
    one[known] = F.normalize(found[first], dim=1)
    out: dict[str, Any] = {"names": len(known)}
    for engine in sorted({engine for voices in asked.spoken for engine in voices}):
        queries = [
            (label, row)
            for label, voices in enumerate(asked.spoken)
            for row in voices.get(engine, [])
            if label in heard_in_training
        ]
        queries = random.Random(0).sample(queries, min(len(queries), limit or len(queries)))
        truth = torch.tensor([known.index(label) for label, _ in queries])
        heard = F.normalize(codes(features, [row for _, row in queries]), dim=1)
        out[engine] = {"recordings": len(queries)}
        for name, gallery in (("mean", mean[known]), ("one", one[known])):
            out[engine][name] = recall(heard @ gallery.t(), truth)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure word identity over voices.")
    parser.add_argument("audio", type=Path, help="checkpoint or audio.onnx")
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--store", type=Path, action="append", default=[], help="word stores")
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--limit", type=int, help="recordings of each engine, drawn at random")
    parser.add_argument("--each", type=int, default=6, help="training recordings of a name's mean")
    given = parser.parse_args()
    names = vocabulary(given.pack, given.store, ("train",))
    asked = vocabulary(given.pack, given.store, (given.split,))
    features = features_of(given.audio)
    report = measure(features, names, asked, each=given.each, limit=given.limit)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
