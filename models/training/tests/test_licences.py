"""Licenses come from Debian's copyright records: the last paragraph that matches counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from whence_training import licences

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2001-2020 Everybody
License: GPL-3+

Files: src/activities/a/resource/one.jpg
       src/activities/a/resource/two.jpg
Copyright: 2010 A Photographer
License: CC-BY-SA-3.0

License: GPL-3+
 Some text.
"""


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / licences.DOCUMENTS / "gcompris-qt-data"
    folder.mkdir(parents=True)
    (folder / "copyright").write_text(COPYRIGHT)
    return tmp_path


def test_a_file_of_its_own(cache: Path):
    source = "gc/a/gcompris/src/activities/a/resource/two.webp"
    assert licences.of(cache, source) == ("CC-BY-SA-3.0", "2010 A Photographer")


def test_all_other_files(cache: Path):
    source = "gc/a/gcompris/src/activities/a/resource/three.webp"
    assert licences.of(cache, source) == ("GPL-3.0-or-later", "2001-2020 Everybody")


def test_a_package_without_a_record(cache: Path):
    source = "npm/emoji-twitter/package/img/twitter/64/1f600.png"
    assert licences.of(cache, source)[0] == "CC-BY-4.0"


def test_unknown_origins_are_refused(cache: Path):
    with pytest.raises(ValueError, match="must come from a known package"):
        licences.of(cache, "downloads/found-somewhere.png")


def test_the_table_lists_what_is_singled_out(cache: Path):
    table = licences.table(cache)
    assert "| gcompris-qt-data | GPL-3.0-or-later |" in table
    assert "one.jpg src/activities/a/resource/two.jpg: CC-BY-SA-3.0, 2010 A Photographer" in table


def test_scenes_credit_all_they_are_made_of(cache: Path):
    photograph = "gc/a/gcompris/src/activities/a/resource/one.webp"
    emoji = "npm/emoji-google/package/img/google/64/1f600.png"
    scene = {
        "background": photograph,
        "objects": [{"picture": emoji}],
        "targets": [{"recording": "espeak"}, {"recording": f"{photograph}#part"}],
    }
    file = cache / "scenes.jsonl"
    file.write_text(json.dumps(scene) + "\n" + json.dumps({**scene, "background": None}) + "\n")
    assert licences.sources_of(file) == ["espeak", photograph, emoji]
    table = licences.credit_table(cache, licences.sources_of(file))
    assert f"| {photograph} | CC-BY-SA-3.0 | 2010 A Photographer |" in table
    assert "| espeak | GPL-3.0-or-later |" in table


def test_the_licence_text_says_whether_later_versions_may_be_chosen():
    body = "either version 2 of the License, or\n (at your option) any later version."
    record = "Files: *\nCopyright: A\nLicense: GPL-2\n\nLicense: GPL-2\n Free: " + body
    assert licences.paragraphs(record)[0].licence == "GPL-2.0-or-later"
    assert licences.paragraphs(record.replace(body, "version 2."))[0].licence == "GPL-2.0-only"


def test_holders_are_credited_without_addresses():
    assert licences.brief("2001 Ann <ann@example.org> 2002 Bob", "p") == "2001 Ann 2002 Bob"
    many = " ".join(f"2001 Person{i} <p{i}@example.org>" for i in range(40))
    assert licences.brief(many, "p") == "contributors of p, named in its copyright file"
