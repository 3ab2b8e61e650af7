"""The content of packs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from satark.api.sealing import CantOpen
from satark.casework.pack_export import export_pack
from satark.custody.manifest import Issuer
from satark.custody.pack import CERTIFICATES, WrittenPack
from satark.custody.verify_pack import CUSTODY, GUIDES, MANIFEST, SIGNATURE, TAGS
from satark.store import evidence_files
from support.altering import altered
from support.packs import contents, verify_pack

Write = Callable[..., WrittenPack]


def test_a_pack_contains_the_files_that_may_leave_and_everything_that_a_court_needs(write: Write, path: Path) -> None:
    written = write()
    inside = contents(path)
    files = ["data/1-scrubbed.jpg", "data/2-transcript.txt", "data/4-scrubbed.mp4"]
    assert list(inside) == [*files, CUSTODY, MANIFEST, *CERTIFICATES, *GUIDES, *TAGS, SIGNATURE]
    assert inside["data/4-scrubbed.mp4"] == b"silent film"
    assert inside["data/1-scrubbed.jpg"] == b"clean photo"
    assert inside["data/2-transcript.txt"].decode() == "ट्रक रात को आता है"
    manifest = json.loads(inside[MANIFEST])
    assert written.manifest == hashlib.sha256(inside[MANIFEST]).hexdigest()
    first = manifest["items"][0]
    assert set(first) == {
        "item_no", "file", "role", "filename", "bytes", "mime", "sha256", "md5", "derived_from", "tool", "utc", "ist",
        "prev_chain_hash",
    }  # fmt: skip
    assert (first["sha256"], first["md5"]) == (
        hashlib.sha256(b"clean photo").hexdigest(),
        hashlib.md5(b"clean photo", usedforsecurity=False).hexdigest(),
    )
    assert [one["file"] for one in manifest["withheld"]] == ["2"]
    assert [(one["file"], one["sha256"], one["problem"]) for one in manifest["originals"]] == [
        ("1", hashlib.sha256(b"original photo").hexdigest(), ""),
        ("3", hashlib.sha256(b"strange").hexdigest(), "unknown"),
        ("4", hashlib.sha256(b"their film").hexdigest(), ""),
    ]
    assert manifest["official_confidence"] is True
    assert verify_pack(path, written.manifest).problems == ()


def test_two_officers_can_include_originals_but_never_a_voice(write: Write, path: Path) -> None:
    write(originals=True)
    inside = contents(path)
    assert inside["data/1-original.jpg"] == b"original photo"
    assert inside["data/3-original.bin"] == b"strange"
    assert not any(b"voice" in content for name, content in inside.items() if name[5].isdigit())
    items = json.loads(inside[MANIFEST])["items"]
    assert [(one["file"], one["role"], one["derived_from"]) for one in items] == [
        ("1", "original", 0), ("1", "scrubbed", 1), ("2", "transcript", 0), ("3", "original", 0),
        ("4", "original", 0), ("4", "scrubbed", 5),
    ]  # fmt: skip
    log = json.loads(inside[CUSTODY])["rows"]
    assert {row["entry"].get("second") for row in log if row["entry"]["action"] == "exported"} == {None, "khan"}
    assert verify_pack(path).problems == ()


def test_a_pack_has_no_exact_time_of_anything_received(write: Write, path: Path) -> None:
    write(originals=True)
    rows = json.loads(contents(path)[CUSTODY])["rows"]
    assert {row["entry"].get("at", "") for row in rows if not row["entry"].get("desk")} == {""}


def test_a_planted_link_gets_nothing_of_a_pack(exported: Any, path: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.touch(0o666)
    for planted in (path, path.with_name(f"{path.name}.part")):
        planted.symlink_to(theirs)
    export_pack(path, exported.work, exported.work.open(exported.seeded.number), Issuer())
    assert theirs.read_bytes() == b""
    assert not path.is_symlink()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("what", ["altered", "erased"])
def test_an_altered_or_erased_file_prevents_the_pack(what: str, exported: Any, path: Path) -> None:
    (sealed,) = (exported.services.data_dir / "evidence").glob(
        f"{evidence_files.name(exported.seeded.id, '1')}.clean.age"
    )
    complete = sealed.read_bytes()
    if what == "erased":
        sealed.unlink()
    else:
        sealed.write_bytes(altered(complete))
    with pytest.raises((CantOpen, FileNotFoundError)):
        export_pack(path, exported.work, exported.work.open(exported.seeded.number), Issuer())
    sealed.write_bytes(complete)
    assert list(path.parent.glob("pack.zip*")) == []
