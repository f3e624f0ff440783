"""Reads a media pack: `index.json` beside raw pictures, backgrounds and audio."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = "whence/pack/1"
PARTS = ("pictures", "backgrounds", "sounds", "words", "noises")
STORES = {"pictures": "pictures.u8", "backgrounds": "backgrounds.u8"}
AUDIO_STORE = "audio.i16"

Item = dict[str, Any]


class OpenPack:
    """The rows of a pack's index and, mapped into memory, what they stand for.

    `core` leaves out what the shipped model's training did not have.
    """

    def __init__(self, folder: Path, *, core: bool = False) -> None:
        self.folder = folder
        self.index: dict[str, Any] = json.loads((folder / "index.json").read_text())
        found = self.index.get("format")
        if found != FORMAT:
            raise ValueError(f"Cannot read {folder}: format must be {FORMAT}, got {found}")
        if core:
            self.index = core_of(self.index)
        self.concepts: list[Item] = self.index["concepts"]
        self.raw = {part: self.map(name, np.uint8) for part, name in STORES.items()}
        self.audio = self.map(AUDIO_STORE, np.int16)

    def map(self, name: str, kind: type) -> NDArray[Any]:
        file = self.folder / name
        if not file.stat().st_size:
            return np.zeros(0, kind)
        return np.memmap(file, kind, mode="r")

    def rows(self, part: str, *splits: str) -> list[Item]:
        """Rows of `pictures`, `backgrounds`, `sounds`, `words` or `noises` in any of the splits."""
        return [row for row in self.index[part] if row["split"] in splits]

    def picture(self, row: Item) -> NDArray[np.uint8]:
        """A cut-out, RGBA `[height, width, 4]`."""
        return self.pixels("pictures", row, 4)

    def background(self, row: Item) -> NDArray[np.uint8]:
        """A background, RGB `[height, width, 3]`."""
        return self.pixels("backgrounds", row, 3)

    def pixels(self, part: str, row: Item, channels: int) -> NDArray[np.uint8]:
        shape = (row["height"], row["width"], channels)
        size = shape[0] * shape[1] * channels
        return self.raw[part][row["offset"] : row["offset"] + size].reshape(shape)

    def samples(self, row: Item) -> NDArray[np.int16]:
        """A recording, mono 16 kHz."""
        return self.audio[row["offset"] : row["offset"] + row["length"]]

    def content(self, part: str, row: Item) -> bytes:
        """What a row holds, as stored."""
        if part == "pictures":
            return self.picture(row).tobytes()
        if part == "backgrounds":
            return self.background(row).tobytes()
        return self.samples(row).tobytes()


def english_names(concepts: list[Item]) -> list[str]:
    """What the concepts are called, each name once."""
    return list(dict.fromkeys(concept["texts"]["en"] for concept in concepts))


def core_of(index: dict[str, Any]) -> dict[str, Any]:
    """An index without later concepts, drawings and rendered instruments. Core concepts are first."""
    concepts = [concept for concept in index["concepts"] if concept.get("set", "core") == "core"]

    def kept(row: Item) -> bool:
        return row.get("concept", 0) < len(concepts) and not row["source"].endswith(
            (".svg", ".sf2")
        )

    return {**index, "concepts": concepts, **{p: list(filter(kept, index[p])) for p in PARTS}}
