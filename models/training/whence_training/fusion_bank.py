"""Pictures that the fusion of both picture branches learns from, with everything fixed precomputed.

    python3 -m whence_training.fusion_bank --pack PACK --cache CACHE --columns columns.pt \\
      --out bank --count 2800

A sample is a composed scene, a mosaic of photographs or a photograph of nothing named; kept of it are
the taps of the neck's trunk, the largest posteriors of the semantic branch, and where each named
thing is. `bank` grows until `--count`; a killed run goes on.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch.nn import functional as F

from .composition import compose, light
from .concepts import read_concepts
from .open_pack import OpenPack
from .photo_scenes import square_around
from .photographs import of_split
from .semantic import KEPT, Columns, fast_trunk
from .sources import Sources
from .trunks import LITE0_TAP_CHANNELS, PictureTrunk

SIZE = 448
GRID = SIZE // 16
STRIDES = (4, 8, 16)
COVERED = 0.5
"""Share of a patch that a thing must cover to be found there."""
Pixels = NDArray[np.uint8]


@dataclass
class Drawn:
    """A picture and what is where: names of each thing, and its mask."""

    picture: Pixels
    things: list[tuple[list[str], NDArray[np.bool_]]]


class Studio:
    """Draws the bank's pictures from the training split."""

    def __init__(self, pack: OpenPack, cache: Path, photograph_share: float = 0.4) -> None:
        self.pack, self.cache, self.photograph_share = pack, cache, photograph_share
        english = {concept.name: list(concept.english) for concept in read_concepts()}
        self.names = [english[c["name"]] for c in pack.concepts if c["name"] in english]
        self.rows = [r for r in pack.rows("pictures", "train") if r["concept"] < len(self.names)]
        sources = Sources(cache)
        trained = {row["source"] for row in pack.rows("backgrounds", "train")}
        files = [file for file in sources.backgrounds() if sources.name(file) in trained]
        self.files = files
        self.photographs = of_split("train")
        self.backgrounds = [
            pack.background(row)
            for row in pack.rows("backgrounds", "train")
            if row["source"] in {sources.name(file) for file in files}
        ]
        self.named = [p for p in self.photographs if p.things]
        self.things = [(p, thing) for p in self.named for thing in p.things]

    def scene(self, rng: Generator) -> Drawn:
        """One to three cut-outs, now and then on a photograph of something else."""
        count = int(rng.choice([1, 2, 2, 3]))
        chosen: list[int] = []
        while len(chosen) < count:
            row = int(rng.integers(len(self.rows)))
            words = {w for r in chosen for n in self.names_of(r) for w in n.split()}
            if not words & {w for n in self.names_of(row) for w in n.split()}:
                chosen.append(row)
        behind = self.backgrounds
        if rng.random() < 0.15:
            # Named photographs behind cut-outs: nothing else of them is asked for.
            one = self.named[int(rng.integers(len(self.named)))]
            behind = [one.pixels(self.cache)]
        cut_outs = [self.pack.picture(self.rows[row]) for row in chosen]
        made = compose(cut_outs, behind, SIZE, rng)
        things = [(self.names_of(row), mask) for row, mask in zip(chosen, made.masks, strict=True)]
        return Drawn(made.picture, things)

    def names_of(self, row: int) -> list[str]:
        return self.names[self.rows[row]["concept"]]

    def tile(self, size: int, rng: Generator) -> Drawn:
        """A square part of a photograph, of something named two times in three."""
        if rng.random() < 0.67:
            photograph, thing = self.things[int(rng.integers(len(self.things)))]
            part, box = square_around(photograph.pixels(self.cache), thing, rng)
            mask = np.zeros((size, size), bool)
            left, top, right, bottom = (round(value * size) for value in box)
            mask[top:bottom, left:right] = True
            things = [([thing.name], mask)]
        else:
            file = self.files[int(rng.integers(len(self.files)))]
            with Image.open(file) as opened:
                whole = np.asarray(opened.convert("RGB"))
            side = int(rng.uniform(0.6, 1) * min(whole.shape[:2]))
            y, x = (int(rng.integers(space - side + 1)) for space in whole.shape[:2])
            part, things = whole[y : y + side, x : x + side], []
        picture = np.asarray(Image.fromarray(part).resize((size, size), Image.Resampling.BILINEAR))
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
            things = [(names, mask[:, ::-1]) for names, mask in things]
        return Drawn(picture, things)

    def mosaic(self, rng: Generator) -> Drawn:
        """One photograph or four in one picture, as a good camera sees them or as a poor one does."""
        side = int(rng.choice([1, 2, 2]))
        step = SIZE // side
        picture = np.zeros((SIZE, SIZE, 3), np.uint8)
        things = []
        for slot in range(side * side):
            made = self.tile(step, rng)
            rows = slice(slot // side * step, slot // side * step + step)
            columns = slice(slot % side * step, slot % side * step + step)
            picture[rows, columns] = made.picture
            for names, mask in made.things:
                whole = np.zeros((SIZE, SIZE), bool)
                whole[rows, columns] = mask
                things.append((names, whole))
        return Drawn(degraded(picture, rng) if rng.random() < 0.5 else picture, things)

    def draw(self, rng: Generator) -> Drawn:
        return self.mosaic(rng) if rng.random() < self.photograph_share else self.scene(rng)


def degraded(picture: Pixels, rng: Generator) -> Pixels:
    """Light, blur, few pixels, grain and JPEG, as a cheap camera in a dim room adds them."""
    canvas = light(np.asarray(picture, np.float32), rng)
    soft = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        soft = soft.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 3))))
    if rng.random() < 0.5:
        small = int(SIZE * rng.uniform(0.3, 0.8))
        soft = soft.resize((small, small), Image.Resampling.BILINEAR)
        soft = soft.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    noisy = np.asarray(soft, np.float32)
    noisy = noisy + rng.standard_normal((SIZE, SIZE, 1)) * rng.uniform(0, 12)
    stored = BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(
        stored, "JPEG", quality=int(rng.integers(30, 95))
    )
    return np.asarray(Image.open(stored).convert("RGB"))


