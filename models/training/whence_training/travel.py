"""Packs a media pack for a machine that reaches no registry: parts of at most 50 MB each.

    python3 -m whence_training.travel pack PACK DIR      # writes DIR/part-00.tar …
    python3 -m whence_training.travel unpack DIR OUT     # the pack again

Pictures travel as WebP, sound as Opus (24 kbit/s by default) in reels of some ten minutes, so that a
pack of 0.9 GB becomes about a tenth. Lossy: the rows' `sha256` still names the files they came from.
Packing needs ffmpeg; unpacking Pillow, NumPy and soundfile (whose wheel has its own decoder).
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image

from .open_pack import AUDIO_STORE, STORES, OpenPack
from .waveform import SAMPLE_RATE

PART_BYTES = 50_000_000
REEL_SECONDS = 600
WEBP_QUALITY = 90
HEARD = ("sounds", "words", "noises")

File = tuple[str, bytes]


def encode_picture(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "WEBP", quality=WEBP_QUALITY, method=4)
    return out.getvalue()


def decode_picture(content: bytes, channels: int) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGBA" if channels == 4 else "RGB"))


def encode_reel(samples: NDArray[np.int16], bits: int) -> bytes:
    """Mono 16 kHz samples as Opus in Ogg."""
    source = f"-f s16le -ar {SAMPLE_RATE} -ac 1 -i -".split()
    codec = f"-c:a libopus -b:a {bits} -application audio -f ogg -".split()
    command = ["ffmpeg", "-v", "error", *source, *codec]
    return subprocess.run(command, input=samples.tobytes(), capture_output=True, check=True).stdout


def decode_reel(content: bytes, count: int) -> NDArray[np.int16]:
    """The samples again, exactly `count` of them."""
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32")
    samples = samples[:: rate // SAMPLE_RATE] if rate != SAMPLE_RATE else samples
    fixed = np.zeros(count, np.int16)
    kept = np.rint(np.clip(samples[:count], -1, 1) * 32767).astype(np.int16)
    fixed[: len(kept)] = kept
    return fixed


def files_of(pack: OpenPack, bits: int) -> Iterator[File]:
    yield "index.json", json.dumps(pack.index).encode()
    for part in STORES:
        pixels_of = pack.picture if part == "pictures" else pack.background
        for number, row in enumerate(pack.index[part]):
            yield f"{part}/{number:06}.webp", encode_picture(np.array(pixels_of(row)))
    length = REEL_SECONDS * SAMPLE_RATE
    for number, start in enumerate(range(0, len(pack.audio), length)):
        reel = np.array(pack.audio[start : start + length])
        yield f"audio/{number:04}-{len(reel)}.ogg", encode_reel(reel, bits)


def in_parts(files: Iterator[File]) -> Iterator[list[File]]:
    """Groups files so that each group's tar stays under the limit."""
    group: list[File] = []
    used = 0
    for file in files:
        size = 512 + len(file[1]) + -len(file[1]) % 512
        if group and used + size > PART_BYTES - 2 * tarfile.RECORDSIZE:
            yield group
            group, used = [], 0
        group.append(file)
        used += size
    yield group


def write_parts(files: Iterator[File], out: Path) -> int:
    """Fills one tar after another; how many."""
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    for group in in_parts(files):
        with tarfile.open(out / f"part-{count:02}.tar", "w") as tar:
            for name, content in group:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        count += 1
    return count


def read_parts(folder: Path) -> Iterator[File]:
    parts = sorted(folder.glob("**/part-*.tar"))
    if not parts:
        raise ValueError(f"Cannot unpack {folder}: it must hold part-00.tar, got none")
    for part in parts:
        with tarfile.open(part) as tar:
            for entry in tar:
                opened = tar.extractfile(entry)
                if opened is not None:
                    yield entry.name, opened.read()


def unpack(folder: Path, out: Path) -> None:
    """Writes the raw pack. Pictures and reels travel in the order in which they are stored."""
    out.mkdir(parents=True, exist_ok=True)
    index: dict[str, Any] = {}
    written = dict.fromkeys((*STORES, "audio"), 0)
    stores = {part: (out / name).open("wb") for part, name in STORES.items()}
    with (out / AUDIO_STORE).open("wb") as audio:
        for name, content in read_parts(folder):
            kind, _, number = name.partition("/")
            if kind == "index.json":
                index = json.loads(content)
                (out / kind).write_bytes(content)
            elif kind == "audio":
                audio.write(decode_reel(content, int(number[:-4].split("-")[1])).tobytes())
                written["audio"] += 1
            else:
                row = index[kind][int(number[:-5])]
                pixels = decode_picture(content, 4 if kind == "pictures" else 3)
                if stores[kind].tell() != row["offset"] or pixels.shape[:2] != (
                    row["height"],
                    row["width"],
                ):
                    raise ValueError(f"Cannot unpack {folder}: {name} must fit its row")
                stores[kind].write(pixels.tobytes())
                written[kind] += 1
        heard = max((r["offset"] + r["length"] for p in HEARD for r in index.get(p, [])), default=0)
        complete = all(written[part] == len(index.get(part, [])) for part in STORES)
        if not index or not complete or audio.tell() // 2 < heard:
            raise ValueError(f"Cannot unpack {folder}: all parts must be there, got {written}")
    for file in stores.values():
        file.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack")
    packing.add_argument("pack", type=Path)
    packing.add_argument("out", type=Path)
    packing.add_argument("--bits", type=int, default=24_000, help="Opus, bits a second")
    unpacking = commands.add_parser("unpack")
    unpacking.add_argument("folder", type=Path)
    unpacking.add_argument("out", type=Path)
    given = parser.parse_args()
    try:
        if given.command == "pack":
            count = write_parts(files_of(OpenPack(given.pack), given.bits), given.out)
            print(f"{count} parts in {given.out}")
        else:
            unpack(given.folder, given.out)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
