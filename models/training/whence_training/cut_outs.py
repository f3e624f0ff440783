"""Pictures as the pack keeps them: cut-outs cropped to what can be seen, backgrounds of one size."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

Pixels = NDArray[np.uint8]

LONGEST = 128
SHORT_SIDE, LONG_SIDE = 192, 384
VISIBLE = 20
"""Alpha above which a pixel counts as part of a thing."""


def can_draw() -> bool:
    """Whether SVG drawings can be rendered (Debian: librsvg2-bin)."""
    return shutil.which("rsvg-convert") is not None


def open_picture(file: Path) -> Image.Image:
    if file.suffix == ".svg":
        words = ["rsvg-convert", "--keep-aspect-ratio", "-w", "256", "-h", "256", str(file)]
        drawn = subprocess.run(words, capture_output=True, check=True).stdout
        return Image.open(io.BytesIO(drawn)).convert("RGBA")
    with Image.open(file) as picture:
        return picture.convert("RGBA")


def cut_out(file: Path) -> Pixels | None:
    """RGBA `[h, w, 4]`, longest side at most 128; None for an empty or opaque-less picture."""
    picture = open_picture(file)
    box = picture.getchannel("A").point(lambda alpha: 255 if alpha > VISIBLE else 0).getbbox()
    if box is None or (box[2] - box[0]) * (box[3] - box[1]) < 64:
        return None
    picture = picture.crop(box)
    scale = LONGEST / max(picture.size)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(picture)


def background(file: Path) -> Pixels | None:
    """RGB `[h, w, 3]`, short side 192, the long one cut at 384; None for what is too small."""
    try:
        with Image.open(file) as opened:
            if min(opened.size) < 200:
                return None
            picture = opened.convert("RGB")
    except UnidentifiedImageError:
        return None
    scale = SHORT_SIDE / min(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    pixels = np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
    return np.ascontiguousarray(pixels[:LONG_SIDE, :LONG_SIDE])
