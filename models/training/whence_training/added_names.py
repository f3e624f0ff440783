"""How well names work that a user adds from a few recordings.

    python3 -m whence_training.added_names ../denseav-mini --pack PACK --store natural --spoken added

Words: names are taken out of the label file and added again, together with some that the encoder
never learned, from 1, 3 and 10 recordings of one natural voice: every other one in a room, some
faster and some slower. They are asked for in other voices. Sounds: names are taken out ten at a
time, added from the first stretches of their training recordings, and asked for in the split's.
What no store says goes into the word store `--spoken`; a killed run goes on.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from .hearings import Vocabulary, vocabulary
from .label_clips import KINDS, Encode, Samples, Spoken, encoder, sounds, words
from .label_file import FILE
from .label_space import probabilities
from .labels import LEAST, Bank, Heard, listen, read_bank, reliability
from .media import CACHE
from .natural import KOKORO_VOICES, speak
from .open_pack import OpenPack
from .word_store import Store, read_rows

NEW_NAMES = tuple(
    "rosie/oliver/amelia/winston/gustav/come here/follow me/go home/wake up/turn around/hallway/"
    "front door".split("/")
)
"""People, commands and places."""
TAKEN_OUT, OTHERS = 50, 25
"""Names of the bank: those that are taken out and added, and some that stay, asked for as well."""
SPEEDS = (100, 94, 106)
"""Percent; pitch and speed change together."""
EXAMPLES = (1, 3, 10)
SOUNDS_AT_ONCE = 10
NATURAL = "kokoro"
Row = dict[str, Any]
Floats = NDArray[Any]


def pair(name: str, split: str, voice: str | None = None) -> tuple[str, str]:
    """Two natural voices: the one that adds a name, and the one that asks for it."""
    rng = random.Random(name)
    own = voice or rng.choice(KOKORO_VOICES[split])
    return own, rng.choice([other for other in KOKORO_VOICES[split] if other != own])


def wanted(voices: dict[str, tuple[str, ...]], split: str, known: list[Row]) -> Iterator[Row]:
    """What is still to be said, by name and voices."""
    done = {(row["text"], row["voice"]) for row in known}
    for text, speaking in voices.items():
        for voice in speaking:
            if (text, voice) not in done:
                about = {"text": text, "said": text, "engine": NATURAL, "voice": voice}
                yield {**about, "split": split, "speed": 1.0}


def clip_of(samples: Samples, row: Row, engine: str) -> Spoken:
    piece = samples[row["offset"] : row["offset"] + row["length"]]
    return Spoken(row["text"], "speech", row["split"], engine, piece)


def taught(clip: Spoken) -> list[Spoken]:
    """The recordings that add a name, made of one: at three speeds in turn."""
    faster = [resample_poly(clip.samples.astype(np.float32), 100, speed) for speed in SPEEDS]
    samples = [np.clip(one, -32768, 32767).astype(np.int16) for one in faster]
    turns = range(max(EXAMPLES))
    return [replace(clip, samples=samples[turn % len(samples)]) for turn in turns]


def twice(encode: Encode, clips: Sequence[Spoken], rng: np.random.Generator) -> Heard:
    """Clips as a pipeline hears them, each close to the microphone and in a room."""
    return listen(encode, [clip for clip in clips for _ in range(2)], rng, live=True)


def without(bank: Bank, taken: Sequence[str]) -> Bank:
    kept = ~np.isin(bank.names, taken)
    return Bank(bank.space, bank.names[kept], bank.examples[kept], bank.codes[kept])


def extended(bank: Bank, teaching: Heard, count: int) -> Bank:
    """A bank with added names, from their first recordings, up to `count` each."""
    names = list(dict.fromkeys(teaching.names.tolist()))
    groups = [teaching.codes[teaching.names == name][:count] for name in names]
    return Bank(
        bank.space,
        np.concatenate([bank.names, names]),
        np.concatenate([bank.examples, [len(group) for group in groups]]),
        np.concatenate([bank.codes, [group.mean(0) for group in groups]]),
    )


@dataclass(frozen=True)
class Outcome:
    """Best names and their scores, with the names asked for in the bank and without."""

    engines: Floats
    right: Floats
    score: Floats
    unknown: Floats
    """Score of the best name where the one asked for is not in the bank."""

    @classmethod
    def of(cls, bank: Bank, asked: Heard) -> Outcome:
        truth = bank.numbers(asked.names)
        ratios = bank.ratios(asked.codes)
        chance = probabilities(bank.space, ratios)
        lacking = ratios.copy()
        lacking[np.arange(len(truth)), truth] = -np.inf
        unknown = probabilities(bank.space, lacking).max(1)
        return cls(asked.engines, chance.argmax(1) == truth, chance.max(1), unknown)

    @classmethod
    def all(cls, parts: Sequence[Outcome]) -> Outcome:
        columns = zip(*(vars(one).values() for one in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def summary(self) -> dict[str, Any]:
        """Shares by engine, and how often scores are right, half of the weight on names that are
        not in the bank."""
        out: dict[str, Any] = {}
        for engine in np.unique(self.engines):
            rows = self.engines == engine
            right, given = self.right[rows], self.score[rows] >= LEAST
            shares = {
                "top-1": right,
                "right label": right & given,
                "wrong label": ~right & given,
                "wrong label if not added": self.unknown[rows] >= LEAST,
            }
            out[str(engine)] = {"recordings": int(rows.sum())} | {
                name: round(float(share.mean()), 3) for name, share in shares.items()
            }
        score = np.concatenate([self.score, self.unknown])
        right = np.concatenate([self.right, np.zeros(len(self.unknown), bool)])
        out["reliability"] = reliability(score, right, np.full(len(score), 1 / len(score)))
        chance = np.clip(np.where(right, score, 1 - score), 1e-3, 1)
        out["log loss"] = round(float(-np.log(chance).mean()), 3)
        return out


def measure_words(bank: Bank, teaching: Heard, asking: Heard, others: Heard) -> dict[str, Any]:
    """Added words by number of recordings, and what they cost the bank's own names."""
    rest = without(bank, teaching.names.tolist())
    before = Outcome.of(rest, others)
    out: dict[str, Any] = {}
    for count in EXAMPLES:
        more = extended(rest, teaching, count)
        chance = probabilities(more.space, more.ratios(others.codes))
        false = (chance.argmax(1) >= len(rest.names)) & (chance.max(1) >= LEAST)
        out[f"{count} recordings"] = Outcome.of(more, asking).summary() | {
            "other names": {
                "recordings": len(others.names),
                "labeled as an added one": round(float(false.mean()), 4),
                "top-1 before": round(float(before.right.mean()), 3),
                "top-1": round(float(Outcome.of(more, others).right.mean()), 3),
            }
        }
    return out


