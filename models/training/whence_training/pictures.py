"""Composes batches of pictures from cut-outs and backgrounds, in tensor code for CPU or GPU."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

SPRITE_SIDE = 128
SPRITE_LEVELS = 3  # full, half and quarter size, so that shrinking does not alias


@dataclass
class SpriteStore:
    """Cut-outs padded to squares: `levels[l] uint8 [n, 4, side, side]`, `size [n, 2]` at level 0."""

    levels: list[Tensor]
    size: Tensor


def read_raw(path: Path, item: dict[str, Any], channels: int) -> np.ndarray:
    """One picture of the pack, uint8 [height, width, channels]."""
    shape = (item["height"], item["width"], channels)
    return np.fromfile(path, np.uint8, math.prod(shape), offset=item["offset"]).reshape(shape)


def load_sprites(root: Path, items: list[dict[str, Any]], device: torch.device) -> SpriteStore:
    store = np.zeros((len(items), 4, SPRITE_SIDE, SPRITE_SIDE), np.uint8)
    size = np.zeros((len(items), 2), np.float32)
    for index, item in enumerate(items):
        sprite = read_raw(root / "pictures.u8", item, 4)[:SPRITE_SIDE, :SPRITE_SIDE]
        store[index, :, : sprite.shape[0], : sprite.shape[1]] = sprite.transpose(2, 0, 1)
        size[index] = sprite.shape[:2]
    levels = [torch.from_numpy(store)]
    for _ in range(SPRITE_LEVELS - 1):
        halves = [F.avg_pool2d(part.float(), 2).round().byte() for part in levels[-1].split(256)]
        levels.append(torch.cat(halves))
    return SpriteStore([x.to(device) for x in levels], torch.from_numpy(size).to(device))


def load_backgrounds(root: Path, items: list[dict[str, Any]], device: torch.device) -> list[Tensor]:
    """Backgrounds `uint8 [3, height, width]`."""
    raw = (read_raw(root / "backgrounds.u8", item, 3) for item in items)
    return [torch.from_numpy(x.transpose(2, 0, 1).copy()).to(device) for x in raw]


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def tint(pixels: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """Random brightness, saturation and color cast of each picture; `[n, 3, H, W]` of 0..255."""
    n, device = len(pixels), pixels.device
    brightness = 1 + amount * uniform(n, -0.35, 0.3, generator)
    saturation = 1 + amount * uniform(n, -0.5, 0.4, generator)
    cast = 1 + amount * uniform(n * 3, -0.12, 0.12, generator).reshape(n, 3)
    grey = pixels.mean(1, keepdim=True)
    pixels = grey + (pixels - grey) * saturation.to(device)[:, None, None, None]
    return pixels * (brightness[:, None] * cast).to(device)[:, :, None, None]


def compose_backgrounds(
    store: list[Tensor], count: int, size: int, difficulty: float, generator: torch.Generator
) -> Tensor:
    """`float [count, 3, size, size]`: plain while difficulty is low, then photographs and noise."""
    device = store[0].device if store else torch.device("cpu")
    out = torch.empty(count, 3, size, size, device=device)
    draw = torch.rand(count, 3, generator=generator)
    for index in range(count):
        if draw[index, 0] > difficulty:
            out[index] = torch.rand(3, 1, 1, generator=generator).to(
                device
            ) * 255 * difficulty + 127 * (1 - difficulty)
        elif store and draw[index, 1] < 0.7:
            picture = store[int(torch.randint(len(store), (1,), generator=generator))]
            height, width = picture.shape[1:]
            side = int(uniform(1, 0.5, 1, generator) * min(height, width))
            top = int(torch.randint(height - side + 1, (1,), generator=generator))
            left = int(torch.randint(width - side + 1, (1,), generator=generator))
            crop = picture[:, top : top + side, left : left + side].float()[None]
            crop = F.interpolate(crop, size=(size, size), mode="bilinear", align_corners=False)[0]
            out[index] = crop.flip(2) if draw[index, 2] < 0.5 else crop
        else:
            cells = (2, 3, 5, 9, 17)[int(torch.randint(5, (1,), generator=generator))]
            contrast = (80, 160, 255)[int(torch.randint(3, (1,), generator=generator))]
            noise = torch.rand(1, 3, cells, cells, generator=generator) * contrast
            noise = noise + torch.rand(1, 3, 1, 1, generator=generator) * 255 - 60
            mode = "nearest" if draw[index, 2] < 0.3 else "bicubic"
            smooth = F.interpolate(noise.clamp(0, 255), size=(size, size), mode=mode)
            out[index] = smooth[0].to(device)
    return tint(out, difficulty, generator)


@dataclass
class Placement:
    """Where each cut-out of a batch goes: all `[count, slots]`, in units of the picture's side."""

    centre_x: Tensor
    centre_y: Tensor
    side: Tensor


