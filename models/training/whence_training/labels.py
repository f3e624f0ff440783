"""Makes a model's `labels.json`: what its audio features are worth as names, and its own names.

    python3 -m whence_training.labels ../denseav-mini --pack PACK --store natural
    python3 -m whence_training.labels ../denseav-mini --pack PACK --store natural --report test

Of each name the mean code of its training recordings; of each head the space in which codes are
compared, fitted on the same recordings, and two numbers that turn a comparison into a probability,
fitted on the validation split. Half of the recordings are heard in simulated rooms with noise.
`--report` measures a split against the file that is there.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.random import Generator
from numpy.typing import NDArray

from .hearings import Vocabulary, vocabulary
from .label_clips import (
    KINDS,
    Codes,
    Encode,
    Spoken,
    encoder,
    head_code,
    heard,
    make_rooms,
    placed,
    sounds,
    whole,
    words,
)
from .label_file import FILE, manifest_part
from .label_space import LabelSpace, calibrate, fit_space, log_ratios, probabilities
from .media import sha256_of
from .open_pack import OpenPack
from .word_identity import references

EACH = 6
"""Training recordings of a word's mean code."""
ASKED = 300
"""Recordings of each engine that a split is measured with."""
LEAST = 0.5
"""Score from which on a label is given; the pipeline's default."""
Floats = NDArray[Any]


@dataclass(frozen=True)
class Media:
    """Where recordings are, and where their codes are kept, so that a fit needs no encoding."""

    pack: Path
    stores: list[Path]
    codes: Path | None
    limit: int | None = None
    """Only so many words and so many stretches of sounds, for a trial."""


SHRINK = {"sound": 3.0, "speech": 0.0}
"""How far the variance within a name is made the same in all directions, chosen on validation: most
sounds have one recording, whose stretches do not tell how another recording differs."""


class Heard:
    """Codes of recordings, `[n, c]`, and whose they are."""

    def __init__(self, names: Floats, engines: Floats, codes: Floats) -> None:
        self.names, self.engines, self.codes = names, engines, codes


def listen(encode: Encode, clips: Iterable[Spoken], rng: Generator, *, live: bool) -> Heard:
    """Every other recording in a room; `live`: as a pipeline hears it."""
    rooms, chosen = make_rooms(rng), list(clips)
    codes: list[Codes] = []
    for number, clip in enumerate(chosen):
        wave, start, end = placed(clip.samples, rng, rooms if number % 2 else None)
        features = heard(encode, wave, start, end, rng) if live else whole(encode, wave, start, end)
        codes.append(head_code(features, clip.kind))
    names = np.array([clip.name for clip in chosen])
    places = ["", " in a room"]
    engines = np.array([clip.engine + places[number % 2] for number, clip in enumerate(chosen)])
    return Heard(names, engines, np.stack(codes) if codes else np.zeros((0, 1), np.float32))


def training_words(names: Vocabulary) -> list[Spoken]:
    numbers, recordings = references(names, EACH)
    return words(names, zip(numbers, recordings, strict=True))


def asked_words(names: Vocabulary, limit: int = ASKED) -> list[Spoken]:
    """Up to `limit` recordings of each engine, drawn at random."""
    rng = random.Random(0)
    out = []
    for engine in sorted({engine for voices in names.spoken for engine in voices}):
        rows = [
            (number, recording)
            for number, voices in enumerate(names.spoken)
            for recording in voices.get(engine, [])
        ]
        out += words(names, rng.sample(rows, min(len(rows), limit)))
    return out


