"""Patch features of named things, from which the semantic branch learns names that ImageNet lacks.

Cut-outs are composed alone on backgrounds, photographs are cut into squares; each gives some
features of SemanticTrunk from inside the thing and some from outside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from .composition import compose
from .concept_names import concept_names
from .open_pack import OpenPack
from .photo_scenes import square_around
from .photographs import Photograph

STRIDE = 16
INSIDE, OUTSIDE = 0.9, 0.02
"""Share of a patch that must be, or must not be, covered by the thing."""
PATCHES = 8
"""Of each kind, at most, from one picture."""


@dataclass
class Patches:
    """Features `[n, 1280]` and of each the name it shows, empty for the background."""

    features: list[Tensor] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(self, features: Tensor, name: str) -> None:
        self.features.append(features)
        self.names += [name] * len(features)

    def stacked(self) -> Tensor:
        return torch.cat(self.features)


Encoders = dict[int, Callable[[Tensor], Tensor]]
"""SemanticTrunk for pictures of a side: `float [1, 3, H, W]`, 0..255 → `[1280, h, w]`."""


def features_of(encoders: Encoders, picture: NDArray[np.uint8]) -> Tensor:
    """`uint8 [H, W, 3]` → `[1280, h, w]`."""
    frame = torch.from_numpy(np.ascontiguousarray(picture))[None].permute(0, 3, 1, 2)
    return encoders[len(picture)](frame.float())


def take(
    patches: Patches, features: Tensor, mask: NDArray[np.bool_], name: str, rng: Generator
) -> None:
    """Keeps some patches from inside the thing under its name, some from outside under none."""
    covered = F.avg_pool2d(torch.from_numpy(mask).float()[None, None], STRIDE)[0, 0].flatten()
    flat = features.flatten(1).t()
    for chosen, said in ((covered >= INSIDE, name), (covered <= OUTSIDE, "")):
        places = chosen.nonzero()[:, 0]
        if len(places):
            order = torch.from_numpy(rng.permutation(len(places))[:PATCHES])
            patches.add(flat[places[order]].half(), said)


def cut_out_patches(
    encoders: Encoders,
    pack: OpenPack,
    size: int,
    each: dict[str, int],
    seed: int = 0,
    limit: int | None = None,
) -> Patches:
    """Patches of the training cut-outs (stamps), of the first `limit` alone if given; `each` tells
    how often a name's are composed."""
    rng = np.random.default_rng(seed)
    known = concept_names()
    backgrounds = [pack.background(row) for row in pack.rows("backgrounds", "train")]
    named = (
        (row, known.get(pack.concepts[row["concept"]]["name"]))
        for row in pack.rows("pictures", "train")
        if "stamps" in row["source"]
    )
    patches = Patches()
    for row, name in islice(((row, name) for row, name in named if name is not None), limit):
        for _ in range(each.get(name, 1)):
            made = compose([pack.picture(row)], backgrounds, size, rng)
            take(patches, features_of(encoders, made.picture), made.masks[0], name, rng)
    return patches


def crops(photograph: Photograph, cache_folder: Path, size: int, rng: Generator) -> Iterator:
    """(picture, mask, name) of every thing in a photograph, cut out square."""
    whole = photograph.pixels(cache_folder)
    for thing in photograph.things:
        part, (left, top, right, bottom) = square_around(whole, thing, rng)
        picture = Image.fromarray(part).resize((size, size), Image.Resampling.BILINEAR)
        mask = np.zeros((size, size), bool)
        # What lies near a box's edge is often no part of the thing.
        inset_x, inset_y = 0.2 * (right - left), 0.2 * (bottom - top)
        rows = slice(round((top + inset_y) * size), round((bottom - inset_y) * size))
        columns = slice(round((left + inset_x) * size), round((right - inset_x) * size))
        mask[rows, columns] = True
        if rng.random() < 0.5:
            yield np.asarray(picture)[:, ::-1], mask[:, ::-1].copy(), thing.name
        else:
            yield np.asarray(picture), mask, thing.name


def photograph_patches(
    encoders: Encoders,
    photographs: list[Photograph],
    cache_folder: Path,
    sizes: tuple[int, ...],
    seed: int = 0,
) -> Patches:
    """Patches of photographs at several sizes; of those that show nothing named, backgrounds."""
    rng = np.random.default_rng(seed)
    patches = Patches()
    for photograph in photographs:
        for size in sizes:
            for picture, mask, name in crops(photograph, cache_folder, size, rng):
                inside = Patches()
                take(inside, features_of(encoders, picture), mask, name, rng)
                # A box's outside may show the thing too: only its inside counts.
                for features, said in zip(inside.features, names_of(inside), strict=True):
                    if said:
                        patches.add(features, said)
            if not photograph.things:
                whole = photograph.pixels(cache_folder)
                side = min(whole.shape[:2])
                part = Image.fromarray(whole[:side, :side]).resize((size, size))
                nothing = np.zeros((size, size), bool)
                take(patches, features_of(encoders, np.asarray(part)), nothing, "", rng)
    return patches


def names_of(patches: Patches) -> list[str]:
    """The name of each block of features."""
    found, place = [], 0
    for block in patches.features:
        found.append(patches.names[place])
        place += len(block)
    return found
