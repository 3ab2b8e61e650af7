"""A tip as a police system may read it, and the archive that it gets."""

from __future__ import annotations

import base64
import zipfile
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from satark.api.sink import ReadableTip
from satark.api.tip import Evidence, Header, Tip
from satark_police_system.signing import PUBLIC_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

HEADER = Header(
    number="K4Q7-2XPM",
    revision=1,
    category="ARMS",
    language="hi",
    received="2026-11-24T12/PT6H",
    priority="high",
    flags=("now",),
    district="varanasi",
    station="lanka",
)
TIP = Tip(
    number="K4Q7-2XPM",
    revision=1,
    flow="0" * 64,
    language="hi",
    channel="chat",
    category="ARMS",
    received="2026-11-24T12/PT6H",
    answers={"category": "ARMS", "what": "गाँव के बाहर", "who": "a neighbour", "place": {"text": "लंका"}},
    evidence=("1",),
)
PHOTO = Evidence(
    ordinal="1",
    role="evidence",
    kind="image",
    mime="image/jpeg",
    bytes=10,
    sha256="a" * 64,
    clean_mime="image/jpeg",
    clean_bytes=9,
    clean_sha256="b" * 64,
)
CONTENT = ReadableTip(header=HEADER, tip=TIP, thread=(), evidence=(PHOTO,))


def read_archive(folder: Path) -> dict[str, bytes]:
    """Return the files of the one archive in a folder, by name."""
    (archive,) = folder.glob("*.zip")
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public half as the scheme writes it, `whpk_…`, for the receiver."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PUBLIC_PREFIX + base64.b64encode(raw).decode()
