"""Ordinary video files, end to end: ffmpeg makes them, the trainer learns which sound goes where."""

from __future__ import annotations

import csv
import math
import subprocess
from pathlib import Path

import pytest
import torch

from whence_training.batches import BatchConfig
from whence_training.curriculum import CurriculumConfig
from whence_training.nets import NetConfig
from whence_training.objective import LossWeights
from whence_training.settings import Settings
from whence_training.train import Trainer
from whence_training.videos import VideoBatches, decode, find_videos

COLOURS = ("red", "lime", "blue", "yellow", "cyan", "magenta")
CONFIG = BatchConfig(pictures=6, size=64, seconds=0.8)


def make_video(path: Path, colour: str, pitch: int, seconds: float = 3) -> None:
    """A box of one color that crosses a dark picture, with a tone."""

    def still(name: str, size: str) -> list[str]:
        return ["-f", "lavfi", "-i", f"color=c={name}:s={size}:r=10:d={seconds}"]

    command = ["ffmpeg", "-v", "error", "-y", *still("black", "160x120"), *still(colour, "100x100")]
    if pitch:
        command += ["-f", "lavfi", "-i", f"sine=frequency={pitch}:sample_rate=44100:d={seconds}"]
    crossing = "[0:v][1:v]overlay=x='5+15*t':y=10[v]"
    command += ["-filter_complex", crossing, "-map", "[v]", *(["-map", "2:a"] if pitch else [])]
    command += ["-c:v", "mpeg4", "-q:v", "3", "-c:a", "aac", str(path)]
    subprocess.run(command, check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("videos")
    (made / "deeper").mkdir()
    for index, colour in enumerate(COLOURS):
        where = made / "deeper" if index % 2 else made
        make_video(where / f"{colour}.mp4", colour, int(200 * 1.6**index))
    make_video(made / "mute.mp4", "white", 0)
    (made / "notes.txt").write_text("not a video")
    return made


def test_finds_videos_in_every_folder(folder: Path) -> None:
    assert len(find_videos(folder)) == len(COLOURS) + 1


def test_a_pair_is_a_frame_and_the_sound_round_it(folder: Path, tmp_path: Path) -> None:
    source = VideoBatches(folder, CONFIG, 0, tmp_path)
    assert len(source.videos) == len(COLOURS)
    assert len(source.skipped) == 1
    assert "mute.mp4" in source.skipped[0]
    batch = source.next()
    assert batch.frames.shape == (6, 64, 64, 3)
    assert batch.waveform.shape == (6, 12_800)
    assert batch.active[:, 0].all()
    assert batch.owner[:, 0].tolist() == list(range(6))
    for frame, wave in zip(batch.frames, batch.waveform, strict=True):
        colour = frame.reshape(-1, 3)[frame.reshape(-1, 3).int().sum(1).argmax()] > 128
        name = {(1, 0, 0): 0, (0, 1, 0): 1, (0, 0, 1): 2, (1, 1, 0): 3, (0, 1, 1): 4, (1, 0, 1): 5}
        wanted = 200 * 1.6 ** name[tuple(colour.int().tolist())]
        heard = float(torch.fft.rfft(wave).abs().argmax()) * 16_000 / len(wave)
        assert heard == pytest.approx(wanted, rel=0.05)


def test_decodes_a_file_once(folder: Path, tmp_path: Path) -> None:
    path = folder / "red.mp4"
    first = decode(path, 64, tmp_path)
    kept = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    decode(path, 64, tmp_path)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == kept
    assert first.seconds == pytest.approx(3, abs=0.3)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must hold video files with sound"):
        VideoBatches(tmp_path, CONFIG, 0)


def test_it_learns_from_unlabelled_videos(folder: Path, tmp_path: Path) -> None:
    settings = Settings(
        out=str(tmp_path / "run"),
        videos=str(folder),
        steps=80,
        log_every=10,
        net=NetConfig(
            channels=32, picture_size=64, picture_width=32, sound_width=16, audio_width=48
        ),
        batch=CONFIG,
        curriculum=CurriculumConfig(start=1.0, pool_from=0.5, pool_to=0.8, warm_up_steps=10),
        loss=LossWeights(routed=False),
    )
    Trainer(settings).run()
    with (tmp_path / "run" / "curves.csv").open(newline="") as file:
        contrast = [float(row["contrast"]) for row in csv.DictReader(file)]
    assert contrast[-1] < 0.5 * math.log(6)
    assert (tmp_path / "run" / "checkpoint.pt").exists()
