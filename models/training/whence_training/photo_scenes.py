"""Scenes of real photographs to evaluate on: mosaics, single ones, with words and with sounds.

    python3 -m whence_training.photo_scenes --pack PACK --cache CACHE --split test --out DIR --seed 1

`DIR/scenes.jsonl` is what `whence evaluate scenes DIR` reads. Pools:

- `photo_mosaic`, `photo_mosaic_3x3`: four or nine photographs in one picture, and the word for a thing
  in one of them; the target is the thing's box;
- `photo_single`: one photograph and the word for a thing in it; `photo_single_wrong`: the same
  photograph and a word for nothing in it, a scene without a target;
- `photo_sound`: four photographs and the sound that a thing in one of them makes.

Photographs and recordings are of the split asked for; names come evenly, however many photographs
show them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from .open_pack import Item, OpenPack
from .photographs import Box, Photograph, Thing, of_split
from .scene_audio import in_noise, place, write_wav
from .scene_pools import Shuffled
from .scenes import box_of

MOSAICS = {"photo_mosaic": 2, "photo_mosaic_3x3": 3, "photo_sound": 2}
SINGLES = ("photo_single", "photo_single_wrong")
PHOTO_POOLS = ("photo_mosaic", "photo_mosaic_3x3", *SINGLES, "photo_sound")
SMALLEST = 0.02
"""Share of a photograph that a thing must fill to be asked for."""
SIZE = 448


@dataclass(frozen=True)
class Tile:
    """A square part of a photograph, and the thing's box in it, 0..1."""

    photograph: Photograph
    thing: Thing
    pixels: NDArray[np.uint8]
    box: Box


def square_around(photograph: NDArray[np.uint8], thing: Thing, rng: Generator) -> tuple[Any, Box]:
    """The largest square part that shows as much of a thing as fits, and its box in it."""
    height, width = photograph.shape[:2]
    side = min(height, width)
    left, top, right, bottom = (
        value * (width, height)[number % 2] for number, value in enumerate(thing.box)
    )

    def start(low: float, high: float, space: int) -> int:
        """Where the part begins along one side: anywhere that keeps the thing inside."""
        least, most = max(0.0, high - side), min(low, space - side)
        if least > most:
            return int(np.clip((low + high - side) / 2, 0, space - side))
        return int(rng.uniform(least, most))

    x, y = start(left, right, width), start(top, bottom, height)
    corners = ((left - x) / side, (top - y) / side, (right - x) / side, (bottom - y) / side)
    a, b, c, d = (float(np.clip(value, 0, 1)) for value in corners)
    return photograph[y : y + side, x : x + side], (a, b, c, d)


def alike(first: str, second: str) -> bool:
    """Whether two names share a word, as an electric guitar and a guitar do."""
    return bool(set(first.split()) & set(second.split()))


KINDS_OF = {
    "bird": "chicken duck eagle flamingo goose heron owl parrot penguin robin seagull swan toucan",
    "monkey": "baboon chimpanzee gorilla lemur",
    "fish": "clownfish goldfish shark whale dolphin",
    "lizard": "chameleon crocodile iguana",
    "church": "castle dome mosque palace temple tower",
    "castle": "palace tower house",
    "palace": "mosque temple dome house arch",
    "arch": "bridge palace church",
    "temple": "mosque tower",
    "flower pot": "plant",
    "plate": "cup spoon fork knife pie",
    "bison": "cow buffalo bull",
    "lake": "mountain beach",
    "rocket": "space shuttle",
    "drum": "guitar electric guitar",
}  # fmt: skip
"""Names of which one photograph may show both, or that are easily meant by one another."""


def confusable(first: str, second: str) -> bool:
    pairs = ((first, second), (second, first))
    return alike(first, second) or any(
        b in KINDS_OF.get(a, "").split() or (" " in b and b in KINDS_OF.get(a, ""))
        for a, b in pairs
    )


class Recordings:
    """Rows of a pack by the name that is said, or whose thing sounds."""

    def __init__(self, pack: OpenPack, split: str) -> None:
        self.pack = pack
        self.words: dict[str, list[Item]] = {}
        self.sounds: dict[str, list[Item]] = {}
        for row in pack.rows("words", split):
            name = row.get("text") or pack.concepts[row["concept"]]["name"]
            if row["engine"] != "human" and row["language"].startswith("en"):
                self.words.setdefault(name, []).append(row)
        for row in pack.rows("sounds", split):
            name = pack.concepts[row["concept"]]["name"]
            self.sounds.setdefault(name, []).append(row)


