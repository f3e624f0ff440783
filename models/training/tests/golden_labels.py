"""A made label file, codes that are heard, and their scores.

`PYTHONPATH=models/training python models/training/tests/golden_labels.py` rewrites
`golden_labels.json`, which the tests of `src/labels` read as well.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from whence_training.label_space import probabilities
from whence_training.labels import Bank, Heard, kind_content, read_bank

FILE = Path(__file__).parent / "golden_labels.json"
SIZE, NAMES, HEARD = 3, 6, 8


def unit(codes: np.ndarray) -> np.ndarray:
    return codes / np.linalg.norm(codes, axis=-1, keepdims=True)


def made_content() -> dict[str, Any]:
    """Names with 2 to 4 examples that point in different ways, so that their mean is short."""
    draw = np.random.default_rng(8)
    names = np.repeat([f"name {number}" for number in range(NAMES)], [2, 3, 4, 2, 3, 4])
    centers = unit(draw.normal(size=(NAMES, SIZE)))
    number = np.unique(names, return_inverse=True)[1]
    codes = unit(centers[number] + 0.5 * draw.normal(size=(len(names), SIZE)))
    bank = Bank.of(Heard(names, np.full(len(names), "made"), codes))
    bank.space = replace(bank.space, scale=1.5, unknown=0.5)
    kind = kind_content("speech", bank, "made up")
    return {"format": "whence/labels/1", "audio": "5" * 64, "kinds": [kind]}


def made_codes() -> list[list[float]]:
    """Codes of any length."""
    codes = 3 * np.random.default_rng(9).normal(size=(HEARD, SIZE))
    return [[round(float(value), 4) for value in code] for code in codes]


def scores(content: dict[str, Any], heard: list[list[float]]) -> list[dict[str, float]]:
    bank = read_bank(content["kinds"][0])
    found = probabilities(bank.space, bank.ratios(unit(np.array(heard))))
    return [
        {str(name): round(float(score), 5) for name, score in zip(bank.names, row, strict=True)}
        for row in found
    ]


def main() -> None:
    content, heard = made_content(), made_codes()
    golden = {"labels": content, "heard": heard, "scores": scores(content, heard)}
    FILE.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
