"""Writes the media pack that trainers and scenes read: raw pixels and samples with an index.

    python3 -m whence_training.pack --out PACK [--cache .cache] [--core] [--only NAME,NAME,…]

`index.json` (`whence/pack/1`) lists concepts, pictures, backgrounds, sounds, words and noises with
their place in `pictures.u8`, `backgrounds.u8` and `audio.i16`, the SHA-256 of their source file, its
license, and the split: `train`, `val` (for decisions) or `test` (frozen, see `freeze.py`).
`--core` packs what the shipped model learned from: no drawings, no rendered instruments.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from . import freeze, licences
from .concept_names import concept_names
from .concepts import Concept, read_concepts
from .cut_outs import Pixels, background, can_draw, cut_out
from .imagenet_names import read_names
from .instruments import SOUNDFONTS, Player, can_play, phrases
from .media import CACHE, environment, require, sha256_of
from .open_pack import AUDIO_STORE, FORMAT, PARTS, STORES
from .photographs import read_photographs
from .sources import Sources
from .speech import Speaker, plan, say_all
from .waveform import SAMPLE_RATE, Samples, read, tidy, to_int16
from .word_store import read_rows

VALIDATION_FROM = 0.6
VALIDATION_SECONDS = 6.0
"""Sounds this long keep 60–70 % of themselves for validation, before the 30 % for testing."""
LEAST_RECORDINGS = 3
LONGEST_NOISE = 12.0
LONGEST_NAME = 2.4
TRAINING_PHRASES, VALIDATION_PHRASES = 12, 2


def everyday_names() -> frozenset[str]:
    """Names of ImageNet's classes, of stamps and of photographs, which the semantic branch sees."""
    found = {name for names in read_names() for name in names} | set(concept_names().values())
    return frozenset(found | {thing.name for one in read_photographs() for thing in one.things})


def named_concept(name: str) -> Concept:
    """A name and nothing to see."""
    return Concept("named", name, (name,), (), (), (), (), (), (), "", "")