class Bank:
    """The names of one kind."""

    def __init__(self, space: LabelSpace, names: Floats, examples: Floats, codes: Floats) -> None:
        self.space, self.names, self.examples, self.codes = space, names, examples, codes

    @classmethod
    def of(cls, found: Heard, shrink: float = 0.0) -> Bank:
        names, number, count = np.unique(found.names, return_inverse=True, return_counts=True)
        codes = np.zeros((len(names), found.codes.shape[1]))
        np.add.at(codes, number, found.codes)
        space = fit_space(found.codes, found.names, shrink)
        return cls(space, names, count, (codes / count[:, None]).astype(np.float32))

    def ratios(self, codes: Floats) -> Floats:
        space = self.space
        centers = space.project(self.codes)
        return log_ratios(space, space.project(codes), centers, self.examples.astype(float))

    def numbers(self, names: Floats) -> NDArray[np.int64]:
        """The number of each name; -1 for one that the bank lacks."""
        known = {name: number for number, name in enumerate(self.names)}
        return np.array([known.get(name, -1) for name in names])

    def asked(self, found: Heard) -> tuple[Floats, NDArray[np.int64], Floats]:
        """Ratios, truths and weights of recordings; those with a name once more without it in the
        bank, so that half of the weight is on what the bank lacks."""
        ratios, truth = self.ratios(found.codes), self.numbers(found.names)
        without = ratios.copy()
        known = np.flatnonzero(truth >= 0)
        without[known, truth[known]] = -np.inf
        truths = np.concatenate([truth[known], np.full(len(truth), -1)])
        half = 0.5 / np.maximum([(truths >= 0).sum(), (truths < 0).sum()], 1)
        return np.concatenate([ratios[known], without]), truths, half[(truths < 0).astype(int)]

    def calibrated(self, found: Heard) -> Bank:
        space = calibrate(self.space, *self.asked(found))
        return Bank(space, self.names, self.examples, self.codes)


def measure(bank: Bank, found: Heard) -> dict[str, Any]:
    """Top-1 and labels by engine, labels of what the bank lacks, and how often scores are right."""
    truth = bank.numbers(found.names)
    chance = probabilities(bank.space, bank.ratios(found.codes))
    top, score = chance.argmax(1), chance.max(1)
    out: dict[str, Any] = {}
    for engine in np.unique(found.engines[truth >= 0]):
        rows = (found.engines == engine) & (truth >= 0)
        right = top[rows] == truth[rows]
        given = score[rows] >= LEAST
        out[str(engine)] = {
            "recordings": int(rows.sum()),
            "top-1": round(float(right.mean()), 3),
            "right label": round(float((right & given).mean()), 3),
            "wrong label": round(float((~right & given).mean()), 3),
        }
    ratios, truths, weight = bank.asked(found)
    chance = probabilities(bank.space, ratios)
    top, score = chance.argmax(1), chance.max(1)
    unknown = truths < 0
    out["unknown"] = {
        "recordings": int(unknown.sum()),
        "wrong label": round(float((score[unknown] >= LEAST).mean()), 3),
    }
    out["reliability"] = reliability(score, top == truths, weight)
    return out


def reliability(score: Floats, right: Floats, weight: Floats) -> list[dict[str, float]]:
    """Of the best names by score: the share that is right, and how many there are."""
    rows = []
    for low in np.arange(0, 1, 0.1):
        here = (score >= low) & (score < low + 0.1 + (low > 0.85))
        if here.any():
            rows.append(
                {
                    "from": round(float(low), 1),
                    "said": round(float(np.average(score[here], weights=weight[here])), 2),
                    "right": round(float(np.average(right[here], weights=weight[here])), 2),
                    "share": round(float(weight[here].sum()), 3),
                }
            )
    return rows


def text_of(values: Floats) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def kind_content(kind: str, bank: Bank, fitted_on: str) -> dict[str, Any]:
    largest = float(np.abs(bank.codes).max())
    space = bank.space
    return {
        "kind": kind,
        "mean": text_of(space.mean),
        "transform": text_of(space.transform),
        "between": text_of(space.between),
        "scale": round(space.scale, 5),
        "unknown": round(space.unknown, 5),
        "fitted_on": fitted_on,
        "names": [
            [str(name), int(count)] for name, count in zip(bank.names, bank.examples, strict=True)
        ],
        "codes": base64.b64encode(
            np.rint(bank.codes / largest * 127).astype(np.int8).tobytes()
        ).decode(),
        "largest": largest,
    }


def read_bank(content: dict[str, Any]) -> Bank:
    """One kind of a label file."""
    read = lambda key: np.frombuffer(base64.b64decode(content[key]), "<f4")  # noqa: E731
    mean, between = read("mean"), read("between")
    transform = read("transform").reshape(len(between), len(mean))
    space = LabelSpace(mean, transform, between, content["scale"], content["unknown"])
    codes = np.frombuffer(base64.b64decode(content["codes"]), np.int8).reshape(-1, len(mean))
    names = np.array([name for name, _ in content["names"]])
    counts = np.array([count for _, count in content["names"]])
    return Bank(space, names, counts, codes * np.float32(content["largest"] / 127))


