"""Training batches from the pack: pictures with several objects, clips that belong to them.

The loss never sees what an object is. What a batch knows about its clips is how they were made:
which corpus a source came from (its kind) and on which picture of the batch it was put.
"""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .frontend import SAMPLE_RATE
from .pictures import compose, load_backgrounds, load_sprites, uniform
from .sounds import Clips, add_noise, colour, cut, noise

KINDS = ("sound", "speech")
SOUND, SPEECH = range(len(KINDS))
SYNTHETIC_ENGINES = ("espeak", "flite", "kokoro", "piper", "tts")


@dataclass
class Batch:
    """V pictures and A clips. `owner[a, kind]` is the picture of the clip's source of that kind,
    -1 where it has none; `active[a, kind]` the steps during which that source is heard;
    `clean[a, kind]` the clip of the batch with that source alone, -1 unless `a` is a mixture."""

    frames: Tensor  # uint8 [V, H, W, 3]
    waveform: Tensor  # float [A, samples]
    active: Tensor  # bool [A, kinds, T]
    owner: Tensor  # int64 [A, kinds]
    clean: Tensor  # int64 [A, kinds]
    target: Tensor  # int64 [A, kinds]: slot of the object, for evaluation only
    visible: Tensor  # bool [V, slots, H, W], for evaluation only
    own_patches: Tensor | None = (
        None  # float [V, h * w]: of mix-ups, the patches of their own scene
    )


@dataclass(frozen=True)
class BatchConfig:
    pictures: int = 64
    size: int = 128
    seconds: float = 1.28
    objects: tuple[int, ...] = (1, 2, 2, 3)
    sound_share: float = 0.5
    words_per_picture: int = 1
    mixtures: float = 0.45  # mixed clips per clean clip
    negatives: float = 0.1  # silent, noisy and off-screen clips per clean clip
    alone_below: float = 0.3  # difficulty under which every picture has one object …
    early_size: int | None = None  # … and this size instead, where given
    train_size: int | None = None  # side of all other training pictures, `size` where not given
    vocabulary: int | None = None  # concepts at difficulty 0 …
    last_vocabulary: int | None = None  # … and at 1; all where not given
    mix_ups: float = 0.0  # share of pictures tiled from four scenes
    words: tuple[float, float, float] = (
        0.35,
        0.5,
        0.15,
    )  # human, synthetic English, synthetic other