def place(objects: Tensor, difficulty: float, generator: torch.Generator) -> Placement:
    """Positions for `objects [count]` cut-outs a picture: one anywhere, several mostly apart."""
    count, slots = len(objects), int(objects.max())
    alone = (objects == 1)[:, None]

    def spread(low: float, high: float, middle: float) -> Tensor:
        values = uniform(count * slots, low, high, generator).reshape(count, slots)
        return middle + difficulty * (values - middle)

    side = torch.where(alone, spread(0.28, 0.75, 0.55), spread(0.22, 0.52, 0.4))
    side = torch.where((objects >= 3)[:, None], side.clamp_max(0.46), side)
    reach = (0.5 - side / 2).clamp_min(0)
    free_x, free_y = (0.5 + reach * spread(-1, 1, 0) for _ in range(2))
    corner = torch.rand(count, 4, generator=generator).argsort(1)[:, :slots]
    jitter_x, jitter_y = (
        uniform(count * slots, -0.09, 0.09, generator).reshape(count, slots) for _ in range(2)
    )
    apart_x = 0.25 + 0.5 * (corner % 2) + jitter_x
    apart_y = 0.25 + 0.5 * (corner // 2) + jitter_y
    keep_free = alone | (torch.rand(count, 1, generator=generator) < 0.2 * difficulty)

    def inside(x: Tensor) -> Tensor:
        return torch.minimum(torch.maximum(x, side / 2), 1 - side / 2)

    x = torch.where(keep_free, free_x, inside(apart_x))
    y = torch.where(keep_free, free_y, inside(apart_y))
    return Placement(x, y, side)


def draw_sprites(
    store: SpriteStore,
    sprite: Tensor,
    centre: Tensor,
    side: Tensor,
    size: int,
    difficulty: float,
    generator: torch.Generator,
) -> Tensor:
    """Layers `float [n, 4, size, size]` (color 0..255, alpha 0..1) of the cut-outs `sprite [n]`.

    `centre [n, 2]` (x, y) and `side [n]`, the longest side, in units of the picture.
    """
    n = len(sprite)
    device = store.size.device
    extent = store.size[sprite].flip(1)  # width, height in pixels of level 0
    longest = extent.amax(1)
    angle = uniform(n, -0.32, 0.32, generator) * (
        torch.rand(n, generator=generator) < 0.5 * difficulty
    )
    flip = torch.where(torch.rand(n, generator=generator) < 0.5 * difficulty, -1.0, 1.0)
    aspect = 1 + difficulty * uniform(n, -0.1, 0.1, generator)
    angle, flip, aspect = angle.to(device), flip.to(device), aspect.to(device)
    # From the picture (-1..1) back to pixels of the cut-out around its center.
    scale = longest / side.to(device) / 2
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    turn = torch.stack([cos * flip * aspect, sin * flip * aspect, -sin / aspect, cos / aspect], 1)
    turn = turn.reshape(n, 2, 2)
    shift = -(turn @ (2 * centre.to(device) - 1)[:, :, None])[:, :, 0] + extent / 2
    matrix = torch.cat([turn, shift[:, :, None]], 2)
    matrix = matrix / (SPRITE_SIDE / 2)
    matrix[:, :, 2] -= 1
    layers = torch.empty(n, 4, size, size, device=device)
    shrink = longest / (side.to(device) * size)
    level = torch.log2(shrink.clamp_min(1)).round().long().clamp_max(SPRITE_LEVELS - 1)
    for depth, pixels in enumerate(store.levels):
        chosen = (level == depth).nonzero()[:, 0]
        if len(chosen):
            grid = F.affine_grid(matrix[chosen], [len(chosen), 4, size, size], align_corners=False)
            source = pixels[sprite[chosen]].float()
            # Colors weighted by alpha, so that what lies under transparent pixels does not bleed.
            source[:, 3:] /= 255
            source[:, :3] *= source[:, 3:]
            layers[chosen] = F.grid_sample(source, grid, mode="bilinear", align_corners=False)
    alpha = layers[:, 3:]
    colour = tint(layers[:, :3] / alpha.clamp_min(1e-3), difficulty, generator)
    return torch.cat([colour, alpha], 1)


def compose(
    store: SpriteStore,
    backgrounds: list[Tensor],
    sprites: Tensor,
    size: int,
    difficulty: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Pictures of cut-outs on backgrounds.

    `sprites [count, slots]` holds indices into the store, -1 for none, later ones in front. Gives
    frames `uint8 [count, size, size, 3]` and, for evaluation only, what is visible of each cut-out
    `bool [count, slots, size, size]`.
    """
    count, slots = sprites.shape
    canvas = compose_backgrounds(backgrounds, count, size, difficulty, generator)
    where = place((sprites >= 0).sum(1), difficulty, generator)
    visible = torch.zeros(count, slots, size, size, dtype=torch.bool, device=canvas.device)
    for slot in range(slots):
        rows = (sprites[:, slot] >= 0).nonzero()[:, 0]
        if not len(rows):
            continue
        centre = torch.stack([where.centre_x[rows, slot], where.centre_y[rows, slot]], 1)
        layer = draw_sprites(
            store, sprites[rows, slot], centre, where.side[rows, slot], size, difficulty, generator
        )
        alpha = layer[:, 3:]
        canvas[rows] = canvas[rows] * (1 - alpha) + layer[:, :3] * alpha
        solid = alpha[:, 0] > 0.5
        visible[rows] &= ~solid[:, None]
        visible[rows, slot] = solid
    canvas = finish(canvas, difficulty, generator)
    return canvas.clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous(), visible


def finish(canvas: Tensor, difficulty: float, generator: torch.Generator) -> Tensor:
    """What a camera adds: a slope of light, blur on some pictures, grain."""
    count, _, size, _ = canvas.shape
    device = canvas.device
    ramp = torch.linspace(-1, 1, size, device=device)
    slope = (
        (difficulty * uniform(2 * count, -0.2, 0.2, generator))
        .to(device)
        .reshape(2, count, 1, 1, 1)
    )
    canvas = canvas * (1 + slope[0] * ramp[:, None] + slope[1] * ramp)
    blurred = (torch.rand(count, generator=generator) < 0.2 * difficulty).nonzero()[:, 0].to(device)
    if len(blurred):
        soft = F.avg_pool2d(F.pad(canvas[blurred], (1, 1, 1, 1), mode="replicate"), 3, 1)
        canvas[blurred] = soft
    grain = (difficulty * uniform(count, 0, 8, generator)).to(device)[:, None, None, None]
    return canvas + torch.randn(count, 1, size, size, device=device) * grain
