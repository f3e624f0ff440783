"""Training pairs from a folder of ordinary, unlabeled video files: a frame and the sound round it.

Each file is decoded once by ffmpeg into a cache beside the run and read from there by memory map, so
that a folder may be far larger than memory.
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .batches import KINDS, Batch, BatchConfig, mix_up
from .frontend import SAMPLE_RATE
from .sounds import activity

SUFFIXES = {".mp4", ".mkv", ".mov", ".webm", ".avi", ".ts", ".m4v", ".ogv"}
FRAMES_PER_SECOND = 4


@dataclass
class Video:
    """A decoded file: `frames uint8 [n, size, size, 3]` at 4 a second, `samples int16` at 16 kHz."""

    path: Path
    frames: NDArray[np.uint8]
    samples: NDArray[np.int16]

    @property
    def seconds(self) -> float:
        return min(len(self.frames) / FRAMES_PER_SECOND, len(self.samples) / SAMPLE_RATE)


def run_ffmpeg(path: Path, arguments: list[str], out: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(path), *arguments, str(out)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise RuntimeError("Cannot decode videos: ffmpeg must be installed, got none") from error
    if done.returncode != 0:
        told = done.stderr.strip().splitlines() or ["no message"]
        raise ValueError(f"Cannot decode {path}: {told[-1]}")


def decode(path: Path, size: int, cache: Path) -> Video:
    """Decodes a file, or reads it from the cache. Raises ValueError if it has no picture or sound."""
    status = path.stat()
    key = json.dumps([str(path.resolve()), status.st_size, status.st_mtime_ns, size])
    name = hashlib.sha256(key.encode()).hexdigest()[:24]
    pictures, sound = cache / f"{name}.rgb", cache / f"{name}.s16"
    if not (pictures.exists() and sound.exists()):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            scaled = f"fps={FRAMES_PER_SECOND},scale={size}:{size}:flags=area"
            video = ["-map", "0:v:0", "-vf", scaled, "-pix_fmt", "rgb24", "-f", "rawvideo"]
            audio = ["-map", "0:a:0", "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le"]
            run_ffmpeg(path, audio, Path(folder) / "sound")
            run_ffmpeg(path, video, Path(folder) / "pictures")
            (Path(folder) / "sound").replace(sound)
            (Path(folder) / "pictures").replace(pictures)
    frame_bytes = size * size * 3
    count = pictures.stat().st_size // frame_bytes
    if count == 0 or sound.stat().st_size < 2:
        raise ValueError(f"Cannot use {path}: it must have pictures and sound, got an empty stream")
    frames = np.memmap(pictures, np.uint8, "r", shape=(count, size, size, 3))
    return Video(path, frames, np.memmap(sound, np.int16, "r"))


def find_videos(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())


class VideoBatches:
    """Batches of pairs; the same interface as `BatchMaker`. No tags: every clip is of one kind."""

    def __init__(
        self, folder: Path, config: BatchConfig, seed: int, cache: Path | None = None
    ) -> None:
        self.config = config
        self.rng = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.difficulty = 1.0
        self.skipped: list[str] = []
        self.videos: list[Video] = []
        cache = cache or folder / ".whence-cache"
        for path in find_videos(folder):
            try:
                video = decode(path, config.size, cache)
            except ValueError as error:
                self.skipped.append(str(error))
                print(f"Skipping: {error}", flush=True)
                continue
            if video.seconds >= config.seconds:
                self.videos.append(video)
            else:
                self.skipped.append(f"{path} is shorter than {config.seconds} s")
        if not self.videos:
            raise ValueError(
                f"Cannot train on {folder}: it must hold video files with sound of at least "
                f"{config.seconds} s, got none"
            )

    def moments(self) -> list[tuple[Video, float]]:
        """Moments (s) at the middle of each pair's sound; files are drawn without replacement."""
        files: list[Video] = []
        while len(files) < self.config.pictures:
            files += self.rng.sample(self.videos, len(self.videos))
        half = self.config.seconds / 2
        chosen = files[: self.config.pictures]
        return [(v, self.rng.uniform(half, max(half, v.seconds - half))) for v in chosen]

    def next(self) -> Batch:
        config = self.config
        duration = int(config.seconds * SAMPLE_RATE)
        pictures, sounds = [], []
        for video, moment in self.moments():
            frame = video.frames[min(len(video.frames) - 1, int(moment * FRAMES_PER_SECOND))]
            first = max(0, int((moment - config.seconds / 2) * SAMPLE_RATE))
            piece = np.zeros(duration, np.float32)
            heard = video.samples[first : first + duration]
            piece[: len(heard)] = heard / np.float32(32768)
            mirrored = self.rng.random() < 0.5
            pictures.append(torch.from_numpy(np.array(frame[:, ::-1] if mirrored else frame)))
            sounds.append(torch.from_numpy(piece))
        frames, own = mix_up(torch.stack(pictures), config.mix_ups, self.generator)
        waveform = torch.stack(sounds)
        count = len(waveform)
        heard_steps = activity(waveform)
        active = torch.zeros(count, len(KINDS), heard_steps.shape[1], dtype=torch.bool)
        active[:, 0] = heard_steps
        owner = torch.full((count, len(KINDS)), -1)
        owner[:, 0] = torch.arange(count)
        none = torch.full_like(owner, -1)
        empty: Tensor = torch.zeros(count, 0, 0, 0, dtype=torch.bool)
        return Batch(frames, waveform, active, owner, none, none, empty, own)
