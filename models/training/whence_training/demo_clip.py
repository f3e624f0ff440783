"""Makes the demo clip, its truth and its credits.

Cut-outs on a photograph; recorded sounds and names at known times.

    python3 -m whence_training.demo_clip --media CACHE --out ../denseav-mini [--credit-only]

Needs Debian's ffmpeg, python3-numpy, python3-pil and python3-yaml.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from .licences import credit_table

SAMPLE_RATE = 16000
RMS = 0.1
PICTURE_ALPHA = 20
CREDIT = """# Sources of the demo clip

`models/training/whence_training/demo_clip.py` composes `demo.mkv` from the files below, out of
the Debian packages that `media.yaml` there names. Recordings and backgrounds are frozen for
testing, that is never trained on; of a sound that `demo_clip.yaml` enters late, only the end is.
The pictures are ones that the shipped model has seen. All were chosen for being found more often
than not in random scenes: the clip demonstrates and does not measure. Pictures were scaled, sounds
cut and set to one loudness. The clip as a whole is licensed under GPL-3.0-or-later, which all its
parts allow.
"""


@dataclass(frozen=True)
class Heard:
    """One sound or word of the truth; seconds from the clip's start, box in 0..1 of the picture."""

    kind: str
    name: str
    onset: float
    offset: float
    box: tuple[float, float, float, float]


def decode_sound(file: Path) -> np.ndarray:
    """Any sound file as mono float32 at 16 kHz."""
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-ac", "1", "-ar", str(SAMPLE_RATE)]
    raw = subprocess.run([*command, "-f", "f32le", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32)


def active_part(samples: np.ndarray) -> np.ndarray:
    """Cuts silence off both ends: 10 ms blocks below 2 % of the loudest."""
    blocks = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    level = np.sqrt((blocks**2).mean(axis=1))
    loud = np.flatnonzero(level > 0.02 * level.max())
    return samples[loud[0] * 160 : (loud[-1] + 1) * 160]


def recording(media: Path, item: dict[str, Any]) -> np.ndarray:
    """The part of a recording that an item asks for, at the level all recordings have.

    `from` skips a share of the file: a recording's last 30 % are frozen where its start was trained.
    """
    samples = active_part(decode_sound(media / item["file"]))
    samples = samples[int(item.get("from", 0) * len(samples)) :]
    if "length" in item:
        samples = samples[: int(item["length"] * SAMPLE_RATE)].copy()
        fade = np.linspace(1, 0, 800, dtype=np.float32)
        samples[-800:] *= fade[-len(samples) :]
    samples = samples * (RMS / np.sqrt((samples**2).mean()))
    return samples / max(1.0, float(np.abs(samples).max()))


def load_cut_out(file: Path, height: int) -> Image.Image:
    """A stamp cropped to what is not transparent, of the height given."""
    picture = Image.open(file).convert("RGBA")
    box = picture.getchannel("A").point(lambda a: 255 if a > PICTURE_ALPHA else 0).getbbox()
    picture = picture.crop(box)
    width = max(1, round(picture.width * height / picture.height))
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def load_background(file: Path, width: int, height: int) -> Image.Image:
    """A photograph that fills the picture, its middle kept."""
    picture = Image.open(file).convert("RGB")
    scale = max(width / picture.width, height / picture.height)
    size = (round(picture.width * scale), round(picture.height * scale))
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    resized = picture.resize(size, Image.Resampling.LANCZOS)
    return resized.crop((left, top, left + width, top + height))


def make_clip(media: Path, recipe: dict[str, Any], out: Path) -> None:
    """Writes `demo.mkv` and `demo.truth.json`."""
    width, height = recipe["width"], recipe["height"]
    rng = np.random.default_rng(0)
    frames: list[np.ndarray] = []
    sounds: list[np.ndarray] = []
    heard: list[Heard] = []
    objects: list[dict[str, Any]] = []
    start = 0.0
    for scene in recipe["scenes"]:
        boxes: dict[str, tuple[float, float, float, float]] = {}
        cut_outs = []
        for thing in scene["objects"]:
            picture = load_cut_out(media / thing["picture"], round(thing["height"] * height))
            left = round(thing["at"][0] * width - picture.width / 2)
            top = round(thing["at"][1] * height - picture.height / 2)
            right, bottom = left + picture.width, top + picture.height
            clipped = (max(0, left), max(0, top), min(width, right), min(height, bottom))
            boxes[thing["name"]] = tuple(
                round(v / (width, height)[i % 2], 4) for i, v in enumerate(clipped)
            )
            cut_outs.append((picture, left, top))
            objects.append({"name": thing["name"], "from": start, "box": boxes[thing["name"]]})
        background = load_background(media / scene["background"], width, height)
        for number in range(round(scene["duration"] * recipe["frame_rate"])):
            # A hand-held camera's sway, so that no two frames are alike.
            shift = recipe["sway"] * width * np.sin(number / recipe["frame_rate"] * 2.3)
            frame = background.copy()
            for picture, left, top in cut_outs:
                frame.paste(picture, (left + round(shift), top), picture)
            frames.append(np.asarray(frame))
        noise = rng.standard_normal(round(scene["duration"] * SAMPLE_RATE))
        sound = (noise * 10 ** (recipe["noise_dbfs"] / 20)).astype(np.float32)
        for item in scene["heard"]:
            samples = recording(media, item)
            at = round(item["at"] * SAMPLE_RATE)
            sound[at : at + len(samples)] += samples[: len(sound) - at]
            onset = round(start + item["at"], 3)
            offset = round(onset + len(samples) / SAMPLE_RATE, 3)
            heard.append(Heard(item["kind"], item["name"], onset, offset, boxes[item["name"]]))
        sounds.append(sound)
        start += scene["duration"]
    encode(np.stack(frames), np.concatenate(sounds), recipe["frame_rate"], out / "demo.mkv")
    truth = {
        "duration": start,
        "width": width,
        "height": height,
        "objects": objects,
        "events": [vars(item) for item in sorted(heard, key=lambda item: item.onset)],
    }
    (out / "demo.truth.json").write_text(json.dumps(truth, indent=2) + "\n")


def encode(frames: np.ndarray, sound: np.ndarray, frame_rate: int, file: Path) -> None:
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
        video = "-c:v libx264 -preset slow -crf 27 -pix_fmt yuv420p -g 24".split()
        audio = "-c:a libopus -b:a 48k -map_metadata -1 -fflags +bitexact".split()
        command = ["ffmpeg", "-v", "error", "-y", *source, "-i", str(track), *video, *audio]
        subprocess.run([*command, str(file)], input=frames.tobytes(), check=True)


def credit(media: Path, recipe: dict[str, Any]) -> str:
    """Every file of the clip with its license and copyright, as Markdown."""
    files: set[str] = set()
    for scene in recipe["scenes"]:
        files |= {scene["background"], *(thing["picture"] for thing in scene["objects"])}
        files |= {item["file"] for item in scene["heard"]}
    return credit_table(media, sorted(files), CREDIT)


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
        make_clip(options.media, recipe, options.out)


if __name__ == "__main__":
    main()
