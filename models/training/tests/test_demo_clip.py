"""The demo clip: frozen recordings and backgrounds, and it shows and sounds as its truth says."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml
from PIL import Image, ImageDraw

from whence_training.demo_clip import (
    RMS,
    SAMPLE_RATE,
    active_part,
    credit,
    load_background,
    load_cut_out,
    make_clip,
    recording,
)
from whence_training.freeze import TAIL_FROM, read_frozen

RECIPE = Path(__file__).parents[1] / "demo_clip.yaml"
WIDTH, HEIGHT = 320, 180
RED, GREEN = (220, 20, 20), (20, 200, 20)

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is missing")


def tone(hertz: float, seconds: float) -> np.ndarray:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return 0.3 * np.sin(2 * np.pi * hertz * time)


def strongest(samples: np.ndarray) -> float:
    """The pitch in hertz that has the most power."""
    power = np.abs(np.fft.rfft(samples))
    return float(np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)[power.argmax()])


def decoded(clip: Path, *options: str) -> bytes:
    command = ["ffmpeg", "-v", "error", "-i", str(clip), *options, "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Two discs on transparency, a gray photograph, two tones with silence round them."""
    root = tmp_path / "media"
    root.mkdir()
    for name, colour in (("red", RED), ("green", GREEN)):
        picture = Image.new("RGBA", (200, 120))
        ImageDraw.Draw(picture).ellipse((60, 20, 140, 100), fill=(*colour, 255))
        picture.save(root / f"{name}.png")
    Image.new("RGB", (400, 400), (128, 128, 128)).save(root / "room.png")
    gap = np.zeros(SAMPLE_RATE // 4)
    for name, pitches in (("low", (400, 400)), ("rising", (400, 1600))):
        parts = [tone(hertz, 1.0) for hertz in pitches]
        soundfile.write(root / f"{name}.wav", np.concatenate([gap, *parts, gap]), SAMPLE_RATE)
    return root


def recipe() -> dict[str, Any]:
    low = {"kind": "sound", "name": "red", "file": "low.wav", "at": 0.5, "length": 0.5}
    high = {"kind": "speech", "name": "green", "file": "rising.wav", "from": 0.7, "length": 0.5}
    objects = [
        {"name": "red", "picture": "red.png", "at": [0.25, 0.5], "height": 0.4},
        {"name": "green", "picture": "green.png", "at": [0.75, 0.5], "height": 0.4},
    ]
    scene = {"duration": 2.0, "background": "room.png", "objects": objects}
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "frame_rate": 10,
        "noise_dbfs": -60,
        "sway": 0.0,
        "scenes": [{**scene, "heard": [low]}, {**scene, "heard": [{**high, "at": 1.0}]}],
    }


def test_recordings_and_backgrounds_are_frozen() -> None:
    frozen = read_frozen()
    whole, tails = set(frozen.files.values()), set(frozen.tails.values())
    scenes = yaml.safe_load(RECIPE.read_text())["scenes"]
    items = [item for scene in scenes for item in scene["heard"]]
    learned = [item for item in items if item["file"] not in whole]
    assert {scene["background"] for scene in scenes} <= whole
    assert all(item["file"] in tails and item["from"] >= TAIL_FROM for item in learned)


def test_everything_in_the_clip_is_credited() -> None:
    shipped = (RECIPE.parents[1] / "denseav-mini" / "demo.ATTRIBUTION.md").read_text()
    credited = [line.split(" | ") for line in shipped.splitlines() if "/" in line and "|" in line]
    used = credit(RECIPE.parent, yaml.safe_load(RECIPE.read_text()))
    assert [row[0] for row in credited] == [
        line.split(" | ")[0] for line in used.splitlines() if "/" in line and "|" in line
    ]
    # Nothing else here may go into a clip under GPL-3.0-or-later.
    assert {row[1] for row in credited} <= {"GPL-2.0-or-later", "GPL-3.0-or-later"}
    assert "@" not in shipped


def test_active_part_cuts_silence_off_both_ends() -> None:
    samples = np.zeros(16_000, np.float32)
    samples[3_200:8_000] = 0.5
    assert len(active_part(samples)) == 4_800


@needs_ffmpeg
def test_a_recording_is_cut_and_levelled(media: Path) -> None:
    whole = recording(media, {"file": "low.wav"})
    assert abs(len(whole) / SAMPLE_RATE - 2.0) < 0.02
    assert np.sqrt((whole**2).mean()) == pytest.approx(RMS, rel=1e-3)
    part = recording(media, {"file": "rising.wav", "from": 0.7, "length": 0.4})
    assert len(part) == round(0.4 * SAMPLE_RATE)
    assert strongest(part) == pytest.approx(1600, abs=10)
    assert abs(float(part[-1])) < 1e-3


def test_a_cut_out_loses_its_transparent_border(media: Path) -> None:
    picture = load_cut_out(media / "red.png", 50)
    assert picture.size == (50, 50)
    assert picture.getpixel((25, 25)) == (*RED, 255)


def test_a_background_fills_the_picture_around_its_middle(tmp_path: Path) -> None:
    file = tmp_path / "bars.png"
    bars = np.zeros((100, 300, 3), np.uint8)
    bars[:, 100:200] = 255
    Image.fromarray(bars).save(file)
    square = np.asarray(load_background(file, 100, 100))
    assert square.shape == (100, 100, 3)
    assert square[:, 10:-10].min() == 255


@needs_ffmpeg
def test_the_clip_shows_and_sounds_as_its_truth_says(media: Path, tmp_path: Path) -> None:
    make_clip(media, recipe(), tmp_path)
    truth = json.loads((tmp_path / "demo.truth.json").read_text())
    assert truth["duration"] == 4.0
    assert [(e["kind"], e["name"], e["onset"], e["offset"]) for e in truth["events"]] == [
        ("sound", "red", 0.5, 1.0),
        ("speech", "green", 3.0, 3.5),
    ]
    clip = tmp_path / "demo.mkv"
    raw = np.frombuffer(decoded(clip, "-f", "rawvideo", "-pix_fmt", "rgb24"), np.uint8)
    frames = raw.reshape(-1, HEIGHT, WIDTH, 3).astype(int)
    assert len(frames) == 40
    for event in truth["events"]:
        left, top, right, bottom = event["box"]
        x, y = round((left + right) / 2 * WIDTH), round((top + bottom) / 2 * HEIGHT)
        shown = frames[round(event["onset"] * 10) + 2, y, x]
        assert shown.argmax() == (0 if event["name"] == "red" else 1)
        wall = frames[5, y, x - WIDTH // 4]
        assert np.ptp(wall) < 40
    sound = np.frombuffer(decoded(clip, "-f", "f32le", "-ac", "1", "-ar", "16000"), np.float32)
    for event in truth["events"]:
        heard = sound[round(event["onset"] * 16_000) : round(event["offset"] * 16_000)]
        assert np.sqrt((heard**2).mean()) > 0.5 * RMS
        assert strongest(heard) == pytest.approx(400 if event["kind"] == "sound" else 1600, abs=15)
    quiet = sound[20_000:44_000]
    assert np.sqrt((quiet**2).mean()) < 0.02 * RMS
