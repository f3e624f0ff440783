"""Speaks ordinary dictionary words in several voices each: what the audio encoder is pretrained on.

    python3 -m whence_training.lexicon --out lexicon [--cache .cache] [--texts 10000]

The words come from Debian's `wamerican-small`, not from the concept table: pretraining learns how
words sound across voices, and nothing about pictures. Voices held out for validation and
testing (`speech.py`) never speak here.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from .media import CACHE
from .pack import environment
from .speech import ACCENTS, ESPEAK_TRAIN, FLITE_TRAIN, Speaker, Utterance, say_all, with_article
from .waveform import SAMPLE_RATE, to_int16

FORMAT = "whence/lexicon/1"
WORD_LIST = "x/usr/share/dict/american-english-small"
RENDITIONS = 3
TWO_WORDS = 0.25
"""Share of texts of two words, as many names are."""
ARTICLES = 0.25
FLITE_SHARE = 0.4


def texts_of(words: list[str], count: int, rng: random.Random) -> list[str]:
    """`count` different texts of one or two words."""
    plain = [word for word in words if re.fullmatch(r"[a-z]{3,11}", word)]
    chosen = rng.sample(plain, min(count, len(plain)))
    return [f"{w} {rng.choice(plain)}" if rng.random() < TWO_WORDS else w for w in chosen]


def renditions(number: int, text: str, rng: random.Random) -> Iterator[Utterance]:
    """The text in as many different voices as there are renditions."""
    voices: set[str] = set()
    while len(voices) < RENDITIONS:
        flite = rng.random() < FLITE_SHARE
        voice = rng.choice(FLITE_TRAIN if flite else ESPEAK_TRAIN)
        if voice in voices:
            continue
        voices.add(voice)
        said = with_article(text) if rng.random() < ARTICLES else text
        if flite:
            stretch = round(rng.uniform(0.85, 1.2), 2)
            yield Utterance(number, said, "en", "flite", voice, "train", stretch=stretch)
        else:
            accent, rate, pitch = rng.choice(ACCENTS), rng.randint(120, 185), rng.randint(30, 70)
            yield Utterance(number, said, "en", "espeak", voice, "train", accent, rate, pitch)


def main() -> None:
    parser = argparse.ArgumentParser(description="Speak dictionary words in several voices.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if not (arguments.cache / WORD_LIST).exists():
        parser.error(f"{arguments.cache} must hold {WORD_LIST}: gather media first (README)")
    arguments.out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(arguments.seed)
    words = (arguments.cache / WORD_LIST).read_text().split()
    texts = texts_of(words, arguments.texts, rng)
    said = [one for number, text in enumerate(texts) for one in renditions(number, text, rng)]
    speaker = Speaker(arguments.cache / "x/usr/bin", environment(arguments.cache))
    rows: list[dict[str, object]] = []
    offset = 0
    with (arguments.out / "audio.i16").open("wb") as audio:
        for done, (one, samples) in enumerate(say_all(speaker, said, arguments.workers), 1):
            audio.write(to_int16(samples).tobytes())
            row = {"text": one.concept, "engine": one.engine, "voice": one.voice}
            rows.append(row | {"offset": offset, "length": len(samples)})
            offset += len(samples)
            if done % 1000 == 0:
                print(f"{done} of {len(said)} spoken", file=sys.stderr, flush=True)
    index = {"format": FORMAT, "sample_rate": SAMPLE_RATE, "texts": texts, "recordings": rows}
    (arguments.out / "index.json").write_text(json.dumps(index))


if __name__ == "__main__":
    main()
