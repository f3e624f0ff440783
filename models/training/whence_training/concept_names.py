"""What people call what Tux Paint's stamps show: `concept_names.tsv`, reviewed by hand.

A concept of `concepts.tsv` is named as its stamp is ("pair of pliers"); here stands the everyday name
("pliers"). Concepts that have none are left out.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "concept_names.tsv"


@cache
def concept_names(file: Path = TABLE) -> dict[str, str]:
    """Concept → the everyday name of what its stamps show."""
    with file.open(newline="") as stream:
        return {row["concept"]: row["name"] for row in csv.DictReader(stream, delimiter="\t")}
