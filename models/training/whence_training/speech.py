"""Spoken names from espeak-ng and flite, as many voices as they have, and which of them are held out.

Held out for testing: espeak-ng's `f4 m7 quincy shelby benjamin Alicia`, flite's `slt`; for
validation: espeak-ng's `Storm ed linda`.
"""

from __future__ import annotations

import io
import random
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import soundfile

from .waveform import Samples, read, tidy, to_rate

ESPEAK_TEST = ("f4", "m7", "quincy", "shelby", "benjamin", "Alicia")
ESPEAK_VALIDATION = ("Storm", "ed", "linda")
ESPEAK_TRAIN = tuple(
    "f1 f2 f3 m1 m2 m3 m4 m5 klatt klatt3 klatt4 adam anika belinda boris steph david michel "
    "pablo paul john rob sandro travis zac Alex Andrea Annie Lee Mike Michael Denis".split()
)
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029")
FLITE_TEST = ("slt",)
FLITE_TRAIN = ("kal16", "awb", "rms", "kal")
LANGUAGES = ("fr", "es", "de", "it", "pt", "ru", "nl", "ca")
LONGEST = 2.2
"""Seconds; what takes longer is no name."""


@dataclass(frozen=True)
class Utterance:
    """One thing to say: `voice` is the engine's own name of it."""

    concept: int
    text: str
    language: str
    engine: str
    voice: str
    split: str
    accent: str = ""
    rate: int = 150
    pitch: int = 50
    stretch: float = 1.0


def with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def plan(
    concept: int, english: tuple[str, ...], texts: dict[str, str], rng: random.Random, voices: int
) -> Iterator[Utterance]:
    """What is said of one concept: `voices` English training voices, other languages, held-out ones."""

    def text() -> str:
        name = rng.choice(english)
        return with_article(name) if rng.random() < 0.3 else name

    def espeak(said: str, language: str, accent: str, voice: str, split: str) -> Utterance:
        rate, pitch = rng.randint(120, 185), rng.randint(30, 70)
        return Utterance(concept, said, language, "espeak", voice, split, accent, rate, pitch)

    for voice in rng.sample(ESPEAK_TRAIN, min(voices, len(ESPEAK_TRAIN))):
        yield espeak(text(), "en", rng.choice(ACCENTS), voice, "train")
    yield espeak(english[0], "en", "en-us", rng.choice(ESPEAK_VALIDATION), "val")
    yield espeak(english[0], "en", "en-us", rng.choice(ESPEAK_TEST), "test")
    for voice in FLITE_TRAIN:
        stretch = round(rng.uniform(0.85, 1.2), 2)
        yield Utterance(concept, text(), "en", "flite", voice, "train", stretch=stretch)
    for voice in FLITE_TEST:
        yield Utterance(concept, english[0], "en", "flite", voice, "test")
    for language in LANGUAGES:
        said = texts.get(language, "")
        if said and len(said.split()) <= 4:
            yield espeak(said, language, language, rng.choice(ESPEAK_TRAIN), "train")


class Speaker:
    """Runs the engines; `environment` lets them find what was unpacked beside them."""

    def __init__(self, programs: Path, environment: dict[str, str]) -> None:
        self.programs, self.environment = programs, environment

    def program(self, name: str) -> str:
        unpacked = self.programs / name
        return str(unpacked) if unpacked.exists() else name

    def run(self, words: list[str]) -> bytes:
        done = subprocess.run(words, env=self.environment, capture_output=True, check=False)
        if done.returncode:
            reason = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason"])[
                -1
            ]
            raise RuntimeError(f"Cannot speak: {words[0]} must run, got: {reason}")
        return done.stdout

    def say(self, said: Utterance) -> Samples | None:
        """A tidy recording, None where the engine gives nothing to hear or far too much."""
        if said.engine == "espeak":
            words = [self.program("espeak-ng"), "-v", f"{said.accent}+{said.voice}"]
            words += ["-s", str(said.rate), "-p", str(said.pitch), "--stdout", said.text]
            content, rate = soundfile.read(io.BytesIO(self.run(words)), dtype="float32")
            samples = tidy(to_rate(content, rate))
        else:
            with tempfile.NamedTemporaryFile(suffix=".wav") as file:
                words = [self.program("flite"), "-voice", said.voice, "-t", said.text]
                words += ["--setf", f"duration_stretch={said.stretch}", "-o", file.name]
                self.run(words)
                samples = tidy(read(Path(file.name)))
        return samples if samples is not None and len(samples) < LONGEST * 16_000 else None


def say_all(
    speaker: Speaker, utterances: list[Utterance], workers: int = 1
) -> Iterator[tuple[Utterance, Samples]]:
    """Says everything, in the order given."""
    with ThreadPoolExecutor(workers) as pool:
        for said, samples in zip(utterances, pool.map(speaker.say, utterances), strict=True):
            if samples is not None:
                yield said, samples
