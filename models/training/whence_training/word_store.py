"""A folder of spoken words that only grows, so that a killed run of a slow voice goes on.

`rows.jsonl` has a line for each recording (text, engine, voice, split, offset, length), `audio.i16`
their samples, mono at 16 kHz.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .waveform import Samples, to_int16


class Store:
    """Recordings on disk that only grow: `rows.jsonl` and `audio.i16`."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.rows_file, self.audio_file = root / "rows.jsonl", root / "audio.i16"
        self.rows_file.touch()
        self.audio_file.touch()
        whole = self.rows_file.read_text().rpartition("\n")
        if whole[2]:
            self.rows_file.write_text(whole[0] + whole[1])
        self.rows = read_rows(root)

    def add(self, row: dict[str, Any], samples: Samples) -> None:
        with self.audio_file.open("ab") as audio:
            offset = audio.tell() // 2
            audio.write(to_int16(samples).tobytes())
        row = {**row, "offset": offset, "length": len(samples)}
        with self.rows_file.open("a") as rows:  # after the samples: a kill leaves no row without
            rows.write(json.dumps(row) + "\n")
        self.rows.append(row)


def read_rows(root: Path) -> list[dict[str, Any]]:
    """The rows of a store; a last line that a kill cut short is left out."""
    whole = (root / "rows.jsonl").read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]
