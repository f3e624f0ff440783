"""Speaks names that no concept of the pack has, in espeak-ng's and flite's voices, into a word store.

    python3 -m whence_training.synthetic_names --texts names.txt --out natural [--voices 12]

The same voices, held-out ones included, say what `pack` has them say of a concept.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from .media import CACHE, environment
from .speech import Speaker, plan, say_all
from .word_store import Store


def main() -> None:
    parser = argparse.ArgumentParser(description="Speak names in synthetic voices.")
    parser.add_argument("--texts", type=Path, required=True, help="one text a line")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--voices", type=int, default=12, help="espeak-ng voices a name")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    store, rng = Store(given.out), random.Random(given.seed)
    known = {row["text"] for row in store.rows if row["engine"] in ("espeak", "flite")}
    texts = [line.strip() for line in given.texts.read_text().splitlines() if line.strip()]
    texts = [text for text in dict.fromkeys(texts) if text not in known]
    said = [
        one
        for number, text in enumerate(texts)
        for one in plan(number, (text,), {}, rng, given.voices)
    ]
    speaker = Speaker(given.cache / "x/usr/bin", environment(given.cache))
    for one, samples in say_all(speaker, said):
        row = {"text": texts[one.concept], "said": one.text, "engine": one.engine}
        store.add({**row, "voice": one.voice, "split": one.split}, samples)
    print(f"{len(texts)} names added to {given.out}")


if __name__ == "__main__":
    main()
