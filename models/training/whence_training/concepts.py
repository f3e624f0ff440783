"""The concept table: which picture, sound and word files show, sound like and name one thing.

`concepts.tsv` has one concept a line; lists inside a cell are comma-separated.

| column | what |
| --- | --- |
| set | `core`: what the shipped model learned; `more`: came later |
| name | unique, English |
| english | names that are spoken |
| stamps, drawings | Tux Paint's PNG and SVG files, without extension, under `stamps/` |
| emoji | short names |
| sounds | Tux Paint's recordings, as `stamps` |
| other_sounds | GCompris's recordings, `ACTIVITY/PATH`: a second recording where `sounds` has one |
| spoken | stamps whose recorded names may be used |
| ktuberling | base name of the word in KTuberling |
| instrument | General MIDI programme, or what to beat on the drum channel |
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent / "concepts.tsv"


@dataclass(frozen=True)
class Concept:
    """One line of the table."""

    set: str
    name: str
    english: tuple[str, ...]
    stamps: tuple[str, ...]
    drawings: tuple[str, ...]
    emoji: tuple[str, ...]
    sounds: tuple[str, ...]
    other_sounds: tuple[str, ...]
    spoken: tuple[str, ...]
    ktuberling: str
    instrument: str

    def instrument_program(self) -> int | str | None:
        if not self.instrument:
            return None
        return int(self.instrument) if self.instrument.isdigit() else self.instrument


LISTS = ("english", "stamps", "drawings", "emoji", "sounds", "other_sounds", "spoken")


def read_concepts(file: Path = TABLE) -> list[Concept]:
    """All concepts, `core` ones first. Raises ValueError with the line for a table at fault."""
    found: list[Concept] = []
    names: set[str] = set()
    with file.open(newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream, delimiter="\t"), 2):
            place = f"{file.name}:{number}"
            if row["name"] in names:
                raise ValueError(f"{place}: name must be unique, got {row['name']} again")
            if row["set"] not in ("core", "more"):
                raise ValueError(f"{place}: set must be core or more, got {row['set']!r}")
            names.add(row["name"])
            cells = {name: tuple(filter(None, row[name].split(","))) for name in LISTS}
            if not cells["english"]:
                raise ValueError(f"{place}: english must have a name, got none")
            single = {name: row[name] for name in ("set", "name", "ktuberling", "instrument")}
            found.append(Concept(**single, **cells))
    return sorted(found, key=lambda concept: concept.set != "core")
