"""What is frozen for testing, by content, and the check that nothing of it is ever trained on.

    python3 -m whence_training.freeze [--cache .cache] [--write]

`frozen.json` names files by their SHA-256: whole ones, and sounds of which only the end is frozen.
Besides, voices and the language of human recordings. The list only ever grows: `--write` adds what
the rules below freeze in new media and takes nothing away.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .concepts import Concept, read_concepts
from .media import CACHE, sha256_of
from .sources import Sources
from .speech import ESPEAK_TEST, FLITE_TEST
from .waveform import SAMPLE_RATE, read, tidy

LIST = Path(__file__).parent / "frozen.json"
FORMAT = "whence/frozen/1"
TAIL_FROM = 0.7
LONG_SECONDS = 2.4
"""A sound longer than this keeps its last 30 % for testing."""
TRAINED = ("train", "val")


class FrozenError(Exception):
    """Something frozen stands where it would be learned from."""


@dataclass
class Frozen:
    """`files` and `tails`: SHA-256 → where it was seen; `voices`: engine → names."""

    files: dict[str, str] = field(default_factory=dict)
    tails: dict[str, str] = field(default_factory=dict)
    voices: dict[str, list[str]] = field(default_factory=dict)
    human_languages: list[str] = field(default_factory=list)

    def reason(self, row: dict[str, Any]) -> str | None:
        """Why a row of a pack's index must not be trained on; None where it may."""
        digest = row.get("sha256", "")
        if digest in self.files:
            return f"its file is frozen ({self.files[digest]})"
        if digest in self.tails and row.get("part", [0.0, 1.0])[1] > TAIL_FROM + 1e-6:
            return f"the last {1 - TAIL_FROM:.0%} of its file are frozen ({self.tails[digest]})"
        if row.get("voice") in self.voices.get(row.get("engine", ""), []):
            return f"the voice {row['voice']} is frozen"
        if row.get("engine") == "human" and row.get("language") in self.human_languages:
            return f"human recordings in {row['language']} are frozen"
        return None


def read_frozen(file: Path = LIST) -> Frozen:
    content = json.loads(file.read_text())
    found = content.pop("format")
    if found != FORMAT:
        raise ValueError(f"Cannot read {file}: format must be {FORMAT}, got {found}")
    return Frozen(**content)


def check(index: dict[str, Any], frozen: Frozen | None = None) -> None:
    """Raises FrozenError when a row that is trained or decided on is frozen for testing.

    `index` is a pack's `index.json`. Rows without a `sha256` are judged by voice and language.
    """
    frozen = frozen or read_frozen()
    for part in ("pictures", "backgrounds", "sounds", "words", "noises"):
        for number, row in enumerate(index.get(part, [])):
            reason = frozen.reason(row) if row["split"] in TRAINED else None
            if reason is not None:
                raise FrozenError(
                    f"Cannot train on {part}[{number}] ({row['source']}): split must be test, "
                    f"got {row['split']}: {reason}"
                )


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
    yield from (("files", file) for file in sources.english_recordings())
    yield from (("files", file) for file in sources.gcompris_drawings())
    yield from (
        ("files", file) for file in sources.noises() if int(sha256_of(file)[:8], 16) % 5 == 3
    )


def extend(frozen: Frozen, concepts: list[Concept], sources: Sources) -> None:
    """Adds what the rules freeze."""
    for kind, file in by_rule(concepts, sources):
        getattr(frozen, kind).setdefault(sha256_of(file), sources.name(file))
    frozen.voices = {"espeak": list(ESPEAK_TEST), "flite": list(FLITE_TEST)}
    frozen.human_languages = ["en"]


def write_frozen(frozen: Frozen, file: Path = LIST) -> None:
    content = {"format": FORMAT, **vars(frozen)}
    for kind in ("files", "tails"):
        content[kind] = dict(sorted(content[kind].items(), key=lambda item: (item[1], item[0])))
    file.write_text(json.dumps(content, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--write", action="store_true", help="add what the rules freeze")
    given = parser.parse_args()
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
