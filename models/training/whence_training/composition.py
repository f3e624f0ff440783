"""Composes one picture of cut-outs on a background, with what is visible of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SOLID = 127
PROCEDURAL_SHARE = 0.2


@dataclass(frozen=True)
class Composition:
    """`picture uint8 [size, size, 3]`; of each cut-out its visible mask and share of itself.

    `background` tells which photograph lies behind, None where it is procedural.
    """

    picture: Pixels
    masks: list[Mask]
    visible: list[float]
    background: int | None


def light(pixels: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """Another brightness, saturation and color cast, `[h, w, 3]` of 0..255."""
    grey = pixels.mean(axis=2, keepdims=True)
    pixels = grey + (pixels - grey) * rng.uniform(0.6, 1.3)
    cast = rng.uniform(0.72, 1.22) * rng.uniform(0.9, 1.1, 3)
    return np.asarray(pixels * cast, dtype=np.float32)


def photograph(picture: Pixels, size: int, rng: Generator) -> Image.Image:
    """A random square part of a photograph, mirrored half of the time."""
    height, width = picture.shape[:2]
    side = int(rng.uniform(0.55, 1) * min(height, width))
    top, left = (int(rng.integers(0, space - side + 1)) for space in (height, width))
    part = Image.fromarray(np.asarray(picture[top : top + side, left : left + side]))
    if rng.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return part.resize((size, size), Image.Resampling.BILINEAR)


def procedural(size: int, rng: Generator) -> Image.Image:
    """Colored noise of a random grain, smooth or in blocks."""
    cells = int(rng.choice([2, 3, 5, 9, 17]))
    noise = rng.random((cells, cells, 3)) * rng.choice([80, 160, 255]) + rng.uniform(-60, 195, 3)
    grain = Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))
    smooth = rng.choice([Image.Resampling.NEAREST, Image.Resampling.BICUBIC])
    return grain.resize((size, size), Image.Resampling(smooth))


def turned(cut_out: Pixels, side: float, rng: Generator) -> Image.Image:
    """A cut-out of longest side `side` pixels, mirrored, tilted and stretched a little."""
    picture = Image.fromarray(np.asarray(cut_out)).convert("RGBa")
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    aspect = rng.uniform(0.9, 1.1)
    scale = side / max(picture.size)
    width = max(4, round(picture.width * scale * aspect))
    height = max(4, round(picture.height * scale))
    picture = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    if rng.random() < 0.5:
        angle = float(rng.uniform(-18, 18))
        picture = picture.rotate(angle, Image.Resampling.BILINEAR, expand=True)
    return picture.convert("RGBA")


def places(count: int, rng: Generator) -> list[tuple[float, float, float]]:
    """(center x, center y, longest side) in 0..1: mostly in a quarter each, some anywhere."""
    apart = rng.random() < 0.8
    quarters = rng.permutation(4)
    found = []
    for number in range(count):
        side = float(rng.uniform(0.22, 0.52 if count < 3 else 0.46))
        if apart:
            column, line = quarters[number] % 2, quarters[number] // 2
            x, y = 0.25 + 0.5 * column, 0.25 + 0.5 * line
            x, y = x + rng.uniform(-0.09, 0.09), y + rng.uniform(-0.09, 0.09)
        else:
            x, y = rng.uniform(0, 1, 2)
        x, y = (float(np.clip(value, side / 2, 1 - side / 2)) for value in (x, y))
        found.append((x, y, side))
    return found


def finish(canvas: NDArray[np.float32], rng: Generator) -> Pixels:
    """What a room and a camera add: a slope of light, now and then blur, grain."""
    size = canvas.shape[0]
    ramp = np.linspace(-1, 1, size, dtype=np.float32)
    slope = rng.uniform(-0.2, 0.2, 2)
    canvas = canvas * (1 + slope[0] * ramp[:, None, None] + slope[1] * ramp[None, :, None])
    if rng.random() < 0.2:
        soft = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
        radius = float(rng.uniform(0.5, 1.5)) * size / 192
        canvas = np.asarray(soft.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32)
    grain = rng.standard_normal((size, size, 1)) * rng.uniform(0, 8)
    return np.asarray(np.clip(canvas + grain, 0, 255), dtype=np.uint8)


def compose(
    cut_outs: list[Pixels], backgrounds: list[Pixels], size: int, rng: Generator
) -> Composition:
    """A picture of the cut-outs, later ones in front of earlier ones."""
    chosen = None
    if not backgrounds or rng.random() < PROCEDURAL_SHARE:
        behind = procedural(size, rng)
    else:
        chosen = int(rng.integers(len(backgrounds)))
        behind = photograph(backgrounds[chosen], size, rng)
    canvas = light(np.asarray(behind, dtype=np.float32), rng)
    masks: list[Mask] = []
    whole: list[int] = []
    for cut_out, (x, y, side) in zip(cut_outs, places(len(cut_outs), rng), strict=True):
        sprite = turned(cut_out, side * size, rng)
        layer = Image.new("RGBA", (size, size))
        layer.paste(
            sprite, (round(x * size - sprite.width / 2), round(y * size - sprite.height / 2))
        )
        pixels = np.asarray(layer, dtype=np.float32)
        alpha = pixels[..., 3:] / 255
        canvas = canvas * (1 - alpha) + light(pixels[..., :3], rng) * alpha
        solid = pixels[..., 3] > SOLID
        masks = [mask & ~solid for mask in masks] + [solid]
        whole.append(int((np.asarray(sprite)[..., 3] > SOLID).sum()))
    visible = [float(mask.sum()) / max(1, n) for mask, n in zip(masks, whole, strict=True)]
    return Composition(finish(canvas, rng), masks, visible, chosen)
