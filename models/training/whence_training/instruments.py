"""Short phrases on instruments, rendered from a General MIDI soundfont.

Training phrases come from one soundfont, validation phrases from another, so that a phrase of
validation is played on an instrument that training did not use. Needs PyPI's `tinysoundfont`.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .waveform import SAMPLE_RATE, Samples, tidy

DRUM_CHANNEL, DRUM_BANK = 9, 128
DRUM_KEYS: dict[str, tuple[int, ...]] = {
    "drums": (36, 38, 40, 41, 43, 45, 47, 48, 50),
    "cymbals": (49, 51, 55, 57),
    "tambourine": (54,),
    "maracas": (70,),
    "triangle": (80, 81),
    "bongos": (60, 61),
    "snare": (38, 40),
}
SCALES = ((0, 2, 4, 5, 7, 9, 11, 12), (0, 2, 3, 5, 7, 8, 10, 12), (0, 4, 7, 12, 7, 4))
LOWEST = {32: 28, 43: 28, 42: 36, 47: 36, 58: 36, 57: 40, 70: 38}
SOUNDFONTS = {
    "train": "x/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "val": "x/usr/share/sounds/sf2/TimGM6mb.sf2",
}


@dataclass(frozen=True)
class Note:
    """A key struck for `seconds`, and how hard (0..127)."""

    key: int
    seconds: float
    velocity: int


def phrase(program: int | str, rng: random.Random, seconds: float = 3.0) -> list[Note]:
    """Notes of one tempo that last about `seconds`."""
    if isinstance(program, str) and program not in DRUM_KEYS:
        raise ValueError(f"Cannot play: instrument must be one of {list(DRUM_KEYS)}, got {program}")
    beat = rng.choice([0.15, 0.2, 0.3, 0.45, 0.6])
    notes: list[Note] = []
    scale = rng.choice(SCALES)
    base = LOWEST.get(program, 52) if isinstance(program, int) else 0
    root = base + rng.randrange(14)
    place = rng.randrange(len(scale))
    while sum(note.seconds for note in notes) < seconds:
        length = beat * rng.choice([1, 1, 1, 2])
        if isinstance(program, str):
            key = rng.choice(DRUM_KEYS[program])
        else:
            place = min(len(scale) - 1, max(0, place + rng.choice([-2, -1, -1, 1, 1, 2])))
            key = root + scale[place]
        notes.append(Note(key, length, rng.randint(70, 120)))
    return notes


def can_play() -> bool:
    """Whether the synthesizer is installed."""
    return importlib.util.find_spec("tinysoundfont") is not None


class Player:
    """One soundfont, opened once."""

    def __init__(self, soundfont: Path) -> None:
        import tinysoundfont

        self.synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE, gain=-6)
        self.font = self.synth.sfload(str(soundfont))

    def play(self, program: int | str, notes: list[Note]) -> Samples | None:
        """The phrase with the tail of its last note, tidy."""
        drums = isinstance(program, str)
        channel = DRUM_CHANNEL if drums else 0
        bank, preset = (DRUM_BANK, 0) if drums else (0, int(program))
        self.synth.program_select(channel, self.font, bank, preset)
        parts = []
        for note in notes:
            self.synth.noteon(channel, note.key, note.velocity)
            parts.append(self.render(note.seconds))
            self.synth.noteoff(channel, note.key)
        parts.append(self.render(0.5))
        self.synth.notes_off()
        self.render(1.0)
        return tidy(np.concatenate(parts))

    def render(self, seconds: float) -> Samples:
        stereo = np.frombuffer(bytes(self.synth.generate(int(seconds * SAMPLE_RATE))), np.float32)
        return np.asarray(stereo.reshape(-1, 2).mean(axis=1), dtype=np.float32)


def phrases(
    player: Player, program: int | str, seed: str, count: int
) -> Iterator[tuple[int, Samples]]:
    """`count` phrases, numbered; the same for the same seed."""
    for number in range(count):
        samples = player.play(program, phrase(program, random.Random(f"{seed} {number}")))
        if samples is not None:
            yield number, samples
