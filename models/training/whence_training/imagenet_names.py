"""What people call the 1,000 classes of ImageNet: `imagenet_names.tsv`, reviewed by hand.

A line holds a class's number, ImageNet's own label and the everyday names, the usual one first; many
breeds share one. Classes without an everyday name have none.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "imagenet_names.tsv"
CLASSES = 1000


@cache
def read_names(file: Path = TABLE) -> tuple[tuple[str, ...], ...]:
    """Names of class 0, 1, …; empty where a class has none. Raises ValueError for a table at fault."""
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    if [row["class"] for row in rows] != [str(number) for number in range(CLASSES)]:
        raise ValueError(f"Cannot read {file}: it must list classes 0 to {CLASSES - 1} in order")
    found = tuple(tuple(filter(None, row["names"].split(","))) for row in rows)
    for number, names in enumerate(found):
        if any(name != name.strip().lower() for name in names) or len(set(names)) != len(names):
            raise ValueError(
                f"Cannot read {file}: names of class {number} must be plain, got {names}"
            )
    return found


def classes_by_name(file: Path = TABLE) -> dict[str, list[int]]:
    """Name → the classes that it names."""
    found: dict[str, list[int]] = {}
    for number, names in enumerate(read_names(file)):
        for name in names:
            found.setdefault(name, []).append(number)
    return dict(sorted(found.items()))
