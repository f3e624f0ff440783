"""The README's commands, one after another, with little of everything. Opt-in: it takes minutes.

    WHENCE_MEDIA=.cache [WHENCE_PACK=pack] python3 -m pytest tests/test_chain.py

`WHENCE_MEDIA` is the folder of `media` and `fetch_trunks`; both run if it is not complete. Without
`WHENCE_PACK` a small pack is made.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOWNLOADS = ("media", "fetch_trunks")
LITTLE = {
    "pack": "--limit 160 --voices 2",
    "lexicon": "--texts 12 --workers 1",
    "pretrain": "--steps 2",
    "train": "--minutes 0.1",
    "scenes": "--count 22",
    "photo_scenes": "--count 10",
    "fit_columns": "--limit 40",
    "audio_codes": "--limit 150",
    "fusion_bank": "--count 12",
    "fuse": "--count 12 --steps 2",
    "natural": "--minutes 0.2",
    "labels": "--limit 60",
    "evaluate": "--limit 11",
}
"""What is added to a command; the last of two equal options counts."""


def commands() -> list[list[str]]:
    """The recipe's commands in the README's first block, without comments."""
    block = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block
    text = block[1].replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return [line for line in lines if line[:2] == ["python3", "-m"] and "." in line[2]]


def test_every_command_is_a_module_of_the_recipe() -> None:
    found = [line[2].removeprefix("whence_training.") for line in commands()]
    assert len(found) > 12
    assert all((ROOT / "whence_training" / f"{name}.py").exists() for name in found)


@pytest.mark.skipif("WHENCE_MEDIA" not in os.environ, reason="opt-in: set WHENCE_MEDIA")
def test_the_chain_makes_a_model_folder(tmp_path: Path) -> None:
    media = Path(os.environ["WHENCE_MEDIA"]).resolve()
    media.mkdir(parents=True, exist_ok=True)
    complete = (media / "LICENCES.md").exists() and (media / "trunks").exists()
    work = tmp_path / "work"
    work.mkdir()
    (work / ".cache").symlink_to(media)
    (work / "whence_training").symlink_to(ROOT / "whence_training")
    if "WHENCE_PACK" in os.environ:
        (work / "pack").symlink_to(Path(os.environ["WHENCE_PACK"]).resolve())
    for line in commands():
        name = line[2].removeprefix("whence_training.")
        if (name in DOWNLOADS and complete) or (name == "pack" and (work / "pack").exists()):
            continue
        given = [sys.executable, *line[1:], *LITTLE.get(name, "").split()]
        if name in {"lexicon", "pack", "natural"}:
            given += ["--cache", ".cache"]
        started = time.monotonic()
        done = subprocess.run(given, cwd=work, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(given)}\n{done.stderr[-2000:]}"
        print(f"{time.monotonic() - started:4.0f} s  {' '.join(given[2:])}", flush=True)
    folder = tmp_path / "own"
    files = {"image.onnx", "audio.onnx", "model.yaml", "labels.json"}
    assert files <= {file.name for file in folder.iterdir()}
    assert "pools" in json.loads((work / "report.json").read_text())