def measure_sounds(bank: Bank, teaching: Heard, asking: Heard) -> dict[str, Any]:
    """Sounds taken out ten at a time and added again, by number of stretches."""
    names = sorted(set(asking.names.tolist()))
    random.Random(0).shuffle(names)
    found: dict[int, list[Outcome]] = {count: [] for count in EXAMPLES}
    for first in range(0, len(names), SOUNDS_AT_ONCE):
        taken = names[first : first + SOUNDS_AT_ONCE]
        rest = without(bank, taken)
        taught, asked = (chosen(one, taken) for one in (teaching, asking))
        for count in EXAMPLES:
            found[count].append(Outcome.of(extended(rest, taught, count), asked))
    return {"names": len(names)} | {
        f"{count} stretches": Outcome.all(parts).summary() for count, parts in found.items()
    }


def chosen(found: Heard, names: Sequence[str]) -> Heard:
    rows = np.isin(found.names, names)
    return Heard(found.names[rows], found.engines[rows], found.codes[rows])


def drawn(spoken: Vocabulary, bank: Bank) -> list[str]:
    """Words of the bank that a natural voice of the split says, in a random order."""
    own = set(bank.names.tolist())
    said = zip(spoken.names, spoken.spoken, strict=True)
    names = sorted(name for name, voices in said if name in own and NATURAL in voices)
    random.Random(0).shuffle(names)
    return names


