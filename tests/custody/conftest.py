"""A store with one desk, and a tip of it that was exported as packs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.casework import Casework, TwoOfficerApproval
from satark.casework.pack_export import export_pack
from satark.custody.manifest import Issuer
from satark.custody.pack import WrittenPack
from satark.roster.entries import desk_verifier
from satark.routing.desks import add_desk
from satark.services import Services
from support.store import fresh_services
from support.tips import SeededTip, seed_file, seed_tip

AGREED = TwoOfficerApproval("rao", "khan", may_listen=True)
ISSUER = Issuer(name="रमेश सिंह", office="SP office", make="Dell R350", serial="7XK2P93")


class ExportedTip(NamedTuple):
    """A tip of a desk and the two packs of it. They are made once, since each takes a second or two."""

    services: Services
    seeded: SeededTip
    work: Casework
    packs: dict[bool, tuple[bytes, WrittenPack]]
    """Whether the pack contains originals → the pack."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportedTip]:
    """A tip with a photo, a voice with a transcript, a file that can't be cleaned, and a film with sound."""
    folder = tmp_path_factory.mktemp("exported")
    services = fresh_services(folder / "data")
    recipient, identity = new_identity()
    desk = Desk(name="sp", title="SP", level="district", area="", recipient=recipient)
    services.write_now(lambda unit: add_desk(unit, desk, verifier=desk_verifier(identity)))
    seeded = seed_tip(services, [desk], evidence=("1", "2", "3", "4"))
    seed_file(services, seeded, "1", b"original photo", b"clean photo")
    voice: dict[str, Any] = {"kind": "voice", "mime": "audio/ogg", "role": "what"}
    seed_file(services, seeded, "2", b"their voice", b"their clean voice", disguised=b"disguised", **voice)
    seed_file(services, seeded, "3", b"strange", mime="application/x-strange", kind="document", problem="unknown")
    film: dict[str, Any] = {"kind": "video", "mime": "video/mp4"}
    seed_file(services, seeded, "4", b"their film", b"clean film", muted=b"silent film", **film)
    work = Casework(services, "sp", identity, officer="rao", may_listen=True)
    work.transcribe(work.open(seeded.number), "2", "ट्रक रात को आता है")
    packs = {}
    for agreed in (None, AGREED):
        path = folder / "pack.zip"
        written = export_pack(path, work, work.open(seeded.number), ISSUER, agreed)
        assert path.stat().st_mode & 0o077 == 0
        packs[agreed is not None] = path.read_bytes(), written
    yield ExportedTip(services, seeded, work, packs)
    services.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pack.zip"


@pytest.fixture
def write(exported: ExportedTip, path: Path) -> Callable[..., WrittenPack]:
    """Write one of the packs to `path`, by default the one without originals."""

    def put(*, originals: bool = False) -> WrittenPack:
        content, written = exported.packs[originals]
        path.write_bytes(content)
        return written

    return put


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """A migrated store."""
    services = fresh_services(tmp_path)
    yield services
    services.close()


@pytest.fixture
def key() -> tuple[str, str]:
    """The desk's key pair."""
    return new_identity()


@pytest.fixture
def desk(services: Services, key: tuple[str, str]) -> Desk:
    """The desk `sp`."""
    desk = Desk(name="sp", title="SP", level="district", area="", recipient=key[0])
    services.write_now(lambda unit: add_desk(unit, desk, verifier=desk_verifier(key[1])))
    return desk


@pytest.fixture
def tips(services: Services, desk: Desk) -> tuple[SeededTip, SeededTip]:
    """Two tips with two files each. Rows 1–3 and 7–9 of the log are those of the first tip."""
    both = (seed_tip(services, [desk], evidence=("1", "2")), seed_tip(services, [desk], evidence=("1", "2")))
    for ordinal in ("1", "2"):
        for tip in both:
            seed_file(services, tip, ordinal, f"original {ordinal}".encode(), b"clean")
    return both