def patch_mask(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of 28 × 28 patches a thing covers; of a small one, the patch it covers most."""
    share = F.avg_pool2d(torch.from_numpy(mask.copy()).float()[None, None], 16)[0, 0].numpy()
    found = share >= COVERED
    if not found.any() and share.max() > 0:
        found = share >= share.max()
    return np.asarray(found)


class Bank:
    """Memory-mapped arrays of `count` samples, and their things in `things.jsonl`."""

    def __init__(self, folder: Path, count: int, *, write: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.count = folder, count
        shapes: dict[str, tuple[Any, tuple[int, ...]]] = {
            f"tap{number}": (np.float16, (channels, SIZE // 2 // stride, SIZE // 2 // stride))
            for number, (channels, stride) in enumerate(
                zip(LITE0_TAP_CHANNELS, STRIDES, strict=True)
            )
        }
        shapes["value"] = (np.float16, (KEPT, GRID * GRID))
        shapes["column"] = (np.uint16, (KEPT, GRID * GRID))
        mode = "r+" if (folder / "value.raw").exists() else "w+"
        self.arrays = {
            name: np.memmap(
                folder / f"{name}.raw", kind, mode if write else "r", shape=(count, *shape)
            )
            for name, (kind, shape) in shapes.items()
        }
        self.list = folder / "things.jsonl"
        self.list.touch()

    def things(self) -> list[list[dict[str, Any]]]:
        return [json.loads(line) for line in self.list.read_text().splitlines()]


def fill(bank: Bank, studio: Studio, columns: Columns, trunk_file: Path, seed: int) -> None:
    """Adds samples until the bank is full."""
    encode = fast_trunk(trunk_file, SIZE)
    early = PictureTrunk().eval()
    early.load_published(trunk_file)
    done = len(bank.things())
    for number in range(done, bank.count):
        drawn = studio.draw(np.random.default_rng([seed, number]))
        frame = torch.from_numpy(np.ascontiguousarray(drawn.picture)).permute(2, 0, 1)[None].float()
        value, column = columns.largest(encode(frame))
        bank.arrays["value"][number] = value.half().numpy()
        bank.arrays["column"][number] = column.numpy().astype(np.uint16)
        with torch.no_grad():
            taps = early(neck_input(frame))
        for place, tap in enumerate(taps):
            bank.arrays[f"tap{place}"][number] = tap[0].half().numpy()
        things = [
            {"names": names, "patches": np.flatnonzero(patch_mask(mask)).tolist()}
            for names, mask in drawn.things
            if mask.any()
        ]
        with bank.list.open("a") as file:
            file.write(json.dumps(things) + "\n")


def neck_input(frame: torch.Tensor) -> torch.Tensor:
    """What the neck's trunk sees of `float [n, 3, 448, 448]`: half the size, moved onto its grid."""
    from .nets import GRID_SHIFT

    shift = GRID_SHIFT["lite0"]
    x = (F.avg_pool2d(frame, 2) - 127.0) / 128.0
    return F.pad(x[..., shift:, shift:], (0, shift, 0, shift), "replicate")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--columns", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--photographs", type=float, default=0.4, help="share of mosaics")
    given = parser.parse_args()
    torch.set_num_threads(1)
    columns = Columns.load(given.columns)
    trunk = given.cache / "trunks/efficientnet-lite0-57934424.pth"
    studio = Studio(OpenPack(given.pack), given.cache, given.photographs)
    fill(Bank(given.out, given.count, write=True), studio, columns, trunk, given.seed)


if __name__ == "__main__":
    main()
