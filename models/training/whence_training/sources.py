"""Finds the files that the concept table names in the cache that `media.py` filled."""

from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path

from .concepts import Concept
from .freeze import read_frozen
from .media import sha256_of
from .photographs import named_files

SOUNDS = Path(__file__).parent / "sounds.tsv"
STAMPS = "x/usr/share/tuxpaint/stamps"
KTUBERLING = "x/usr/share/ktuberling/sounds"
EMOJI = ("google", "twitter")
ACTIVITIES = "gcompris/src/activities"
SILENT = frozenset({"animals/mammals/giraffe", "animals/marsupials/wombat"})
"""Recordings with nothing to hear."""
PHOTOGRAPHS = re.compile(
    r"explore_monuments|paintings|geography|photo_hunter|/details|world_music|world_animals"
    r"|backgrounds/mate/nature|babyshapes.*background|watercycle|solar|erase|mosaic"
    r"|categorization|/lang/"
)
NAMED_DRAWINGS = re.compile(r"lang/.*/words_sample/")
"""Drawings of what their file is named after."""
NOISES = re.compile(
    r"memory-sound/.*/LR(Applauses|Buddhist|Door|Factory|Fireb|Heart|Hits|Object|Rain|Weird)"
)
TEXT_LENGTH = 4
"""Words of the longest name that is spoken."""


class Sources:
    """The cache's files by what they stand for. Lists are sorted."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.stamps = cache / STAMPS

    def name(self, file: Path) -> str:
        """A file as the pack names it: relative to the cache."""
        return file.relative_to(self.cache).as_posix()

    @cached_property
    def emoji_files(self) -> dict[str, str]:
        """Short name → file name."""
        listed = json.loads((self.cache / "npm/emoji-google/package/emoji.json").read_text())
        return {short: entry["image"] for entry in listed for short in entry["short_names"]}

    def pictures(self, concept: Concept) -> list[Path]:
        """PNG files: stamps, then emoji of every style."""
        found = [self.stamps / f"{stem}.png" for stem in concept.stamps]
        for short in concept.emoji:
            file = self.emoji_files.get(short, "")
            folders = (self.cache / f"npm/emoji-{s}/package/img/{s}/64" for s in EMOJI)
            found += [folder / file for folder in folders]
        return [file for file in found if file.is_file()]

    def drawings(self, concept: Concept) -> list[Path]:
        found = (self.stamps / f"{stem}.svg" for stem in concept.drawings)
        return [file for file in found if file.is_file()]

    def sounds(self, concept: Concept) -> tuple[list[Path], list[Path]]:
        """Recordings to learn from and, where there are two sources, those of the second."""
        own = [self.stamps / f"{stem}.ogg" for stem in concept.sounds if stem not in SILENT]
        other = [self.activity_file(name) for name in concept.other_sounds]
        return (own, other) if concept.sounds else (other, [])

    @cached_property
    def more_recordings(self) -> dict[str, list[str]]:
        """Concept → further recordings, relative to the cache (`sounds.tsv`)."""
        lines = SOUNDS.read_text().splitlines()[1:]
        return {name: files.split(",") for name, files in (line.split("\t") for line in lines)}

    def more_sounds(self, concept: Concept) -> list[Path]:
        """Recordings of a concept's sound in packages that know nothing of its pictures."""
        files = [self.cache / name for name in self.more_recordings.get(concept.name, [])]
        return [file for file in files if file.is_file()]

    def activity_file(self, name: str) -> Path:
        activity, path = name.split("/", 1)
        folder = self.cache / "gc" / activity / ACTIVITIES / activity
        return folder / "resource" / f"{path}.ogg"

    def recorded_names(self, concept: Concept) -> list[tuple[str, Path]]:
        """(language, file) of people who say the concept's name."""
        found = []
        for stem in concept.spoken:
            base = Path(stem).name
            for file in sorted((self.stamps / stem).parent.glob(f"{base}_desc*.ogg")):
                language = file.name[len(base) + len("_desc") :].strip("_").split(".")[0]
                found.append((language or "en", file))
        if concept.ktuberling:
            for file in sorted((self.cache / KTUBERLING).glob(f"*/{concept.ktuberling}.*")):
                found.append((file.parent.name.split("@")[0], file))
        return found

    def english_recordings(self) -> list[Path]:
        stamps = self.stamps.rglob("*_desc.ogg")
        return sorted(stamps) + sorted((self.cache / KTUBERLING / "en").glob("*.*"))

    def gcompris_drawings(self) -> list[Path]:
        """Drawings of animals and instruments that no training picture may be."""
        folders = (self.cache / "gc" / name for name in ("instruments", "explore_farm_animals"))
        return sorted(file for folder in folders for file in folder.rglob("resource/**/*.svg"))

    def texts(self, concept: Concept) -> dict[str, str]:
        """The concept's name in many languages: language → text."""
        found = {"en": concept.english[0]}
        stems = concept.stamps or concept.drawings
        file = self.stamps / f"{stems[0]}.txt" if stems else None
        if file is None or not file.is_file():
            return found
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()[1:]:
            key, separator, text = line.partition("=")
            text = text.strip().strip(".")
            if separator and text and len(text.split()) <= TEXT_LENGTH:
                found.setdefault(key.split(".")[0], text)
        return found

    def backgrounds(self) -> list[Path]:
        """Photographs and paintings of nothing that a spoken name belongs to."""
        roots = (self.cache / "gc", self.cache / "x/usr/share/backgrounds")
        files = [f for root in roots for kind in ("*.webp", "*.jpg") for f in root.rglob(kind)]
        kept = [file for file in files if PHOTOGRAPHS.search(file.as_posix())]
        return sorted(file for file in kept if not self.shows_something_named(file))

    def shows_something_named(self, file: Path) -> bool:
        """Whether a background would teach that there is nothing where something named is seen."""
        named = self.name(file) in self.named_files or NAMED_DRAWINGS.search(file.as_posix())
        return bool(named) and sha256_of(file) not in self.test_backgrounds

    @cached_property
    def named_files(self) -> frozenset[str]:
        return frozenset(named_files())

    @cached_property
    def test_backgrounds(self) -> frozenset[str]:
        return frozenset(read_frozen().backgrounds)

    def noises(self) -> list[Path]:
        """Sounds of nothing that has a picture: machines, weather, alerts, ringtones."""
        themes = (self.cache / "x/usr/share/sounds").rglob("*.og[ga]")
        rooms = (self.cache / "gc").rglob("*.ogg")
        return sorted([*themes, *(file for file in rooms if NOISES.search(file.as_posix()))])
