"""The rules by which media are frozen for testing, and the list they make.

    python3 -m whence_training.freeze_rules [--cache .cache] [--write]

The list only ever grows: `--write` adds what the rules freeze in new media and takes nothing away.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .concepts import Concept, read_concepts
from .freeze import LIST, LONG_SECONDS, Frozen, read_frozen, write_frozen
from .media import CACHE, require, sha256_of
from .natural import KOKORO_TEST
from .photographs import read_photographs
from .sources import Sources
from .speech import ESPEAK_TEST, FLITE_TEST
from .waveform import SAMPLE_RATE, read, tidy


def held_out_picture(files: list[Path]) -> Path | None:
    """Of three or more different pictures of one concept, that of the smallest hash."""
    different = {sha256_of(file): file for file in files}
    return different[min(different)] if len(different) >= 3 else None


def is_long(file: Path) -> bool:
    samples = tidy(read(file))
    return samples is not None and len(samples) > LONG_SECONDS * SAMPLE_RATE


def by_rule(concepts: list[Concept], sources: Sources) -> Iterator[tuple[str, Path]]:
    """(kind, file) of everything the rules freeze; kind is `files` or `tails`."""
    shown = {concept.name: sources.pictures(concept) for concept in concepts}
    uses = Counter(digest for files in shown.values() for digest in {sha256_of(f) for f in files})
    for concept in concepts:
        picture = held_out_picture(shown[concept.name])
        # A picture that two concepts share stays in training.
        if picture is not None and uses[sha256_of(picture)] == 1:
            yield "files", picture
        trained, other = sources.sounds(concept)
        yield from (("tails", file) for file in trained if is_long(file))
        yield from (("files", file) for file in other)
    for photograph in read_photographs():
        file = sources.cache / photograph.file
        if photograph.split == "test" and file.is_file():
            yield "files", file
    yield from (("files", file) for file in sources.english_recordings())
    yield from (("files", file) for file in sources.gcompris_drawings())
    yield from (
        ("files", file) for file in sources.noises() if int(sha256_of(file)[:8], 16) % 5 == 3
    )


def extend(frozen: Frozen, concepts: list[Concept], sources: Sources) -> None:
    """Adds what the rules freeze."""
    for kind, file in by_rule(concepts, sources):
        getattr(frozen, kind).setdefault(sha256_of(file), sources.name(file))
    frozen.voices = {
        "espeak": list(ESPEAK_TEST),
        "flite": list(FLITE_TEST),
        "kokoro": list(KOKORO_TEST),
        "piper": [],
    }
    frozen.human_languages = ["en"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--write", action="store_true", help="add what the rules freeze")
    given = parser.parse_args()
    require(given.cache)
    frozen = read_frozen() if LIST.exists() else Frozen()
    before = len(frozen.files) + len(frozen.tails)
    extend(frozen, read_concepts(), Sources(given.cache))
    added = len(frozen.files) + len(frozen.tails) - before
    if given.write:
        write_frozen(frozen)
    print(f"{len(frozen.files)} files and {len(frozen.tails)} tails frozen, {added} of them new")
    if added and not given.write:
        sys.exit("Cannot vouch for the list: it must hold all of these, got fewer (--write)")


if __name__ == "__main__":
    main()
