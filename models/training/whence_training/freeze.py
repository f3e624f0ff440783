"""What is frozen for testing, by content, and the check that nothing of it is ever trained on.

`frozen.json` names files by their SHA-256: whole ones, and sounds of which only the end is frozen.
Besides, voices and the language of human recordings. `freeze_rules.py` makes the list.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIST = Path(__file__).parent / "frozen.json"
FORMAT = "whence/frozen/1"
TAIL_FROM = 0.7
LONG_SECONDS = 2.4
"""A sound longer than this keeps its last 30 % for testing."""
TRAINED = ("train", "val")


class FrozenError(Exception):
    """Something frozen is in a split that would be trained on."""


@dataclass
class Frozen:
    """`files` and `tails`: SHA-256 → where it was seen; `voices`: engine → names.

    `backgrounds` are frozen files that stay behind the cut-outs of test scenes although they show
    something with a name: the frozen scenes have to remain the same.
    """

    files: dict[str, str] = field(default_factory=dict)
    tails: dict[str, str] = field(default_factory=dict)
    voices: dict[str, list[str]] = field(default_factory=dict)
    human_languages: list[str] = field(default_factory=list)
    backgrounds: list[str] = field(default_factory=list)

    def reason(self, row: dict[str, Any]) -> str | None:
        """Why a row of a pack's index must not be trained on; None where it may."""
        digest = row.get("sha256", "")
        if not digest and row.get("engine") not in self.voices:
            return "its file's sha256 is not known"
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

    `index` is a pack's `index.json`. Only what an engine spoke needs no `sha256`.
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


def write_frozen(frozen: Frozen, file: Path = LIST) -> None:
    content = {"format": FORMAT, **vars(frozen)}
    for kind in ("files", "tails"):
        content[kind] = dict(sorted(content[kind].items(), key=lambda item: (item[1], item[0])))
    file.write_text(json.dumps(content, indent=1) + "\n")
