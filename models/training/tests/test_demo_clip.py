"""The demo clip: all of it is frozen, drawn as it says, and it shows and sounds as its truth says."""

from __future__ import annotations

import hashlib
import json
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
    cut_around,
    drawn,
    in_room,
    make_clip,
    recording,
    response_in,
    seen,
    view_at,
)
from whence_training.freeze import TAIL_FROM, read_frozen
from whence_training.photographs import Photograph, Thing, read_photographs

RECIPE = Path(__file__).parents[1] / "demo_clip.yaml"
WIDTH, HEIGHT = 320, 240
COLOURS = {
    "red": (220, 20, 20),
    "green": (20, 200, 20),
    "blue": (20, 20, 220),
    "white": (250, 250, 250),
}
ROOM = {
    "size": [5.0, 4.0, 2.6],
    "absorption": 0.35,
    "source": [2.2, 2.2, 1.2],
    "listener": [3.3, 1.7, 1.2],
}


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
    """Photographs of one colour each with a gray border, two tones with silence round them."""
    root = tmp_path / "media"
    root.mkdir()
    for name, colour in COLOURS.items():
        picture = Image.new("RGB", (400, 300), (128, 128, 128))
        ImageDraw.Draw(picture).rectangle((100, 75, 300, 225), fill=colour)
        picture.save(root / f"{name}.png")
    gap = np.zeros(SAMPLE_RATE // 4)
    for name, pitches in (("low", (400, 400)), ("rising", (400, 1600))):
        parts = [tone(hertz, 1.0) for hertz in pitches]
        soundfile.write(root / f"{name}.wav", np.concatenate([gap, *parts, gap]), SAMPLE_RATE)
    return root


def listed(media: Path) -> list[Photograph]:
    box = (0.25, 0.25, 0.75, 0.75)
    digest = {n: hashlib.sha256((media / f"{n}.png").read_bytes()).hexdigest() for n in COLOURS}
    return [Photograph(f"{n}.png", "test", digest[n], [Thing(n, box)]) for n in COLOURS]


def recipe() -> dict[str, Any]:
    scene = {
        "duration": 2.0,
        "photographs": [f"{name}.png" for name in COLOURS],
        "view": {"from": [0.5, 0.5, 1.0], "to": [0.55, 0.5, 0.8]},
    }
    low = {"kind": "sound", "name": "red", "file": "low.wav", "at": 0.5, "length": 0.5}
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "frame_rate": 10,
        "noise_dbfs": -60,
        "room": ROOM,
        "scenes": [
            {**scene, "heard": [low]},
            {**scene, "heard": [{"kind": "speech", "name": "blue", "voice": "one", "at": 1.0}]},
        ],
    }


def shipped() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(RECIPE.read_text())
    return content


def test_the_scenes_are_the_draw_and_each_thing_is_asked_for_once() -> None:
    names = {one.file: one.things[0].name for one in read_photographs() if one.things}
    for scene, wanted in zip(shipped()["scenes"], drawn(shipped()), strict=True):
        assert [names[file] for file in scene["photographs"]] == wanted
        assert sorted(item["name"] for item in scene["heard"]) == sorted(wanted)
        for item in scene["heard"]:
            sounding = item["name"] in shipped()["drawn_from"]["sounding"]
            assert item["kind"] == ("sound" if sounding else "speech")


def test_photographs_recordings_and_voices_are_frozen() -> None:
    frozen = read_frozen()
    split = {one.file: one.split for one in read_photographs()}
    whole, tails = set(frozen.files.values()), set(frozen.tails.values())
    items = [item for scene in shipped()["scenes"] for item in scene["heard"]]
    shown = [file for scene in shipped()["scenes"] for file in scene["photographs"]]
    assert all(split[file] == "test" and file in whole for file in shown)
    assert {item["voice"] for item in items if "voice" in item} <= set(frozen.voices["kokoro"])
    learned = [item for item in items if "file" in item and item["file"] not in whole]
    assert all(item["file"] in tails and item["from"] >= TAIL_FROM for item in learned)


def test_everything_in_the_clip_is_credited() -> None:
    text = (RECIPE.parents[1] / "denseav-mini" / "demo.ATTRIBUTION.md").read_text()
    credited = [line.split(" | ") for line in text.splitlines() if "/" in line and "|" in line]
    used = credit(RECIPE.parent, shipped())
    assert [row[0] for row in credited] == [
        line.split(" | ")[0] for line in used.splitlines() if "/" in line and "|" in line
    ]
    # Nothing else may go into a clip under GPL-3.0-only.
    assert {row[1] for row in credited} <= {
        "GPL-2.0-or-later",
        "GPL-3.0-or-later",
        "GPL-3.0-only",
        "LicenseRef-public-domain",
        "BSD-3-Clause",
        "Apache-2.0",
    }
    assert "@" not in text


