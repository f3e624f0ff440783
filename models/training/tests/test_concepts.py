"""The concept table is whole, and a table at fault is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from whence_training.concepts import TABLE, read_concepts
from whence_training.instruments import DRUM_KEYS


def test_the_shipped_table():
    concepts = read_concepts()
    assert len(concepts) >= 1000
    assert len({concept.name for concept in concepts}) == len(concepts)
    core = [concept.set == "core" for concept in concepts]
    assert core == sorted(core, reverse=True)
    assert all(c.stamps or c.drawings or c.emoji for c in concepts), "something to see for each"
    recorded = [c for c in concepts if c.sounds or c.other_sounds]
    assert len(recorded) > 80
    for concept in concepts:
        program = concept.instrument_program()
        assert program is None or program in DRUM_KEYS or int(program) in range(128)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("name", "frog", r"broken.tsv:3: name must be unique, got frog again"),
        ("set", "extra", r"broken.tsv:3: set must be core or more, got 'extra'"),
        ("english", "", r"broken.tsv:3: english must have a name"),
    ],
)
def test_faults_are_named(tmp_path: Path, column: str, value: str, message: str):
    head, *lines = TABLE.read_text().splitlines()
    frog = next(line for line in lines if line.split("\t")[1] == "frog")
    other = next(line for line in lines if line.split("\t")[1] == "owl").split("\t")
    other[head.split("\t").index(column)] = value
    broken = tmp_path / "broken.tsv"
    broken.write_text("\n".join([head, frog, "\t".join(other)]) + "\n")
    with pytest.raises(ValueError, match=message):
        read_concepts(broken)