def recordings(spoken: Vocabulary, names: Sequence[str], *, natural: bool) -> list[Spoken]:
    """One recording of each engine that says a name, the natural voice's or the others'."""
    each = [
        (number, rows[0])
        for number in (spoken.number[name] for name in names)
        for engine, rows in spoken.spoken[number].items()
        if (engine == NATURAL) == natural
    ]
    return words(spoken, each)


def said_words(
    given: argparse.Namespace, spoken: Vocabulary, taken: Sequence[str]
) -> tuple[list[Spoken], list[Spoken]]:
    """Clips that add names, in the order in which they do, and clips that ask for them."""
    split = given.split
    voices = {name: pair(name, split) for name in NEW_NAMES}
    for name in taken:
        _, row = spoken.spoken[spoken.number[name]][NATURAL][0]
        voices[name] = pair(name, split, row["voice"])[1:]
    store = Store(given.spoken)
    speak(given.cache, store, wanted(voices, split, store.rows), given.minutes)
    samples = np.memmap(given.spoken / "audio.i16", np.int16, mode="r")
    teaching, asking = recordings(spoken, taken, natural=True), []
    for row in read_rows(given.spoken):
        new = row["text"] in NEW_NAMES
        clip = clip_of(samples, row, "new name" if new else NATURAL)
        adds = new and row["voice"] == voices[row["text"]][0]
        if row["text"] in voices:
            (teaching if adds else asking).append(clip)
    clips = [one for clip in teaching for one in taught(clip)]
    return clips, asking + recordings(spoken, taken, natural=False)


def added_words(given: argparse.Namespace, bank: Bank, encode: Encode) -> dict[str, Any]:
    known = sorted(set(NEW_NAMES) & set(bank.names.tolist()))
    if known:
        raise ValueError(f"Cannot measure new names: the bank must not have them, got {known}")
    spoken = vocabulary(given.pack, given.store, (given.split,))
    names = drawn(spoken, bank)
    taken, others = names[:TAKEN_OUT], names[TAKEN_OUT : TAKEN_OUT + OTHERS]
    teaching, asking = said_words(given, spoken, taken)
    rng = np.random.default_rng(1)
    return measure_words(
        bank,
        listen(encode, teaching, rng, live=False),
        twice(encode, asking, rng),
        twice(encode, recordings(spoken, others, natural=False), rng),
    )


def added_sounds(given: argparse.Namespace, bank: Bank, encode: Encode) -> dict[str, Any]:
    pack, own = OpenPack(given.pack), set(bank.names.tolist())
    asking = [clip for clip in sounds(pack, "sounds", given.split) if clip.name in own]
    asked = {clip.name for clip in asking}
    teaching = [clip for clip in sounds(pack, "sounds", "train") if clip.name in asked]
    rng = np.random.default_rng(1)
    return measure_sounds(
        bank, listen(encode, teaching, rng, live=False), twice(encode, asking, rng)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure names that are added.")
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--store", type=Path, action="append", default=[], help="word stores")
    parser.add_argument("--spoken", type=Path, required=True, help="word store that is written")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of `media`")
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default: both")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="longest time to speak")
    given = parser.parse_args()
    content = json.loads((given.model / FILE).read_text())
    banks = {part["kind"]: read_bank(part) for part in content["kinds"]}
    encode = encoder(given.model / "audio.onnx")
    measures = {"sound": added_sounds, "speech": added_words}
    kinds = given.kind or KINDS
    report = {kind: measures[kind](given, banks[kind], encode) for kind in kinds}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
