"""Qt resources: read back what a writer of the same layout put in."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from whence_training import qt_resource


def resource(content: bytes, compressed: bool) -> bytes:
    """A version 3 resource: root / "deep" / "hölle.txt"."""
    names, offsets = b"", []
    for name in ("deep", "hölle.txt"):
        offsets.append(len(names))
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    body = struct.pack(">I", len(content)) + zlib.compress(content) if compressed else content
    data = struct.pack(">I", len(body)) + body
    time = struct.pack(">Q", 0)
    tree = struct.pack(">IHII", 0, 2, 1, 1) + time
    tree += struct.pack(">IHII", offsets[0], 2, 1, 2) + time
    tree += struct.pack(">IHHHI", offsets[1], int(compressed), 0, 0, 0) + time
    start = 24
    header = (3, start, start + len(tree), start + len(tree) + len(data), 0)
    return b"qres" + struct.pack(">5I", *header) + tree + data + names


@pytest.mark.parametrize("compressed", [False, True])
def test_files_come_back(tmp_path: Path, compressed: bool):
    file = tmp_path / "some.rcc"
    file.write_bytes(resource(b"all the bytes\0" * 30, compressed))
    assert qt_resource.unpack(file, tmp_path / "out") == 1
    assert (tmp_path / "out/deep/hölle.txt").read_bytes() == b"all the bytes\0" * 30


def test_other_files_are_refused():
    with pytest.raises(ValueError, match="must begin with qres"):
        list(qt_resource.entries(b"PK\3\4 something else"))
