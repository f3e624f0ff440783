"""Batches of pairs for pretraining the audio encoder: the same thing heard twice, differently.

A text in two voices, a person's recording through two microphones, two pieces of one sound. The
second hearing of some is mixed with a source of the other kind, whose code must not care.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .batches import SOUND, SPEECH, Pack, Queue
from .frontend import SAMPLE_RATE
from .pictures import uniform
from .sounds import add_noise, colour, cut


@dataclass(frozen=True)
class RenditionConfig:
    """How many pairs of each sort a batch holds."""

    texts: int = 160
    human: int = 24
    sounds: int = 48
    mixed: float = 0.5  # share of second hearings with a source of the other kind over them
    seconds: float = 1.6
    difficulty: float = 0.9


@dataclass
class Hearings:
    """`waveform float [2 n, samples]`: rows i and n + i are the same thing, of kind `kind[i]`;
    `active bool [2 n, T]`: the steps during which that thing is heard."""

    waveform: Tensor
    active: Tensor
    kind: Tensor


class Lexicon:
    """What `lexicon.py` wrote: recordings by text, and their samples."""

    def __init__(self, root: Path) -> None:
        index: dict[str, Any] = json.loads((root / "index.json").read_text())
        self.samples = torch.from_numpy(np.fromfile(root / "audio.i16", np.int16))
        spoken: dict[int, list[dict[str, Any]]] = {}
        for row in index["recordings"]:
            spoken.setdefault(row["text"], []).append(row)
        self.recordings = [rows for rows in spoken.values() if len(rows) > 1]


class RenditionMaker:
    """Draws batch after batch from a lexicon and the pack's training recordings."""

    def __init__(self, lexicon: Lexicon, pack: Pack, config: RenditionConfig, seed: int) -> None:
        self.lexicon, self.pack, self.config = lexicon, pack, config
        self.rng = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.texts = Queue(list(range(len(lexicon.recordings))), self.rng)
        self.human = [word for word in pack.words if word["engine"] == "human"]
        self.sounding = Queue(sorted(pack.sounds_of), self.rng)

    def hear(self, samples: Tensor, rows: list[dict[str, Any]]) -> tuple[Tensor, Tensor]:
        offset = torch.tensor([row["offset"] for row in rows])
        length = torch.tensor([row["length"] for row in rows])
        duration = int(self.config.seconds * SAMPLE_RATE)
        difficulty = self.config.difficulty
        clips = cut(samples, offset, length, duration, difficulty, self.generator)
        return colour(clips.waveform, difficulty, self.generator), clips.active

    def drawn(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Two rows for each text of the batch, in different voices."""
        taken: set[int] = set()
        pairs = []
        for _ in range(self.config.texts):
            text = self.texts.draw(taken)
            taken.add(text)
            pairs.append(self.rng.sample(self.lexicon.recordings[text], 2))
        return [first for first, _ in pairs], [second for _, second in pairs]

    def sounds(self) -> list[dict[str, Any]]:
        taken: set[int] = set()
        for _ in range(min(self.config.sounds, len(self.sounding.items))):
            taken.add(self.sounding.draw(taken))
        return [self.pack.sounds[self.rng.choice(self.pack.sounds_of[c])] for c in sorted(taken)]

    def next(self) -> Hearings:
        config, rng = self.config, self.rng
        first, second = self.drawn()
        human = rng.sample(self.human, min(config.human, len(self.human)))
        sounds = self.sounds()
        waves, actives = [], []
        for texts in (first, second):
            spoken = [self.hear(self.lexicon.samples, texts)]
            spoken += [self.hear(self.pack.samples, rows) for rows in (human, sounds) if rows]
            waves.append(torch.cat([wave for wave, _ in spoken]))
            actives.append(torch.cat([active for _, active in spoken]))
        kind = torch.full((len(waves[0]),), SPEECH)
        kind[len(first) + len(human) :] = SOUND
        waves[1] = self.mixed(waves[1], kind)
        waveform = add_noise(torch.cat(waves), config.difficulty, self.generator)
        return Hearings(waveform, torch.cat(actives), kind)

    def mixed(self, wave: Tensor, kind: Tensor) -> Tensor:
        """Lays a clip of the other kind over a share of the clips, within 8 dB of their level."""
        out = wave.clone()
        for own, other in ((SPEECH, SOUND), (SOUND, SPEECH)):
            others = (kind == other).nonzero()[:, 0].tolist()
            rows = (kind == own).nonzero()[:, 0]
            rows = rows[torch.rand(len(rows), generator=self.generator) < self.config.mixed]
            if not others or not len(rows):
                continue
            over = torch.tensor(self.rng.choices(others, k=len(rows)))
            gain = 10 ** (uniform(len(rows), -8, 8, self.generator) / 20)
            out[rows] = wave[rows] + wave[over] * gain[:, None]
        return out