class PackWriter:
    """Appends items to the raw files and their rows to the index."""

    def __init__(self, out: Path, cache: Path, frozen: freeze.Frozen) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.out, self.cache, self.frozen = out, cache, frozen
        self.files = {name: (out / name).open("wb") for name in (*STORES.values(), AUDIO_STORE)}
        self.index: dict[str, Any] = {"format": FORMAT, "sample_rate": SAMPLE_RATE, "concepts": []}
        for part in PARTS:
            self.index[part] = []

    def split(self, row: dict[str, Any], wanted: str) -> str:
        """Frozen rows are for testing, whatever was wanted."""
        return "test" if self.frozen.reason(row) is not None else wanted

    def add(self, part: str, content: bytes, unit: int, split: str, row: dict[str, Any]) -> None:
        file = self.files[STORES.get(part, AUDIO_STORE)]
        row = {**row, "offset": file.tell() // unit}
        if "licence" not in row:
            row["licence"] = licences.of(self.cache, row["source"])[0]
        row["split"] = self.split(row, split)
        self.index[part].append(row)
        file.write(content)

    def add_pixels(self, part: str, pixels: Pixels, split: str, row: dict[str, Any]) -> None:
        shape = {"height": pixels.shape[0], "width": pixels.shape[1]}
        self.add(part, np.ascontiguousarray(pixels).tobytes(), 1, split, {**row, **shape})

    def add_samples(self, part: str, samples: Samples, split: str, row: dict[str, Any]) -> None:
        content = to_int16(samples).tobytes()
        self.add(part, content, 2, split, {**row, "length": len(samples)})

    def close(self) -> None:
        for file in self.files.values():
            file.close()
        freeze.check(self.index, self.frozen)
        (self.out / "index.json").write_text(json.dumps(self.index))


class Packer:
    """Brings the media of each concept into a pack."""

    def __init__(self, writer: PackWriter, sources: Sources, core: bool) -> None:
        self.writer, self.sources, self.core = writer, sources, core

    def about(self, file: Path) -> dict[str, Any]:
        return {"source": self.sources.name(file), "sha256": sha256_of(file)}

    def concept(self, concept: Concept) -> int | None:
        """Adds pictures, sounds and recorded names; None where nothing can be seen."""
        files = self.sources.pictures(concept)
        if not self.core and can_draw():
            files += self.sources.drawings(concept)
        files = list({sha256_of(file): file for file in files}.values())
        pictures = [(file, pixels) for file in files if (pixels := cut_out(file)) is not None]
        if not pictures:
            return None
        number = len(self.writer.index["concepts"])
        texts = self.sources.texts(concept)
        self.writer.index["concepts"].append(
            {"name": concept.name, "texts": texts, "set": concept.set}
        )
        ranked = sorted((file for file, _ in pictures), key=sha256_of)
        for file, pixels in pictures:
            # The smallest hash of three is frozen; of four, the second decides.
            split = "val" if len(ranked) >= 4 and file == ranked[1] else "train"
            self.writer.add_pixels(
                "pictures", pixels, split, {"concept": number, **self.about(file)}
            )
        trained, other = self.sources.sounds(concept)
        for file in trained:
            self.sound(number, file)
        for file in other:
            if (samples := tidy(read(file))) is not None:
                row = {**self.about(file), "recording": f"{self.sources.name(file)}#other"}
                self.writer.add_samples("sounds", samples, "test", {"concept": number, **row})
        self.more_sounds(number, concept, len(trained))
        self.names(number, concept)
        return number

    def more_sounds(self, number: int, concept: Concept, known: int) -> None:
        """Recordings of `sounds.tsv`; of three or more altogether one decides, as another recording."""
        files = sorted(self.sources.more_sounds(concept), key=sha256_of)
        if files and known + len(files) >= LEAST_RECORDINGS:
            decides = files.pop(0)
            if (samples := tidy(read(decides))) is not None:
                row = {**self.about(decides), "recording": f"{self.sources.name(decides)}#other"}
                self.writer.add_samples("sounds", samples, "val", {"concept": number, **row})
        for file in files:
            self.sound(number, file)

    def sound(self, concept: int, file: Path) -> None:
        """One recording: short ones whole, long ones in parts for the three splits."""
        samples = tidy(read(file))
        if samples is None:
            return
        cuts = [(0.0, 1.0, "train")]
        if len(samples) > freeze.LONG_SECONDS * SAMPLE_RATE:
            cuts = [(0.0, freeze.TAIL_FROM, "train"), (freeze.TAIL_FROM, 1.0, "test")]
        if len(samples) > VALIDATION_SECONDS * SAMPLE_RATE:
            cuts[:1] = [(0.0, VALIDATION_FROM, "train"), (VALIDATION_FROM, freeze.TAIL_FROM, "val")]
        for start, stop, split in cuts:
            piece = samples[int(len(samples) * start) : int(len(samples) * stop)]
            name = self.sources.name(file) + ("" if split == "train" else "#part")
            row = {"concept": concept, **self.about(file), "recording": name, "part": [start, stop]}
            self.writer.add_samples("sounds", piece, split, row)

    def names(self, concept: int, entry: Concept) -> None:
        known: set[str] = set()
        for language, file in self.sources.recorded_names(entry):
            row = self.about(file)
            samples = tidy(read(file)) if row["sha256"] not in known else None
            known.add(row["sha256"])
            if samples is None or len(samples) > LONGEST_NAME * SAMPLE_RATE:
                continue
            split = "val" if int(row["sha256"][:8], 16) % 20 == 0 else "train"
            spoken = {"language": language, "voice": "human", "engine": "human"}
            self.writer.add_samples("words", samples, split, {"concept": concept, **spoken, **row})

    def named(
        self, entries: list[tuple[int, Concept]], names: frozenset[str]
    ) -> list[tuple[int, Concept]]:
        """Adds names that no concept has as concepts without pictures: they are only heard."""
        known = {name for _, concept in entries for name in concept.english}
        found = []
        for name in sorted(names - known):
            number = len(self.writer.index["concepts"])
            self.writer.index["concepts"].append(
                {"name": name, "texts": {"en": name}, "set": "named"}
            )
            found.append((number, named_concept(name)))
        return found

    def speech(self, entries: list[tuple[int, Concept]], voices: int, workers: int) -> None:
        rng = random.Random(0)
        said = [
            one
            for number, concept in entries
            for one in plan(number, concept.english, self.sources.texts(concept), rng, voices)
        ]
        cache = self.sources.cache
        speaker = Speaker(cache / "x/usr/bin", environment(cache))
        for done, (one, samples) in enumerate(say_all(speaker, said, workers), 1):
            row = {"concept": one.concept, "language": one.language, "voice": one.voice}
            row |= {"engine": one.engine, "source": one.engine, "text": one.text}
            row["licence"] = licences.of(cache, one.engine.replace("espeak", "espeak-ng"))[0]
            self.writer.add_samples("words", samples, one.split, row)
            if done % 1000 == 0:
                print(f"{done} of {len(said)} names spoken", file=sys.stderr, flush=True)

    def stored_words(self, entries: list[tuple[int, Concept]], store: Path) -> None:
        """Names that `natural` spoke into a word store."""
        number = {name: n for n, concept in reversed(entries) for name in concept.english}
        samples = np.memmap(store / "audio.i16", np.int16, mode="r")
        for row in read_rows(store):
            if (concept := number.get(row["text"])) is None:
                continue
            spoken = {"language": "en", "voice": row["voice"], "engine": row["engine"]}
            spoken |= {"source": row["engine"], "text": row["said"]}
            spoken["licence"] = licences.of(self.sources.cache, row["engine"])[0]
            piece = (
                samples[row["offset"] : row["offset"] + row["length"]].astype(np.float32) / 32767
            )
            self.writer.add_samples("words", piece, row["split"], {"concept": concept, **spoken})

    def instruments(self, entries: list[tuple[int, Concept]]) -> None:
        counts = {"train": TRAINING_PHRASES, "val": VALIDATION_PHRASES}
        played = [(n, c, p) for n, c in entries if (p := c.instrument_program()) is not None]
        for split, path in SOUNDFONTS.items() if played else ():
            font = self.sources.cache / path
            player, about = Player(font), self.about(font)
            for number, concept, program in played:
                for take, samples in phrases(player, program, concept.name, counts[split]):
                    name = f"{about['source']}#{program}/{take}"
                    row = {"concept": number, **about, "recording": name}
                    self.writer.add_samples("sounds", samples, split, row)

    def noises(self) -> None:
        for file in self.sources.noises():
            samples = tidy(read(file))
            if samples is not None:
                samples = samples[: int(LONGEST_NOISE * SAMPLE_RATE)]
                row = {**self.about(file), "recording": self.sources.name(file)}
                split = "val" if int(row["sha256"][:8], 16) % 10 == 1 else "train"
                self.writer.add_samples("noises", samples, split, row)

    def backgrounds(self) -> None:
        for file in self.sources.backgrounds():
            pixels = background(file)
            if pixels is not None:
                row = self.about(file)
                split = "val" if int(row["sha256"][:8], 16) % 10 == 1 else "train"
                self.writer.add_pixels("backgrounds", pixels, split, row)


def write_pack(
    out: Path,
    cache: Path,
    concepts: list[Concept],
    *,
    core: bool = False,
    voices: int = 12,
    workers: int = 1,
    stores: tuple[Path, ...] = (),
    names: frozenset[str] = frozenset(),
    frozen: freeze.Frozen | None = None,
) -> dict[str, Any]:
    """Writes the pack and gives its index. Raises FrozenError before a wrong one is usable."""
    listed = [c for c in concepts if c.set == "core" or not core]
    writer = PackWriter(out, cache, frozen or freeze.read_frozen())
    packer = Packer(writer, Sources(cache), core)
    entries = [(n, c) for c in listed if (n := packer.concept(c)) is not None]
    packer.backgrounds()
    packer.noises()
    if not core and can_play():
        packer.instruments(entries)
    spoken = entries + packer.named(entries, names)
    packer.speech(spoken, voices, workers)
    for store in stores:
        packer.stored_words(spoken, store)
    writer.close()
    return writer.index


def selected(
    concepts: list[Concept], further: list[str], names: list[str]
) -> tuple[list[Concept], list[str]]:
    """The concepts and further names of an own selection. Raises ValueError for an unknown name."""
    unknown = set(names) - {concept.name for concept in concepts} - set(further)
    if unknown:
        raise ValueError(
            f"Cannot pack {', '.join(sorted(unknown))}: must be a name in concepts.tsv, "
            "or one of ImageNet, of a stamp or of a photograph"
        )
    chosen = [concept for concept in concepts if concept.name in names]
    return chosen, [name for name in further if name in names]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--core", action="store_true", help="only what the shipped model learned")
    parser.add_argument("--voices", type=int, default=12, help="espeak-ng voices a concept")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--store", type=Path, action="append", default=[], help="word stores of natural voices"
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--only", help="only these concepts, NAME,NAME,…")
    choice.add_argument("--limit", type=int, help="only so many concepts and so many further names")
    given = parser.parse_args()
    require(given.cache)
    if not given.core and not can_draw():
        print("drawings are left out: rsvg-convert (librsvg2-bin) is missing", file=sys.stderr)
    if not given.core and not can_play():
        print("instruments are left out: tinysoundfont is missing", file=sys.stderr)
    concepts = read_concepts()[: given.limit]
    further = [] if given.core else sorted(everyday_names())[: given.limit]
    if given.only:
        concepts, further = selected(concepts, further, given.only.split(","))
    index = write_pack(
        given.out,
        given.cache,
        concepts,
        core=given.core,
        voices=given.voices,
        workers=given.workers,
        stores=tuple(given.store),
        names=frozenset(further),
    )
    for part in PARTS:
        counts = Counter(row["split"] for row in index[part])
        print(f"{part}: {', '.join(f'{counts[s]} {s}' for s in ('train', 'val', 'test'))}")


if __name__ == "__main__":
    main()