class PhotoScenes:
    """Draws scenes of one split's photographs and writes their files."""

    def __init__(
        self,
        photographs: list[Photograph],
        recordings: Recordings,
        cache: Path,
        out: Path,
        seed: int,
        seconds: float = 2.0,
    ) -> None:
        self.recordings, self.cache, self.out, self.seconds = recordings, cache, out, seconds
        self.seed = seed
        self.shown: dict[str, list[tuple[Photograph, Thing]]] = {}
        for photograph in photographs:
            for thing in photograph.things:
                if thing.area >= SMALLEST:
                    self.shown.setdefault(thing.name, []).append((photograph, thing))
        said = [name for name in sorted(self.shown) if name in recordings.words]
        heard = [name for name in sorted(self.shown) if name in recordings.sounds]
        rng = np.random.default_rng([seed, 1])
        numbers = {name: number for number, name in enumerate(sorted(self.shown))}
        self.names = sorted(self.shown)
        self.said = Shuffled([numbers[name] for name in said], rng)
        self.heard = Shuffled([numbers[name] for name in heard], rng)
        self.filler = Shuffled(list(range(len(self.names))), rng)
        self.turn: Counter[str] = Counter()
        self.spoken = sorted(recordings.words)

    def tile(self, name: str, rng: Generator) -> Tile:
        """The next photograph of a name; each comes once before any comes again."""
        options = self.shown[name]
        photograph, thing = options[self.turn[name] % len(options)]
        self.turn[name] += 1
        part, box = square_around(photograph.pixels(self.cache), thing, rng)
        return Tile(photograph, thing, part, box)

    def others(self, target: Tile, count: int, rng: Generator) -> list[Tile]:
        """Tiles of nothing that could be meant by the target's name, of different names."""
        found: list[Tile] = []
        while len(found) < count:
            name = self.names[self.filler.draw()]
            known = [target.thing.name, *(tile.thing.name for tile in found)]
            if any(name == one or confusable(name, one) for one in known):
                continue
            tile = self.tile(name, rng)
            shown = {thing.name for thing in tile.photograph.things}
            if not any(confusable(one, target.thing.name) for one in shown):
                found.append(tile)
        return found

    def audio(self, options: list[Item], file: Path, rng: Generator) -> dict[str, Any] | None:
        """Writes a clip with one of the recordings in it; its time and source."""
        row = options[int(rng.integers(len(options)))]
        for _ in range(20):
            placed = place(self.recordings.pack.samples(row), self.seconds, rng)
            if placed is not None:
                write_wav(file, in_noise(placed.samples, rng))
                name = row.get("recording") or row["source"]
                return {"onset": placed.onset, "offset": placed.offset, "recording": name}
        return None

    def write(self, number: int, pool: str, rng: Generator) -> Item | None:
        """Writes one scene and gives its line."""
        name = f"{number:04}-{pool.replace('_', '-')}"
        order = self.heard if pool == "photo_sound" else self.said
        target = self.tile(self.names[order.draw()], rng)
        wanted = target.thing.name
        side = MOSAICS.get(pool, 1)
        tiles = [target, *self.others(target, side * side - 1, rng)]
        tiles = [tiles[i] for i in rng.permutation(len(tiles))]
        kind = "sound" if pool == "photo_sound" else "speech"
        if pool == "photo_single_wrong":
            seen = [thing.name for thing in target.photograph.things]
            while any(confusable(wanted, one) for one in seen):
                wanted = self.names[order.draw()]
        recordings = self.recordings.sounds if kind == "sound" else self.recordings.words
        heard = self.audio(recordings[wanted], self.out / f"{name}.wav", rng)
        if heard is None:
            return None
        canvas = Image.new("RGB", (SIZE, SIZE))
        step = SIZE / side
        objects, targets = [], []
        for slot, tile in enumerate(tiles):
            left, top = round(slot % side * step), round(slot // side * step)
            right, bottom = round((slot % side + 1) * step), round((slot // side + 1) * step)
            size = (right - left, bottom - top)
            part = Image.fromarray(tile.pixels).resize(size, Image.Resampling.BILINEAR)
            canvas.paste(part, (left, top))
            mask = np.zeros((SIZE, SIZE), bool)
            a, b, c, d = tile.box
            mask[
                top + int(b * size[1]) : top + max(int(b * size[1]) + 1, round(d * size[1])),
                left + int(a * size[0]) : left + max(int(a * size[0]) + 1, round(c * size[0])),
            ] = True
            file = f"{name}-{slot}.png"
            Image.fromarray(mask).save(self.out / file, optimize=True)
            about = {"picture": tile.photograph.file, "unseen": tile.photograph.split != "train"}
            objects.append({"name": tile.thing.name, "mask": file, **about})
            if tile is target and pool != "photo_single_wrong":
                targets.append(
                    {"kind": kind, "name": wanted, "mask": file, "box": box_of(mask), **heard}
                )
        canvas.save(self.out / f"{name}.png")
        return {
            "id": name,
            "pool": pool,
            "background": None,
            "image": f"{name}.png",
            "audio": f"{name}.wav",
            "said": wanted,
            "objects": objects,
            "targets": targets,
        }

    def write_all(self, pools: tuple[str, ...], count: int) -> list[Item]:
        """`count` scenes, spread evenly over the pools."""
        self.out.mkdir(parents=True, exist_ok=True)
        lines: list[Item] = []
        attempt = 0
        while len(lines) < count:
            attempt += 1
            pool = pools[len(lines) % len(pools)]
            line = self.write(len(lines), pool, np.random.default_rng([self.seed, 2, attempt]))
            if line is not None:
                lines.append(line)
            if attempt > 20 * count:
                raise ValueError(f"Cannot make scenes: {pool} must be drawable, got {len(lines)}")
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (self.out / "scenes.jsonl").write_text(text)
        return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, required=True, help="folder that pack.py wrote")
    parser.add_argument("--cache", type=Path, required=True, help="folder that media.py filled")
    parser.add_argument("--split", choices=("test", "val"), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pools", nargs="+", choices=PHOTO_POOLS, default=PHOTO_POOLS)
    given = parser.parse_args()
    started = time.perf_counter()
    recordings = Recordings(OpenPack(given.pack), given.split)
    maker = PhotoScenes(of_split(given.split), recordings, given.cache, given.out, given.seed)
    lines = maker.write_all(tuple(given.pools), given.count)
    rate = len(lines) / (time.perf_counter() - started)
    print(f"{len(lines)} scenes, {rate:.1f}/s, {len(maker.said.items)} names")


if __name__ == "__main__":
    main()
