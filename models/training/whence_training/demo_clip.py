"""Makes the demo clip, its truth and its credits.

A camera pans and zooms over photographs side by side; recorded sounds, and names in natural voices,
are heard in a simulated room at known times.

    python3 -m whence_training.demo_clip --media CACHE --out ../denseav-mini [--credit-only]

Needs Debian's ffmpeg, python3-numpy, python3-pil, python3-torch and python3-yaml, and what
`natural.py` needs.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import fftconvolve

from .licences import credit_table
from .natural import Kokoro, Phonemes, joined
from .photographs import Box, Photograph, read_photographs
from .rooms import response_between
from .waveform import Samples, tidy

SAMPLE_RATE = 16000
RMS = 0.1
FINER = 2
"""Photographs are laid out at this many times the clip's size, so that zooming in stays sharp."""
GAP = 0.01
"""Between two photographs, as a share of the wall's width."""
GRAY = (52, 52, 52)
FADE = 800
ASKED = ("sounding", "silent")
"""By its sound, by its name."""
CREDIT = """# Sources of the demo clip

`models/training/whence_training/demo_clip.py` composes `demo.mkv` from the files below, out of
the packages that `media.yaml` there names. Photographs, recordings and voices are frozen for
testing, of a sound that `demo_clip.yaml` enters late only its end: the model was neither trained
on them nor tuned to them. What is shown was drawn at random
from all photographs of suitable license and name (`demo_clip.yaml`), not chosen for being found.
Photographs were cut and scaled, sounds cut, set to one loudness and put into a simulated room. The
clip as a whole is licensed under GPL-3.0-only, which all its parts allow.
"""

Speak = Callable[[str, str], Samples]
"""A text in a voice, as mono float32 at 16 kHz."""


@dataclass(frozen=True)
class Heard:
    """One sound or word of the truth; seconds from the clip's start, box in 0..1 of the picture."""

    kind: str
    name: str
    onset: float
    offset: float
    box: Box


def drawn(recipe: dict[str, Any]) -> list[list[str]]:
    """The names of what each scene shows: two things of which a sound is known, two others."""
    rng = random.Random(recipe["seed"])
    sounding, silent = (rng.sample(sorted(recipe["drawn_from"][kind]), 4) for kind in ASKED)
    return [[sounding[i], silent[i], silent[i + 1], sounding[i + 1]] for i in (0, 2)]


