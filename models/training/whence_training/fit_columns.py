"""Fits the semantic branch's columns: ImageNet's classifier and the names that it lacks.

    python3 -m whence_training.fit_columns --pack PACK --cache CACHE --out columns.pt

Names without a class are learned from Tux Paint's stamps and from training photographs, as added
columns of the classifier; ImageNet's own columns stay as they were published.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from .concept_names import concept_names
from .imagenet_names import classes_by_name
from .open_pack import OpenPack
from .photographs import of_split
from .semantic import fast_trunk, fit_added_columns, imagenet_columns
from .semantic_patches import cut_out_patches, photograph_patches

CUT_OUT_SIZE = 320
PHOTOGRAPH_SIZES = (256, 256, 320, 320, 448)
TIMES = 5
"""How often a picture of a name without a class is composed; others once."""
TRUNK = "trunks/efficientnet-lite0-57934424.pth"


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit names that ImageNet has no class for.")
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="only so many stamps and so many photographs")
    given = parser.parse_args()
    torch.set_num_threads(1)
    trunk = given.cache / TRUNK
    encoders = {size: fast_trunk(trunk, size) for size in {CUT_OUT_SIZE, *PHOTOGRAPH_SIZES}}
    known = classes_by_name()
    often = {name: TIMES for name in concept_names().values() if name not in known}
    stamps = cut_out_patches(encoders, OpenPack(given.pack), CUT_OUT_SIZE, often, limit=given.limit)
    photographs = photograph_patches(
        encoders, of_split("train")[: given.limit], given.cache, PHOTOGRAPH_SIZES, seed=1
    )
    names = stamps.names + photographs.names
    columns = fit_added_columns(
        torch.cat([stamps.stacked(), photographs.stacked()]),
        names,
        imagenet_columns(trunk),
        photograph=torch.arange(len(names)) >= len(stamps.names),
    )
    columns.save(given.out)
    print(f"{len(columns.names)} columns from {len(names)} patches")


if __name__ == "__main__":
    main()
