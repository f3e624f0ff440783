"""Scenes to measure on: read from a folder with `scenes.jsonl`, or composed on the spot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .batches import KINDS, SOUND, SPEECH, BatchMaker
from .frontend import SAMPLE_RATE
from .metrics import FEATURE_RATE, FIRST_FEATURE, Scene, Target
from .sounds import Clips, add_noise


def read_waveform(path: Path) -> Tensor:
    """A mono 16 kHz recording as float samples. Raises ValueError for another rate."""
    import soundfile

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != SAMPLE_RATE:
        raise ValueError(f"Cannot read {path}: its rate must be {SAMPLE_RATE} Hz, got {rate}")
    return torch.from_numpy(samples.mean(1))


def load_scenes(folder: Path, size: int, limit: int | None = None) -> list[Scene]:
    """Reads `folder/scenes.jsonl`; pictures are stretched to the model's `size`."""
    scenes = []
    for line in (folder / "scenes.jsonl").read_text().splitlines()[:limit]:
        item: dict[str, Any] = json.loads(line)
        with Image.open(folder / item["image"]) as picture:
            small = picture.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
        targets = []
        for target in item["targets"]:
            with Image.open(folder / target["mask"]) as mask:
                inside = np.asarray(mask.convert("L")) > 127
            kind = KINDS.index(target["kind"])
            targets.append(Target(kind, target["onset"], target["offset"], inside))
        frame = torch.from_numpy(np.array(small))
        waveform = read_waveform(folder / item["audio"])
        names = tuple(thing["name"] for thing in item.get("objects", ()))
        said = tuple(target["name"] for target in item["targets"] if "name" in target)
        scenes.append(Scene(item["pool"], frame, waveform, targets, names, said))
    return scenes


def target_of(kind: int, active: Tensor, mask: Tensor) -> Target:
    """A target whose time spans the active feature steps `active bool [T]`."""
    steps = active.nonzero()[:, 0].float()
    first, last = float(steps.min()), float(steps.max())
    half = 0.5 / FEATURE_RATE
    onset = FIRST_FEATURE + first / FEATURE_RATE - half
    offset = FIRST_FEATURE + last / FEATURE_RATE + half
    return Target(kind, onset, offset, mask.cpu().numpy())


class SceneComposer:
    """Composes scenes of chosen recordings as the trainer does, at full difficulty."""

    def __init__(self, maker: BatchMaker, objects: tuple[int, ...] = (2, 2, 3)) -> None:
        self.maker, self.objects = maker, objects
        maker.difficulty = 1.0

    def pool(
        self, name: str, recordings: list[tuple[int, dict[str, Any]]], count: int
    ) -> list[Scene]:
        """`count` scenes, each with one of the `recordings` (kind, item) and its object."""
        chosen = [[recordings[i]] for i in self.spread(len(recordings), count)]
        return self.scenes(name, chosen)

    def mixtures(
        self, name: str, sounds: list[dict[str, Any]], words: list[dict[str, Any]], count: int
    ) -> list[Scene]:
        """A sound and a word of two objects of one picture at once."""
        rng = self.maker.rng
        chosen = []
        for index in self.spread(len(sounds), count):
            others = [w for w in words if w["concept"] != sounds[index]["concept"]]
            chosen.append([(SOUND, sounds[index]), (SPEECH, rng.choice(others))])
        return self.scenes(name, chosen)

    def spread(self, available: int, count: int) -> list[int]:
        order = list(range(available))
        self.maker.rng.shuffle(order)
        return [order[i % available] for i in range(count)]

    def scenes(
        self, name: str, chosen: list[list[tuple[int, dict[str, Any]]]], *, shown: bool = True
    ) -> list[Scene]:
        maker, out = self.maker, []
        for first in range(0, len(chosen), 32):
            part = chosen[first : first + 32]
            objects, slots = [], []
            for sources in part:
                concepts = [item["concept"] for _, item in sources]
                count = max(len(concepts), maker.rng.choice(self.objects))
                present = list(concepts) if shown else []
                while len(present) < count:
                    present.append(maker.all.draw({*present, *concepts}))
                maker.rng.shuffle(present)
                objects.append(present)
                slots.append([present.index(c) if shown else -1 for c in concepts])
            frames, visible = maker.draw_frames(objects)
            waves, clips = self.hear(part)
            for row, sources in enumerate(part):
                targets = []
                for place, (kind, _) in enumerate(sources):
                    active = clips[row][place]
                    slot = slots[row][place]
                    if shown and active.any() and visible[row, slot].any():
                        targets.append(target_of(kind, active, visible[row, slot]))
                if targets or not shown:
                    out.append(Scene(name, frames[row].cpu(), waves[row].cpu(), targets))
        return out

    def hear(self, part: list[list[tuple[int, dict[str, Any]]]]) -> tuple[Tensor, list[Tensor]]:
        clips: Clips = self.maker.draw_clips([item for sources in part for _, item in sources])
        waves, active, first = [], [], 0
        for sources in part:
            rows = slice(first, first + len(sources))
            waves.append(clips.waveform[rows].sum(0))
            active.append(clips.active[rows])
            first += len(sources)
        return add_noise(torch.stack(waves), 1.0, self.maker.generator), active

    def off_screen(
        self, name: str, recordings: list[tuple[int, dict[str, Any]]], count: int
    ) -> list[Scene]:
        """Recordings whose object is in no picture."""
        chosen = [[recordings[i]] for i in self.spread(len(recordings), count)]
        return self.scenes(name, chosen, shown=False)

    def quiet(self, count: int) -> list[Scene]:
        """Silence and noise over ordinary pictures, in pools of their own."""
        maker = self.maker
        objects = [[maker.all.draw(set()) for _ in range(2)] for _ in range(count)]
        frames, _ = maker.draw_frames(objects)
        duration = int(maker.config.seconds * SAMPLE_RATE)
        empty = maker.empty_clips(count, duration)
        out = []
        for index in range(count):
            silent = index % 2 == 0
            wave = torch.zeros(duration) if silent else empty[index]
            pool = "silence" if silent else "noise"
            out.append(Scene(pool, frames[index].cpu(), wave, []))
        return out