def write(folder: Path, banks: dict[str, tuple[Bank, str]]) -> None:
    """Writes `labels.json`, and its hash into `model.yaml`."""
    manifest_file = folder / "model.yaml"
    manifest = yaml.safe_load(manifest_file.read_text())
    content = {
        "format": "whence/labels/1",
        "audio": manifest["audio"]["sha256"],
        "kinds": [kind_content(kind, bank, on) for kind, (bank, on) in banks.items()],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    (folder / FILE).write_text(text.replace('{"kind"', '\n{"kind"') + "\n")
    manifest["labels"] = manifest_part(folder, manifest["audio"]["sha256"])
    manifest_file.write_text(yaml.safe_dump(manifest, sort_keys=False, width=100))


def made_bank(kind: str, trained: Heard, asked: Heard) -> Bank:
    """The bank of one kind. Raises ValueError where recordings do not say how codes vary."""
    spare, width = len(trained.names) - len(np.unique(trained.names)), trained.codes.shape[1]
    # The variance within a name has all directions, or is made the same in all of them.
    least = 1 if SHRINK[kind] else width
    if spare < least:
        raise ValueError(
            f"recordings of training names must be {least} more than names, got {spare}"
        )
    if not np.isin(asked.names, trained.names).any():
        raise ValueError("a validation recording must have a training name, got none")
    return Bank.of(trained, SHRINK[kind]).calibrated(asked)


def kept_codes(folder: Path, audio: Path, split: str, *, live: bool) -> Path:
    """Where a split's codes are kept: another audio encoder gets another file."""
    digest = sha256_of(audio)[:12]
    return folder / f"{split}-{'live' if live else 'whole'}-{digest}.npz"


def heard_in(audio: Path, media: Media, split: str, *, live: bool) -> dict[str, Heard]:
    """What a split says and sounds like to an exported audio encoder, by kind; kept in the media's
    folder of codes."""
    keeps = media.codes and media.limit is None
    kept = kept_codes(media.codes, audio, split, live=live) if keeps else None
    if kept and kept.exists():
        columns = np.load(kept)
        parts = ("names", "engines", "codes")
        return {kind: Heard(*(columns[f"{kind}-{part}"] for part in parts)) for kind in KINDS}
    encode = encoder(audio)
    names = vocabulary(media.pack, media.stores, (split,)).first(media.limit)
    spoken = asked_words(names) if live else training_words(names)
    pack = OpenPack(media.pack)
    sounding = [
        clip
        for part in (("sounds", "noises") if live else ("sounds",))
        for clip in islice(sounds(pack, part, split), media.limit)
    ]
    found = {
        kind: listen(encode, clips, np.random.default_rng(0), live=live)
        for kind, clips in zip(KINDS, (sounding, spoken), strict=True)
    }
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            kept, **{f"{k}-{part}": v for k, one in found.items() for part, v in vars(one).items()}
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Make or measure a model's labels.")
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--store", type=Path, action="append", default=[], help="word stores")
    parser.add_argument("--report", choices=("val", "test"), help="measure, and write nothing")
    parser.add_argument("--codes", type=Path, help="folder that keeps the recordings' codes")
    parser.add_argument("--limit", type=int, help="only so many words and stretches, for a trial")
    given = parser.parse_args()
    media = Media(given.pack, given.store, given.codes, given.limit)
    audio = given.model / "audio.onnx"
    asked = heard_in(audio, media, given.report or "val", live=True)
    if given.report:
        content = json.loads((given.model / FILE).read_text())
        banks = {part["kind"]: read_bank(part) for part in content["kinds"]}
    else:
        trained = heard_in(audio, media, "train", live=False)
        banks = {}
        for kind in KINDS:
            try:
                banks[kind] = made_bank(kind, trained[kind], asked[kind])
            except ValueError as error:
                print(f"No labels of {kind}: {error}", file=sys.stderr)
        if not banks:
            parser.exit(1, f"Cannot write {given.model / FILE}: no kind has enough recordings\n")
        on = {kind: f"{len(asked[kind].names)} recordings (validation)" for kind in banks}
        write(given.model, {kind: (bank, on[kind]) for kind, bank in banks.items()})
    print(json.dumps({kind: measure(bank, asked[kind]) for kind, bank in banks.items()}, indent=1))


if __name__ == "__main__":
    main()
