"""Unpacks Qt's compiled resource files (`.rcc`), in which GCompris ships its media.

Layout as Qt's `rcc` writes it: magic `qres`, version, offsets of tree, data and names, all big
endian; a tree node is a name offset, flags and either (child count, first child) or a data offset.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

COMPRESSED, FOLDER, ZSTD = 1, 2, 4


def entries(content: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Path and content of every file. Raises ValueError for anything but a resource file."""
    if content[:4] != b"qres":
        raise ValueError(f"a Qt resource must begin with qres, got {content[:4]!r}")
    version, tree, data, names = struct.unpack_from(">4I", content, 4)
    node_size = 22 if version >= 2 else 14

    def name_at(offset: int) -> str:
        start = names + offset
        (length,) = struct.unpack_from(">H", content, start)
        return content[start + 6 : start + 6 + 2 * length].decode("utf-16-be")

    def walk(index: int, parent: PurePosixPath) -> Iterator[tuple[PurePosixPath, bytes]]:
        start = tree + index * node_size
        name, flags = struct.unpack_from(">IH", content, start)
        path = parent / name_at(name) if index else parent
        if flags & FOLDER:
            count, first = struct.unpack_from(">II", content, start + 6)
            for child in range(first, first + count):
                yield from walk(child, path)
            return
        (offset,) = struct.unpack_from(">I", content, start + 10)
        (length,) = struct.unpack_from(">I", content, data + offset)
        body = content[data + offset + 4 : data + offset + 4 + length]
        if flags & ZSTD:
            raise ValueError(f"{path} must be stored or zlib-compressed, got zstd")
        yield path, zlib.decompress(body[4:]) if flags & COMPRESSED else body

    yield from walk(0, PurePosixPath())


def unpack(file: Path, out: Path) -> int:
    """Writes all files of a resource under `out`; how many."""
    count = 0
    for path, body in entries(file.read_bytes()):
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        count += 1
    return count
