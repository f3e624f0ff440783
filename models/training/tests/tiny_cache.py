"""A media cache made on the spot, as `media.py` leaves it: two things that look, sound and speak."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image, ImageDraw

from whence_training.concepts import Concept
from whence_training.sources import ACTIVITIES, EMOJI, STAMPS

RATE = 22_050


def tone(hertz: float, seconds: float) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return 0.2 * np.sin(2 * np.pi * hertz * time) * (1 + 0.5 * np.sin(7 * time))


def stamp(file: Path, colour: tuple[int, int, int]) -> None:
    """A disc in the middle of much transparency."""
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGBA", (300, 200))
    ImageDraw.Draw(picture).ellipse((100, 40, 220, 160), fill=(*colour, 255))
    picture.save(file)


def sound(file: Path, hertz: float, seconds: float) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, tone(hertz, seconds), RATE)


def concept(name: str, **cells: object) -> Concept:
    lists = ("stamps", "drawings", "emoji", "sounds", "other_sounds", "spoken")
    empty = dict.fromkeys(lists, ())
    base = {"set": "core", "name": name, "english": (name,), "ktuberling": "", "instrument": ""}
    return Concept(**{**base, **empty, **cells})  # type: ignore[arg-type]


def make_cache(root: Path) -> list[Concept]:
    """Fills `root` and gives the concepts that its files belong to."""
    stamps = root / STAMPS
    for name, colour in (("owl", (180, 90, 20)), ("owl2", (150, 80, 40)), ("bell", (230, 200, 30))):
        stamp(stamps / f"{name}.png", colour)
    (stamps / "owl.txt").write_text("An owl.\nfr.utf8=Une chouette.\nde.utf8=Eine Eule.\n")
    sound(stamps / "owl.ogg", 500, 8.0)
    sound(stamps / "bell.ogg", 900, 1.2)
    for language, hertz in (("", 200), ("_fr", 220), ("_ru", 240)):
        sound(stamps / f"owl_desc{language}.ogg", hertz, 0.6)
    sound(root / f"gc/farm/{ACTIVITIES}/farm/resource/animals/owl.ogg", 520, 3.0)
    (root / "npm/emoji-google/package").mkdir(parents=True)
    listed = [{"short_names": ["owl"], "image": "1f989.png"}]
    (root / "npm/emoji-google/package/emoji.json").write_text(json.dumps(listed))
    for number, style in enumerate(EMOJI):
        file = root / f"npm/emoji-{style}/package/img/{style}/64/1f989.png"
        stamp(file, (100 + 20 * number, 60, 30))
    photographs = root / f"gc/explore_monuments/{ACTIVITIES}/explore_monuments/resource"
    photographs.mkdir(parents=True)
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 255, (300, 400, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photographs / f"{number}.webp", quality=50)
    sound(root / "x/usr/share/sounds/freedesktop/stereo/bell.oga.ogg", 1500, 0.8)
    owl = concept(
        "owl",
        stamps=("owl", "owl2"),
        emoji=("owl",),
        sounds=("owl",),
        other_sounds=("farm/animals/owl",),
        spoken=("owl",),
    )
    return [owl, concept("bell", stamps=("bell",), sounds=("bell",), set="more")]
