"""Batches for tuning the audio encoder: names by many voices and sounds, as a robot hears them.

What a batch knows: which text was spoken, which concept's sound it is, when each is heard. Over a
clean recording come a room, a distance, noise, other voices, music, and often a source of the other
kind at the same time.
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

from .batches import SOUND, SPEECH, Pack, Queue, empty_clips
from .frontend import SAMPLE_RATE
from .open_pack import english_names
from .pictures import uniform
from .rooms import Rooms
from .sounds import add_noise, colour, cut
from .word_store import read_rows

Row = dict[str, Any]
ENGINES = ("kokoro", "espeak", "flite")
"""Who speaks in training. Piper counts as Kokoro: a natural voice. People who speak English do not:
every recording of them is frozen."""


@dataclass(frozen=True)
class HearingConfig:
    """How many clips of each sort a batch holds, and what comes over them."""

    names: int = 64
    texts: int = 12  # pairs: a dictionary word in two voices
    sounds: int = 24
    empty: int = 8
    mixed: float = 0.4  # share of names and sounds with a source of the other kind over them
    rooms: float = 0.35
    babble: float = 0.08
    music: float = 0.08
    engines: tuple[float, ...] = (0.45, 0.35, 0.2)
    seconds: float = 1.6
    difficulty: float = 0.9


@dataclass
class Hearings:
    """`name [n]` is the text's class, -1 without a known name; `text [n]` groups dictionary words;
    `sound [n]` is the concept heard, -1 without one."""

    waveform: Tensor
    name: Tensor
    text: Tensor
    sound: Tensor
    active: Tensor  # bool [n, kinds, T]
    unsure: Tensor  # bool [n, kinds, T]: something of the kind may be heard besides


class Recordings:
    """Rows of one file of samples, mapped, not read."""

    def __init__(self, file: Path, rows: list[Row]) -> None:
        self.samples = torch.from_numpy(np.memmap(file, np.int16, mode="c"))
        self.rows = rows

    @classmethod
    def of(cls, samples: Tensor) -> Recordings:
        """Samples that are in memory already."""
        found = cls.__new__(cls)
        found.samples, found.rows = samples, []
        return found


def bare(text: str) -> str:
    """A name without its article."""
    return text.split(" ", 1)[1] if text.startswith(("a ", "an ")) else text


class Vocabulary:
    """All known names and who says them: class → engine → (recordings, row)."""

    def __init__(self, names: list[str]) -> None:
        self.names = list(dict.fromkeys(names))
        self.number = {name: index for index, name in enumerate(self.names)}
        self.spoken: list[dict[str, list[tuple[Recordings, Row]]]] = [{} for _ in self.names]

    def first(self, count: int | None) -> Vocabulary:
        """The first names alone, all by default."""
        some = Vocabulary(self.names[:count])
        some.spoken = self.spoken[:count]
        return some

    def add(self, recordings: Recordings, text: str, row: Row) -> None:
        number = self.number.get(text)
        if number is not None:
            engine = "kokoro" if row["engine"] == "piper" else row["engine"]
            self.spoken[number].setdefault(engine, []).append((recordings, row))


def vocabulary(pack_folder: Path, stores: list[Path], splits: tuple[str, ...]) -> Vocabulary:
    """The names of the pack's concepts and of word stores, in what voices the splits have."""
    index: dict[str, Any] = json.loads((pack_folder / "index.json").read_text())
    names = english_names(index["concepts"])
    stored = [(store, read_rows(store)) for store in stores]
    names += sorted({row["text"] for _, rows in stored for row in rows} - set(names))
    found = Vocabulary(names)
    packed = Recordings(pack_folder / "audio.i16", index["words"])
    for row in packed.rows:
        if row["split"] in splits and row["language"] == "en":
            # A person's recording is of the concept's name; an engine's row says its own text.
            concept: dict[str, Any] = index["concepts"][row["concept"]]
            found.add(packed, bare(row.get("text", concept["texts"]["en"])), row)
    for store, rows in stored:
        recordings = Recordings(store / "audio.i16", rows)
        for row in rows:
            if row["split"] in splits:
                found.add(recordings, row["text"], row)
    return found


class Lexicon:
    """Dictionary words: those with two renditions or more."""

    def __init__(self, root: Path) -> None:
        index: dict[str, Any] = json.loads((root / "index.json").read_text())
        spoken: dict[int, list[Row]] = {}
        for row in index["recordings"]:
            spoken.setdefault(row["text"], []).append(row)
        self.recordings = Recordings(root / "audio.i16", index["recordings"])
        self.texts = [rows for rows in spoken.values() if len(rows) > 1]


