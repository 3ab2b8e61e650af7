"""The search finds planted identifiers in every encoding; otherwise finding nothing would prove nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from satark.testing.identifier_search import files_below, search

PHONE = "919876543210"

WRITERS: list[Callable[[bytes], bytes]] = [
    lambda raw: raw,
    lambda raw: b"+" + raw,
    lambda raw: raw.hex().encode(),
    lambda raw: raw.hex().upper().encode(),
    lambda raw: raw.decode().encode("utf-16-le"),
    base64.b64encode,
    lambda raw: base64.b64encode(b"x" + raw + b"y"),
    lambda raw: base64.b64encode(b"xx" + raw + b"yy"),
    lambda raw: hashlib.sha256(raw).digest(),
    lambda raw: hashlib.sha256(raw).hexdigest().encode(),
    lambda raw: base64.b64encode(hashlib.sha1(raw, usedforsecurity=False).digest()),
    lambda raw: hashlib.md5(raw, usedforsecurity=False).hexdigest().encode(),
]


@pytest.mark.parametrize("write", WRITERS, ids=range(len(WRITERS)))
def test_a_planted_identifier_is_found(write: Callable[[bytes], bytes]) -> None:
    content = b"\x00noise" + write(PHONE.encode()) + b"noise\xff"
    assert search({"log": content}, {"phone": PHONE})


def test_other_content_gives_no_find() -> None:
    assert search({"log": b"noise" * 100}, {"phone": PHONE}) == []


def test_a_find_does_not_repeat_the_secret() -> None:
    finds = search({"log": PHONE.encode()}, {"phone": PHONE})
    assert finds
    assert not any(PHONE in find for find in finds)


def test_every_file_below_a_folder_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"content")
    assert list(files_below(tmp_path).values()) == [b"content"]