def decode_sound(file: Path) -> Samples:
    """Any sound file as mono float32 at 16 kHz."""
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-ac", "1", "-ar", str(SAMPLE_RATE)]
    raw = subprocess.run([*command, "-f", "f32le", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32)


def active_part(samples: Samples) -> Samples:
    """Cuts silence off both ends: 10 ms blocks below 2 % of the loudest."""
    blocks = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    level = np.sqrt((blocks**2).mean(axis=1))
    loud = np.flatnonzero(level > 0.02 * level.max())
    return samples[loud[0] * 160 : (loud[-1] + 1) * 160]


def recording(media: Path, item: dict[str, Any]) -> Samples:
    """A part of a recording, faded out where it is cut.

    `from` skips a share of the file: a recording's last 30 % are frozen where its start was trained.
    """
    samples = active_part(decode_sound(media / item["file"]))
    samples = samples[int(item.get("from", 0) * len(samples)) :]
    if "length" in item and len(samples) > item["length"] * SAMPLE_RATE:
        samples = samples[: int(item["length"] * SAMPLE_RATE)].copy()
        samples[-FADE:] *= np.linspace(1, 0, FADE, dtype=np.float32)
    return samples


def in_room(dry: Samples, response: Samples) -> Samples:
    """A recording as it is heard in a room, at the level that all have; the room's tail is appended."""
    wet = np.asarray(fftconvolve(dry, response), np.float32)
    wet *= RMS / np.sqrt((wet[: len(dry)] ** 2).mean())
    return wet / max(1.0, float(np.abs(wet).max()))


def response_in(room: dict[str, Any], rng: Generator) -> Samples:
    """The response of the recipe's room between its two places."""
    size, source, listener = (np.array(room[key]) for key in ("size", "source", "listener"))
    return response_between(size, room["absorption"], source, listener, rng)


def kokoro(media: Path) -> Speak:
    """Kokoro's voices, loaded when they are first asked for."""
    loaded: list[Kokoro] = []

    def speak(text: str, voice: str) -> Samples:
        if not loaded:
            joined(media)
            loaded.append(Kokoro(media, Phonemes(media)))
        spoken = loaded[0].say(text, voice, 1.0)
        samples = None if spoken is None else tidy(spoken)
        if samples is None:
            raise ValueError(f"Cannot say {text!r}: the voice {voice} must speak it")
        return samples

    return speak


def cut_around(size: tuple[int, int], box: Box, aspect: float) -> tuple[float, float, float, float]:
    """The largest part of a photograph of an aspect, around a box's middle as far as it goes; pixels."""
    width, height = size
    part = (min(width, height * aspect), min(height, width / aspect))
    middle = ((box[0] + box[2]) / 2 * width, (box[1] + box[3]) / 2 * height)
    left, top = (float(np.clip(middle[i] - part[i] / 2, 0, size[i] - part[i])) for i in (0, 1))
    return left, top, left + part[0], top + part[1]


@dataclass(frozen=True)
class Wall:
    """Photographs side by side, and the box of each thing in 0..1 of the whole."""

    picture: Image.Image
    boxes: dict[str, Box]


def lay_out(media: Path, photographs: list[Photograph], width: int, height: int) -> Wall:
    """Four photographs, two by two, each cut to one aspect around what is named in it."""
    wall = Image.new("RGB", (width, height), GRAY)
    gap = round(GAP * width)
    tile = ((width - gap) // 2, (height - gap) // 2)
    boxes: dict[str, Box] = {}
    for number, photograph in enumerate(photographs):
        whole = Image.fromarray(photograph.pixels(media))
        thing = photograph.things[0]
        part = cut_around(whole.size, thing.box, tile[0] / tile[1])
        corner = (number % 2 * (tile[0] + gap), number // 2 * (tile[1] + gap))
        wall.paste(whole.resize(tile, Image.Resampling.LANCZOS, box=part), corner)
        left, top, right, bottom = (
            cut_edge(thing.box[i] * whole.size[i % 2], part[i % 2], part[2 + i % 2], tile[i % 2])
            + corner[i % 2]
            for i in range(4)
        )
        boxes[thing.name] = (left / width, top / height, right / width, bottom / height)
    return Wall(wall, boxes)


def cut_edge(edge: float, low: float, high: float, size: int) -> float:
    """Where an edge of a photograph comes to be when `low..high` of it becomes `size` pixels."""
    return float(np.clip((edge - low) / (high - low), 0, 1)) * size


View = tuple[float, float, float]
"""Center and width of what a camera sees, in 0..1 of the wall."""


def view_at(view: dict[str, list[float]], share: float) -> View:
    """Where the camera looks after a share of the scene: it starts and stops gently."""
    eased = 0.5 - 0.5 * np.cos(np.pi * share)
    x, y, width = (
        float(a + (b - a) * eased) for a, b in zip(view["from"], view["to"], strict=True)
    )
    half = width / 2
    return float(np.clip(x, half, 1 - half)), float(np.clip(y, half, 1 - half)), width


def seen(box: Box, view: View) -> Box:
    """A box of the wall in 0..1 of what the camera sees, cut at the edges."""
    x, y, width = view
    corner = (x - width / 2, y - width / 2)
    a, b, c, d = (
        round(float(np.clip((value - corner[i % 2]) / width, 0, 1)), 4)
        for i, value in enumerate(box)
    )
    return a, b, c, d


def film(wall: Wall, view: View, size: tuple[int, int]) -> NDArray[np.uint8]:
    """One frame."""
    x, y, width = view
    wide, high = wall.picture.size
    part = (
        (x - width / 2) * wide, (y - width / 2) * high,
        (x + width / 2) * wide, (y + width / 2) * high,
    )  # fmt: skip
    return np.asarray(wall.picture.resize(size, Image.Resampling.LANCZOS, box=part))


def make_clip(
    media: Path,
    recipe: dict[str, Any],
    out: Path,
    speak: Speak,
    listed: list[Photograph] | None = None,
) -> None:
    """Writes `demo.mkv` and `demo.truth.json`; a true box is where the thing is while it is heard."""
    width, height, rate = recipe["width"], recipe["height"], recipe["frame_rate"]
    known = {one.file: one for one in listed or read_photographs()}
    rng = np.random.default_rng(0)
    frames: list[NDArray[np.uint8]] = []
    sounds: list[Samples] = []
    heard: list[Heard] = []
    objects: list[dict[str, Any]] = []
    start = 0.0
    response = response_in(recipe["room"], rng)
    for scene in recipe["scenes"]:
        duration = scene["duration"]
        photographs = [known[file] for file in scene["photographs"]]
        wall = lay_out(media, photographs, FINER * width, FINER * height)
        count = round(duration * rate)
        for number in range(count):
            view = view_at(scene["view"], number / (count - 1))
            frames.append(film(wall, view, (width, height)))
        for name, box in wall.boxes.items():
            ends = [seen(box, view_at(scene["view"], share)) for share in (0, 1)]
            objects.append({"name": name, "from": start, "box": ends[0], "box_at_end": ends[1]})
        noise = rng.standard_normal(round(duration * SAMPLE_RATE))
        sound = (noise * 10 ** (recipe["noise_dbfs"] / 20)).astype(np.float32)
        for item in scene["heard"]:
            spoken = "voice" in item
            dry = speak(item["name"], item["voice"]) if spoken else recording(media, item)
            samples = in_room(dry, response)
            at = round(item["at"] * SAMPLE_RATE)
            sound[at : at + len(samples)] += samples[: len(sound) - at]
            lasts = len(dry) / SAMPLE_RATE
            middle = view_at(scene["view"], (item["at"] + lasts / 2) / duration)
            onset = round(start + item["at"], 3)
            box = seen(wall.boxes[item["name"]], middle)
            heard.append(Heard(item["kind"], item["name"], onset, round(onset + lasts, 3), box))
        sounds.append(sound)
        start += duration
    encode(np.stack(frames), np.concatenate(sounds), rate, out / "demo.mkv")
    truth = {
        "duration": start,
        "width": width,
        "height": height,
        "objects": objects,
        "events": [vars(item) for item in sorted(heard, key=lambda item: item.onset)],
    }
    (out / "demo.truth.json").write_text(json.dumps(truth, indent=2) + "\n")


def encode(frames: NDArray[np.uint8], sound: Samples, frame_rate: int, file: Path) -> None:
    """Writes frames uint8 [n, H, W, 3] and mono samples as H.264 and Opus in Matroska."""
    _, height, width, _ = frames.shape
    with tempfile.TemporaryDirectory() as folder:
        track = Path(folder) / "sound.wav"
        with wave.open(str(track), "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(SAMPLE_RATE)
            wav.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
        source = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {frame_rate} -i -".split()
        video = "-c:v libx264 -preset slow -crf 25 -pix_fmt yuv420p -g 24".split()
        audio = "-c:a libopus -b:a 48k -map_metadata -1 -fflags +bitexact".split()
        command = ["ffmpeg", "-v", "error", "-y", *source, "-i", str(track), *video, *audio]
        subprocess.run([*command, str(file)], input=frames.tobytes(), check=True)


def sources_of(recipe: dict[str, Any]) -> list[str]:
    """Every photograph and recording of the clip, and the voices' package."""
    files: set[str] = set()
    for scene in recipe["scenes"]:
        files |= set(scene["photographs"])
        files |= {item["file"] for item in scene["heard"] if "file" in item}
        files |= {
            f"npm/kokoro/package/voices/{i['voice']}.bin" for i in scene["heard"] if "voice" in i
        }
    return sorted(files)


def credit(media: Path, recipe: dict[str, Any]) -> str:
    """Every file of the clip with its license and copyright, as Markdown."""
    return credit_table(media, sources_of(recipe), CREDIT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, required=True, help="folder of unpacked packages")
    parser.add_argument("--recipe", type=Path, default=Path(__file__).parents[1] / "demo_clip.yaml")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--credit-only", action="store_true", help="write demo.ATTRIBUTION.md and no clip"
    )
    options = parser.parse_args()
    recipe = yaml.safe_load(options.recipe.read_text())
    (options.out / "demo.ATTRIBUTION.md").write_text(credit(options.media, recipe))
    if not options.credit_only:
        make_clip(options.media, recipe, options.out, kokoro(options.media))


if __name__ == "__main__":
    main()
