"""Writes scenes to evaluate on: pictures, sounds, and the truth about both.

    python3 -m whence_training.scenes --pack PACK --split test --out DIR --count 800 --seed 1

`DIR/scenes.jsonl` is what `whence evaluate scenes DIR` reads. Scenes are spread evenly over the
pools; every scene depends only on the pack, its number and the seed.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from PIL import Image

from .composition import Composition, Mask, compose
from .open_pack import Item, OpenPack
from .scene_audio import LOUDNESS, SAMPLE_RATE, Placed, Samples, in_noise, noise, place, write_wav
from .scene_pools import POOLS, Planned, Planner

SMALLEST_TARGET = 0.01
"""Share of the picture that a target must show."""
LEAST_VISIBLE = 0.5
"""Share of a target that must not be covered."""


class SceneWriter:
    """Draws planned scenes and writes their files."""

    def __init__(self, pack: OpenPack, split: str, out: Path, size: int, seconds: float) -> None:
        self.pack, self.out, self.size, self.seconds = pack, out, size, seconds
        self.background_rows = pack.rows("backgrounds", split)
        self.backgrounds = [pack.background(row) for row in self.background_rows]

    def picture_rows(self, plan: Planned, planner: Planner, rng: Generator) -> list[Item]:
        rows = []
        for concept in plan.objects:
            options = planner.pictures[concept]
            if plan.unseen_picture and concept in plan.targets:
                options = planner.unseen[concept]
            rows.append(options[int(rng.integers(len(options)))])
        return rows

    def draw(self, plan: Planned, rows: list[Item], rng: Generator) -> Composition | None:
        """A picture in which every target can be seen; None when that fails for long."""
        for _ in range(20):
            made = compose(
                [self.pack.picture(row) for row in rows], self.backgrounds, self.size, rng
            )
            slots = [plan.objects.index(concept) for concept in plan.targets]
            if all(
                made.visible[slot] >= LEAST_VISIBLE and made.masks[slot].mean() >= SMALLEST_TARGET
                for slot in slots
            ):
                return made
        return None

    def hear(self, plan: Planned, rng: Generator) -> tuple[Samples, list[Placed]] | None:
        silence: Samples = np.zeros(round(self.seconds * SAMPLE_RATE), np.float32)
        if plan.pool == "silence":
            return silence, []
        if plan.pool == "noise":
            level = LOUDNESS * 10 ** (rng.uniform(-45, 3) / 20)
            return noise(self.seconds, rng) * np.float32(level), []
        for _ in range(20):
            placed = [place(self.pack.samples(row), self.seconds, rng) for _, row in plan.heard]
            found = [one for one in placed if one is not None]
            if len(found) == len(plan.heard) and overlap(found) >= 0.5:
                mixed = np.sum([one.samples for one in found], axis=0, dtype=np.float32)
                return in_noise(mixed, rng), found
        return None

    def write(self, name: str, plan: Planned, planner: Planner, rng: Generator) -> Item | None:
        """Writes one scene and gives its line; None for a plan that cannot be drawn."""
        rows = self.picture_rows(plan, planner, rng)
        made, heard = self.draw(plan, rows, rng), self.hear(plan, rng)
        if made is None or heard is None:
            return None
        Image.fromarray(made.picture).save(self.out / f"{name}.png")
        write_wav(self.out / f"{name}.wav", heard[0])
        objects: list[dict[str, Any]] = []
        for slot, (concept, mask) in enumerate(zip(plan.objects, made.masks, strict=True)):
            file = f"{name}-{slot}.png"
            Image.fromarray(mask).save(self.out / file, optimize=True)
            source = {"picture": rows[slot]["source"], "unseen": rows[slot]["split"] != "train"}
            objects.append({"name": self.pack.concepts[concept]["name"], "mask": file, **source})
        targets = []
        for concept, (kind, row), placed in zip(plan.targets, plan.heard, heard[1], strict=False):
            slot = plan.objects.index(concept)
            targets.append(
                {
                    "kind": kind,
                    "name": objects[slot]["name"],
                    "onset": placed.onset,
                    "offset": placed.offset,
                    "mask": objects[slot]["mask"],
                    "box": box_of(made.masks[slot]),
                    "recording": row.get("recording") or row["source"],
                }
            )
        behind = None if made.background is None else self.background_rows[made.background]
        return {
            "id": name,
            "pool": plan.pool,
            "background": behind and behind["source"],
            "image": f"{name}.png",
            "audio": f"{name}.wav",
            "objects": objects,
            "targets": targets,
        }


def overlap(placed: list[Placed]) -> float:
    """Share of the shortest recording during which all are heard."""
    both = min(one.offset for one in placed) - max(one.onset for one in placed)
    return both / min(one.offset - one.onset for one in placed)


def box_of(mask: Mask) -> list[int]:
    """Left, top, right and bottom of a mask, in pixels."""
    lines, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return [int(columns[0]), int(lines[0]), int(columns[-1]) + 1, int(lines[-1]) + 1]


def write_scenes(
    pack: OpenPack,
    split: str,
    out: Path,
    count: int,
    seed: int,
    *,
    size: int = 192,
    seconds: float = 2.0,
    pools: tuple[str, ...] = POOLS,
) -> list[Item]:
    """Writes `count` scenes of a split into the folder `out` and gives their lines."""
    out.mkdir(parents=True, exist_ok=True)
    planner = Planner(pack, split, np.random.default_rng([seed, 0]))
    writer = SceneWriter(pack, split, out, size, seconds)
    available = [pool for pool in pools if pool in planner.available()]
    if not available:
        raise ValueError(f"Cannot make scenes: the pack must have {split} recordings, got none")
    lines: list[Item] = []
    number = 0
    while len(lines) < count:
        number += 1
        rng = np.random.default_rng([seed, number])
        pool = available[len(lines) % len(available)]
        name = f"{len(lines):04}-{pool.replace('_', '-')}"
        line = writer.write(name, planner.plan(pool), planner, rng)
        if line is not None:
            lines.append(line)
        if number > 20 * count + 20:
            raise ValueError(f"Cannot make scenes: {pool} must be drawable, got {len(lines)} only")
    (out / "scenes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, required=True, help="folder that pack.py wrote")
    parser.add_argument("--split", choices=("test", "val"), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=192, help="pixels of a picture's side")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--core", action="store_true", help="only what the shipped model learned")
    parser.add_argument("--pools", nargs="+", choices=POOLS, default=POOLS)
    given = parser.parse_args()
    started = time.perf_counter()
    lines = write_scenes(
        OpenPack(given.pack, core=given.core),
        given.split,
        given.out,
        given.count,
        given.seed,
        size=given.size,
        seconds=given.seconds,
        pools=tuple(given.pools),
    )
    rate = len(lines) / (time.perf_counter() - started)
    counts = {pool: sum(line["pool"] == pool for line in lines) for pool in given.pools}
    print(f"{len(lines)} scenes, {rate:.1f}/s: {counts}")


if __name__ == "__main__":
    main()
