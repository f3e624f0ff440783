"""Real photographs with boxes around what they show: `photographs.tsv`, drawn by hand.

Each line gives a file of the media cache, its split, one thing in it and its box in 0..1 of the
picture; a photograph of nothing that has a name has one line without. Splits go by the file's hash
(two fifths for testing) and were decided before anything was measured; what `frozen.json` names is
for testing alone, and reading it for anything else is refused.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import freeze
from .media import sha256_of

TABLE = Path(__file__).parent / "photographs.tsv"
SPLITS = ("train", "val", "test")
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Thing:
    """Something in a photograph: left, top, right and bottom in 0..1."""

    name: str
    box: Box

    @property
    def area(self) -> float:
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)


@dataclass
class Photograph:
    file: str
    split: str
    sha256: str
    things: list[Thing] = field(default_factory=list)

    def pixels(self, cache: Path) -> NDArray[np.uint8]:
        """RGB `[height, width, 3]`. Raises ValueError for another file than the list names."""
        if sha256_of(cache / self.file) != self.sha256:
            raise ValueError(f"Cannot use {self.file}: its sha256 must be {self.sha256}")
        with Image.open(cache / self.file) as picture:
            return np.asarray(picture.convert("RGB"))


def read_photographs(file: Path = TABLE) -> list[Photograph]:
    """All photographs. Raises ValueError with the line for a list at fault."""
    found: dict[str, Photograph] = {}
    with file.open(newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream, delimiter="\t"), 2):
            place = f"{file.name}:{number}"
            if row["split"] not in SPLITS:
                raise ValueError(f"{place}: split must be one of {SPLITS}, got {row['split']!r}")
            one = found.setdefault(
                row["file"], Photograph(row["file"], row["split"], row["sha256"])
            )
            if (one.split, one.sha256) != (row["split"], row["sha256"]):
                raise ValueError(f"{place}: a file must keep its split and sha256")
            if row["name"]:
                left, top, right, bottom = (
                    float(row[side]) for side in ("left", "top", "right", "bottom")
                )
                if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
                    raise ValueError(f"{place}: a box must lie in 0..1, got {row}")
                one.things.append(Thing(row["name"], (left, top, right, bottom)))
    return list(found.values())


def check(photographs: Iterable[Photograph], frozen: freeze.Frozen) -> None:
    """Raises FrozenError when a photograph for training or decisions is frozen for testing."""
    for one in photographs:
        reason = frozen.reason({"sha256": one.sha256})
        if one.split in freeze.TRAINED and reason is not None:
            raise freeze.FrozenError(
                f"Cannot train on {one.file}: split must be test, got {one.split}: {reason}"
            )


def of_split(split: str, frozen: freeze.Frozen | None = None) -> list[Photograph]:
    """The photographs of a split, after the whole list was checked."""
    listed = read_photographs()
    check(listed, frozen or freeze.read_frozen())
    return [one for one in listed if one.split == split]


def named_files() -> set[str]:
    """Files that show something with a name: no backgrounds, on which nothing is to be found."""
    return {one.file for one in read_photographs() if one.things}
