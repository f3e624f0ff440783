"""Music that lies under words in tuning: Sonic Pi's loops, CC0, into a word store of its own.

    python3 -m whence_training.music --out music [--cache .cache]

Samples that are a concept's sound (`sounds.tsv`) stay out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .media import CACHE, require
from .sources import Sources
from .waveform import SAMPLE_RATE, read, tidy
from .word_store import Store

SAMPLES = "x/usr/share/sonic-pi/samples"
STYLES = ("ambi_*.flac", "bass_*.flac", "guit_*.flac", "loop_*.flac")
SHORTEST, LONGEST = 0.5, 16.0
"""Seconds."""


def music_files(cache: Path) -> list[Path]:
    """Loops and ambiences that are nothing's sound, sorted."""
    sources = Sources(cache)
    taken = {name for names in sources.more_recordings.values() for name in names}
    found = {file for style in STYLES for file in (cache / SAMPLES).glob(style)}
    return sorted(file for file in found if sources.name(file) not in taken)


def main() -> None:
    parser = argparse.ArgumentParser(description="Gather music to lay under words.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=CACHE)
    given = parser.parse_args()
    require(given.cache)
    store = Store(given.out)
    known = {row["text"] for row in store.rows}
    for file in music_files(given.cache):
        samples = tidy(read(file)) if file.stem not in known else None
        if samples is not None and len(samples) > SHORTEST * SAMPLE_RATE:
            row = {"text": file.stem, "source": Sources(given.cache).name(file), "split": "train"}
            store.add(row, samples[: int(LONGEST * SAMPLE_RATE)])
    print(f"{len(store.rows)} pieces of music in {given.out}")


if __name__ == "__main__":
    main()
