"""What a test scene of each pool holds: which recordings, which things in the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from numpy.random import Generator

from .open_pack import Item, OpenPack

SOUND, SPEECH = "sound", "speech"
PART, OTHER = "#part", "#other"
TARGET_POOLS = (
    "sound_unseen_part",
    "sound_other_recording",
    "word_unseen_voice",
    "word_human_english",
    "word_natural_voice",
    "picture_unseen",
    "mixture",
    "sound_trained",
)
NEGATIVE_POOLS = ("silence", "noise", "offscreen")
POOLS = TARGET_POOLS + NEGATIVE_POOLS


@dataclass(frozen=True)
class Planned:
    """A scene before it is drawn; every target's concept is among the objects."""

    pool: str
    objects: list[int]
    heard: list[tuple[str, Item]]
    targets: list[int] = field(default_factory=list)
    unseen_picture: bool = False


class Shuffled:
    """Endless draws in which everything comes once before anything comes again."""

    def __init__(self, items: list[int], rng: Generator) -> None:
        self.items, self.rng, self.left = items, rng, list[int]()

    def draw(self) -> int:
        if not self.left:
            self.left = [self.items[i] for i in self.rng.permutation(len(self.items))]
        return self.left.pop()


def is_human(word: Item) -> bool:
    return str(word["engine"]) == "human"


NATURAL_ENGINES = ("kokoro", "piper")


def recordings(pack: OpenPack, pool: str, split: str) -> list[tuple[str, Item]]:
    """The recordings that a pool draws its targets from."""
    sounds, words = pack.rows("sounds", split), pack.rows("words", split)
    if pool == "sound_trained":
        return [(SOUND, s) for s in pack.rows("sounds", "train")]
    if pool == "sound_other_recording":
        return [(SOUND, s) for s in sounds if s["recording"].endswith(OTHER)]
    if pool == "sound_unseen_part":
        return [(SOUND, s) for s in sounds if s["recording"].endswith(PART)]
    if pool == "word_human_english":
        return [(SPEECH, w) for w in words if is_human(w) and w["language"] == "en"]
    natural = pool == "word_natural_voice"
    return [
        (SPEECH, w)
        for w in words
        if not is_human(w)
        and w["language"].startswith("en")
        and (w["engine"] in NATURAL_ENGINES) == natural
    ]


class Planner:
    """Plans scenes from one split; the pictures of others fill up the rest of a scene."""

    def __init__(self, pack: OpenPack, split: str, rng: Generator) -> None:
        self.pack, self.split, self.rng = pack, split, rng
        held = pack.rows("pictures", split)
        known = {pack.content("pictures", row) for row in pack.rows("pictures", "train")}
        self.unseen = group([row for row in held if pack.content("pictures", row) not in known])
        self.pictures = group(pack.rows("pictures", "train") + held)
        self.shown = sorted(self.pictures)
        self.filler = Shuffled(self.shown, rng)
        self.names = [set(concept["name"].split()) for concept in pack.concepts]
        self.sources: dict[str, tuple[Shuffled, dict[int, list[tuple[str, Item]]]]] = {}
        for pool in TARGET_POOLS:
            self.add_source(pool, lambda _: True)
        self.add_source("picture_unseen", lambda concept: concept in self.unseen)
        has_parts = split == "test" or self.sources["sound_unseen_part"][1]
        self.sound_source = "sound_unseen_part" if has_parts else "sound_trained"

    def add_source(self, pool: str, wanted: Callable[[int], bool]) -> None:
        by_concept: dict[int, list[tuple[str, Item]]] = {}
        for kind, row in recordings(self.pack, pool, self.split):
            if row["concept"] in self.pictures and wanted(row["concept"]):
                by_concept.setdefault(row["concept"], []).append((kind, row))
        self.sources[pool] = (Shuffled(sorted(by_concept), self.rng), by_concept)

    def available(self) -> list[str]:
        """The pools this split has recordings for. Trained sounds are for validation only."""
        both = (self.sound_source, "word_unseen_voice")
        needs: dict[str, tuple[str, ...]] = {pool: (pool,) for pool in TARGET_POOLS}
        needs |= {"mixture": both, "offscreen": both, "silence": (), "noise": ()}
        if self.split == "test":
            del needs["sound_trained"]
        return [p for p in POOLS if p in needs and all(self.sources[n][1] for n in needs[p])]

    def draw(self, pool: str) -> tuple[str, Item]:
        order, by_concept = self.sources[pool]
        options = by_concept[order.draw()]
        return options[int(self.rng.integers(len(options)))]

    def alike(self, first: int, second: int) -> bool:
        """Whether two concepts share a word of their names, as a red car and a car do."""
        return first == second or bool(self.names[first] & self.names[second])

    def fill(self, objects: list[int], avoid: list[int], count: int) -> list[int]:
        """Adds unrelated things until there are `count`, in random order."""
        objects = list(objects)
        while len(objects) < count:
            other = self.filler.draw()
            if not any(self.alike(other, known) for known in objects + avoid):
                objects.append(other)
        return [objects[i] for i in self.rng.permutation(len(objects))]

    def plan(self, pool: str) -> Planned:
        count = 2 + int(self.rng.random() < 1 / 3)
        if pool in ("silence", "noise"):
            return Planned(pool, self.fill([], [], count), [])
        if pool == "offscreen":
            source = (self.sound_source, "word_unseen_voice")[int(self.rng.integers(2))]
            heard = self.draw(source)
            return Planned(pool, self.fill([], [heard[1]["concept"]], count), [heard])
        if pool == "mixture":
            sound = self.draw(self.sound_source)
            word = self.draw("word_unseen_voice")
            while self.alike(sound[1]["concept"], word[1]["concept"]):
                word = self.draw("word_unseen_voice")
            heard_both = [sound, word]
        else:
            heard_both = [self.draw(pool)]
        targets = [row["concept"] for _, row in heard_both]
        objects = self.fill(targets, [], count)
        return Planned(pool, objects, heard_both, targets, pool == "picture_unseen")


def group(rows: list[Item]) -> dict[int, list[Item]]:
    found: dict[int, list[Item]] = {}
    for row in rows:
        found.setdefault(row["concept"], []).append(row)
    return found