def mix_up(
    frames: Tensor, share: float, generator: torch.Generator
) -> tuple[Tensor, Tensor | None]:
    """Tiles a share of the pictures from four half-sized scenes of the batch, their own among them.

    `frames uint8 [V, H, W, 3]` → the same with mix-ups, and `own float [V, h * w]` at stride 8.
    """
    count, size = frames.shape[:2]
    mixed = (torch.rand(count, generator=generator) < share).nonzero()[:, 0]
    if not len(mixed):
        return frames, None
    small = F.avg_pool2d(frames.permute(0, 3, 1, 2).float(), 2).byte().permute(0, 2, 3, 1)
    grid, half = size // 8, size // 16
    own = torch.ones(count, grid, grid, device=frames.device)
    out = frames.clone()
    for row in mixed.tolist():
        others = torch.randint(count, (4,), generator=generator)
        others[int(torch.randint(4, (1,), generator=generator))] = row
        top, bottom = torch.cat([*small[others[:2]]], 1), torch.cat([*small[others[2:]]], 1)
        out[row] = torch.cat([top, bottom])
        for quarter, other in enumerate(others.tolist()):
            y, x = half * (quarter // 2), half * (quarter % 2)
            own[row, y : y + half, x : x + half] = float(other == row)
    return out, own.reshape(count, -1)


class Queue:
    """Endless draws without replacement: every item comes once before any comes again."""

    def __init__(self, items: list[int], rng: random.Random) -> None:
        self.items, self.rng, self.left = items, rng, list[int]()

    def draw(self, unwanted: set[int]) -> int:
        """The next item outside `unwanted`, or any item when all are unwanted."""
        for _ in range(2):
            for position in range(len(self.left) - 1, -1, -1):
                if self.left[position] not in unwanted:
                    return self.left.pop(position)
            waiting = set(self.left)
            fresh = [item for item in self.items if item not in waiting]
            self.left = self.rng.sample(fresh, len(fresh)) + self.left
        return self.rng.choice(self.items)


class Pack:
    """The media pack of one or more splits, in tensors on one device."""

    def __init__(
        self, root: Path, splits: tuple[str, ...], device: torch.device, *, core: bool = False
    ) -> None:
        self.index: dict[str, Any] = json.loads((root / "index.json").read_text())
        self.device = device
        sets = [concept.get("set", "core") for concept in self.index["concepts"]]

        def of(kind: str) -> list[dict[str, Any]]:
            """The items of the splits; with `core` without concepts beyond the shipped model's."""
            items = [item for item in self.index[kind] if item["split"] in splits]
            return [i for i in items if not core or sets[i.get("concept", 0)] == "core"]

        pictures, self.words, self.sounds = of("pictures"), of("words"), of("sounds")
        self.noises = of("noises")
        self.sprites = load_sprites(root, pictures, device)
        self.backgrounds = load_backgrounds(root, of("backgrounds"), device)
        self.samples = torch.from_numpy(np.fromfile(root / "audio.i16", np.int16)).to(device)
        self.pictures_of = self.by_concept(pictures)
        self.sounds_of = self.by_concept(self.sounds)
        self.words_of: dict[int, list[list[int]]] = {}
        for index, word in enumerate(self.words):
            groups = self.words_of.setdefault(word["concept"], [[], [], []])
            human = not str(word["engine"]).startswith(SYNTHETIC_ENGINES)
            groups[0 if human else 1 if word["language"].startswith("en") else 2].append(index)

    @staticmethod
    def by_concept(items: list[dict[str, Any]]) -> dict[int, list[int]]:
        found = defaultdict(list)
        for index, item in enumerate(items):
            found[item["concept"]].append(index)
        return dict(found)


@dataclass
class Plan:
    """What a batch will hold, before any pixel or sample is touched."""

    objects: list[list[int]]
    clips: list[tuple[int, dict[str, Any], int, int]]  # kind, recording, picture, slot

    def owners(self, kind: int) -> list[int]:
        return [i for i, clip in enumerate(self.clips) if clip[0] == kind and clip[2] >= 0]


class BatchMaker:
    """Draws batch after batch; `difficulty` 0..1 is set by the curriculum."""

    def __init__(self, pack: Pack, config: BatchConfig, seed: int) -> None:
        self.pack, self.config = pack, config
        self.rng = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.difficulty = 1.0
        shown = sorted(pack.pictures_of)
        self.all = Queue([c for c in shown if c in pack.words_of or c in pack.sounds_of], self.rng)
        self.sounding = Queue([c for c in shown if c in pack.sounds_of], self.rng)
        self.easiest = sorted(self.all.items, key=self.richness, reverse=True)

    def richness(self, concept: int) -> tuple[bool, int]:
        """Concepts with sounds come first in a growing vocabulary, then those with many pictures
        and human voices."""
        voices = len(self.pack.words_of.get(concept, [[]])[0])
        return concept in self.pack.sounds_of, len(self.pack.pictures_of[concept]) + voices

    def excluded(self) -> set[int]:
        """Concepts that the vocabulary has not reached yet."""
        first = self.config.vocabulary
        if first is None:
            return set()
        last = self.config.last_vocabulary or len(self.easiest)
        grown = max(0.0, 2 * self.difficulty - 1)
        return set(self.easiest[round(first + grown * (last - first)) :])

    def state(self) -> dict[str, Any]:
        return {
            "rng": self.rng.getstate(),
            "generator": self.generator.get_state(),
            "queues": [self.all.left, self.sounding.left],
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.rng.setstate(state["rng"])
        self.generator.set_state(state["generator"])
        for queue, left in zip((self.all, self.sounding), state["queues"], strict=True):
            if set(left) <= set(queue.items):  # else the pack has changed since
                queue.left = list(left)

    def choose(self, options: list[int]) -> int:
        """One of a concept's pictures or recordings; few of them while difficulty is low."""
        return options[self.rng.randrange(max(1, math.ceil(self.difficulty * len(options))))]

    def word(self, concept: int) -> dict[str, Any]:
        groups = self.pack.words_of[concept]
        weights = [w if group else 0.0 for w, group in zip(self.config.words, groups, strict=True)]
        if not any(weights):  # a concept that only groups of weight 0 name
            weights = [float(bool(group)) for group in groups]
        group = self.rng.choices(groups, weights)[0]
        return self.pack.words[self.choose(group)]

    def sound(self, concept: int) -> dict[str, Any]:
        return self.pack.sounds[self.choose(self.pack.sounds_of[concept])]

    def plan(self) -> Plan:
        config, rng, pack = self.config, self.rng, self.pack
        used = self.excluded()
        plan = Plan([], [])
        for picture in range(config.pictures):
            alone = self.difficulty < config.alone_below
            count = 1 if alone else rng.choice(config.objects)
            with_sound = bool(self.sounding.items) and rng.random() < config.sound_share
            objects: list[int] = []
            for position in range(count):
                queue = self.sounding if with_sound and position == 0 else self.all
                objects.append(queue.draw(used))
                used.add(objects[-1])
            rng.shuffle(objects)
            plan.objects.append(objects)
            sounding = [s for s, c in enumerate(objects) if c in pack.sounds_of]
            spoken = [s for s, c in enumerate(objects) if c in pack.words_of]
            if sounding and (with_sound or not spoken):
                slot = rng.choice(sounding)
                plan.clips.append((SOUND, self.sound(objects[slot]), picture, slot))
            if not spoken or (with_sound and len(spoken) == 1 and rng.random() < 0.3):
                continue
            # Silent things first, so that a picture's sound and word differ where they can.
            order = sorted(spoken, key=lambda s: (s in sounding) + 0.6 * rng.random())
            for turn in range(config.words_per_picture):
                slot = order[turn % len(order)]
                plan.clips.append((SPEECH, self.word(objects[slot]), picture, slot))
        for _ in range(round(config.negatives / 3 * len(plan.clips))):
            concept = self.all.draw(used)
            if concept in used:
                break
            kind = SPEECH if concept in pack.words_of else SOUND
            source = self.word(concept) if kind == SPEECH else self.sound(concept)
            plan.clips.append((kind, source, -1, -1))
        return plan

    def draw_frames(self, objects: list[list[int]]) -> tuple[Tensor, Tensor]:
        sprites = torch.full((len(objects), max(map(len, objects))), -1)
        for row, concepts in enumerate(objects):
            for slot, concept in enumerate(concepts):
                sprites[row, slot] = self.choose(self.pack.pictures_of[concept])
        early = self.config.early_size if self.difficulty < self.config.alone_below else None
        return compose(
            self.pack.sprites,
            self.pack.backgrounds,
            sprites,
            early or self.config.train_size or self.config.size,
            self.difficulty,
            self.generator,
        )

    def draw_clips(self, sources: list[dict[str, Any]]) -> Clips:
        offset = torch.tensor([s["offset"] for s in sources])
        length = torch.tensor([s["length"] for s in sources])
        duration = int(self.config.seconds * SAMPLE_RATE)
        clips = cut(self.pack.samples, offset, length, duration, self.difficulty, self.generator)
        return Clips(colour(clips.waveform, self.difficulty, self.generator), clips.active)

    def pairs(self, plan: Plan) -> list[tuple[int, int]]:
        """(sound clip, word clip) of each mixture: half on one picture where possible."""
        sounds, words = plan.owners(SOUND), plan.owners(SPEECH)
        if not sounds or not words:
            return []
        word_of = {plan.clips[i][2]: i for i in words}
        together = [(i, word_of[plan.clips[i][2]]) for i in sounds if plan.clips[i][2] in word_of]
        wanted = round(self.config.mixtures * len(plan.clips) * min(1.0, 2 * self.difficulty))
        chosen = self.rng.sample(together, min(len(together), wanted // 2))
        apart = wanted - len(chosen)
        return chosen + [(self.rng.choice(sounds), self.rng.choice(words)) for _ in range(apart)]

    def next(self) -> Batch:
        plan = self.plan()
        frames, visible = self.draw_frames(plan.objects)
        frames, own_patches = mix_up(frames, self.config.mix_ups * self.difficulty, self.generator)
        clips = self.draw_clips([clip[1] for clip in plan.clips])
        pairs = self.pairs(plan)
        empty = max(1, round(self.config.negatives * 2 / 3 * len(plan.clips)))
        single, steps = len(plan.clips), clips.active.shape[1]
        total = single + len(pairs) + empty
        device = frames.device
        waveform = torch.zeros(total, clips.waveform.shape[1], device=device)
        active = torch.zeros(total, len(KINDS), steps, dtype=torch.bool, device=device)
        owner, clean, target = (torch.full((total, len(KINDS)), -1) for _ in range(3))
        waveform[:single] = clips.waveform
        for index, (kind, _, picture, slot) in enumerate(plan.clips):
            owner[index, kind], target[index, kind] = picture, slot
            active[index, kind] = clips.active[index]
        if pairs:
            first, second = torch.tensor(pairs).t()
            balance = uniform(len(pairs), -8, 8, self.generator) / 40
            gain = (10**balance).to(device)[:, None]
            waveform[single : single + len(pairs)] = (
                waveform[first] * gain + waveform[second] / gain
            )
            for kind, index in ((SOUND, first), (SPEECH, second)):
                rows = torch.arange(single, single + len(pairs))
                owner[rows, kind], target[rows, kind] = owner[index, kind], target[index, kind]
                clean[rows, kind], active[rows, kind] = index, active[index, kind]
        waveform[: total - empty] = add_noise(
            waveform[: total - empty], self.difficulty, self.generator
        )
        waveform[total - empty :] = self.empty_clips(empty, waveform.shape[1]).to(device)
        return Batch(
            frames,
            waveform,
            active,
            owner.to(device),
            clean.to(device),
            target,
            visible,
            own_patches,
        )

    def empty_clips(self, count: int, duration: int) -> Tensor:
        return empty_clips(self.pack, count, duration, self.rng, self.generator)


def empty_clips(
    pack: Pack, count: int, duration: int, rng: random.Random, generator: torch.Generator
) -> Tensor:
    """Nothing to ground: digital silence, faint to loud noise, and the pack's noises."""
    level = 0.1 * 10 ** (uniform(count, -60, 3, generator) / 20)
    wave = noise(count, duration, generator) * level[:, None]
    for index in range(count):
        draw = rng.random()
        if draw < 0.25:
            wave[index] = 0
        elif draw < 0.55 and pack.noises:
            item = rng.choice(pack.noises)
            length = min(duration, item["length"])
            first = item["offset"] + rng.randrange(item["length"] - length + 1)
            piece = pack.samples[first : first + length].cpu().float() / 32768
            wave[index, :length] = piece * 10 ** (rng.uniform(-20, 3) / 20)
    return wave
