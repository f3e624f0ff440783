"""A small pack made on the spot: plain shapes of one color each, tones and pulsed tones as words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 16_000


def shape(concept: int) -> NDArray[np.uint8]:
    """An ellipse in the concept's own color, RGBA."""
    height, width = 100, 80 + 10 * (concept % 4)
    y, x = np.mgrid[:height, :width]
    inside = ((x - width / 2) / (width / 2)) ** 2 + ((y - height / 2) / (height / 2)) ** 2 < 1
    picture = np.zeros((height, width, 4), np.uint8)
    hue = np.array([concept * 53 % 256, concept * 97 % 256, concept * 151 % 256])
    picture[..., :3] = hue
    picture[..., 3] = 255 * inside
    return picture


def tone(concept: int, pulsed: bool, seconds: float = 0.7) -> NDArray[np.int16]:
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 150 * 1.4**concept * (1.2 if pulsed else 1)
    wave = np.sin(2 * np.pi * pitch * time)
    if pulsed:
        wave = wave * (np.sin(2 * np.pi * 8 * time) > 0)
    wave = wave / np.sqrt(np.mean(wave**2)) * 0.1
    return (wave * 32767).astype(np.int16)


def make_pack(root: Path, concepts: int = 8) -> Path:
    """Writes the pack's four files into `root` and gives it back."""
    root.mkdir(parents=True, exist_ok=True)
    index: dict[str, Any] = {"format": "whence/pack/1", "sample_rate": RATE}
    for part in ("concepts", "pictures", "backgrounds", "sounds", "words", "noises"):
        index[part] = []
    about = {"source": "made by the test", "licence": "CC0-1.0", "split": "train"}
    about["sha256"] = "0" * 64
    samples = 0
    with (root / "pictures.u8").open("wb") as pictures, (root / "audio.i16").open("wb") as audio:
        for concept in range(concepts):
            index["concepts"].append({"name": f"c{concept}", "texts": {"en": f"c{concept}"}})
            picture = shape(concept)
            height, width = picture.shape[:2]
            place = {"offset": pictures.tell(), "height": height, "width": width}
            index["pictures"].append({"concept": concept, **place, **about})
            pictures.write(picture.tobytes())
            for part, pulsed in (("sounds", False), ("words", True)):
                wave = tone(concept, pulsed)
                item = {"concept": concept, "offset": samples, "length": len(wave), **about}
                if pulsed:
                    item.update(language="en", voice="v", engine="espeak")
                else:
                    item["recording"] = f"r{concept}"
                index[part].append(item)
                audio.write(wave.tobytes())
                samples += len(wave)
    background = np.random.default_rng(0).integers(0, 255, (192, 256, 3), dtype=np.uint8)
    (root / "backgrounds.u8").write_bytes(background.tobytes())
    index["backgrounds"].append({"offset": 0, "height": 192, "width": 256, **about})
    (root / "index.json").write_text(json.dumps(index))
    return root