def test_active_part_cuts_silence_off_both_ends() -> None:
    samples = np.zeros(16_000, np.float32)
    samples[3_200:8_000] = 0.5
    assert len(active_part(samples)) == 4_800


def test_a_recording_is_cut_and_levelled(media: Path) -> None:
    whole = recording(media, {"file": "low.wav"})
    assert abs(len(whole) / SAMPLE_RATE - 2.0) < 0.02
    part = recording(media, {"file": "rising.wav", "from": 0.7, "length": 0.4})
    assert len(part) == round(0.4 * SAMPLE_RATE)
    assert strongest(part) == pytest.approx(1600, abs=10)
    assert abs(float(part[-1])) < 1e-3


def test_a_room_keeps_the_level_and_adds_a_tail() -> None:
    dry = np.asarray(tone(500, 0.5), np.float32)
    response = response_in(ROOM, np.random.default_rng(0))
    wet = in_room(dry, response)
    assert np.sqrt((wet[: len(dry)] ** 2).mean()) == pytest.approx(RMS, rel=1e-3)
    tail = wet[len(dry) :]
    assert len(tail) == len(response) - 1
    early, late = tail[:1600], tail[-1600:]
    assert 0 < np.sqrt((late**2).mean()) < 0.1 * np.sqrt((early**2).mean())


def test_a_photograph_is_cut_around_what_is_named() -> None:
    assert cut_around((400, 300), (0, 0, 1, 1), 4 / 3) == (0, 0, 400, 300)
    assert cut_around((400, 300), (0.8, 0, 1, 1), 1) == (100, 0, 400, 300)
    assert cut_around((300, 300), (0, 0, 1, 0.2), 2) == (0, 0, 300, 150)


def test_the_camera_moves_from_one_view_to_another_and_stays_on_the_wall() -> None:
    view = {"from": [0.5, 0.5, 1.0], "to": [0.9, 0.5, 0.5]}
    assert view_at(view, 0) == (0.5, 0.5, 1.0)
    assert view_at(view, 1) == (0.75, 0.5, 0.5)
    assert seen((0.5, 0.5, 1.0, 1.0), (0.75, 0.5, 0.5)) == (0.0, 0.5, 1.0, 1.0)


def test_the_clip_shows_and_sounds_as_its_truth_says(media: Path, tmp_path: Path) -> None:
    def speak(text: str, voice: str) -> np.ndarray:
        assert (text, voice) == ("blue", "one")
        return np.asarray(tone(1600, 0.5), np.float32)

    make_clip(media, recipe(), tmp_path, speak, listed(media))
    truth = json.loads((tmp_path / "demo.truth.json").read_text())
    assert truth["duration"] == 4.0
    assert [(e["kind"], e["name"], e["onset"], e["offset"]) for e in truth["events"]] == [
        ("sound", "red", 0.5, 1.0),
        ("speech", "blue", 3.0, 3.5),
    ]
    clip = tmp_path / "demo.mkv"
    raw = np.frombuffer(decoded(clip, "-f", "rawvideo", "-pix_fmt", "rgb24"), np.uint8)
    frames = raw.reshape(-1, HEIGHT, WIDTH, 3).astype(int)
    assert len(frames) == 40
    for event in truth["events"]:
        middle = frames[round((event["onset"] + event["offset"]) / 2 * 10)]
        left, top, right, bottom = event["box"]
        for x, y in ((left + 0.02, top + 0.02), (right - 0.02, bottom - 0.02)):
            shown = middle[round(y * HEIGHT), round(x * WIDTH)]
            assert abs(shown - COLOURS[event["name"]]).max() < 40, (event, shown)
        outside = middle[round((top + bottom) / 2 * HEIGHT), round((right + 0.03) * WIDTH)]
        assert np.ptp(outside) < 40
    sound = np.frombuffer(decoded(clip, "-f", "f32le", "-ac", "1", "-ar", "16000"), np.float32)
    for event in truth["events"]:
        heard = sound[round(event["onset"] * 16_000) : round(event["offset"] * 16_000)]
        assert np.sqrt((heard**2).mean()) > 0.5 * RMS
        assert strongest(heard) == pytest.approx(400 if event["kind"] == "sound" else 1600, abs=15)
    quiet = sound[26_000:44_000]
    assert np.sqrt((quiet**2).mean()) < 0.02 * RMS
