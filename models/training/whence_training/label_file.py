"""A model's label file, as its manifest names it."""

from __future__ import annotations

import json
from pathlib import Path

from .media import sha256_of

FILE = "labels.json"


def manifest_part(folder: Path, audio: str) -> dict[str, str] | None:
    """What `model.yaml` says of a folder's label file; None unless it is about that audio encoder,
    given by its SHA-256."""
    file = folder / FILE
    if not file.exists() or json.loads(file.read_text())["audio"] != audio:
        return None
    return {"file": FILE, "sha256": sha256_of(file)}