class HearingMaker:
    """Draws batch after batch."""

    def __init__(
        self,
        names: Vocabulary,
        lexicon: Lexicon | None,
        pack: Pack,
        music: Recordings,
        config: HearingConfig,
        seed: int,
    ) -> None:
        self.names, self.lexicon, self.pack, self.music = names, lexicon, pack, music
        self.config = config
        self.rng = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.rooms = Rooms(300, seed)
        spoken = [number for number, voices in enumerate(names.spoken) if voices]
        self.name_queue = Queue(spoken, self.rng)
        self.text_queue = Queue(list(range(len(lexicon.texts) if lexicon else 0)), self.rng)
        self.sounding = Queue(sorted(pack.sounds_of), self.rng)

    def hear(self, chosen: list[tuple[Recordings, Row]]) -> tuple[Tensor, Tensor]:
        """Clips of recordings from several files, through a microphone each."""
        count = int(self.config.seconds * SAMPLE_RATE)
        waves, actives = [torch.zeros(0)] * len(chosen), [torch.zeros(0)] * len(chosen)
        files = {id(recordings): recordings for recordings, _ in chosen}
        for key, recordings in files.items():
            places = [i for i, (one, _) in enumerate(chosen) if id(one) == key]
            offset = torch.tensor([chosen[i][1]["offset"] for i in places])
            length = torch.tensor([chosen[i][1]["length"] for i in places])
            difficulty = self.config.difficulty
            clips = cut(recordings.samples, offset, length, count, difficulty, self.generator)
            for place, wave, active in zip(places, clips.waveform, clips.active, strict=True):
                waves[place], actives[place] = wave, active
        wave = colour(torch.stack(waves), self.config.difficulty, self.generator)
        return wave, torch.stack(actives)

    def draw(self, queue: Queue, count: int) -> list[int]:
        taken: set[int] = set()
        for _ in range(min(count, len(queue.items))):
            taken.add(queue.draw(taken))
        return self.rng.sample(sorted(taken), len(taken))

    def spoken(self, name: int) -> tuple[Recordings, Row]:
        voices = self.names.spoken[name]
        weights = [
            w if engine in voices else 0.0
            for engine, w in zip(ENGINES, self.config.engines, strict=True)
        ]
        engine = self.rng.choices(ENGINES, weights)[0]
        return self.rng.choice(voices[engine])

    def next(self) -> Hearings:
        config, rng = self.config, self.rng
        names = self.draw(self.name_queue, config.names)
        texts = self.draw(self.text_queue, config.texts)
        words_of = self.lexicon
        pairs = [rng.sample(words_of.texts[text], 2) for text in texts] if words_of else []
        sounds = self.draw(self.sounding, config.sounds)
        packed = Recordings.of(self.pack.samples)
        chosen = [self.spoken(name) for name in names]
        if words_of:
            chosen += [(words_of.recordings, pair[turn]) for turn in (0, 1) for pair in pairs]
        words = len(chosen)
        chosen += [(packed, self.pack.sounds[rng.choice(self.pack.sounds_of[c])]) for c in sounds]
        wave, heard = self.hear(chosen)
        single, total = len(chosen), len(chosen) + config.empty
        steps = heard.shape[1]
        name, text, sound = (torch.full((total,), -1) for _ in range(3))
        name[: len(names)] = torch.tensor(names)
        text[len(names) : words] = torch.tensor(texts * 2)
        sound[words:single] = torch.tensor(sounds)
        active = torch.zeros(total, 2, steps, dtype=torch.bool)
        active[:words, SPEECH], active[words:single, SOUND] = heard[:words], heard[words:]
        wet = self.rooms.heard(wave, config.rooms, self.generator)
        out = self.mix(wet, words, name, sound, active)
        unsure = torch.zeros_like(active)
        self.add_background(out, unsure[:single])
        out = add_noise(out, config.difficulty, self.generator)
        empty = empty_clips(self.pack, config.empty, out.shape[1], rng, self.generator)
        return Hearings(torch.cat([out, empty]), name, text, sound, active, unsure & ~active)

    def mix(self, wave: Tensor, words: int, name: Tensor, sound: Tensor, active: Tensor) -> Tensor:
        """Lays a clip of the other kind over a share of the clips, within 8 dB of their level; such
        a clip then is both things. Of dictionary words only second hearings are mixed."""
        out, count = wave.clone(), len(wave)
        names = int((name >= 0).sum())
        chance = torch.rand(count, generator=self.generator) < self.config.mixed
        chance[names : names + (words - names) // 2] = False
        before = [part.clone() for part in (name, sound, active)]
        for row in chance.nonzero()[:, 0].tolist():
            if row < words:
                over = self.rng.randrange(words, count)
                sound[row] = before[1][over]
                active[row, SOUND] = before[2][over, SOUND]
            else:
                over = self.rng.randrange(names)
                name[row] = before[0][over]
                active[row, SPEECH] = before[2][over, SPEECH]
            gain = 10 ** (self.rng.uniform(-8, 8) / 40)
            out[row] = wave[row] * gain + wave[over] / gain
        return out

    def add_background(self, wave: Tensor, unsure: Tensor) -> None:
        """Voices or music under a share of the clips, 22 to 4 dB below the usual loudness."""
        generator = self.generator
        for share, kind in ((self.config.babble, SPEECH), (self.config.music, SOUND)):
            rows = (torch.rand(len(wave), generator=generator) < share).nonzero()[:, 0]
            if not len(rows):
                continue
            under = self.babble(len(rows)) if kind == SPEECH else self.played(len(rows))
            level = 0.1 * 10 ** (uniform(len(rows), -22, -4, generator) / 20)
            loud = under.square().mean(1, keepdim=True).sqrt().clamp_min(1e-6)
            wave[rows] += under / loud * level[:, None]
            unsure[rows, kind] = True

    def babble(self, count: int) -> Tensor:
        """Three voices at once, each at a place of its own."""
        files, length = self.pack.samples, int(self.config.seconds * SAMPLE_RATE)
        out = torch.zeros(count, length)
        for row in range(count):
            for _ in range(3):
                filled = 0
                while filled < length:
                    word = self.rng.choice(self.pack.words)
                    piece = files[word["offset"] : word["offset"] + word["length"]].float() / 32768
                    piece = piece[: length - filled]
                    out[row, filled : filled + len(piece)] += piece
                    filled += len(piece) + self.rng.randrange(800, 6400)
        return out

    def played(self, count: int) -> Tensor:
        length = int(self.config.seconds * SAMPLE_RATE)
        out = torch.zeros(count, length)
        for row in range(count):
            item = self.rng.choice(self.music.rows)
            start = item["offset"] + self.rng.randrange(max(1, item["length"] - length))
            piece = self.music.samples[start : min(start + length, item["offset"] + item["length"])]
            out[row, : len(piece)] = piece.float() / 32768
        return out
