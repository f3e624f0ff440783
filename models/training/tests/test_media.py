"""Gathering, with a package built on the spot: unpacked once, refused when its hash is another."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from whence_training import media
from whence_training.media import (
    MediaError,
    Package,
    gather_debian,
    gather_npm,
    read_list,
    sha256_of,
)

CONTROL = """\
Package: some-media
Version: 1.0
Architecture: all
Maintainer: Nobody <nobody@example.org>
Description: made by a test
"""


def build(folder: Path, cache: Path) -> Path:
    (folder / "DEBIAN").mkdir(parents=True)
    (folder / "DEBIAN/control").write_text(CONTROL)
    (folder / "usr/share/some").mkdir(parents=True)
    (folder / "usr/share/some/picture.txt").write_text("a picture")
    (cache / "deb").mkdir(parents=True)
    file = cache / "deb/some-media_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--build", str(folder), str(file)], check=True, capture_output=True)
    return file


def test_a_package_is_unpacked_once(tmp_path: Path):
    cache = tmp_path / "cache"
    file = build(tmp_path / "built", cache)
    package = Package("some-media", "1.0", sha256_of(file))
    gather_debian(package, cache, accept_new=False)
    unpacked = cache / "x/usr/share/some/picture.txt"
    assert unpacked.read_text() == "a picture"
    unpacked.write_text("touched")
    gather_debian(package, cache, accept_new=False)
    assert unpacked.read_text() == "touched"


def test_another_hash_is_refused(tmp_path: Path):
    cache = tmp_path / "cache"
    build(tmp_path / "built", cache)
    package = Package("some-media", "1.0", "0" * 64)
    with pytest.raises(MediaError, match=r"Cannot use some-media_1.0_all.deb: sha256 must be 0000"):
        gather_debian(package, cache, accept_new=False)
    assert not (cache / "x").exists()
    gather_debian(package, cache, accept_new=True)
    assert (cache / "x/usr/share/some/picture.txt").exists()


def npm_package(cache: Path, files: dict[str, str]) -> Package:
    """A package as `npm pack` leaves it, of which the JSON files are wanted."""
    (cache / "npm").mkdir(parents=True)
    archive = cache / "npm/some-emoji-1.0.0.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    digest = sha256_of(archive)
    return Package("some-emoji", "1.0.0", digest, folder="some", keep=("package/*.json", "*.txt"))


def test_of_an_npm_package_only_what_is_wanted_is_kept(tmp_path: Path):
    package = npm_package(tmp_path, {"package/a.json": "{}", "package/img/b.png": "picture"})
    gather_npm(package, tmp_path, accept_new=False)
    kept = [file.name for file in (tmp_path / "npm/some").rglob("*") if file.is_file()]
    assert sorted(kept) == [".done", "a.json"]
    (tmp_path / "npm/some/package/a.json").unlink()
    gather_npm(package, tmp_path, accept_new=False)
    assert not (tmp_path / "npm/some/package/a.json").exists(), "unpacked once"


def test_a_package_cannot_write_elsewhere(tmp_path: Path):
    package = npm_package(tmp_path, {"../../outside.txt": "no"})
    with pytest.raises(MediaError, match=r"outside.txt must stay inside its folder"):
        gather_npm(package, tmp_path, accept_new=False)
    assert not list(tmp_path.glob("**/outside.txt"))


def test_a_missing_program_is_named(tmp_path: Path):
    with pytest.raises(MediaError, match="no-such-program must be installed"):
        media.command(["no-such-program"], tmp_path)


def test_a_failing_program_tells_why(tmp_path: Path):
    with pytest.raises(MediaError, match=r"ls /no/such/folder must succeed, got: ls: .*No such"):
        media.command(["ls", "/no/such/folder"], tmp_path)


def test_the_shipped_list():
    listed = read_list()
    names = {package.name for package in listed.debian + listed.npm}
    assert {"tuxpaint-stamps-default", "gcompris-qt-data", "emoji-datasource-google"} <= names
    assert all(len(package.sha256) == 64 for package in listed.debian + listed.npm)
    assert all(package.keep and package.folder for package in listed.npm)


def test_media_must_be_gathered_first(tmp_path: Path):
    with pytest.raises(SystemExit, match=r"must be filled by whence_training.media, got nothing"):
        media.require(tmp_path)
